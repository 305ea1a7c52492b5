#include "unit.h"

#include "base/decimal.h"

#include <stdlib.h>

static void expect_round(const char *text, unsigned scale, const char *want)
{
	struct slice number = slice_str(text);
	size_t size = decimal_round_size(number.len, scale);
	char *out = malloc(size);
	assert_slice(slice_of(out, decimal_round(number, scale, out)), want);
	free(out);
}

static void decimals_are_rounded_half_up(void **state)
{
	(void)state;
	expect_round("1.005", 2, "1.01");
	expect_round("1.004", 2, "1.00");
	expect_round("-1.005", 2, "-1.01");
	expect_round("9.995", 2, "10.00");
	expect_round("0.5", 0, "1");
	expect_round("-0.4", 0, "0");
	expect_round("-0.004", 2, "0.00");
	expect_round("7", 3, "7.000");
	expect_round("7.", 1, "7.0");
	expect_round("-9.96", 1, "-10.0");
	expect_round("99.5", 0, "100");
	expect_round("007.25", 1, "007.3");
	expect_round("0.00", 1, "0.0");
	expect_round("99999999999999999999.9", 0, "100000000000000000000");
}

static void what_is_no_decimal_is_refused(void **state)
{
	(void)state;
	char out[32];
	assert_int_equal(decimal_round(SLICE(""), 2, out), 0);
	assert_int_equal(decimal_round(SLICE("1e5"), 2, out), 0);
	assert_int_equal(decimal_round(SLICE("1.2.3"), 2, out), 0);
	assert_int_equal(decimal_round(SLICE("-"), 2, out), 0);
	assert_int_equal(decimal_round(SLICE("abc"), 2, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_rounded_half_up),
		cmocka_unit_test(what_is_no_decimal_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
