#include "unit.h"

#include "binlog/trx.h"

#include <stdio.h>

/* Feeds a Query event. Its body, without checksum: thread(4) time(4) db_len(1) error(2) status_len(2) db NUL sql. */
static int try_query_at(struct trx *group, const char *sql, uint32_t begin_s, uint32_t took_s,
			struct err *err)
{
	char body[300];
	struct event_format format;
	struct event event = {.type = EVENT_QUERY, .timestamp = begin_s};
	memset(body, 0, sizeof(body));
	memcpy(body + 4, &took_s, sizeof(took_s));
	body[8] = 1;
	body[13] = 'd';
	snprintf(body + 15, sizeof(body) - 15, "%s", sql);
	event.body = slice_of(body, 15 + strlen(sql));
	event_format_init(&format);
	format.post_header[EVENT_QUERY] = 13;
	return trx_event(group, &event, &format, err);
}

static void feed_query_at(struct trx *group, const char *sql, uint32_t begin_s, uint32_t took_s)
{
	struct err err = ERR_INIT;
	if (try_query_at(group, sql, begin_s, took_s, &err) < 0)
		fail_msg("%s", err.text);
}

static void feed_query(struct trx *group, const char *sql)
{
	feed_query_at(group, sql, 0, 0);
}

static void feed(struct trx *group, uint8_t type)
{
	struct event_format format;
	struct err err = ERR_INIT;
	struct event event = {.type = type};
	event_format_init(&format);
	assert_int_equal(trx_event(group, &event, &format, &err), 0);
}

static void open_group(struct trx *group, bool mariadb, bool standalone)
{
	struct event_gtid gtid = {.standalone = standalone};
	gtid.gtid.flavour = mariadb ? GTID_MARIADB : GTID_MYSQL;
	trx_open(group, &gtid);
}

static void groups_end_where_they_end(void **state)
{
	(void)state;
	struct trx group;
	trx_init(&group);
	open_group(&group, true, false);
	feed(&group, EVENT_WRITE_ROWS_V1);
	assert_int_equal(group.end, TRX_OPEN);
	feed(&group, EVENT_XID);
	assert_int_equal(group.end, TRX_COMMIT);
	open_group(&group, true, false);
	feed(&group, EVENT_WRITE_ROWS_V1);
	feed_query(&group, "COMMIT");
	assert_int_equal(group.end, TRX_COMMIT);
	open_group(&group, false, false);
	feed_query(&group, "BEGIN");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "ROLLBACK");
	assert_int_equal(group.end, TRX_ROLLBACK);
	trx_fini(&group);
}

static void a_statement_alone_is_a_group(void **state)
{
	(void)state;
	struct trx group;
	trx_init(&group);
	open_group(&group, true, true);
	feed_query(&group, "ALTER TABLE t ADD x INT");
	assert_int_equal(group.end, TRX_COMMIT);
	open_group(&group, false, false);
	feed_query(&group, "CREATE TABLE t (a INT)");
	assert_int_equal(group.end, TRX_COMMIT);
	/* CREATE TABLE ... SELECT: the statement is inside a transaction */
	open_group(&group, true, false);
	feed_query(&group, "CREATE TABLE t (a INT)");
	assert_int_equal(group.end, TRX_OPEN);
	feed(&group, EVENT_XID);
	assert_int_equal(group.end, TRX_COMMIT);
	trx_fini(&group);
}

/* Rule: outcome-known. Events between SAVEPOINT and ROLLBACK TO were rolled back. Numbers: 0 BEGIN, 1 row, 2 SAVEPOINT a ... */
static void savepoints_mark_what_was_undone(void **state)
{
	(void)state;
	struct trx group;
	const bool want[] = {false, false, true, true, true, true, false, false, true, true, false};
	trx_init(&group);
	open_group(&group, false, false);
	feed_query(&group, "BEGIN");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "SAVEPOINT `a`");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "SAVEPOINT b");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "ROLLBACK TO `A`");
	feed_query(&group, "SAVEPOINT c");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "ROLLBACK TO SAVEPOINT c");
	for (uint32_t i = 0; i < 11; i++)
		assert_int_equal(trx_undone(&group, i), i == 7 ? true : want[i]);
	trx_fini(&group);
}

static void a_savepoint_in_another_case_is_the_same(void **state)
{
	(void)state;
	struct trx group;
	trx_init(&group);
	open_group(&group, false, false);
	feed_query(&group, "BEGIN");
	feed_query(&group, "SAVEPOINT `É`");
	feed(&group, EVENT_WRITE_ROWS_V2);
	feed_query(&group, "ROLLBACK TO `é`");
	assert_true(trx_undone(&group, 2));
	trx_fini(&group);
}

static void an_unknown_savepoint_is_an_error(void **state)
{
	(void)state;
	struct trx group;
	struct err err = ERR_INIT;
	trx_init(&group);
	open_group(&group, false, false);
	feed_query(&group, "BEGIN");
	assert_int_equal(try_query_at(&group, "ROLLBACK TO x", 0, 0, &err), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	trx_fini(&group);
}

/* MariaDB: start plus duration of the statement that ends a transaction is its commit time. Statements inside it do not count. */
static void the_time_of_the_end(void **state)
{
	(void)state;
	struct trx group;
	trx_init(&group);
	open_group(&group, true, false);
	feed_query_at(&group, "SAVEPOINT a", 100, 2);
	assert_int_equal(group.logged_ms, 0);
	feed_query_at(&group, "COMMIT", 100, 7);
	assert_int_equal(group.logged_ms, 107000);
	open_group(&group, true, false);
	feed_query_at(&group, "SAVEPOINT a", 100, 2);
	feed(&group, EVENT_XID);
	assert_int_equal(group.logged_ms, 0);
	open_group(&group, true, true);
	/* SET timestamp to 2033: the duration is negative */
	feed_query_at(&group, "CREATE TABLE t (id INT)", 2000000000, (uint32_t)-900000000);
	assert_int_equal(group.logged_ms, INT64_C(1100000000000));
	trx_fini(&group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_end_where_they_end),
		cmocka_unit_test(the_time_of_the_end),
		cmocka_unit_test(a_statement_alone_is_a_group),
		cmocka_unit_test(savepoints_mark_what_was_undone),
		cmocka_unit_test(a_savepoint_in_another_case_is_the_same),
		cmocka_unit_test(an_unknown_savepoint_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
