#include "unit.h"

#include "base/slice.h"

#include <stdlib.h>

static void equal_compares_content(void **state)
{
	(void)state;
	assert_true(slice_equal(SLICE("abc"), slice_of("abcd", 3)));
	assert_false(slice_equal(SLICE("abc"), SLICE("abd")));
	assert_false(slice_equal(SLICE("abc"), SLICE("ab")));
	assert_true(slice_equal(SLICE(""), slice_of(NULL, 0)));
	assert_true(slice_equal(slice_of("a\0b", 3), slice_of("a\0b", 3)));
	assert_false(slice_equal(slice_of("a\0b", 3), slice_of("a\0c", 3)));
}

static void starts_with_a_prefix(void **state)
{
	(void)state;
	assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
	assert_true(slice_starts(SLICE("abc"), SLICE("")));
	assert_true(slice_starts(slice_of(NULL, 0), slice_of(NULL, 0)));
	assert_false(slice_starts(SLICE("ab"), SLICE("abc")));
	assert_false(slice_starts(SLICE("xbc"), SLICE("ab")));
}

static void nocase_folds_ascii_only(void **state)
{
	(void)state;
	assert_true(slice_equal_nocase(SLICE("AbZ09_"), SLICE("aBz09_")));
	assert_false(slice_equal_nocase(SLICE("a"), SLICE("b")));
	assert_false(slice_equal_nocase(SLICE("a"), SLICE("ab")));
	assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
	assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
	assert_false(slice_equal_nocase(SLICE("\xc4"), SLICE("\xe4")));
}

static void compare_orders_bytes_then_length(void **state)
{
	(void)state;
	assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
	assert_true(slice_compare(SLICE("b"), SLICE("a")) > 0);
	assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
	assert_true(slice_compare(SLICE("ab"), SLICE("a")) > 0);
	assert_int_equal(slice_compare(SLICE("ab"), SLICE("ab")), 0);
	assert_int_equal(slice_compare(SLICE(""), slice_of(NULL, 0)), 0);
	assert_true(slice_compare(SLICE("\x7f"), SLICE("\x80")) < 0);
}

static void hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(slice_hash(SLICE("")) == 0xcbf29ce484222325u);
	assert_true(slice_hash(SLICE("a")) == 0xaf63dc4c8601ec8cu);
	assert_true(slice_hash(SLICE("foobar")) == 0x85944171f73967e8u);
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(slice_distance(SLICE(""), SLICE("")), 0);
	assert_int_equal(slice_distance(SLICE("abc"), SLICE("")), 3);
	assert_int_equal(slice_distance(SLICE(""), SLICE("abc")), 3);
	assert_int_equal(slice_distance(SLICE("kitten"), SLICE("sitting")), 3);
	assert_int_equal(slice_distance(SLICE("Topic"), SLICE("topic")), 0);
	assert_int_equal(slice_distance(SLICE("sorce"), SLICE("source")), 1);
	assert_int_equal(slice_distance(SLICE("topci"), SLICE("topic")), 2);
}

static void distance_of_long_texts_stays_bounded(void **state)
{
	(void)state;
	char a[1000];
	memset(a, 'x', sizeof(a));
	assert_int_equal(slice_distance(slice_of(a, sizeof(a)), SLICE("")), sizeof(a));
	assert_true(slice_distance(slice_of(a, sizeof(a)), slice_of(a, 10)) > 100);
}

static void copies(void **state)
{
	char *copy = slice_copy(slice_of("abcd", 3));
	(void)state;
	assert_string_equal(copy, "abc");
	free(copy);
	copy = slice_copy((struct slice){NULL, 0});
	assert_string_equal(copy, "");
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_compares_content),
		cmocka_unit_test(starts_with_a_prefix),
		cmocka_unit_test(nocase_folds_ascii_only),
		cmocka_unit_test(compare_orders_bytes_then_length),
		cmocka_unit_test(hash_is_fnv_1a),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(distance_of_long_texts_stays_bounded),
		cmocka_unit_test(copies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
