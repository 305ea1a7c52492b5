#include "unit.h"

#include "format/dataworks.h"

static const struct schema_column COLUMNS[] = {
	{{"id", 2}, TRANSPORT_LONG},
	{{"d", 1}, TRANSPORT_DATE},
};
static const struct slice PRIMARY[] = {{"id", 2}};
static const struct schema SCHEMA = {
	.db = {"shop", 4},
	.table = {"t", 1},
	.columns = COLUMNS,
	.ncolumns = 2,
	.primary = PRIMARY,
	.nprimary = 1,
};

#define HEAD                                                                                       \
	"{\"schema\":{\"dataColumn\":[{\"name\":\"id\",\"type\":\"LONG\"},"                        \
	"{\"name\":\"d\",\"type\":\"DATE\"}],\"primaryKey\":[\"id\"],"                             \
	"\"source\":{\"dbType\":\"MySQL\",\"dbName\":\"shop\",\"tableName\":\"t\"}},"              \
	"\"payload\":{\"before\":"

static void expect(const struct record *record, const char *text)
{
	struct arena arena;
	struct buf out;
	struct envelope envelope;
	arena_init(&arena, 0);
	buf_init(&out);
	envelope_init(&envelope, &SCHEMA, &arena);
	envelope_write(&out, &envelope, record);
	assert_slice(buf_slice(&out), text);
	buf_fini(&out);
	arena_fini(&arena);
}

static const struct value ROW[] = {{.kind = VALUE_I64, .i = 7},
				   {.kind = VALUE_MS, .i = 1614700800000}};
static const struct value OLD[] = {{.kind = VALUE_I64, .i = 7}, {.kind = VALUE_NULL}};

static void an_insert_is_the_published_message(void **state)
{
	(void)state;
	expect(&(struct record){NULL, ROW, RECORD_INSERT, 1614748790461000000, 1614748870000,
				1614748870925},
	       HEAD "null,\"after\":{\"dataColumn\":{\"id\":7,\"d\":1614700800000}},"
		    "\"sequenceId\":\"1614748790461000000\","
		    "\"timestamp\":{\"eventTime\":1614748870000,\"systemTime\":1614748870925,"
		    "\"checkpointTime\":1614748870000},\"op\":\"INSERT\",\"ddl\":null},\"version\":"
		    "\"0.0.1\"}");
}

static void full_sync_rows_have_three_minus_ones(void **state)
{
	(void)state;
	expect(&(struct record){NULL, ROW, RECORD_INSERT, -1, -1, 1614748870925},
	       HEAD "null,\"after\":{\"dataColumn\":{\"id\":7,\"d\":1614700800000}},\"sequenceId\":"
		    "\"-1\","
		    "\"timestamp\":{\"eventTime\":-1,\"systemTime\":1614748870925,"
		    "\"checkpointTime\":-1},"
		    "\"op\":\"INSERT\",\"ddl\":null},\"version\":\"0.0.1\"}");
}

static void images_of_the_other_operations(void **state)
{
	(void)state;
#define TAIL(op)                                                                                   \
	",\"sequenceId\":\"0000000000000000005\",\"timestamp\":{\"eventTime\":1,\"systemTime\":2," \
	"\"checkpointTime\":1},\"op\":\"" op "\",\"ddl\":null},\"version\":\"0.0.1\"}"
#define NEW_IMAGE "{\"dataColumn\":{\"id\":7,\"d\":1614700800000}}"
#define OLD_IMAGE "{\"dataColumn\":{\"id\":7,\"d\":null}}"
	expect(&(struct record){OLD, NULL, RECORD_DELETE, 5, 1, 2},
	       HEAD OLD_IMAGE ",\"after\":null" TAIL("DELETE"));
	expect(&(struct record){OLD, NULL, RECORD_UPDATE_BEFOR, 5, 1, 2},
	       HEAD OLD_IMAGE ",\"after\":null" TAIL("UPDATE_BEFOR"));
	expect(&(struct record){NULL, ROW, RECORD_UPDATE_AFTER, 5, 1, 2},
	       HEAD "null,\"after\":" NEW_IMAGE TAIL("UPDATE_AFTER"));
	expect(&(struct record){OLD, ROW, RECORD_UPDATE_AFTER, 5, 1, 2},
	       HEAD OLD_IMAGE ",\"after\":" NEW_IMAGE TAIL("UPDATE_AFTER"));
}

static void a_heartbeat_is_the_published_message(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out);
	heartbeat_write(&out, 1620457659000);
	assert_slice(buf_slice(&out), "{\"schema\":{\"dataColumn\":null,\"primaryKey\":null,"
				      "\"source\":null},\"payload\":{"
				      "\"before\":null,\"after\":null,\"sequenceId\":null,"
				      "\"timestamp\":{\"eventTime\":1620457659000,"
				      "\"checkpointTime\":1620457659000},\"op\":\"MHEARTBEAT\","
				      "\"ddl\":null},\"version\":\"0.0.1\"}");
	buf_fini(&out);
}

static void a_statement_carries_its_meta_in_base64(void **state)
{
	(void)state;
	const struct ddl_record record = {
		"ALTER", SLICE("ALTER TABLE t ADD \"x\" INT"), SLICE("{}"), 5, 1, 2};
	const struct schema query = {.db = SLICE("shop")};
	struct buf out;
	buf_init(&out);
	ddl_write(&out, &query, &record);
	assert_slice(buf_slice(&out), "{\"schema\":{\"dataColumn\":null,\"primaryKey\":null,"
				      "\"source\":{\"dbType\":\"MySQL\","
				      "\"dbName\":\"shop\",\"tableName\":null}},\"payload\":{"
				      "\"before\":null,\"after\":null,"
				      "\"sequenceId\":\"0000000000000000005\",\"timestamp\":{"
				      "\"eventTime\":1,\"systemTime\":2,"
				      "\"checkpointTime\":1},\"op\":\"ALTER\",\"ddl\":{\"text\":"
				      "\"ALTER TABLE t ADD \\\"x\\\" INT\","
				      "\"ddlMeta\":\"e30=\"}},\"version\":\"0.0.1\"}");
	buf_fini(&out);
}

static void meta_tells_what_changed(void **state)
{
	(void)state;
	const struct slice added[] = {SLICE("x")};
	const struct ddl_effect effect = {.op = DDL_ALTER,
					  .db = SLICE("shop"),
					  .table = SLICE("t"),
					  .added = added,
					  .nadded = 1};
	struct buf out;
	buf_init(&out);
	ddl_meta_write(&out, &effect, "bin.000001", 4, SLICE("0-1-5"));
	assert_slice(
		buf_slice(&out),
		"{\"type\":\"ALTER\",\"database\":\"shop\",\"table\":\"t\",\"newDatabase\":null,"
		"\"newTable\":null,\"added\":[\"x\"],\"dropped\":[],\"changed\":[],\"renamed\":[],"
		"\"before\":null,\"after\":null,\"position\":{\"file\":\"bin.000001\",\"offset\":4,"
		"\"gtid\":\"0-1-5\"}}");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_insert_is_the_published_message),
		cmocka_unit_test(full_sync_rows_have_three_minus_ones),
		cmocka_unit_test(images_of_the_other_operations),
		cmocka_unit_test(a_heartbeat_is_the_published_message),
		cmocka_unit_test(a_statement_carries_its_meta_in_base64),
		cmocka_unit_test(meta_tells_what_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
