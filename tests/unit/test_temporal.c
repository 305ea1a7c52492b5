/* MariaDB's own form of dates and times with fractions: bytes that a server with mysql56_temporal_format=OFF wrote. */
#include "decode/temporal.h"

#include "unit/unit.h"

static void expect_time(const char *bytes, unsigned digits, const char *text)
{
	struct temporal t;
	struct value value;
	struct arena arena;
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	temporal_from_time_53((const uint8_t *)bytes, digits, &t);
	assert_int_equal(temporal_time(&t, digits, &value, &err), 0);
	value_plain(&value, &arena);
	assert_slice(value.text, text);
	arena_fini(&arena);
}

static void test_times(void **state)
{
	(void)state;
	expect_time("\x12\x00\xc3\xbf", 2, "-00:00:00.01");
	expect_time("\x05\x7e\x7b\xbc\xf7\xff", 6, "838:59:59.999999");
	expect_time("\x00\x00\x00\x03\xe7", 3, "-838:59:59.001");
}

static void expect_datetime(const char *bytes, unsigned digits, struct temporal want)
{
	struct temporal t;
	temporal_from_datetime_53((const uint8_t *)bytes, digits, &t);
	assert_int_equal(t.year, want.year);
	assert_int_equal(t.month, want.month);
	assert_int_equal(t.day, want.day);
	assert_int_equal(t.hour, want.hour);
	assert_int_equal(t.minute, want.minute);
	assert_int_equal(t.second, want.second);
	assert_int_equal(t.micros, want.micros);
}

static void test_datetimes(void **state)
{
	(void)state;
	expect_datetime("\x00\xa9\x0c\xe7\x6d\x7b", 1,
			(struct temporal){false, 2020, 1, 2, 3, 4, 5, 900000});
	expect_datetime("\x01\x46\xe4\xeb\xd7\xfc\x93", 3,
			(struct temporal){false, 9999, 12, 31, 23, 59, 59, 123000});
	expect_datetime("\x00\x7f\xb4\x03\xf9\x23\x60\x01", 6,
			(struct temporal){false, 1000, 1, 1, 0, 0, 0, 1});
}

static void test_fractions_of_timestamps(void **state)
{
	(void)state;
	assert_int_equal(temporal_fraction_53((const uint8_t *)"\x62", 2), 980000);
	assert_int_equal(temporal_fraction_53((const uint8_t *)"\x00\x00\x01", 6), 1);
}

/* Bytes that are not a time are an error. */
static void test_any_bytes(void **state)
{
	uint64_t seed = 1;
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t bytes = unit_random(&seed);
		struct temporal t;
		struct value value;
		struct err err = ERR_INIT;
		temporal_from_time_53((const uint8_t *)&bytes, i % 7, &t);
		if (temporal_time(&t, i % 7, &value, &err) < 0)
			assert_int_equal(err.code, ERR_DATA);
		temporal_from_datetime_53((const uint8_t *)&bytes, i % 7, &t);
		if (temporal_datetime(&t, i % 7, &value, &err) < 0)
			assert_int_equal(err.code, ERR_DATA);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_datetimes),
		cmocka_unit_test(test_fractions_of_timestamps),
		cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
