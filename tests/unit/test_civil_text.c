/* Dates and times as text. */
#include "model/civil_text.h"

#include "unit/unit.h"

static void expect_text(int64_t us, unsigned digits, const char *expected)
{
	char text[CIVIL_TEXT_MAX];
	struct civil civil, again;
	size_t n;
	civil_from_micros(us, &civil);
	n = civil_write(&civil, true, digits, text);
	assert_true(slice_equal(slice_of(text, n), slice_str(expected)));
	assert_true(civil_read(slice_of(text, n), true, digits, &again));
	assert_int_equal(civil_write(&again, true, digits, text), n);
	assert_true(slice_equal(slice_of(text, n), slice_str(expected)));
}

static void test_micros(void **state)
{
	(void)state;
	expect_text(0, 0, "1970-01-01 00:00:00");
	expect_text(-1, 6, "1969-12-31 23:59:59.999999");
	expect_text(-62167219200000000, 0, "0000-01-01 00:00:00");
	expect_text(253402300799999999, 6, "9999-12-31 23:59:59.999999");
	expect_text(1709168523123456, 3, "2024-02-29 01:02:03.123");
	expect_text(951782400000000, 1, "2000-02-29 00:00:00.0");
	expect_text(4107542400000000, 0, "2100-03-01 00:00:00");
}

/* Every day of 800 years gives the date whose number of days it is. */
static void test_every_day(void **state)
{
	(void)state;
	struct value value = {.kind = VALUE_DATETIME};
	for (int64_t day = -146097; day < 146097; day++) {
		int64_t us = day * INT64_C(86400000000) + 1, back;
		civil_from_micros(us, &value.civil);
		assert_true(value_micros(&value, &back));
		assert_int_equal(back, us);
	}
}

static void test_read(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
					    "2021-03-03",
					    "2021-03-03 1:00:00",
					    "2021-3-03 01:00:00",
					    "2021-13-03 01:00:00",
					    "2021-03-32 01:00:00",
					    "2021-03-03 24:00:00",
					    "2021-03-03 01:60:00",
					    "2021-03-03 01:00:60",
					    "2021-03-03T01:00:00",
					    "2021-03-03 01:00:00.",
					    "2021-03-03 01:00:00.1234",
					    "2021-03-03 01:00:00Z",
					    " 2021-03-03 01:00:00",
					    "2021-03-03 01:00",
					    "-021-03-03 01:00:00"};
	struct civil civil;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(civil_read(slice_str(wrong[i]), true, 3, &civil));
	assert_true(civil_read(SLICE("2021-03-03 01:00:00.5"), true, 3, &civil));
	assert_int_equal(civil.micros, 500000);
	assert_true(civil_read(SLICE("2021-00-00"), false, 0, &civil));
	assert_int_equal(civil.month, 0);
	assert_false(civil_read(SLICE("2021-03-03 01:00:00"), false, 0, &civil));
}

static void test_time(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} right[] = {
		{"00:00:00", 0},
		{"-00:00:00.000001", -1},
		{"1:02:03", 3723000000},
		{"838:59:59", 3020399000000},
		{"-838:59:59", -3020399000000},
		{"12:00:00.5", 43200500000},
	};
	static const char *const wrong[] = {
		"",           "-",        "12:00",    "839:00:00",
		"1200:00:00", "12:60:00", "12:00:60", "12:00:00.1234567",
		"12:00:00 ",  "+1:00:00"};
	int64_t us;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		assert_true(time_read(slice_str(right[i].text), &us));
		assert_int_equal(us, right[i].us);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(time_read(slice_str(wrong[i]), &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_micros),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
