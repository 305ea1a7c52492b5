/* A set of texts: each is kept once, found, and all are given up when there are too many. */
#include "unit.h"

#include "base/bounded_set.h"

#include <stdio.h>

static void what_is_added_is_found(void **state)
{
	struct bounded_set set;
	(void)state;
	bounded_set_init(&set, 1000);
	assert_true(bounded_set_is_empty(&set));
	bounded_set_add(&set, SLICE("a"));
	bounded_set_add(&set, SLICE("b"));
	assert_true(bounded_set_has(&set, SLICE("a")));
	assert_true(bounded_set_has(&set, SLICE("b")));
	assert_false(bounded_set_has(&set, SLICE("c")));
	assert_false(bounded_set_is_empty(&set));
	bounded_set_clear(&set);
	assert_false(bounded_set_has(&set, SLICE("a")));
	assert_true(bounded_set_is_empty(&set));
	bounded_set_fini(&set);
}

static void the_same_text_takes_room_once(void **state)
{
	struct bounded_set set;
	size_t once;
	(void)state;
	bounded_set_init(&set, 1000);
	bounded_set_add(&set, SLICE("a"));
	once = set.bytes;
	for (int i = 0; i < 1000; i++)
		bounded_set_add(&set, SLICE("a"));
	assert_int_equal(set.bytes, once);
	bounded_set_fini(&set);
}

static void a_full_set_gives_up(void **state)
{
	struct bounded_set set;
	char key[24];
	(void)state;
	bounded_set_init(&set, 10000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		bounded_set_add(&set, slice_str(key));
	}
	assert_true(set.is_full);
	assert_true(bounded_set_is_empty(&set));
	bounded_set_clear(&set);
	assert_false(set.is_full);
	bounded_set_add(&set, SLICE("a"));
	assert_true(bounded_set_has(&set, SLICE("a")));
	bounded_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_found),
		cmocka_unit_test(the_same_text_takes_room_once),
		cmocka_unit_test(a_full_set_gives_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
