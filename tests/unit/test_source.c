/* The pure parts of src/source: ids derived from a name, quoting, bytes of commands, the meaning of errors,
 * definitions in the result of a chunk. */
#include "unit.h"

#include "source/chunk_priv.h"
#include "source/conn_priv.h"
#include "source/dump_priv.h"
#include "source/flavour.h"
#include "source/raw.h"
#include "source/server_error.h"

#include <stdio.h>

/* ---- identity ---- */

static void server_id_comes_from_the_name(void **state)
{
	(void)state;
	/* servers have these in their replica lists: a change would let two processes of one name live side by side */
	assert_int_equal(dump_server_id("shop"), 0xa4527a11u);
	assert_int_equal(dump_server_id("shop"), dump_server_id("shop"));
	assert_int_not_equal(dump_server_id("shop"), dump_server_id("shop2"));
	for (unsigned i = 0; i < 1000; i++) {
		char name[20];
		snprintf(name, sizeof(name), "sync-%u", i);
		assert_true(dump_server_id(name) >= 0x80000000u);
	}
}

static void uuid_comes_from_the_name(void **state)
{
	char a[37], b[37];

	(void)state;
	dump_uuid("shop", a);
	dump_uuid("shop", b);
	assert_string_equal(a, b);
	dump_uuid("shop2", b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 36);
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		assert_true(dash ? a[i] == '-' : strchr("0123456789abcdef", a[i]) != NULL);
	}
	assert_int_equal(a[14], '8');
	assert_int_equal(a[19], 'a');
}

static void deadline_is_three_heartbeats_but_ten_seconds(void **state)
{
	(void)state;
	assert_int_equal(dump_deadline_s(500), 10);
	assert_int_equal(dump_deadline_s(4000), 12);
	assert_int_equal(dump_deadline_s(5100), 16);
}

/* ---- versions ---- */

static void versions_are_numbers(void **state)
{
	(void)state;
	assert_int_equal(conn_parse_version("10.11.19-MariaDB-0+deb12u1-log"), 101119);
	assert_int_equal(conn_parse_version("9.7.4-2"), 90704);
	assert_int_equal(conn_parse_version("8.0.150"), 80099);
	assert_int_equal(conn_parse_version("8.4"), 80400);
	assert_int_equal(conn_parse_version("unknown"), 0);
}

/* ---- quoting ---- */

static void names_are_quoted(void **state)
{
	static const char *const cases[][2] = {
		{"plain", "`plain`"}, {"a`b", "`a``b`"},          {"", "``"},
		{"``", "``````"},     {"a'b\"c\\", "`a'b\"c\\`"},
	};
	struct buf buf;

	(void)state;
	buf_init(&buf);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&buf);
		conn_quote_name(slice_str(cases[i][0]), &buf);
		assert_slice(buf_slice(&buf), cases[i][1]);
	}
	buf_fini(&buf);
}

/* ---- dump commands ---- */

static void file_dump_as_bytes(void **state)
{
	static const char expected[] = "\x04\x03\x02\x01"
				       "\x01\x00"
				       "\x04\x03\x02\x81"
				       "bin.000007";
	struct buf body;

	(void)state;
	buf_init(&body);
	flavour_encode_dump(&body, 0x01020304, 1, 0x81020304, "bin.000007");
	assert_int_equal(body.len, sizeof(expected) - 1);
	assert_memory_equal(body.ptr, expected, body.len);
	buf_fini(&body);
}

static void gtid_dump_as_bytes(void **state)
{
	/* flags(2) server_id(4) namelen(4) pos(8) datalen(4) n_sids(8) uuid(16) n(8) start(8) end+1(8) */
	static const char expected[] =
		"\x04\x00"
		"\x01\x00\x00\x80"
		"\0\0\0\0"
		"\x04\0\0\0\0\0\0\0"
		"\x30\0\0\0"
		"\x01\0\0\0\0\0\0\0"
		"\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
		"\x01\0\0\0\0\0\0\0"
		"\x01\0\0\0\0\0\0\0"
		"\x08\0\0\0\0\0\0\0";
	struct err err = ERR_INIT;
	struct gtid_set set;
	struct buf body;

	(void)state;
	buf_init(&body);
	gtid_set_init(&set, GTID_MYSQL);
	assert_int_equal(
		gtid_set_parse(&set, SLICE("11111111-2222-3333-4444-555555555555:1-7"), &err), 0);
	flavour_encode_dump_gtid(&body, &set, 4, 0x80000001);
	assert_int_equal(body.len, sizeof(expected) - 1);
	assert_memory_equal(body.ptr, expected, body.len);
	gtid_set_fini(&set);
	buf_fini(&body);
}

