#include "unit.h"

#include "base/num.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 20000 };

static uint64_t tens[20]; /* powers of ten */

static int fill_tens(void **state)
{
	(void)state;
	tens[0] = 1;
	for (unsigned i = 1; i < 20; i++)
		tens[i] = tens[i - 1] * 10;
	return 0;
}

static const char *text_u64(uint64_t v)
{
	static char text[NUM_INT_MAX + 1];
	text[num_u64(text, v)] = '\0';
	return text;
}

static const char *text_i64(int64_t v)
{
	static char text[NUM_INT_MAX + 1];
	text[num_i64(text, v)] = '\0';
	return text;
}

static const char *text_f64(double v)
{
	static char text[NUM_FLOAT_MAX + 1];
	size_t n = num_f64(text, v);
	assert_true(n <= NUM_FLOAT_MAX);
	text[n] = '\0';
	return text;
}

static const char *text_f32(float v)
{
	static char text[NUM_FLOAT_MAX + 1];
	size_t n = num_f32(text, v);
	assert_true(n <= NUM_FLOAT_MAX);
	text[n] = '\0';
	return text;
}

static void integers_equal_printf(void **state)
{
	(void)state;
	char want[32];
	uint64_t seed = 1;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t v = unit_random(&seed) >> (i % 64);
		snprintf(want, sizeof(want), "%" PRIu64, v);
		assert_string_equal(text_u64(v), want);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)v);
		assert_string_equal(text_i64((int64_t)v), want);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)(0 - v));
		assert_string_equal(text_i64((int64_t)(0 - v)), want);
	}
}

static void integers_at_each_power_of_ten(void **state)
{
	(void)state;
	char want[32];
	for (unsigned i = 0; i < 20; i++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = tens[i] + (uint64_t)(int64_t)d;
			snprintf(want, sizeof(want), "%" PRIu64, v);
			assert_string_equal(text_u64(v), want);
		}
	}
	assert_string_equal(text_u64(UINT64_MAX), "18446744073709551615");
	assert_string_equal(text_i64(INT64_MIN), "-9223372036854775808");
	assert_string_equal(text_i64(INT64_MAX), "9223372036854775807");
	assert_string_equal(text_u64(0), "0");
}

static void pad_writes_exactly_the_width(void **state)
{
	(void)state;
	char text[8] = "xxxxxxx";
	assert_int_equal(num_pad(text, 7, 4), 4);
	assert_memory_equal(text, "0007xxx", 7);
	assert_int_equal(num_pad(text, 0, 1), 1);
	assert_memory_equal(text, "0007xxx", 7);
	assert_int_equal(num_pad(text, 999999, 6), 6);
	assert_memory_equal(text, "999999x", 7);
	assert_int_equal(num_pad(text, 0, 0), 0);
}

static const struct {
	double v;
	const char *text;
} doubles[] = {
	{0.0, "0"},
	{-0.0, "-0"},
	{1.5, "1.5"},
	{-1.5, "-1.5"},
	{100, "100"},
	{0.1, "0.1"},
	{0.1 + 0.2, "0.30000000000000004"},
	{1.0 / 3, "0.3333333333333333"},
	{123456.789, "123456.789"},
	{1e-6, "0.000001"},
	{1.25e-6, "0.00000125"},
	{1e-7, "1e-7"},
	{1.25e-7, "1.25e-7"},
	{1e15, "1000000000000000"},
	{9007199254740991.0, "9007199254740991"},
	{9007199254740992.0, "9007199254740992"},
	{9007199254740994.0, "9007199254740994"},
	{1152921504606846976.0, "1152921504606847000"},
	{1e20, "100000000000000000000"},
	{123456789012345680000.0, "123456789012345680000"},
	{1e21, "1e+21"},
	{1.5e21, "1.5e+21"},
	{1e22, "1e+22"},
	{1e23, "1e+23"},
	{DBL_MAX, "1.7976931348623157e+308"},
	{DBL_MIN, "2.2250738585072014e-308"},
	{5e-324, "5e-324"},
	{-5e-324, "-5e-324"},
	{2.2250738585072011e-308, "2.225073858507201e-308"},
	{2251799813685248.5, "2251799813685248.5"},
	{5.684341886080802e-14, "5.684341886080802e-14"},
	{9.5367431640625e-7, "9.5367431640625e-7"},
	{INFINITY, "null"},
	{-INFINITY, "null"},
	{NAN, "null"},
};

