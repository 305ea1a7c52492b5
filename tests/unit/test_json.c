#include "unit.h"

#include "format/json.h"
#include "model/table.h"

static struct buf out;

static int setup(void **state)
{
	(void)state;
	buf_init(&out);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&out);
	return 0;
}

static void expect_json(struct value value, const char *json, const char *bare)
{
	buf_clear(&out);
	json_value(&out, &value);
	assert_slice(buf_slice(&out), json);
	buf_clear(&out);
	json_bare(&out, &value);
	assert_slice(buf_slice(&out), bare);
}

static void values_of_every_kind(void **state)
{
	(void)state;
	expect_json((struct value){.kind = VALUE_NULL}, "null", "null");
	expect_json((struct value){.kind = VALUE_UNSET}, "null", "null");
	expect_json((struct value){.kind = VALUE_BOOL, .i = 1}, "true", "true");
	expect_json((struct value){.kind = VALUE_BOOL, .i = 0}, "false", "false");
	expect_json((struct value){.kind = VALUE_I64, .i = INT64_MIN}, "-9223372036854775808",
		    "-9223372036854775808");
	expect_json((struct value){.kind = VALUE_U64, .u = UINT64_MAX}, "18446744073709551615",
		    "18446744073709551615");
	expect_json((struct value){.kind = VALUE_F32, .f = (double)16777217.0f}, "16777216",
		    "16777216");
	expect_json((struct value){.kind = VALUE_F32, .f = (double)0.1f}, "0.1", "0.1");
	expect_json((struct value){.kind = VALUE_F64, .f = 0.1}, "0.1", "0.1");
	expect_json((struct value){.kind = VALUE_DECIMAL, .text = SLICE("-12.30")}, "-12.30",
		    "-12.30");
	expect_json((struct value){.kind = VALUE_MS, .i = 1614700800000}, "1614700800000",
		    "1614700800000");
	expect_json((struct value){.kind = VALUE_TEXT, .text = SLICE("a\"b")}, "\"a\\\"b\"",
		    "a\"b");
	expect_json((struct value){.kind = VALUE_BYTES, .text = SLICE("\x01\x02")}, "\"AQI=\"",
		    "AQI=");
}

static void dates_and_times(void **state)
{
	(void)state;
	expect_json((struct value){.kind = VALUE_DATE, .civil = {1970, 1, 2, 0, 0, 0, 0}},
		    "86400000", "86400000");
	expect_json((struct value){.kind = VALUE_DATE, .civil = {.year = 2020}}, "null", "null");
	expect_json((struct value){.kind = VALUE_DATETIME,
				   .digits = 6,
				   .civil = {1970, 1, 1, 0, 0, 1, 999999}},
		    "1999", "1999");
	expect_json((struct value){.kind = VALUE_TIMESTAMP, .i = 1999999}, "1999", "1999");
	expect_json((struct value){.kind = VALUE_TIMESTAMP, .i = VALUE_ZERO_TIMESTAMP}, "null",
		    "null");
	expect_json((struct value){.kind = VALUE_TIME, .i = -1500000, .digits = 2},
		    "\"-00:00:01.50\"", "-00:00:01.50");
}

static void labels_of_enum_and_set(void **state)
{
	static const struct slice labels[] = {{"a\"b", 3}, {"c", 1}};
	static const struct column text = {
		.charset = CHARSET_UTF8MB4, .nlabels = 2, .labels = labels};
	static const struct column bytes = {
		.charset = CHARSET_BINARY, .nlabels = 2, .labels = labels};
	(void)state;
	expect_json((struct value){.kind = VALUE_ENUM, .label = {1, &text}}, "\"a\\\"b\"", "a\"b");
	expect_json((struct value){.kind = VALUE_ENUM, .label = {0, &text}}, "\"\"", "");
	expect_json((struct value){.kind = VALUE_SET, .label = {3, &text}}, "\"a\\\"b,c\"",
		    "a\"b,c");
	expect_json((struct value){.kind = VALUE_ENUM, .label = {2, &bytes}}, "\"Yw==\"", "Yw==");
	expect_json((struct value){.kind = VALUE_SET, .label = {3, &bytes}}, "\"YSJiLGM=\"",
		    "YSJiLGM=");
}

/* The base64 of labels is written in blocks. */
static void long_labels_of_bytes(void **state)
{
	char text[1000], whole[2005];
	struct slice labels[3] = {{text, 0}, {text, 0}, {text, sizeof(text)}};
	struct column column = {.charset = CHARSET_BINARY, .nlabels = 3, .labels = labels};
	struct value value = {.kind = VALUE_SET, .label = {5, &column}};
	struct buf want;
	(void)state;
	buf_init(&want);
	memset(text, 'x', sizeof(text));
	memset(whole, 'x', sizeof(whole));
	for (unsigned n = 180; n < 200; n++) {
		labels[0].len = n;
		whole[n - 1] = 'x';
		whole[n] = ',';
		buf_clear(&out);
		buf_clear(&want);
		json_value(&out, &value);
		json_base64(&want, slice_of(whole, n + 1 + sizeof(text)));
		assert_true(slice_equal(buf_slice(&out), buf_slice(&want)));
	}
	buf_fini(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_of_every_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(dates_and_times, setup, teardown),
		cmocka_unit_test_setup_teardown(labels_of_enum_and_set, setup, teardown),
		cmocka_unit_test_setup_teardown(long_labels_of_bytes, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
