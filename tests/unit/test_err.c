#include "unit.h"

#include "base/err.h"

static void set_fills_and_returns_minus_one(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_int_equal(err_set(&err, ERR_DATA, "%s.%s: bad", "shop", "t"), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_false(err.retriable);
	assert_string_equal(err.text, "shop.t: bad");
}

static void retry_is_retriable(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_int_equal(err_retry(&err, ERR_SOURCE, "gone"), -1);
	assert_true(err.retriable);
	assert_int_equal(err_wrap(&err, "connection %d", 3), -1);
	assert_string_equal(err.text, "connection 3: gone");
	assert_true(err.retriable);
	assert_int_equal(err.code, ERR_SOURCE);
	err_set(&err, ERR_KAFKA, "other");
	assert_false(err.retriable);
}

static void arguments_may_point_into_the_text(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	err_set(&err, ERR_DATA, "inner");
	err_set(&err, err.code, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	char text[3000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_DATA, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_wrap(&err, "head");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "head: xxx", 9);
	err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_minus_one),
		cmocka_unit_test(retry_is_retriable),
		cmocka_unit_test(arguments_may_point_into_the_text),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
