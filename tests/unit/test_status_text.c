/* The status of a process as text. */
#include "unit.h"

#include "control/status_text.h"

#define PROCESS                                                                                    \
	"{\"process\":{\"version\":\"1.2\",\"pid\":7,\"script\":\"/"                               \
	"s.lua\",\"started_ms\":1000,\"time_ms\":601000},"

static const char *const busy = PROCESS
	"\"syncs\":[{\"name\":\"shop\",\"state\":\"streaming\",\"paused_since_ms\":null,"
	"\"pending\":\"pause\",\"restarts\":2,"
	"\"rows_per_second\":1500,\"problems\":[{\"code\":\"E-305\",\"message\":\"it is "
	"away\",\"remedy\":\"Start it.\","
	"\"since_ms\":541000,\"retry_ms\":602500}],\"position\":{\"server\":\"1\",\"file\":\"b."
	"000002\",\"offset\":345,"
	"\"gtids\":\"0-1-5\"},\"jump\":{\"time_ms\":541000,\"code\":\"E-401\",\"from\":{\"file\":"
	"\"b."
	"000001\",\"offset\":4,\"gtids\":\"\"},\"to\":{\"file\":\"\",\"offset\":0,\"gtids\":\"0-1-"
	"4\"}},"
	"\"saved_ms\":600500,\"acknowledged_ms\":null,\"lag_s\":12.5,\"lag_"
	"bytes\":4200000,\"rows\":20,"
	"\"messages\":30,\"bytes\":4096,\"steps\":{\"structure\":0,\"copy\":1,\"stream\":11},"
	"\"copy\":{\"tables\":2,\"tables_done\":2,\"rows\":9,\"estimate\":9},"
	"\"backfill\":{\"tables\":1,\"tables_done\":0,\"rows\":500,\"estimate\":2000,\"percent\":"
	"25.0,"
	"\"rows_per_second\":10,\"left_s\":150.000},\"backfill_waits\":\"until it "
	"rains\",\"host\":\"db1:3306\"},"
	"{\"name\":\"other\",\"state\":\"paused\",\"paused_since_ms\":301000,\"pending\":null,"
	"\"restarts\":0,"
	"\"rows_per_second\":0,\"problems\":[],\"position\":null,\"saved_ms\":null,\"acknowledged_"
	"ms\":null,\"lag_s\":null,"
	"\"lag_bytes\":null,\"rows\":0,\"messages\":0,\"bytes\":0,\"steps\":{\"structure\":0,"
	"\"copy\":0,\"stream\":0},"
	"\"copy\":{\"tables\":3,\"tables_done\":1,\"rows\":10,\"estimate\":40,\"percent\":25.0,"
	"\"rows_per_second\":0,"
	"\"left_s\":null},\"backfill\":{\"tables\":0,\"tables_done\":0,\"rows\":0,\"estimate\":0},"
	"\"backfill_waits\":null}]}";

typedef void writer(const cJSON *json, const char *only, struct buf *out);

static void expect(writer *write, const char *json, const char *only, const char *text)
{
	cJSON *parsed = cJSON_Parse(json);
	struct buf out;
	assert_non_null(parsed);
	buf_init(&out);
	write(parsed, only, &out);
	assert_string_equal(buf_cstr(&out), text);
	buf_fini(&out);
	cJSON_Delete(parsed);
}

static void page_of_a_busy_sync(void **state)
{
	(void)state;
	expect(status_text_page, busy, "shop",
	       "process 7, tideway 1.2, /s.lua, running for 10 min\n"
	       "shop: streaming, pause requested, 13 s behind, 2 restarts\n"
	       "  tables    1 copy, 11 stream\n"
	       "  rows      20 (1500 rows/s), 30 messages, 4.1 KB\n"
	       "  backfill  0 of 1 tables, 500 of about 2000 rows (25 %), 10 rows/s, 3 min left\n"
	       "            waits until it rains\n"
	       "  unread    4.2 MB of the binlog\n"
	       "  position  b.000002:345, GTIDs 0-1-5\n"
	       "  saved     0.5 s ago; last acknowledgement never\n"
	       "  jumped    60 s ago (E-401), without the changes\n"
	       "            from b.000001:4\n"
	       "            to GTIDs 0-1-4\n"
	       "  host      db1:3306\n"
	       "  problem   E-305: it is away (since 60 s ago, next try in 1.5 s)\n"
	       "            Start it.\n");
}

static void page_of_a_paused_sync(void **state)
{
	(void)state;
	expect(status_text_page, busy, "other",
	       "process 7, tideway 1.2, /s.lua, running for 10 min\n"
	       "other: paused for 5 min\n"
	       "  rows      0 (0 rows/s), 0 messages, 0 bytes\n"
	       "  copy      1 of 3 tables, 10 of about 40 rows (25 %), unknown time left\n"
	       "  position  none is saved yet\n");
}

static void line_for_each_sync(void **state)
{
	struct buf out;
	cJSON *parsed = cJSON_Parse(busy);
	(void)state;
	buf_init(&out);
	status_text_lines(parsed, NULL, &out);
	assert_string_equal(buf_cstr(&out),
			    "00:10:01 shop: streaming, pause requested, 13 s behind, 2 restarts, "
			    "4.2 MB unread, 20 rows, "
			    "1500 rows/s, backfill 25 %, 3 min left, problem E-305\n"
			    "00:10:01 other: paused for 5 min, 0 rows, 0 rows/s, copy 25 %, "
			    "unknown time left\n");
	buf_fini(&out);
	cJSON_Delete(parsed);
}

static void tables_with_their_steps(void **state)
{
	(void)state;
	expect(status_text_tables,
	       "{\"sync\":\"shop\",\"tables\":["
	       "{\"name\":\"d.long_name\",\"step\":\"copy\",\"backfill\":true,\"rows\":500,"
	       "\"estimate\":2000,\"percent\":25.0,"
	       "\"rows_per_second\":10,\"left_s\":150.000},"
	       "{\"name\":\"d.t\",\"step\":\"stream\",\"rows\":3,\"estimate\":3}]}",
	       NULL,
	       "table       step              rows     estimate     %     rows/s  time left\n"
	       "d.long_name copy               500         2000  25.0         10  3 min\n"
	       "d.t         stream               3\n");
}

static int use_utc(void **state)
{
	(void)state;
	return setenv("TZ", "UTC", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_of_a_busy_sync),
		cmocka_unit_test(page_of_a_paused_sync),
		cmocka_unit_test(line_for_each_sync),
		cmocka_unit_test(tables_with_their_steps),
	};
	return cmocka_run_group_tests(tests, use_utc, NULL);
}