static void doubles_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(doubles) / sizeof(*doubles); i++)
		assert_string_equal(text_f64(doubles[i].v), doubles[i].text);
}

static const struct {
	float v;
	const char *text;
} floats[] = {
	{0.0f, "0"},
	{-0.0f, "-0"},
	{0.1f, "0.1"},
	{1.1f, "1.1"},
	{3.4f, "3.4"},
	{16777216.0f, "16777216"},
	{16777218.0f, "16777218"},
	{16777217.0f, "16777216"},
	{1e10f, "10000000000"},
	{123456.79f, "123456.79"},
	{1e20f, "100000000000000000000"},
	{1e21f, "1e+21"},
	{FLT_MAX, "3.4028235e+38"},
	{FLT_MIN, "1.1754944e-38"},
	{1e-45f, "1e-45"},
	{INFINITY, "null"},
	{NAN, "null"},
};

static void floats_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++)
		assert_string_equal(text_f32(floats[i].v), floats[i].text);
}

/* Counts the digits of a number's text without sign, point, exponent and zeros at either end. */
static unsigned significant(const char *text)
{
	char digits[64];
	unsigned n = 0;
	for (; *text != '\0' && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9' && (n != 0 || *text != '0'))
			digits[n++] = *text;
	while (n > 0 && digits[n - 1] == '0')
		n--;
	return n;
}

/* Checks that the text reads back to the same bits, and that no shorter text does: printf's text with one digit less, the
 * nearest of that length, does not. */
static void check_f64(double v)
{
	char shorter[64];
	const char *text = text_f64(v);
	double back = strtod(text, NULL);
	assert_memory_equal(&back, &v, sizeof(v));
	unsigned n = significant(text);
	assert_in_range(n, 1, 17);
	if (n == 1)
		return;
	snprintf(shorter, sizeof(shorter), "%.*e", (int)n - 2, v);
	assert_true(strtod(shorter, NULL) != v);
}

static void check_f32(float v)
{
	char shorter[64];
	const char *text = text_f32(v);
	float back = strtof(text, NULL);
	assert_memory_equal(&back, &v, sizeof(v));
	unsigned n = significant(text);
	assert_in_range(n, 1, 9);
	if (n == 1)
		return;
	snprintf(shorter, sizeof(shorter), "%.*e", (int)n - 2, (double)v);
	assert_true(strtof(shorter, NULL) != v);
}

static double bits_f64(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void doubles_are_shortest_and_read_back(void **state)
{
	(void)state;
	uint64_t seed = 2;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t r = unit_random(&seed);
		double any = bits_f64(r);
		if (isfinite(any) && any != 0)
			check_f64(any);
		/* what tables contain: few digits after the point */
		check_f64((double)(int64_t)(r >> (20 + i % 40)) / (double)tens[i % 12] + 1);
		check_f64((double)(r >> 11) * 0x1p-53 + 0x1p-60);
	}
}

static void every_power_of_two_and_its_neighbours(void **state)
{
	(void)state;
	for (uint64_t e = 0; e < 2047; e++) {
		uint64_t bits = e << 52;
		if (bits != 0)
			check_f64(bits_f64(bits));
		check_f64(bits_f64(bits + 1));
		check_f64(bits_f64(bits + ((uint64_t)1 << 52) - 1));
	}
}

static void every_power_of_ten(void **state)
{
	(void)state;
	char text[16];
	for (int e = -307; e <= 308; e++) {
		snprintf(text, sizeof(text), "1e%d", e);
		double v = strtod(text, NULL);
		check_f64(v);
		assert_int_equal(significant(text_f64(v)), 1);
		check_f64(nextafter(v, 0));
		check_f64(nextafter(v, INFINITY));
	}
}

static void floats_are_shortest_and_read_back(void **state)
{
	(void)state;
	uint64_t seed = 3;
	for (unsigned i = 0; i < 3 * ROUNDS; i++) {
		uint32_t bits = (uint32_t)unit_random(&seed);
		if (i < 255)
			bits = i << 23;
		float v;
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v) && v != 0)
			check_f32(v);
	}
}

