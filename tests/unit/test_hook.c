#include "unit.h"

#include "base/test_hook.h"

static int unset(void **state)
{
	(void)state;
	unsetenv("TIDEWAY_LEASE_MS");
	unsetenv("TIDEWAY_UNTIL_END");
	return 0;
}

static void values(void **state)
{
	(void)state;
	assert_null(test_hook_text(HOOK_LEASE_MS));
	assert_false(test_hook_is_set(HOOK_UNTIL_END));
	assert_int_equal(test_hook_number(HOOK_LEASE_MS, 7), 7);
	setenv("TIDEWAY_LEASE_MS", "0", 1);
	setenv("TIDEWAY_UNTIL_END", "", 1);
	assert_int_equal(test_hook_number(HOOK_LEASE_MS, 7), 0);
	assert_true(test_hook_is_set(HOOK_UNTIL_END));
	assert_string_equal(test_hook_text(HOOK_LEASE_MS), "0");
}

/* A hook that is set but has no effect would let a test pass without testing anything. */
static void wrong_number_is_a_usage_error(void **state)
{
	static const char *const wrong[] = {"", "x", "-1", "1.5", "9223372036854775808"};
	struct err err = ERR_INIT;
	(void)state;
	assert_int_equal(test_hook_check(&err), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		err = (struct err)ERR_INIT;
		setenv("TIDEWAY_LEASE_MS", wrong[i], 1);
		assert_int_equal(test_hook_check(&err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.text, "TIDEWAY_LEASE_MS"));
	}
	setenv("TIDEWAY_LEASE_MS", "9223372036854775807", 1);
	assert_int_equal(test_hook_check(&err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values, unset, unset),
		cmocka_unit_test_setup_teardown(wrong_number_is_a_usage_error, unset, unset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
