#include "unit.h"

#include "base/json_scan.h"

static void finds_members_as_written(void **state)
{
	(void)state;
	struct slice text =
		SLICE(" { \"a\" : 12.30 "
		      ",\"b\":{\"x\":[1,\"}\\\"\"]},\"c\":\"t\\\"e\",\"d\":null,\"a\":2}");
	assert_slice(json_scan_find(text, SLICE("a")), "12.30");
	assert_slice(json_scan_find(text, SLICE("b")), "{\"x\":[1,\"}\\\"\"]}");
	assert_slice(json_scan_find(json_scan_find(text, SLICE("b")), SLICE("x")), "[1,\"}\\\"\"]");
	assert_slice(json_scan_text(json_scan_find(text, SLICE("c"))), "t\\\"e");
	assert_slice(json_scan_find(text, SLICE("d")), "null");
	assert_null(json_scan_find(text, SLICE("e")).ptr);
	assert_null(json_scan_text(json_scan_find(text, SLICE("d"))).ptr);
}

static void members_in_their_order(void **state)
{
	(void)state;
	struct slice members = json_scan_members(SLICE("{\"z\":1,\"a\":[],\"\":true}")), name,
		     value;
	assert_true(json_scan_next(&members, &name, &value));
	assert_slice(name, "z");
	assert_slice(value, "1");
	assert_true(json_scan_next(&members, &name, &value));
	assert_slice(name, "a");
	assert_slice(value, "[]");
	assert_true(json_scan_next(&members, &name, &value));
	assert_slice(name, "");
	assert_slice(value, "true");
	assert_false(json_scan_next(&members, &name, &value));
}

/* Each prefix of a text is scanned within its bounds. A text that is not an object has no members. */
static void broken_text(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":{\"b\":[1,{\"c\":\"\\\\\"}]},\"d\":1}";
	static const char *const others[] = {"",         " ", "[1]",   "1",
					     "\"a\"",    "{", "{a:1}", "{\"a\" 1}",
					     "{\"a\":}", "}", "]]",    "{\"a\":]"};
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *copy =
			malloc(n + 1); /* so that a sanitizer sees a read of one byte too many */
		memcpy(copy, text, n);
		assert_null(json_scan_find(slice_of(copy, n), SLICE("e")).ptr);
		if (n < 25)
			assert_null(json_scan_find(slice_of(copy, n), SLICE("a")).ptr);
		free(copy);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_null(json_scan_find(slice_str(others[i]), SLICE("a")).ptr);
	assert_null(json_scan_find((struct slice){NULL, 0}, SLICE("a")).ptr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_members_as_written),
		cmocka_unit_test(members_in_their_order),
		cmocka_unit_test(broken_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