static const char *text_base64(const char *bytes, size_t len)
{
	static char text[64];
	text[num_base64(text, (const uint8_t *)bytes, len)] = '\0';
	return text;
}

static void base64_of_rfc_4648(void **state)
{
	(void)state;
	assert_string_equal(text_base64("", 0), "");
	assert_string_equal(text_base64("f", 1), "Zg==");
	assert_string_equal(text_base64("fo", 2), "Zm8=");
	assert_string_equal(text_base64("foo", 3), "Zm9v");
	assert_string_equal(text_base64("foob", 4), "Zm9vYg==");
	assert_string_equal(text_base64("fooba", 5), "Zm9vYmE=");
	assert_string_equal(text_base64("foobar", 6), "Zm9vYmFy");
	assert_string_equal(text_base64("\0\xff\xfe\xfb\xef\xbe", 6), "AP/+++++");
}

static void parse_reads_what_is_written(void **state)
{
	(void)state;
	uint64_t seed = 4, u = 0;
	int64_t i = 0;
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t v = unit_random(&seed) >> (n % 64);
		assert_true(num_parse_u64(slice_str(text_u64(v)), &u));
		assert_true(u == v);
		assert_true(num_parse_i64(slice_str(text_i64((int64_t)v)), &i));
		assert_true(i == (int64_t)v);
	}
}

static void parse_refuses_what_is_no_number(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
					    "-",
					    "+1",
					    " 1",
					    "1 ",
					    "1.0",
					    "1e",
					    "0x1",
					    "--1",
					    "18446744073709551616",
					    "99999999999999999999"};
	uint64_t u;
	int64_t i;
	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
		assert_false(num_parse_u64(slice_str(wrong[n]), &u));
		assert_false(num_parse_i64(slice_str(wrong[n]), &i));
	}
	assert_false(num_parse_u64(SLICE("-1"), &u));
	assert_true(num_parse_i64(SLICE("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(num_parse_i64(SLICE("-9223372036854775809"), &i));
	assert_true(num_parse_i64(SLICE("9223372036854775807"), &i) && i == INT64_MAX);
	assert_false(num_parse_i64(SLICE("9223372036854775808"), &i));
	assert_true(num_parse_u64(SLICE("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_true(num_parse_u64(SLICE("007"), &u) && u == 7);
}

static void days_equal_timegm(void **state)
{
	(void)state;
	for (int64_t day = -719528; day < 2932897; day += 13) { /* years 0 to 9999 */
		time_t seconds = (time_t)day * 86400;
		struct tm tm;
		gmtime_r(&seconds, &tm);
		assert_int_equal(
			num_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday),
			day);
	}
	assert_int_equal(num_days(1970, 1, 1), 0);
	assert_int_equal(num_days(2000, 2, 29), 11016);
	assert_int_equal(num_days(2000, 3, 1), 11017);
	assert_int_equal(num_days(9999, 12, 31), 2932896);
	assert_int_equal(num_days(0, 1, 1), -719528);
}

static void test_unhex(void **state)
{
	char out[8];
	(void)state;
	assert_int_equal(num_unhex(SLICE("00fFE4'"), out), 3);
	assert_memory_equal(out, "\0\xff\xe4", 3);
	assert_int_equal(num_unhex(SLICE(""), out), 0);
	assert_int_equal(num_unhex(SLICE("a"), out), 0);
	assert_int_equal(num_unhex(SLICE("61g1"), out), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unhex),
		cmocka_unit_test(integers_equal_printf),
		cmocka_unit_test(integers_at_each_power_of_ten),
		cmocka_unit_test(pad_writes_exactly_the_width),
		cmocka_unit_test(doubles_known),
		cmocka_unit_test(floats_known),
		cmocka_unit_test(doubles_are_shortest_and_read_back),
		cmocka_unit_test(every_power_of_two_and_its_neighbours),
		cmocka_unit_test(every_power_of_ten),
		cmocka_unit_test(floats_are_shortest_and_read_back),
		cmocka_unit_test(base64_of_rfc_4648),
		cmocka_unit_test(parse_reads_what_is_written),
		cmocka_unit_test(parse_refuses_what_is_no_number),
		cmocka_unit_test(days_equal_timegm),
	};
	return cmocka_run_group_tests(tests, fill_tens, NULL);
}