static void position_is_asked_by_gtid_when_it_has_some(void **state)
{
	struct err err = ERR_INIT;
	struct position position;

	(void)state;
	position_init(&position);
	assert_false(flavour_asks_by_gtid(&position)); /* no GTIDs on this server */
	position.gtids.flavour = GTID_MARIADB;
	assert_true(flavour_asks_by_gtid(&position)); /* from the very first transaction */
	snprintf(position.file, sizeof(position.file), "bin.000001");
	assert_false(
		flavour_asks_by_gtid(&position)); /* nothing was written before the file's place */
	assert_int_equal(gtid_set_parse(&position.gtids, SLICE("0-1-5"), &err), 0);
	assert_true(flavour_asks_by_gtid(&position));
	position_fini(&position);
}

/* ---- errors ---- */

static void dump_errors_by_number_and_text(void **state)
{
	static const struct {
		unsigned number;
		const char *text;
		enum err_id id;
	} cases[] = {
		{1236, "Could not find first log file name in binary log index file",
		 E_BINLOG_PURGED},
		{1236,
		 "Cannot replicate because the source purged required binary logs. Replicate the "
		 "missing "
		 "transactions from elsewhere",
		 E_BINLOG_PURGED},
		{1236,
		 "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the "
		 "master "
		 "has purged binary logs containing GTIDs that the slave requires.",
		 E_BINLOG_PURGED},
		{1236,
		 "Error: connecting slave requested to start from GTID 0-1-99, which is not in the "
		 "master's binlog",
		 E_BINLOG_PURGED},
		{1236,
		 "Could not find GTID state requested by slave in any binlog files. Probably the "
		 "slave state "
		 "is too old and required binlog files have been purged.",
		 E_BINLOG_PURGED},
		{1236, "Client requested master to start replication from position > file size",
		 E_BINLOG_PURGED},
		{1236, "Client requested source to start replication from impossible position",
		 E_BINLOG_PURGED},
		{1236,
		 "Replica has more GTIDs than the source has, using the source's SERVER_UUID.",
		 E_BINLOG_PURGED},
		{1236,
		 "A slave with the same server_uuid/server_id as this slave has connected to the "
		 "master; the "
		 "first event 'bin.000001' at 4",
		 E_SERVER_ID},
		{1236,
		 "A replica with the same server_uuid/server_id as this replica has connected to "
		 "the source",
		 E_SERVER_ID},
		{4052,
		 "A slave with the same server_uuid/server_id as this slave has connected to the "
		 "master",
		 E_SERVER_ID},
		{1236, "Binary log is not open", E_DUMP_REFUSED},
		{1236,
		 "log event entry exceeded max_allowed_packet; Increase max_allowed_packet on "
		 "source",
		 E_DUMP_REFUSED},
		{2013, "Lost connection to server during query", E_STATEMENT},
		{1227,
		 "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)",
		 E_DUMP_REFUSED},
		{1064, "the text says purged, the number says syntax", E_STATEMENT},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(server_error_dump(cases[i].number, cases[i].text), cases[i].id);
}

static void errors_that_may_pass(void **state)
{
	static const unsigned retriable[] = {2002, 2003, 2006, 2013, 2026, 1040,
					     1053, 1203, 1205, 1213, 1927, 4031};
	static const unsigned final[] = {1045, 1044, 1142, 1227, 1064, 1146,
					 1054, 1236, 1251, 2059, 4052};

	(void)state;
	for (unsigned i = 0; i < sizeof(retriable) / sizeof(retriable[0]); i++)
		assert_true(server_error_retriable(retriable[i]));
	for (unsigned i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		assert_false(server_error_retriable(final[i]));
	assert_true(server_error_lost(2013));
	assert_false(server_error_lost(1205));
}

static void kinds_of_refusal(void **state)
{
	(void)state;
	assert_true(server_error_denied(1227) && server_error_denied(1045) &&
		    server_error_denied(1142));
	assert_false(server_error_denied(1146));
	assert_true(server_error_unknown(1064) && server_error_unknown(1193));
	assert_true(server_error_table_changed(1412) && server_error_table_changed(1054) &&
		    server_error_table_changed(1146));
	assert_true(server_error_table_changed(1176));
	assert_false(server_error_table_changed(1142));
}

static void every_connect_error_has_a_remedy(void **state)
{
	(void)state;
	assert_non_null(strstr(server_error_connect_remedy(1045, ""), "password"));
	assert_non_null(
		strstr(server_error_connect_remedy(2059, "caching_sha2_password"), "tls = true"));
	assert_non_null(strstr(server_error_connect_remedy(2059, "auth_gssapi_client"), "ed25519"));
	assert_non_null(strstr(server_error_connect_remedy(3159, ""), "tls = true"));
	assert_non_null(server_error_connect_remedy(9999, ""));
}

static void an_unknown_host_is_retriable_only_while_dns_is_away(void **state)
{
	const struct source_config config = {.host = "127.0.0.1"};
	struct source *source = source_new(&config);
	struct conn conn = {.source = source, .host_number = -1, .host = "127.0.0.1"};

	(void)state;
	assert_true(conn_connect_retriable(&conn, 2005));
	assert_true(conn_connect_retriable(&conn, 2003));
	assert_false(conn_connect_retriable(&conn, 2026));
	assert_false(conn_connect_retriable(&conn, 1045));
	conn.host = "no-such-host.invalid";
	assert_false(conn_connect_retriable(&conn, 2005));
	/* after one success both are retriable */
	source_set_reached(source, -1);
	assert_true(conn_connect_retriable(&conn, 2005));
	assert_true(conn_connect_retriable(&conn, 2026));
	assert_false(conn_connect_retriable(&conn, 1045));
	source_free(source);
}

static void a_dump_cannot_begin_behind_4_gib(void **state)
{
	struct position position;
	struct dump_start start = {.position = &position};
	struct conn conn = {.place = "127.0.0.1:3306"};
	struct err err = ERR_INIT;

	(void)state;
	position_init(&position);
	strcpy(position.file, "bin.000001");
	position.offset = (uint64_t)UINT32_MAX + 1;
	assert_int_equal(flavour_send_file_dump(&conn, &start, &err), -1);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "bin.000001:4294967296"));
	assert_non_null(strstr(err.text, "gtid_mode = ON"));
	position_fini(&position);
}

