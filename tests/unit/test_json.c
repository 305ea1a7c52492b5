#include "unit.h"

#include "format/json.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_of_every_kind, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
