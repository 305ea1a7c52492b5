#include "unit.h"

#include "base/json_writer.h"

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

/* The numbered form of strings differs in the short escapes only. */
static void control_characters_are_numbered(void **state)
{
	(void)state;
	json_string_numbered(&out, SLICE("a\"b\\c\b\t\n\f\r\x01\x1f/\x7f\xc3\xa9"));
	assert_slice(buf_slice(&out), "\"a\\\"b\\\\c\\u0008\\u0009\\u000a\\u000c\\u000d"
				      "\\u0001\\u001f/\x7f\xc3\xa9\"");
	buf_clear(&out);
	json_text_numbered(&out, SLICE("a\n\""));
	assert_slice(buf_slice(&out), "a\\u000a\\\"");
	buf_clear(&out);
	json_text_numbered(&out, (struct slice){NULL, 0});
	assert_int_equal(out.len, 0);
}

static void numbers_and_bytes(void **state)
{
	(void)state;
	json_i64(&out, INT64_MIN);
	buf_char(&out, ' ');
	json_u64(&out, UINT64_MAX);
	buf_char(&out, ' ');
	json_base64(&out, SLICE("\x01\x02"));
	json_base64_bare(&out, SLICE("\x01\x02"));
	assert_slice(buf_slice(&out), "-9223372036854775808 18446744073709551615 \"AQI=\"AQI=");
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
		cmocka_unit_test_setup_teardown(control_characters_are_numbered, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_and_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_of_names, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