static void what_the_server_sends_before_it_looks(void **state)
{
	(void)state;
	assert_true(dump_is_preamble(4) && dump_is_preamble(15) && dump_is_preamble(163) &&
		    dump_is_preamble(161) && dump_is_preamble(35));
	assert_false(dump_is_preamble(27) || dump_is_preamble(162) || dump_is_preamble(33) ||
		     dump_is_preamble(2));
}

/* ---- the result of a chunk ---- */

static void column_definitions_of_both_servers(void **state)
{
	/* catalog "def", db, table, org_table, name "id", org_name, [extended], 0c, fixed part */
	static const char mysql[] = "\3def\1d\1t\1t\2id\2id\x0c\x3f\0\x14\0\0\0\x08\x23\x42\0\0\0";
	static const char maria[] =
		"\3def\1d\1t\1t\2js\2js\6\1\4json\x0c\x2d\0\xff\xff\xff\xff\xfc\x10\0\0\0\0";
	struct chunk_field field;
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_true(chunk_parse_definition(slice_of(mysql, sizeof(mysql) - 1), &arena, &field));
	assert_slice(field.name, "id");
	assert_int_equal(field.wire, 8);
	assert_int_equal(field.charset, 63);
	assert_int_equal(field.length, 20);
	assert_int_equal(field.flags, 0x4223);
	assert_true(chunk_parse_definition(slice_of(maria, sizeof(maria) - 1), &arena, &field));
	assert_slice(field.name, "js");
	assert_int_equal(field.wire, 0xfc);
	assert_int_equal(field.length, 0xffffffffu);
	for (size_t cut = 0; cut < sizeof(maria) - 1; cut++)
		assert_false(chunk_parse_definition(slice_of(maria, cut), &arena, &field));
	arena_fini(&arena);
}

static void end_of_a_result(void **state)
{
	(void)state;
	assert_true(raw_is_eof(slice_of("\xfe\0\0\2\0", 5)));
	assert_false(raw_is_eof(slice_of("\0\0\0\2\0", 5)));
	assert_false(raw_is_eof(slice_of("\xfe"
					 "12345678",
					 9)));
	assert_false(raw_is_eof(SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_id_comes_from_the_name),
		cmocka_unit_test(uuid_comes_from_the_name),
		cmocka_unit_test(deadline_is_three_heartbeats_but_ten_seconds),
		cmocka_unit_test(versions_are_numbers),
		cmocka_unit_test(names_are_quoted),
		cmocka_unit_test(file_dump_as_bytes),
		cmocka_unit_test(gtid_dump_as_bytes),
		cmocka_unit_test(position_is_asked_by_gtid_when_it_has_some),
		cmocka_unit_test(dump_errors_by_number_and_text),
		cmocka_unit_test(errors_that_may_pass),
		cmocka_unit_test(kinds_of_refusal),
		cmocka_unit_test(every_connect_error_has_a_remedy),
		cmocka_unit_test(an_unknown_host_is_retriable_only_while_dns_is_away),
		cmocka_unit_test(a_dump_cannot_begin_behind_4_gib),
		cmocka_unit_test(what_the_server_sends_before_it_looks),
		cmocka_unit_test(column_definitions_of_both_servers),
		cmocka_unit_test(end_of_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
