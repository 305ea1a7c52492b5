/* Messages that were read from a topic: what they say about a key, and the DELETE that is made of one. */
#include "unit.h"

#include "format/dataworks_read.h"

#define SCHEMA                                                                                     \
	"{\"dataColumn\":[{\"name\":\"id\",\"type\":\"LONG\"},{\"name\":\"a\\\"b\",\"type\":"      \
	"\"DOUBLE\"},{\"name\":\"s\",\"type\":\"STRING\"}],\"primaryKey\":[\"id\"],\"source\":{"   \
	"\"dbType\":\"MySQL\",\"dbName\":\"shop\",\"tableName\":\"t\"}}"
#define IMAGE(id) "{\"dataColumn\":{\"id\":" id ",\"a\\\"b\":12.30,\"s\":\"x,\\\"}\"}}"
#define MESSAGE(before, after, op, ddl)                                                            \
	"{\"schema\":" SCHEMA ",\"payload\":{\"before\":" before ",\"after\":" after               \
	",\"sequenceId\":\"1614748790461000000\",\"timestamp\":{\"eventTime\":1,\"systemTime\":2," \
	"\"checkpointTime\":1},\"op\":\"" op "\",\"ddl\":" ddl "},\"version\":\"0.0.1\"}"

static const struct format_names NAMES = {{"\"shop\"", 6}, {"\"t\"", 3}};

static void a_message_says_whether_a_row_has_its_key(void **state)
{
	static const struct {
		const char *value;
		enum seen_kind kind;
	} cases[] = {
		{MESSAGE("null", IMAGE("7"), "INSERT", "null"), SEEN_ROW},
		{MESSAGE("null", IMAGE("7"), "UPDATE_AFTER", "null"), SEEN_ROW},
		{MESSAGE(IMAGE("7"), "null", "UPDATE_BEFOR", "null"), SEEN_GONE},
		{MESSAGE(IMAGE("7"), "null", "UPDATE_BEFORE", "null"), SEEN_GONE},
		{MESSAGE(IMAGE("7"), "null", "DELETE", "null"), SEEN_GONE},
		{MESSAGE("null", "null", "QUERY", "{\"text\":\"copy 5 begins\"}"), SEEN_BEGIN},
		{MESSAGE("null", "null", "QUERY", "{\"text\":\"copy 5 ends\"}"), SEEN_OTHER},
		{MESSAGE("null", "null", "QUERY", "{\"text\":\"copy  begin\"}"), SEEN_OTHER},
		{MESSAGE("null", "null", "TRUNCATE", "{\"text\":\"TRUNCATE t\"}"), SEEN_OTHER},
		{"{\"schema\":{\"dataColumn\":null,\"primaryKey\":null,\"source\":null},"
		 "\"payload\":{\"op\":\"MHEARTBEAT\"}}",
		 SEEN_OTHER},
		{"not JSON", SEEN_OTHER},
		{"", SEEN_OTHER},
		{NULL, SEEN_GONE},
	};
	static const struct format_names other = {{"\"shop\"", 6}, {"\"T\"", 3}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(dataworks_see(&NAMES, slice_str(cases[i].value)), cases[i].kind);
	assert_int_equal(dataworks_see(&other, slice_str(cases[0].value)), SEEN_OTHER);
}

static void expect_delete(const struct slice *columns, unsigned n, const char *image)
{
	static const char last[] =
		MESSAGE(IMAGE("6"), IMAGE("18446744073709551615"), "UPDATE_AFTER", "null");
	const struct format_delete row = {
		.last = SLICE(last), .columns = columns, .ncolumns = n, .now_ms = 1614748870925};
	struct buf out, text;
	buf_init(&out);
	buf_init(&text);
	dataworks_write_delete(&row, &out);
	buf_printf(&text,
		   "{\"schema\":" SCHEMA ",\"payload\":{\"before\":{\"dataColumn\":%s},\"after\":"
		   "null,\"sequenceId\":\"-1\",\"timestamp\":{\"eventTime\":-1,\"systemTime\":"
		   "1614748870925,\"checkpointTime\":-1},\"op\":\"DELETE\",\"ddl\":null},"
		   "\"version\":\"0.0.1\"}",
		   image);
	assert_slice(buf_slice(&out), buf_cstr(&text));
	buf_fini(&text);
	buf_fini(&out);
}

/* What the script does not write plainly now may be plain in the old message. The key is in the message in any case. */
static void a_delete_repeats_what_may_be_shown(void **state)
{
	static const struct slice columns[] = {{"s", 1}, {"a\\\"b", 4}};
	(void)state;
	expect_delete(columns, 2,
		      "{\"id\":18446744073709551615,\"a\\\"b\":12.30,\"s\":\"x,\\\"}\"}");
	expect_delete(columns, 1,
		      "{\"id\":18446744073709551615,\"a\\\"b\":null,\"s\":\"x,\\\"}\"}");
	expect_delete(NULL, 0, "{\"id\":18446744073709551615,\"a\\\"b\":null,\"s\":null}");
}

static void expect_key(struct format_key_rule rule, const char *values, const char *key, bool has)
{
	struct buf message;
	buf_init(&message);
	buf_printf(&message,
		   "{\"schema\":" SCHEMA ",\"payload\":{\"before\":null,\"after\":{"
		   "\"dataColumn\":%s},\"op\":\"INSERT\"}}",
		   values);
	assert_int_equal(dataworks_has_key(&rule, buf_slice(&message), slice_str(key)), has);
	buf_fini(&message);
}

/* A key that the row of the message does not get now is not that of a deleted row: the row may exist under its new key. */
static void a_key_is_made_of_the_row(void **state)
{
	static const struct slice names[] = {{"id", 2}, {"a\\\"b", 4}};
	const struct format_key_rule one = {names, 1, false}, two = {names, 2, false},
				     json = {names, 2, true};
	(void)state;
	expect_key(one, "{\"id\":7,\"s\":\"x\"}", "7", true);
	expect_key(one, "{\"id\":7,\"s\":\"x\"}", "{\"id\":7}", false);
	expect_key(one, "{\"id\":12.30}", "12.30", true);
	expect_key(one, "{\"id\":null}", "null", true);
	expect_key(one, "{\"ident\":7}", "7", false);
	expect_key(one, "{\"id\":\"a\\\"b\\\\c\\n\\u0001\\u001f\"}", "a\"b\\c\n\001\037", true);
	expect_key(one, "{\"id\":\"\\u00e9\"}", "\303\251", false);
	expect_key(one, "{\"id\":\"x\\", "x", false);
	expect_key(two, "{\"id\":7,\"a\\\"b\":\"EU\"}", "7,EU", true);
	expect_key(two, "{\"id\":7,\"a\\\"b\":\"EU\"}", "7", false);
	expect_key(json, "{\"id\":7,\"a\\\"b\":\"E\\\"U\"}", "{\"id\":7,\"a\\\"b\":\"E\\\"U\"}",
		   true);
	expect_key(json, "{\"id\":7,\"a\\\"b\":\"EU\"}", "7,EU", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_says_whether_a_row_has_its_key),
		cmocka_unit_test(a_delete_repeats_what_may_be_shown),
		cmocka_unit_test(a_key_is_made_of_the_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
