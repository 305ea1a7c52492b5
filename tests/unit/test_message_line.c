#include "unit.h"

#include "model/message_line.h"

#define ROW(op, before, after)                                                                     \
	"{\"schema\":{},\"payload\":{\"before\":" before ",\"after\":" after ",\"op\":\"" op       \
	"\",\"ddl\":null},\"version\":\"0.0.1\"}"
#define IMAGE(columns) "{\"dataColumn\":{" columns "}}"

static struct buf line;

static int setup(void **state)
{
	(void)state;
	buf_init(&line);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&line);
	return 0;
}

static void expect(struct slice topic, struct slice key, struct slice value, const char *expected)
{
	const struct message message = {.topic = topic, .key = key, .value = value};
	buf_clear(&line);
	message_line_put(&line, &message, false);
	assert_string_equal(buf_cstr(&line), expected);
}

static void expect_line(const char *value, const char *expected)
{
	expect(SLICE("shop.orders_2024"), SLICE("7"), slice_str(value), expected);
}

static void rows(void **state)
{
	(void)state;
	expect(SLICE("users"), SLICE("7"),
	       SLICE(ROW("INSERT", "null",
			 IMAGE("\"id\":7,\"price\":12.30,\"name\":\"A \\\"B\\\"\","
			       "\"none\":null"))),
	       "+ users        key 7      INSERT       id=7 price=12.30 name=A \"B\" none=null");
	expect_line(ROW("DELETE", IMAGE("\"id\":7"), "null"),
		    "- shop.orders_2024 key 7      DELETE       id=7");
	expect_line(ROW("UPDATE_BEFOR", IMAGE("\"id\":7"), "null"),
		    "< shop.orders_2024 key 7      UPDATE_BEFOR id=7");
	expect_line(ROW("UPDATE_AFTER", "null", IMAGE("\"id\":8")),
		    "> shop.orders_2024 key 7      UPDATE_AFTER id=8");
	/* an operation with a name from the script; the new image of the two */
	expect_line(ROW("upd", IMAGE("\"id\":7"), IMAGE("\"id\":8")),
		    "* shop.orders_2024 key 7      upd          id=8");
	/* without an envelope */
	expect_line("{\"before\":null,\"after\":{\"id\":7},\"source\":{},\"op\":\"c\"}",
		    "+ shop.orders_2024 key 7      c            id=7");
}

static void what_is_not_a_row(void **state)
{
	(void)state;
	expect(SLICE("t"), SLICE("k"),
	       SLICE("{\"payload\":{\"before\":null,\"after\":null,\"op\":\"ALTER\",\"ddl\":{"
		     "\"text\":"
		     "\"ALTER TABLE `t`\\nADD \\\"c\\\" INT\",\"ddlMeta\":\"e30=\"}}}"),
	       "* t            key k      ALTER        ALTER TABLE `t`\\nADD \"c\" INT");
	expect(SLICE("t"), (struct slice){NULL, 0},
	       SLICE("{\"payload\":{\"before\":null,\"after\":null,\"op\":\"MHEARTBEAT\",\"ddl\":"
		     "null}}"),
	       "* t            key -      MHEARTBEAT  ");
	expect(SLICE("t"), SLICE("a long key"), (struct slice){NULL, 0},
	       "* t            key a long key tombstone");
	expect(SLICE("t"), SLICE("k"), SLICE("{\"mine\": 1}"),
	       "* t            key k      {\"mine\": 1}");
	expect(SLICE("t"), SLICE("k"), SLICE("plain"), "* t            key k      plain");
	expect(SLICE("t"), SLICE("k"), SLICE("{\"payload\":{\"op"),
	       "* t            key k      {\"payload\":{\"op");
}

/* No byte of a message reaches the terminal as a control character. */
static void control_characters(void **state)
{
	(void)state;
	expect(SLICE("t\x1b"), SLICE("\x1b[31m\r\xc2\x9b\xff\x7f"), SLICE("a\x1b]0;x\x07\nb"),
	       "* t\\u001b      key \\u001b[31m\\u000d\\u009b\xef\xbf\xbd\\u007f "
	       "a\\u001b]0;x\\u0007\\u000ab");
	expect_line(ROW("INSERT", "null", IMAGE("\"a\x1b\":\"\x1b[2J\\u001b\"")),
		    "+ shop.orders_2024 key 7      INSERT       a\\u001b=\\u001b[2J\\u001b");
	for (unsigned c = 0; c < 256; c++) {
		const char bytes[] = {(char)c, 'x'};
		const struct message message = {.topic = slice_of(bytes, 2),
						.key = slice_of(bytes, 2),
						.value = slice_of(bytes, 2)};
		buf_clear(&line);
		message_line_put(&line, &message, false);
		message_line_put_header(&line, slice_of(bytes, 2), slice_of(bytes, 2), false);
		for (size_t i = 0; i < line.len; i++)
			assert_true((unsigned char)line.ptr[i] >= 0x20 && line.ptr[i] != 0x7f);
	}
}

static void long_cells_are_cut(void **state)
{
	(void)state;
	struct buf value;
	buf_init(&value);
	buf_put(&value, SLICE("{\"payload\":{\"after\":{\"dataColumn\":{\"a\":\""));
	for (int i = 0; i < 100; i++)
		buf_put(&value, SLICE("\xc3\xa9"));
	buf_put(&value, SLICE("\",\"b\":1}},\"op\":\"INSERT\"}}"));
	const struct message message = {
		.topic = SLICE("t"), .key = SLICE("k"), .value = buf_slice(&value)};
	message_line_put(&line, &message, false);
	const char *cell = strstr(buf_cstr(&line), "a=");
	assert_non_null(cell);
	assert_int_equal(strlen(cell), strlen("a=") + 80 * 2 + strlen("... b=1"));
	assert_string_equal(cell + strlen("a=") + 80 * 2, "... b=1");
	buf_fini(&value);
}

static void colours_and_headers(void **state)
{
	(void)state;
	const struct message message = {.topic = SLICE("t"),
					.key = SLICE("k"),
					.value = SLICE(ROW("DELETE", IMAGE("\"id\":7"), "null"))};
	message_line_put(&line, &message, true);
	message_line_put_header(&line, SLICE("trace"), SLICE("abc"), true);
	message_line_put_header(&line, SLICE("none"), (struct slice){NULL, 0}, false);
	assert_string_equal(
		buf_cstr(&line),
		"\033[31m-\033[0m \033[36mt           \033[0m \033[2mkey k     \033[0m "
		"\033[31mDELETE      \033[0m id=7 \033[2m[trace=abc]\033[0m [none=null]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(control_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(long_cells_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(colours_and_headers, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
