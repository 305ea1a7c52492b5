#include "unit.h"

#include "../../src/format/json.c"

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

static void expect_text(struct slice text, const char *json)
{
	buf_clear(&out);
	json_string(&out, text);
	assert_slice(buf_slice(&out), json);
}

static void strings_are_escaped(void **state)
{
	(void)state;
	expect_text(SLICE(""), "\"\"");
	expect_text(SLICE("plain"), "\"plain\"");
	expect_text(SLICE("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	expect_text(SLICE("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
	expect_text(slice_of("\0\x01\x1f", 3), "\"\\u0000\\u0001\\u001f\"");
	expect_text(SLICE("\x7f h\xc3\xa9llo \xf0\x9f\x98\x80"),
		    "\"\x7f h\xc3\xa9llo \xf0\x9f\x98\x80\"");
}

/* The scan works in words of 8 bytes: an escape at each place of texts of each length. */
static void escapes_at_every_place(void **state)
{
	(void)state;
	const char special[] = {'"', '\\', '\n', 0x01, 0x1f};
	for (size_t len = 1; len < 40; len++)
		for (size_t at = 0; at < len; at++)
			for (size_t k = 0; k < sizeof(special); k++) {
				char text[40], *found;
				memset(text, 0xc3, sizeof(text));
				text[at] = special[k];
				buf_clear(&out);
				json_string(&out, slice_of(text, len));
				found = memchr(out.ptr + 1, '\\', out.len - 2);
				assert_non_null(found);
				assert_int_equal(found - out.ptr - 1, at);
				assert_true(out.len == len + 3 || out.len == len + 7);
			}
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

static void lists_of_names(void **state)
{
	(void)state;
	const struct slice names[] = {SLICE("id"), SLICE("a\"")};
	json_names(&out, names, 0);
	assert_slice(buf_slice(&out), "null");
	buf_clear(&out);
	json_names(&out, names, 2);
	assert_slice(buf_slice(&out), "[\"id\",\"a\\\"\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(strings_are_escaped, setup, teardown),
		cmocka_unit_test_setup_teardown(escapes_at_every_place, setup, teardown),
		cmocka_unit_test_setup_teardown(values_of_every_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_of_names, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
