/* source_live: src/source against real servers. TIDEWAY_TEST_MARIADB_PORT and TIDEWAY_TEST_MYSQL_PORT name
 * them (127.0.0.1, user root, no password); each test runs for each server that is given. Exit code 77:
 * no server given. The servers must be this program's own: it purges binlogs, sets global variables and
 * removes accounts. */
#include "../unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "binlog/packet_source.h"
#include "decode/event.h"
#include "schema/catalog.h"
#include "source/binlog_scan.h"
#include "source/catalog_load.h"
#include "source/chunk.h"
#include "source/conn.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/raw.h"
/* its static functions open a snapshot in one way only */
#include "../../src/source/snapshot.c"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct source_config config;
static struct source *source; /* of config */
static struct conn *root;
static char database[64];
static bool mariadb;

static struct err err; /* of the call under test; every test begins with none */

#define assert_ok(expression)                                                                      \
	do {                                                                                       \
		err = (struct err)ERR_INIT;                                                        \
		if ((expression) != 0)                                                             \
			fail_msg("%s: %s", #expression, err.text);                                 \
	} while (0)

#define sql(...) assert_ok(conn_query(root, NULL, &err, __VA_ARGS__))

static uint64_t ask(struct conn *conn, const char *text)
{
	struct result result;
	uint64_t value;

	assert_ok(conn_query(conn, &result, &err, "%s", text));
	assert_int_equal(result.nrows, 1);
	value = strtoull(result_cell(&result, 0, 0).ptr, NULL, 10);
	result_fini(&result);
	return value;
}

static struct conn *open_or_fail(enum conn_role role)
{
	struct conn *conn = conn_open(source, role, &err);

	if (conn == NULL)
		fail_msg("conn_open: %s", err.text);
	return conn;
}

static struct catalog *load(void)
{
	struct catalog *catalog = catalog_new_for(root);

	assert_ok(catalog_load_database(catalog, root, slice_str(database), &err));
	return catalog;
}

static const struct table *find(const struct catalog *catalog, const char *name)
{
	const struct table *table = catalog_find(catalog, slice_str(database), slice_str(name));

	assert_non_null(table);
	return table;
}

/* ---- connections ---- */

static void server_facts(void **state)
{
	const struct server *server = conn_server(root);

	(void)state;
	assert_int_equal(server->mariadb, mariadb);
	assert_true(server->version >= (mariadb ? 100500u : 80000u));
	assert_int_equal(server->server_id, ask(root, "SELECT @@server_id"));
	if (mariadb)
		assert_int_equal(strtoull(server->identity, NULL, 10), server->server_id);
	else
		assert_int_equal(strlen(server->identity), 36);
	assert_int_equal(conn_id(root), ask(root, "SELECT CONNECTION_ID()"));
}

static void results_and_quotes(void **state)
{
	struct result result;
	struct buf text;

	(void)state;
	buf_init(&text);
	conn_quote(root, slice_of("a'b\\c\0d`\n", 9), &text);
	assert_ok(conn_query(root, &result, &err, "SELECT %s AS `One`, NULL, '' AS two",
			     buf_cstr(&text)));
	assert_int_equal(result.ncolumns, 3);
	assert_int_equal(result.nrows, 1);
	assert_int_equal(result_named(&result, 0, "one").len, 9);
	assert_memory_equal(result_cell(&result, 0, 0).ptr, "a'b\\c\0d`\n", 9);
	assert_null(result_cell(&result, 0, 1).ptr);
	assert_slice(result_named(&result, 0, "TWO"), "");
	assert_null(result_named(&result, 0, "three").ptr);
	assert_null(result_cell(&result, 1, 0).ptr);
	result_fini(&result);
	buf_clear(&text);
	conn_quote_name(SLICE("a`b"), &text);
	assert_slice(buf_slice(&text), "`a``b`");
	buf_fini(&text);
}

static void a_server_error_has_number_and_statement(void **state)
{
	(void)state;
	assert_int_equal(conn_query(root, NULL, &err, "SELECT * FROM no_such_db_x.t"), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "SELECT * FROM no_such_db_x.t"));
	assert_true(conn_errno(root) == 1146 || conn_errno(root) == 1049);
	assert_int_equal(ask(root, "SELECT 7"), 7);
	assert_int_equal(conn_errno(root), 0);
}

static void sessions_do_not_time_out(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct result result;

	(void)state;
	assert_ok(conn_query(
		conn, &result, &err,
		"SELECT @@net_write_timeout, @@wait_timeout, @@net_read_timeout, @@time_zone, "
		"@@sql_mode, @@character_set_results, @@autocommit"));
	assert_slice(result_cell(&result, 0, 0), "86400");
	assert_slice(result_cell(&result, 0, 1), "86400");
	assert_slice(result_cell(&result, 0, 2), "600");
	assert_slice(result_cell(&result, 0, 3), "+00:00");
	assert_slice(result_cell(&result, 0, 4), "");
	assert_null(result_cell(&result, 0, 5).ptr);
	assert_slice(result_cell(&result, 0, 6), "1");
	result_fini(&result);
	conn_free(conn);
}

static void wrong_password(void **state)
{
	struct source_config other = config;
	struct source *other_source = source_new(&other);

	(void)state;
	other.user = "tideway_live";
	other.password = "wrong";
	assert_null(conn_open(other_source, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "'tideway_live'"));
	assert_non_null(strstr(err.text, "1045"));
	assert_non_null(strstr(err.text, "check user and password"));
	assert_null(strstr(err.text, "wrong"));
	source_free(other_source);
}

static void server_away(void **state)
{
	struct source_config other = config;
	struct source *other_source = source_new(&other);

	(void)state;
	other.port = 1;
	assert_null(conn_open(other_source, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "127.0.0.1:1"));

	err = (struct err)ERR_INIT;
	other = config;
	other.host = "no-such-host.invalid";
	assert_null(conn_open(other_source, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_non_null(strstr(err.text, "no-such-host.invalid"));
	source_free(other_source);
}

static void tls_that_is_asked_for_is_had_or_refused(void **state)
{
	struct source_config other = config;
	struct source *other_source = source_new(&other);
	struct result result;
	struct conn *conn;

	(void)state;
	other.tls = true;
	conn = conn_open(other_source, CONN_CONTROL, &err);
	if (conn == NULL) {
		assert_int_equal(err.code, ERR_SOURCE);
		assert_false(err.retriable);
		assert_non_null(strstr(err.text, "tls"));
		source_free(other_source);
		return;
	}
	assert_ok(conn_query(conn, &result, &err, "SHOW STATUS LIKE 'Ssl_cipher'"));
	assert_true(result_cell(&result, 0, 1).len > 0);
	result_fini(&result);
	conn_free(conn);
	other.tls_verify = true; /* no authority has signed the server's own certificate */
	assert_null(conn_open(other_source, CONN_CONTROL, &err));
	assert_true(
		err.retriable); /* the server has been reached before; at the first start the error is permanent */
	source_free(other_source);
}

static void *shut(void *arg)
{
	conn_shutdown(arg);
	return NULL;
}

static void shutdown_ends_a_read_from_another_thread(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	int64_t begin = clock_mono_ms();
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, shut, conn);
	assert_int_equal(conn_query(conn, NULL, &err, "SELECT SLEEP(30)"), -1);
	assert_true(err.retriable);
	assert_true(clock_mono_ms() - begin < 20000);
	pthread_join(thread, NULL);
	conn_shutdown(conn); /* also after the failure */
	conn_free(conn);
}

/* The deadline is set without the library's knowledge, with and without TLS. */
static void a_read_has_a_deadline(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		struct source_config other = config;
		struct source *other_source = source_new(&other);
		struct conn *conn;
		int64_t begin;

		other.tls = tls;
		conn = conn_open(other_source, CONN_CONTROL, &err);
		if (conn == NULL) {
			source_free(other_source);
			continue; /* no TLS here */
		}
		conn_set_deadline(conn, 1);
		begin = clock_mono_ms();
		assert_int_equal(conn_query(conn, NULL, &err, "SELECT SLEEP(20)"), -1);
		assert_true(err.retriable);
		assert_true(clock_mono_ms() - begin < 15000);
		conn_free(conn);
		source_free(other_source);
	}
}

static void a_killed_connection_is_retriable(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);

	(void)state;
	sql("KILL %" PRIu64, conn_id(conn));
	assert_int_equal(conn_query(conn, NULL, &err, "SELECT 1"), -1);
	assert_true(err.retriable);
	conn_free(conn);
}

/* ---- chunks ---- */

#define TYPES_COLUMNS                                                                              \
	"id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, ti TINYINT, su SMALLINT UNSIGNED, me "     \
	"MEDIUMINT, "                                                                              \
	"i INT ZEROFILL, de DECIMAL(20,4), fl FLOAT, db DOUBLE, bi BIT(11), ye YEAR, da DATE, "    \
	"tm TIME(3), dt DATETIME(6), ts TIMESTAMP(2) NULL, ch CHAR(10), vc VARCHAR(200), "         \
	"tx TEXT CHARACTER SET latin1, by_ BINARY(8), vb VARBINARY(20), bl LONGBLOB, "             \
	"en ENUM('x','y'), se SET('a','b','c'), js JSON, po POINT, "                               \
	"st INT AS (ti + 1) STORED, vi INT AS (ti + 2) VIRTUAL, `odd``name` INT"

static void make_types_table(void)
{
	sql("CREATE TABLE types (" TYPES_COLUMNS ") CHARACTER SET utf8mb4");
	sql("INSERT INTO types "
	    "(ti,su,me,i,de,fl,db,bi,ye,da,tm,dt,ts,ch,vc,tx,by_,vb,bl,en,se,js,po) "
	    "VALUES (-5,65535,-3,42,-12.3,1.5,2.25,b'101',2024,'2024-02-29','-12:34:56.789',"
	    "'2024-02-29 01:02:03.456789','2024-02-29 "
	    "01:02:03.45','c','v','\xc3\xa9',x'0102',x'03',"
	    "REPEAT('b',500),'y','a,c','{\"a\": 1}',ST_GeomFromText('POINT(1 2)')), "
	    "(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"
	    "NULL,"
	    "NULL,NULL,NULL,NULL,NULL)");
	sql("INSERT INTO types "
	    "(ti,su,me,i,de,fl,db,bi,ye,da,tm,dt,ts,ch,vc,tx,by_,vb,bl,en,se,js,po) "
	    "WITH RECURSIVE n AS (SELECT 1 AS k UNION ALL SELECT k + 1 FROM n WHERE k < 317) "
	    "SELECT a.k %% 100, a.k, b.k, a.k * b.k, a.k / 7, a.k / 3, b.k / 3, a.k, 2000, "
	    "'2020-01-01', "
	    "'01:02:03', '2020-01-01', '2020-01-01', 'abc', REPEAT('v', a.k %% 200), 'latin', "
	    "'bin', 'vb', "
	    "REPEAT('b', b.k), 'x', 'b', '[1]', ST_GeomFromText('POINT(3 4)') FROM n a, n b LIMIT "
	    "99998");
	sql("ANALYZE TABLE types");
}

static uint64_t read_chunk(struct conn *conn, const struct chunk_query *query, uint64_t *id_sum)
{
	const struct table *table = query->table;
	struct chunk chunk;
	struct slice packet;
	uint64_t rows = 0, id;
	int rc;

	if (chunk_open(&chunk, conn, query, &err))
		fail_msg("chunk_open: %s", err.text);
	assert_int_equal(chunk.nfields, table->ncolumns);
	for (unsigned i = 0; i < chunk.nfields; i++)
		assert_true(slice_equal(chunk.fields[i].name, table->columns[i].name));
	while ((rc = chunk_read(&chunk, &packet, &err)) > 0) {
		assert_int_equal(packet.ptr[0], 0);
		memcpy(&id, packet.ptr + 1 + (chunk.nfields + 9) / 8, sizeof(id));
		*id_sum += id;
		rows++;
	}
	if (rc < 0)
		fail_msg("chunk_read: %s", err.text);
	assert_true(chunk.done);
	chunk_fini(&chunk);
	return rows;
}

static void chunk_reads_every_row(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct catalog *catalog;
	uint64_t sum = 0;

	(void)state;
	make_types_table();
	catalog = load();
	assert_int_equal(
		read_chunk(conn, &(struct chunk_query){.table = find(catalog, "types")}, &sum),
		100000);
	assert_int_equal(sum, ask(root, "SELECT SUM(id) FROM types"));
	assert_int_equal(ask(conn, "SELECT 1"), 1); /* the connection is free again */
	conn_free(conn);
	catalog_free(catalog);
}

/* The chunks of a table. */
struct chunks {
	unsigned n;
	uint64_t rows, largest, id_sum;
};

/* Cuts the table into chunks of about `rows` rows and reads each. */
static struct chunks read_chunks(const struct table *table, uint64_t rows)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct key_range range = {{0, NULL}, {0, NULL}};
	struct chunks chunks = {0};
	struct chunk_key key;
	struct chunk_query query = {.table = table, .key = &key, .range = &range};
	struct arena arena;

	arena_init(&arena, 0);
	assert_ok(chunk_key_load(conn, &query, &arena, &key, &err));
	do {
		range.low = range.high;
		range.high = (struct key_bound){0, NULL};
		assert_ok(chunk_next_bound(conn, &query, rows, &arena, &range.high, &err));
		uint64_t some = read_chunk(conn, &query, &chunks.id_sum);
		chunks.largest = some > chunks.largest ? some : chunks.largest;
		chunks.rows += some;
		chunks.n++;
	} while (range.high.n);
	arena_fini(&arena);
	conn_free(conn);
	return chunks;
}

static void chunks_are_even_and_complete(void **state)
{
	struct catalog *catalog = load();
	struct chunks chunks = read_chunks(find(catalog, "types"), 10000);

	(void)state;
	assert_int_equal(chunks.rows, 100000);
	assert_int_equal(chunks.id_sum, ask(root, "SELECT SUM(id) FROM types"));
	assert_in_range(chunks.n, 5, 25);
	assert_true(chunks.largest < 30000);
	catalog_free(catalog);
}

/* Two dense heaps at the far ends of a signed and of an unsigned key. */
static void chunks_of_skewed_keys(void **state)
{
	static const char *const kinds[] = {"BIGINT", "BIGINT UNSIGNED"};
	static const char *const first[] = {"-9223372036854775808", "0"};
	static const char *const last[] = {"9223372036854775807", "18446744073709551615"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct catalog *catalog;
		struct chunks chunks;

		sql("CREATE TABLE skew%u (id %s PRIMARY KEY, v INT)", i, kinds[i]);
		sql("INSERT INTO skew%u SELECT %s + CAST(id AS SIGNED), 1 FROM types WHERE id <= "
		    "40000",
		    i, first[i]);
		sql("INSERT INTO skew%u SELECT %s - CAST(id AS SIGNED), 2 FROM types WHERE id <= "
		    "20000",
		    i, last[i]);
		sql("INSERT INTO skew%u VALUES (%s, 3), (%s, 4)", i, first[i], last[i]);
		sql("ANALYZE TABLE skew%u", i);
		catalog = load();
		chunks = read_chunks(find(catalog, i ? "skew1" : "skew0"), 5000);
		assert_int_equal(chunks.rows, ask(root, i ? "SELECT COUNT(*) FROM skew1"
							  : "SELECT COUNT(*) FROM skew0"));
		assert_in_range(chunks.n, 6, 40);
		assert_true(chunks.largest < 15000);
		catalog_free(catalog);
	}
}

/* A table whose statistics are far too low is walked, and is not one chunk. */
static void chunks_without_statistics(void **state)
{
	struct catalog *catalog;
	struct chunks chunks;

	(void)state;
	sql("CREATE TABLE stale (id INT PRIMARY KEY) STATS_AUTO_RECALC=0");
	sql("ANALYZE TABLE stale");
	sql("INSERT INTO stale SELECT id FROM types WHERE id <= 20000");
	sql("UPDATE mysql.innodb_table_stats SET n_rows = 1 WHERE table_name = 'stale'");
	sql("FLUSH TABLES stale");
	catalog = load();
	chunks = read_chunks(find(catalog, "stale"), 1000);
	assert_int_equal(chunks.rows, ask(root, "SELECT COUNT(*) FROM stale"));
	assert_in_range(chunks.n, 8, 41);
	assert_true(chunks.largest <= 3000);
	catalog_free(catalog);
}

/* Values that the server refuses as a literal do not end a chunk. The column is described as text, so that its bytes need not be
 * valid in the character set. */
static void a_bound_that_is_not_valid_text(void **state)
{
	const struct column text = {
		.name = SLICE("k"), .type = COLUMN_VARCHAR, .charset = CHARSET_UTF8MB4};
	const struct table table = {.db = slice_str(database),
				    .name = SLICE("mojibake"),
				    .ncolumns = 1,
				    .columns = &text};
	const struct chunk_part part = {.literal = CHUNK_LITERAL_TEXT,
					.charset = SLICE("utf8mb4"),
					.collation = SLICE("utf8mb4_bin")};
	const struct chunk_key key = {SLICE("PRIMARY"), 1, 1, &part};
	const struct chunk_query query = {.table = &table, .key = &key};
	struct conn *conn = open_or_fail(CONN_READER);
	struct key_bound bound;
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	sql("CREATE TABLE mojibake (k VARBINARY(10) PRIMARY KEY)");
	sql("INSERT INTO mojibake VALUES ('a'), ('b'), (X'C3A4'), (X'C3FF'), (X'E4'), (X'FF')");
	assert_ok(chunk_next_bound(conn, &query, 2, &arena, &bound, &err));
	assert_slice(bound.parts[0], "b");
	assert_ok(chunk_next_bound(conn, &query, 3, &arena, &bound, &err));
	assert_slice(bound.parts[0], "\xc3\xa4");
	assert_ok(chunk_next_bound(conn, &query, 4, &arena, &bound, &err));
	assert_int_equal(bound.n, 0);
	sql("INSERT INTO mojibake VALUES (X'F09F9880'), (X'F0FF')");
	assert_ok(chunk_next_bound(conn, &query, 6, &arena, &bound, &err));
	assert_slice(bound.parts[0], "\xf0\x9f\x98\x80");
	assert_ok(chunk_next_bound(conn, &query, 5, &arena, &bound, &err));
	assert_int_equal(bound.n, 0);
	arena_fini(&arena);
	conn_free(conn);
}

static void chunks_that_are_not_read_to_the_end(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct catalog *catalog = load();
	const struct slice ten = SLICE("10"), twenty = SLICE("20");
	const struct key_range range = {{1, &ten}, {1, &twenty}};
	const struct chunk_part id = {.literal = CHUNK_LITERAL_NUMBER};
	const struct chunk_key key = {SLICE("PRIMARY"), 1, 1, &id};
	const struct chunk_query all = {.table = find(catalog, "types")};
	const struct chunk_query some = {.table = all.table,
					 .key = &key,
					 .range = &range,
					 .where = "id % 2 = 0",
					 .comment = SLICE("*/ DROP")};
	struct slice packet;
	struct chunk chunk;
	unsigned rows = 0;

	(void)state;
	assert_ok(chunk_open(&chunk, conn, &all, &err));
	assert_int_equal(chunk_read(&chunk, &packet, &err), 1);
	chunk_fini(&chunk);
	assert_ok(chunk_open(&chunk, conn, &some, &err));
	while (chunk_read(&chunk, &packet, &err) > 0)
		rows++;
	assert_int_equal(rows, 5);
	assert_int_equal(chunk_read(&chunk, &packet, &err), 0);
	chunk_fini(&chunk);
	assert_int_equal(ask(conn, "SELECT COUNT(*) FROM information_schema.tables WHERE 1 = 0"),
			 0);
	conn_free(conn);
	catalog_free(catalog);
}

static void a_changed_table_is_told(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct chunk_query query = {.table = NULL};
	struct catalog *catalog;
	struct chunk_key key;
	struct arena arena;
	struct chunk chunk;

	(void)state;
	arena_init(&arena, 0);
	sql("CREATE TABLE changed (id INT PRIMARY KEY, gone INT)");
	catalog = load();
	query.table = find(catalog, "changed");
	sql("ALTER TABLE changed DROP COLUMN gone");
	assert_int_equal(chunk_open(&chunk, conn, &query, &err), -1);
	assert_int_equal(conn_errno(conn), 1054);
	assert_true(err.retriable);
	sql("DROP TABLE changed");
	assert_int_equal(chunk_open(&chunk, conn, &query, &err), -1);
	assert_int_equal(conn_errno(conn), 1146);
	assert_true(err.retriable);
	chunk_fini(&chunk); /* harmless */
	err = (struct err)ERR_INIT;
	assert_int_equal(chunk_key_load(conn, &query, &arena, &key, &err), -1);
	assert_int_equal(conn_errno(conn), 1146);
	assert_true(err.retriable);
	arena_fini(&arena);
	assert_int_equal(ask(conn, "SELECT 3"), 3);
	conn_free(conn);
	catalog_free(catalog);
}

static void large_rows_come_whole(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct catalog *catalog;
	struct slice packet;
	struct chunk chunk;
	size_t small = 0, large = 0;

	(void)state;
	sql("CREATE TABLE large (id INT PRIMARY KEY, b LONGBLOB)");
	sql("SET GLOBAL max_allowed_packet = 67108864");
	conn_free(root);
	root = open_or_fail(CONN_CONTROL);
	sql("USE `%s`", database);
	sql("INSERT INTO large VALUES (1, 'a'), (2, REPEAT('b', 20000000)), (3, 'c'), (4, 'd')");
	catalog = load();
	assert_ok(chunk_open(&chunk, conn, &(struct chunk_query){.table = find(catalog, "large")},
			     &err));
	while (chunk_read(&chunk, &packet, &err) > 0) {
		small += packet.len < 100;
		large += packet.len > 20000000 && packet.ptr[packet.len - 1] == 'b';
	}
	assert_true(chunk.done);
	assert_int_equal(small, 3);
	assert_int_equal(large, 1);
	assert_true(conn->mysql->net.max_packet < 5000000); /* the buffer is small again */
	chunk_fini(&chunk);
	conn_free(conn);
	catalog_free(catalog);
	sql("DROP TABLE large");
}

/* ---- dump ---- */

static struct dump_options options(const char *name)
{
	return (struct dump_options){.sync_name = name, .heartbeat_ms = 500};
}

static struct dump *dump_or_fail(const struct position *position, const char *name, bool to_end)
{
	struct dump_options o = options(name);
	struct dump *dump;

	o.from_now_end = to_end;
	err = (struct err)ERR_INIT;
	dump = dump_open(source, position, &o, &err);
	if (dump == NULL)
		fail_msg("dump_open: %s", err.text);
	return dump;
}

static bool is_write_rows(struct slice event)
{
	return event.ptr[4] == EVENT_WRITE_ROWS_V1 || event.ptr[4] == EVENT_WRITE_ROWS_V2;
}

/* Counts the row inserts from the position to the end of the binlog. */
static uint64_t count_inserts(const struct position *position)
{
	struct dump *dump = dump_or_fail(position, "live-count", true);
	struct slice event;
	uint64_t n = 0;
	int rc;

	while ((rc = dump_read(dump, &event, &err)) > 0)
		n += is_write_rows(event);
	if (rc < 0)
		fail_msg("dump_read: %s", err.text);
	dump_free(dump);
	return n;
}

static void dump_sees_what_comes_after_the_position(void **state)
{
	struct position position;

	(void)state;
	position_init(&position);
	sql("CREATE TABLE after (id INT PRIMARY KEY)");
	sql("INSERT INTO after VALUES (1)");
	assert_ok(snapshot_position_now(source, &position, &err));
	assert_int_equal(count_inserts(&position), 0);
	for (int i = 2; i < 9; i++)
		sql("INSERT INTO after VALUES (%d)", i);
	assert_int_equal(count_inserts(&position), 7);
	position_fini(&position);
}

/* Sets *path to the server's current binlog file. */
static void binlog_path(char path[512])
{
	struct position end;
	struct result base;
	position_init(&end);
	assert_ok(source_binlog_end(root, &end, &err));
	assert_ok(conn_query(root, &base, &err, "SELECT @@log_bin_basename"));
	snprintf(path, 512, "%s%s", result_cell(&base, 0, 0).ptr, strrchr(end.file, '.'));
	result_fini(&base);
	position_fini(&end);
}

static bool is_artificial(struct slice event)
{
	return event.ptr[17] & EVENT_FLAG_ARTIFICIAL || event.ptr[4] == EVENT_HEARTBEAT ||
	       event.ptr[4] == EVENT_HEARTBEAT_V2;
}

/* Reads both sources up to the end of the dump, and compares each transaction's events. */
static unsigned compare_packets(struct dump *dump, struct packet_source *file, uint32_t begin)
{
	struct slice event, stored = {NULL, 0};
	unsigned n = 0;
	int rc;

	while ((rc = dump_read(dump, &event, &err)) > 0) {
		uint32_t end, offset = 0;
		memcpy(&end, event.ptr + 13, sizeof(end));
		if (is_artificial(event) || end <= begin)
			continue;
		while (offset < end) {
			assert_int_equal(packet_source_next(file, &stored, &err), 1);
			memcpy(&offset, stored.ptr + 13, sizeof(offset));
		}
		assert_int_equal(stored.len, event.len);
		assert_memory_equal(stored.ptr, event.ptr, event.len);
		n++;
	}
	assert_int_equal(rc, 0);
	return n;
}

static void a_binlog_file_has_the_events_of_the_dump(void **state)
{
	struct packet_source *file;
	struct position position;
	struct slice rest;
	struct dump *dump;
	char path[512];

	(void)state;
	position_init(&position);
	sql("CREATE TABLE filed (id INT PRIMARY KEY)");
	assert_ok(source_binlog_end(root, &position, &err));
	sql("INSERT INTO filed VALUES (1), (2)");
	sql("ALTER TABLE filed ADD v INT");
	sql("INSERT INTO filed VALUES (3, 4)");
	binlog_path(path);
	file = file_source_new(path, &err);
	if (file == NULL)
		fail_msg("%s", err.text);
	dump = dump_or_fail(&position, "live-file", true);
	assert_true(compare_packets(dump, file, (uint32_t)position.offset) >= 9);
	assert_int_equal(packet_source_next(file, &rest, &err), 0);
	packet_source_free(file);
	dump_free(dump);
	position_fini(&position);
}

static void assert_metadata(const char *value, bool full)
{
	struct conn *conn;

	sql("SET GLOBAL binlog_row_metadata = '%s'", value);
	conn = open_or_fail(CONN_DUMP);
	assert_true(conn_server(conn)->row_metadata_full == full);
	conn_free(conn);
}

static void a_dump_knows_the_row_metadata(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	struct result was;

	(void)state;
	assert_ok(conn_query(conn, &was, &err, "SELECT @@GLOBAL.binlog_row_metadata"));
	assert_metadata("FULL", true);
	assert_metadata("MINIMAL", false);
	sql("SET GLOBAL binlog_row_metadata = '%s'", result_cell(&was, 0, 0).ptr);
	result_fini(&was);
	conn_free(conn);
}

static void dump_by_file_and_offset(void **state)
{
	struct snapshot snapshot;
	struct position place;

	(void)state;
	sql("CREATE TABLE by_file (id INT PRIMARY KEY)");
	assert_ok(snapshot_open(source, 1, &snapshot, NULL, NULL, &err));
	assert_int_equal(snapshot.way, SNAPSHOT_LOCK);
	for (int i = 0; i < 5; i++)
		sql("INSERT INTO by_file VALUES (%d)", i);
	position_init(&place);
	memcpy(place.file, snapshot.position.file, sizeof(place.file));
	memcpy(place.server, snapshot.position.server, sizeof(place.server));
	place.offset = snapshot.position.offset;
	assert_int_equal(count_inserts(&place), 5);
	snapshot_fini(&snapshot);
}

static void a_quiet_dump_brings_heartbeats(void **state)
{
	struct position position;
	struct slice event;
	struct dump *dump;
	unsigned beats = 0;

	(void)state;
	position_init(&position);
	assert_ok(snapshot_position_now(source, &position, &err));
	dump = dump_or_fail(&position, "live-quiet", false);
	while (beats < 2) {
		if (dump_read(dump, &event, &err) != 1)
			fail_msg("dump_read: %s", err.text);
		beats += event.ptr[4] == EVENT_HEARTBEAT;
	}
	dump_free(dump);
	position_fini(&position);
}

static void *stop_dump(void *arg)
{
	source_shutdown(arg);
	return NULL;
}

/* A stop ends every connection of its source except the one that holds a lock, and none of another source. */
static void shutdown_ends_a_dump(void **state)
{
	struct source *own = source_new(&config);
	struct dump_options o = options("live-stop");
	struct position position;
	struct slice event;
	struct conn *asks = conn_open(own, CONN_CONTROL, &err);
	struct conn *holds = conn_open(own, CONN_LOCK, &err);
	struct dump *dump;
	pthread_t thread;

	(void)state;
	position_init(&position);
	assert_ok(snapshot_position_now(source, &position, &err));
	dump = dump_open(own, &position, &o, &err);
	assert_non_null(dump);
	pthread_create(&thread, NULL, stop_dump, own);
	while (dump_read(dump, &event, &err) > 0)
		;
	assert_true(err.retriable);
	pthread_join(thread, NULL);
	assert_int_equal(conn_query(asks, NULL, &err, "DO 1"), -1);
	assert_true(err.retriable);
	assert_ok(conn_query(holds, NULL, &err, "DO 1"));
	assert_ok(conn_query(root, NULL, &err, "DO 1"));
	conn_free(holds);
	conn_free(asks);
	dump_free(dump);
	source_free(own);
	position_fini(&position);
}

/* ---- scan for statements ---- */

static int count_statement(void *arg, const struct ddl_step *steps, unsigned nsteps,
			   struct arena *arena, struct err *unused)
{
	unsigned *n = arg;
	(void)steps, (void)nsteps, (void)arena, (void)unused;
	(*n)++;
	return 0;
}

static int scan(const struct position *from, const struct position *until, unsigned *statements)
{
	struct cursor cursor;
	const struct ddl_scan scan = {
		.cursor = &cursor, .until = until, .visit = count_statement, .arg = statements};
	int rc;
	*statements = 0;
	err = (struct err)ERR_INIT;
	cursor_init(&cursor, false);
	rc = binlog_scan(source, "live-scan", from, &scan, &err);
	cursor_fini(&cursor);
	return rc;
}

/* Before the end is a statement, rows, or the beginning of a file. A dump may leave out a part of it. */
static void a_scan_reaches_the_end(void **state)
{
	struct position from, until;
	unsigned n;

	(void)state;
	position_init(&from);
	position_init(&until);
	assert_ok(snapshot_position_now(source, &from, &err));
	sql("CREATE TABLE scanned (id INT PRIMARY KEY)");
	assert_ok(source_binlog_end(root, &until, &err));
	assert_ok(scan(&from, &until, &n));
	assert_int_equal(n, 1);
	sql("INSERT INTO scanned VALUES (1)");
	assert_ok(source_binlog_end(root, &until, &err));
	assert_ok(scan(&from, &until, &n));
	assert_int_equal(n, 1);
	sql("FLUSH BINARY LOGS");
	assert_ok(source_binlog_end(root, &until, &err));
	assert_ok(scan(&from, &until, &n));
	assert_int_equal(n, 1);
	/* nothing at all is after the position */
	assert_ok(snapshot_position_now(source, &from, &err));
	assert_ok(scan(&from, &until, &n));
	assert_int_equal(n, 0);
	position_fini(&from);
	position_fini(&until);
}

static atomic_bool scan_has_ended;

/* Kills every dump while the scan runs. */
static void *kill_dumps(void *arg)
{
	struct conn *conn = arg;
	struct err own = ERR_INIT;
	struct result result;

	while (!atomic_load(&scan_has_ended)) {
		if (conn_query(conn, &result, &own,
			       "SELECT id FROM information_schema.processlist WHERE command LIKE "
			       "'Binlog Dump%%'"))
			return NULL;
		for (unsigned i = 0; i < result.nrows; i++) /* it may have ended */
			if (conn_query(conn, NULL, &own, "KILL QUERY %s",
				       result_cell(&result, i, 0).ptr))
				own = (struct err)ERR_INIT;
		result_fini(&result);
	}
	return conn;
}

/* The server then sends what it sends at the end of the binlog. */
static void a_scan_whose_dump_is_killed_fails(void **state)
{
	struct position from, until;
	struct conn *other = open_or_fail(CONN_CONTROL);
	pthread_t thread;
	void *killer;
	unsigned n;

	(void)state;
	position_init(&from);
	position_init(&until);
	assert_ok(source_binlog_end(root, &from, &err));
	position_copy(&until, &from);
	until.offset += 1000000;
	sql("CREATE TABLE killed (id INT PRIMARY KEY)");
	atomic_store(&scan_has_ended, false);
	pthread_create(&thread, NULL, kill_dumps, other);
	assert_int_equal(scan(&from, &until, &n), -1);
	atomic_store(&scan_has_ended, true);
	assert_int_equal(err.id, E_DUMP_ENDED);
	assert_true(err.retriable);
	pthread_join(thread, &killer);
	assert_ptr_equal(killer, other);
	conn_free(other);
	position_fini(&from);
	position_fini(&until);
}

static void a_second_dump_of_the_name_displaces_the_first(void **state)
{
	struct position position;
	struct dump *first, *second;
	struct slice event;

	(void)state;
	position_init(&position);
	assert_ok(snapshot_position_now(source, &position, &err));
	first = dump_or_fail(&position, "live-same", false);
	second = dump_or_fail(&position, "live-same", false);
	while (dump_read(first, &event, &err) > 0)
		;
	assert_int_equal(err.code, ERR_DISPLACED);
	assert_false(err.retriable);
	assert_int_equal(dump_read(second, &event, &err), 1);
	dump_free(first);
	dump_free(second);
	position_fini(&position);
}

static void two_names_live_side_by_side(void **state)
{
	struct position position;
	struct dump *first, *second;
	struct slice event;
	unsigned beats = 0;

	(void)state;
	position_init(&position);
	assert_ok(snapshot_position_now(source, &position, &err));
	first = dump_or_fail(&position, "live-one", false);
	second = dump_or_fail(&position, "live-two", false);
	while (beats < 2) {
		if (dump_read(first, &event, &err) != 1)
			fail_msg("dump_read: %s", err.text);
		beats += event.ptr[4] == EVENT_HEARTBEAT;
	}
	assert_int_equal(dump_read(second, &event, &err), 1);
	dump_free(first);
	dump_free(second);
	position_fini(&position);
}

/* Opens a dump that must be refused with an error that contains `text`. */
static void refused(const struct position *position, const char *text)
{
	struct dump_options o = options("live-refused");
	struct dump *dump;
	struct slice event;

	err = (struct err)ERR_INIT;
	dump = dump_open(source, position, &o, &err);
	if (dump) { /* reported only after the server has looked for it */
		while (dump_read(dump, &event, &err) > 0)
			assert_int_not_equal(event.ptr[4], EVENT_HEARTBEAT);
		dump_free(dump);
	}
	print_message("             %s\n", err.text);
	assert_int_equal(err.code, ERR_POSITION);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, text));
}

/* Purges everything except the newest file. The server keeps a file for a moment while an ended dump still has it open. */
static void purge_all(void)
{
	struct result result;
	unsigned left;

	sql("FLUSH BINARY LOGS");
	do {
		assert_ok(conn_query(root, &result, &err, "SHOW BINARY LOGS"));
		left = result.nrows;
		if (left > 1)
			sql("PURGE BINARY LOGS TO '%s'", result_cell(&result, left - 1, 0).ptr);
		result_fini(&result);
	} while (left > 1 && poll(NULL, 0, 20) == 0);
}

static void a_purged_position_is_named(void **state)
{
	struct position position, place;
	struct snapshot snapshot;
	struct buf oldest;

	(void)state;
	position_init(&position);
	position_init(&place);
	sql("CREATE TABLE purged (id INT PRIMARY KEY)");
	assert_ok(snapshot_position_now(source, &position, &err));
	assert_ok(snapshot_open(source, 1, &snapshot, NULL, NULL, &err));
	memcpy(place.file, snapshot.position.file, sizeof(place.file));
	place.offset = snapshot.position.offset;
	snapshot_fini(&snapshot);
	sql("INSERT INTO purged VALUES (1)");
	purge_all();
	sql("INSERT INTO purged VALUES (2)");
	buf_init(&oldest);
	assert_ok(source_oldest_binlog(root, &oldest, &err));
	refused(&position, buf_cstr(&oldest));
	assert_non_null(strstr(err.text, "another name"));
	refused(&place, buf_cstr(&oldest));
	buf_fini(&oldest);
	position_fini(&position);
	position_fini(&place);
}

/* A position that this server never had. */
static void a_foreign_position_is_refused(void **state)
{
	struct position position;

	(void)state;
	position_init(&position);
	assert_ok(snapshot_position_now(source, &position, &err));
	position.file[0] = '\0';
	position.gtids.flavour = mariadb ? GTID_MARIADB : GTID_MYSQL;
	assert_ok(gtid_set_parse(
		&position.gtids,
		slice_str(mariadb ? "0-99-99999999" : "11111111-2222-3333-4444-555555555555:1-7"),
		&err));
	refused(&position, mariadb ? "0-99-99999999" : "11111111-2222-3333-4444-555555555555:1-7");
	position_fini(&position);
	position_init(&position);
	snprintf(position.server, sizeof(position.server), "some-other-server");
	snprintf(position.file, sizeof(position.file), "bin.000001");
	position.offset = 4;
	refused(&position, "some-other-server");
	position_fini(&position);
}

/* ---- snapshots ---- */

/* Writers move amounts between accounts, so that the sum never changes, and note each move in a table that
 * only grows: rows seen in the snapshot and inserts in the stream after it make up all of them. */
enum { WRITERS = 3, ACCOUNTS = 40, ACCOUNT_START = 1000 };

static _Atomic bool writing;
static _Atomic uint64_t moves;

static void *write_moves(void *arg)
{
	struct conn *conn = arg;
	struct err wrong = ERR_INIT;
	uint64_t seed = (uintptr_t)conn;

	while (atomic_load(&writing)) {
		unsigned a = (unsigned)(unit_random(&seed) % ACCOUNTS) + 1;
		unsigned b = a % ACCOUNTS + 1;
		if (conn_query(conn, NULL, &wrong, "BEGIN") ||
		    conn_query(conn, NULL, &wrong, "UPDATE account SET v = v - 1 WHERE id = %u",
			       a < b ? a : b) ||
		    conn_query(conn, NULL, &wrong, "UPDATE account SET v = v + 1 WHERE id = %u",
			       a < b ? b : a) ||
		    conn_query(conn, NULL, &wrong, "INSERT INTO move () VALUES ()") ||
		    conn_query(conn, NULL, &wrong, "COMMIT")) {
			if (!wrong.retriable)
				abort();
			if (conn_query(conn, NULL, &wrong, "ROLLBACK"))
				abort();
			continue;
		}
		atomic_fetch_add(&moves, 1);
	}
	return NULL;
}

struct writers {
	struct source_config config; /* as root */
	struct source *source;
	struct conn *conns[WRITERS];
	pthread_t threads[WRITERS];
};

static void start_writers(struct writers *writers)
{
	sql("DROP TABLE IF EXISTS account, move");
	sql("CREATE TABLE account (id INT PRIMARY KEY, v INT)");
	sql("CREATE TABLE move (id INT AUTO_INCREMENT PRIMARY KEY)");
	for (unsigned i = 1; i <= ACCOUNTS; i++)
		sql("INSERT INTO account VALUES (%u, %d)", i, ACCOUNT_START);
	sql("FLUSH BINARY LOGS"); /* so that earlier events need not be searched */
	atomic_store(&moves, 0);
	atomic_store(&writing, true);
	writers->config = config;
	writers->config.user = "root";
	writers->config.password = NULL;
	writers->source = source_new(&writers->config);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers->conns[i] = conn_open(writers->source, CONN_CONTROL, &err);
		assert_non_null(writers->conns[i]);
		assert_ok(conn_query(writers->conns[i], NULL, &err, "USE `%s`", database));
		pthread_create(&writers->threads[i], NULL, write_moves, writers->conns[i]);
	}
	while (atomic_load(&moves) < 50)
		sched_yield();
}

static void stop_writers(struct writers *writers)
{
	atomic_store(&writing, false);
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers->threads[i], NULL);
		conn_free(writers->conns[i]);
	}
	source_free(writers->source);
}

/* The tables of the writers, on whichever connection. */
static uint64_t count_moves(struct conn *conn)
{
	char text[120];

	snprintf(text, sizeof(text), "SELECT COUNT(*) FROM `%s`.move", database);
	return ask(conn, text);
}

static uint64_t sum_accounts(struct conn *conn)
{
	char text[120];

	snprintf(text, sizeof(text), "SELECT SUM(v) FROM `%s`.account", database);
	return ask(conn, text);
}

struct seen {
	struct position position;
	uint64_t moves;
};

/* Opens a snapshot with four connections, in this way. On a loaded machine the lock may come too late. Then the snapshot is
 * opened in another way, which a test below covers. */
static void open_in_this_way(struct snapshot *snapshot, enum snapshot_way way)
{
	int64_t until = clock_mono_ms() + 60000;

	assert_ok(snapshot_open(source, 4, snapshot, NULL, NULL, &err));
	while (snapshot->way != way && way == SNAPSHOT_LOCK && clock_mono_ms() < until) {
		snapshot_fini(snapshot);
		assert_ok(snapshot_open(source, 4, snapshot, NULL, NULL, &err));
	}
	assert_int_equal(snapshot->way, way);
}

/* Looks at every connection of a snapshot. */
static void look(struct seen *seen, enum snapshot_way way, bool exact)
{
	struct snapshot snapshot;
	uint64_t count;

	open_in_this_way(&snapshot, way);
	if (exact)
		assert_true(snapshot.exact);
	for (unsigned i = 0; i < 4; i++) {
		struct conn *conn = snapshot.conns[i];
		assert_int_equal(sum_accounts(conn), ACCOUNTS * ACCOUNT_START);
		count = count_moves(conn);
		if (i && way != SNAPSHOT_LOWEST && snapshot.exact)
			assert_int_equal(count, seen->moves);
		if (i == 0)
			seen->moves = count;
	}
	print_message("             %s\n", snapshot.how);
	position_init(&seen->position);
	position_copy(&seen->position, &snapshot.position);
	if (!snapshot.exact)
		seen->moves = UINT64_MAX;
	snapshot_fini(&snapshot);
}

/* Several snapshots while the writers run. Each snapshot and the stream after it together contain everything. */
static void snapshots_under_writers(enum snapshot_way way, bool exact)
{
	enum { TIMES = 8 };
	struct seen seen[TIMES];
	struct writers writers;
	uint64_t all, inserts;

	start_writers(&writers);
	for (unsigned i = 0; i < TIMES; i++)
		look(&seen[i], way, exact);
	stop_writers(&writers);
	all = count_moves(root);
	assert_int_equal(all, atomic_load(&moves));
	for (unsigned i = 0; i < TIMES; i++) {
		inserts = count_inserts(&seen[i].position);
		if (seen[i].moves != UINT64_MAX)
			assert_int_equal(seen[i].moves + inserts, all);
		position_fini(&seen[i].position);
	}
}

/* SELECT, REPLICATION SLAVE and REPLICATION CLIENT alone. */
static void as_user_without_lock(void)
{
	config.user = "tideway_plain";
	config.password = "pw";
}

static void as_root(void)
{
	config.user = "root";
	config.password = NULL;
}

static void snapshot_under_a_lock(void **state)
{
	(void)state;
	snapshots_under_writers(SNAPSHOT_LOCK, true);
}

static void snapshot_of_equal_positions(void **state)
{
	(void)state;
	as_user_without_lock();
	if (!conn_server(root)->gtid) {
		struct snapshot snapshot;
		assert_int_equal(snapshot_open(source, 2, &snapshot, NULL, NULL, &err), -1);
		assert_int_equal(err.code, ERR_SOURCE);
		assert_non_null(strstr(err.text, "GRANT RELOAD"));
		as_root();
		return;
	}
	snapshots_under_writers(SNAPSHOT_EQUAL, false);
	as_root();
}

static void a_position_read_while_writers_run_is_not_ahead(void **state)
{
	enum { TIMES = 40 };
	struct position positions[TIMES];
	uint64_t before[TIMES], all;
	struct writers writers;

	(void)state;
	start_writers(&writers);
	for (unsigned i = 0; i < TIMES; i++) {
		position_init(&positions[i]);
		assert_ok(snapshot_position_now(source, &positions[i], &err));
		before[i] = count_moves(root);
	}
	stop_writers(&writers);
	all = count_moves(root);
	for (unsigned i = 0; i < TIMES; i++) {
		/* the rows of the later SELECT and those of the dump together contain every row */
		assert_true(before[i] + count_inserts(&positions[i]) >= all);
		position_fini(&positions[i]);
	}
}

/* Opens the connections one after another by hand, with commits between them. */
static void open_apart(struct opening *opening)
{
	struct snapshot *snapshot = opening->snapshot;
	bool equal;

	for (unsigned i = 0; i < snapshot->nconns; i++) {
		assert_ok(conn_query(snapshot->conns[i], NULL, &err, START_SNAPSHOT));
		sql("INSERT INTO move () VALUES ()");
		atomic_fetch_add(&moves, 1);
	}
	assert_ok(read_positions(opening, &equal, &err));
	assert_false(equal);
	assert_ok(complete_positions(opening, &err));
}

static void make_opening(struct opening *opening, struct snapshot *snapshot, unsigned nconns)
{
	*snapshot = (struct snapshot){.nconns = nconns};
	position_init(&snapshot->position);
	snapshot->conns = mem_array(nconns, sizeof(struct conn *));
	snapshot->positions = mem_array(nconns, sizeof(struct position));
	*opening = (struct opening){.snapshot = snapshot, .mariadb = mariadb};
	opening->control = open_or_fail(CONN_CONTROL);
	assert_ok(connect_all(source, snapshot, &err));
}

/* The connections have different positions: exact ones on MariaDB, lower bounds on MySQL. */
static void every_connection_has_a_position_of_its_own(void **state)
{
	enum { CONNS = 4 };
	struct snapshot snapshot;
	struct opening opening;
	struct writers writers;
	uint64_t seen[CONNS], all;

	(void)state;
	if (!conn_server(root)->gtid)
		skip();
	start_writers(&writers);
	make_opening(&opening, &snapshot, CONNS);
	if (mariadb)
		open_apart(&opening);
	else
		assert_ok(mysql_open_lowest(&opening, &err));
	for (unsigned i = 0; i < CONNS; i++)
		seen[i] = count_moves(snapshot.conns[i]);
	stop_writers(&writers);
	all = count_moves(root);
	for (unsigned i = 0; i < CONNS; i++) {
		uint64_t inserts = count_inserts(&snapshot.positions[i]);
		if (mariadb)
			assert_int_equal(seen[i] + inserts, all);
		else
			assert_true(seen[i] + inserts >= all);
		assert_true(count_inserts(&snapshot.position) >= inserts);
	}
	conn_free(opening.control);
	snapshot_fini(&snapshot);
}

/* FLUSH TABLES WITH READ LOCK waits for another's table lock: bounded, then without. */
static void a_lock_that_is_not_had_in_time(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	struct snapshot snapshot;

	(void)state;
	sql("CREATE TABLE locked (id INT PRIMARY KEY)");
	assert_ok(conn_query(conn, NULL, &err, "LOCK TABLES `%s`.locked WRITE", database));
	if (conn_server(root)->gtid) {
		assert_ok(snapshot_open(source, 2, &snapshot, NULL, NULL, &err));
		assert_int_equal(snapshot.way, SNAPSHOT_EQUAL);
		assert_true(snapshot.exact);
		snapshot_fini(&snapshot);
	} else {
		assert_int_equal(snapshot_open(source, 2, &snapshot, NULL, NULL, &err), -1);
		assert_true(err.retriable);
	}
	conn_free(conn);
}

struct between {
	unsigned calls, again;
	bool wrong;
};

static int count_between(void *arg, struct err *between_err)
{
	struct between *between = arg;

	between->calls++;
	if (between->wrong)
		return err_set(between_err, E_VALUE, "asked to fail");
	return between->calls <= between->again;
}

static void the_caller_may_ask_for_another_try(void **state)
{
	struct between between = {.again = 2};
	struct snapshot snapshot;

	(void)state;
	assert_ok(snapshot_open(source, 2, &snapshot, count_between, &between, &err));
	assert_int_equal(between.calls, 3);
	snapshot_fini(&snapshot);
	between = (struct between){.again = 1000};
	assert_int_equal(snapshot_open(source, 2, &snapshot, count_between, &between, &err), -1);
	assert_true(between.calls < 100);
	assert_non_null(strstr(err.text, "tables change"));
	between = (struct between){.wrong = true};
	assert_int_equal(snapshot_open(source, 2, &snapshot, count_between, &between, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	snapshot_fini(&snapshot); /* harmless */
}

static void prepared_xa_is_named(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	struct snapshot snapshot;

	(void)state;
	sql("CREATE TABLE xa (id INT PRIMARY KEY) ENGINE=InnoDB");
	assert_ok(conn_query(conn, NULL, &err, "USE `%s`", database));
	assert_ok(conn_query(conn, NULL, &err, "XA START 'live-xa-7'"));
	assert_ok(conn_query(conn, NULL, &err, "INSERT INTO xa VALUES (1)"));
	assert_ok(conn_query(conn, NULL, &err, "XA END 'live-xa-7'"));
	assert_ok(conn_query(conn, NULL, &err, "XA PREPARE 'live-xa-7'"));
	assert_int_equal(snapshot_open(source, 2, &snapshot, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_non_null(strstr(err.text, "'live-xa-7'"));
	assert_non_null(strstr(err.text, "XA ROLLBACK"));
	assert_ok(conn_query(conn, NULL, &err, "XA ROLLBACK 'live-xa-7'"));
	assert_ok(snapshot_open(source, 2, &snapshot, NULL, NULL, &err));
	snapshot_fini(&snapshot);
	conn_free(conn);
}

/* ---- what the server allows ---- */

static const struct finding *finding(const struct finding *findings, unsigned n, const char *what)
{
	for (unsigned i = 0; i < n; i++)
		if (slice_equal(findings[i].what, slice_str(what)))
			return &findings[i];
	fail_msg("no finding '%s'", what);
	return NULL;
}

static void inspect_as(struct arena *arena, const char *user, const char *password,
		       struct finding **findings, unsigned *n)
{
	struct source_config other = config;
	struct source *other_source = source_new(&other);
	struct conn *conn;

	other.user = user;
	other.password = password;
	err = (struct err)ERR_INIT;
	conn = conn_open(other_source, CONN_CONTROL, &err);
	if (conn == NULL)
		fail_msg("%s", err.text);
	assert_ok(inspect_source(conn, arena, findings, n, &err));
	conn_free(conn);
	source_free(other_source);
}

static void a_good_server_has_no_failures(void **state)
{
	struct finding *findings;
	struct arena arena;
	unsigned n;

	(void)state;
	arena_init(&arena, 0);
	assert_ok(inspect_required(root, &err));
	inspect_as(&arena, "root", NULL, &findings, &n);
	for (unsigned i = 0; i < n; i++) {
		print_message("             %s %.*s: %.*s -> %.*s\n",
			      findings[i].level == FINDING_OK     ? "ok  "
			      : findings[i].level == FINDING_WARN ? "WARN"
								  : "FAIL",
			      SLICE_FMT(findings[i].what), SLICE_FMT(findings[i].found),
			      SLICE_FMT(findings[i].remedy));
		assert_int_not_equal(findings[i].level, FINDING_FAIL);
		assert_true((findings[i].level == FINDING_OK) == (findings[i].remedy.len == 0));
	}
	arena_fini(&arena);
}

static void missing_privileges_are_found_with_their_grant(void **state)
{
	const struct finding *slave;
	struct source_config other = config;
	struct source *other_source = source_new(&other);
	struct finding *findings;
	struct arena arena;
	struct conn *conn;
	unsigned n;

	(void)state;
	arena_init(&arena, 0);
	inspect_as(&arena, "tideway_poor", "pw", &findings, &n);
	slave = finding(findings, n, "privilege REPLICATION SLAVE");
	assert_int_equal(slave->level, FINDING_FAIL);
	assert_non_null(strstr(slave->remedy.ptr, "GRANT REPLICATION SLAVE ON *.* TO"));
	assert_int_equal(finding(findings, n, "privilege REPLICATION CLIENT")->level, FINDING_FAIL);
	other.user = "tideway_poor";
	other.password = "pw";
	conn = conn_open(other_source, CONN_CONTROL, &err);
	assert_non_null(conn);
	assert_int_equal(inspect_required(conn, &err), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_non_null(strstr(err.text, "GRANT REPLICATION"));
	conn_free(conn);
	source_free(other_source);
	inspect_as(&arena, "tideway_plain", "pw", &findings, &n);
	assert_int_equal(finding(findings, n, "privilege REPLICATION SLAVE")->level, FINDING_OK);
	assert_int_equal(finding(findings, n, "privilege RELOAD")->level, FINDING_WARN);
	arena_fini(&arena);
}

static void statement_format_is_refused(void **state)
{
	struct conn *conn;

	(void)state;
	sql("SET GLOBAL binlog_format = 'STATEMENT'");
	conn = open_or_fail(CONN_CONTROL);
	assert_int_equal(inspect_required(conn, &err), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_non_null(strstr(err.text, "SET GLOBAL binlog_format = 'ROW'"));
	conn_free(conn);
	sql("SET GLOBAL binlog_format = 'ROW'");
}

static void retention_is_read(void **state)
{
	uint64_t seconds = 1;

	(void)state;
	assert_ok(source_retention(root, &seconds, &err));
	assert_int_equal(seconds % 86400, 0);
}

/* ---- one server after another ---- */

static void make_account(const char *name, const char *password)
{
	sql("DROP USER IF EXISTS '%s'@'%%'", name);
	sql("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", name, password);
}

static int set_up(void **state)
{
	(void)state;
	as_root();
	root = open_or_fail(CONN_CONTROL);
	snprintf(database, sizeof(database), "source_live_%d", (int)getpid());
	/* the anonymous account of a fresh MariaDB wins over '%' from this host */
	sql("DELETE FROM mysql.user WHERE user = ''");
	sql("FLUSH PRIVILEGES");
	make_account("tideway_live", "right");
	make_account("tideway_poor", "pw");
	make_account("tideway_plain", "pw");
	sql("GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'tideway_plain'@'%%'");
	sql("CREATE DATABASE `%s`", database);
	sql("USE `%s`", database);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sql("DROP DATABASE `%s`", database);
	sql("DROP USER 'tideway_live'@'%%', 'tideway_poor'@'%%', 'tideway_plain'@'%%'");
	conn_free(root);
	root = NULL;
	return 0;
}

static int no_error(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	as_root();
	return 0;
}

#define test(name) cmocka_unit_test_setup(name, no_error)

static int run(const char *port)
{
	const struct CMUnitTest tests[] = {
		test(server_facts),
		test(results_and_quotes),
		test(a_server_error_has_number_and_statement),
		test(sessions_do_not_time_out),
		test(wrong_password),
		test(server_away),
		test(tls_that_is_asked_for_is_had_or_refused),
		test(shutdown_ends_a_read_from_another_thread),
		test(a_read_has_a_deadline),
		test(a_killed_connection_is_retriable),
		test(chunk_reads_every_row),
		test(chunks_are_even_and_complete),
		test(chunks_of_skewed_keys),
		test(chunks_without_statistics),
		test(a_bound_that_is_not_valid_text),
		test(chunks_that_are_not_read_to_the_end),
		test(a_changed_table_is_told),
		test(large_rows_come_whole),
		test(dump_sees_what_comes_after_the_position),
		test(a_binlog_file_has_the_events_of_the_dump),
		test(a_dump_knows_the_row_metadata),
		test(dump_by_file_and_offset),
		test(a_quiet_dump_brings_heartbeats),
		test(shutdown_ends_a_dump),
		test(a_scan_reaches_the_end),
		test(a_scan_whose_dump_is_killed_fails),
		test(a_second_dump_of_the_name_displaces_the_first),
		test(two_names_live_side_by_side),
		test(snapshot_under_a_lock),
		test(snapshot_of_equal_positions),
		test(a_lock_that_is_not_had_in_time),
		test(every_connection_has_a_position_of_its_own),
		test(a_position_read_while_writers_run_is_not_ahead),
		test(the_caller_may_ask_for_another_try),
		test(prepared_xa_is_named),
		test(a_purged_position_is_named),
		test(a_foreign_position_is_refused),
		test(a_good_server_has_no_failures),
		test(missing_privileges_are_found_with_their_grant),
		test(statement_format_is_refused),
		test(retention_is_read),
	};
	int failed;

	config = (struct source_config){.host = "127.0.0.1", .connect_timeout_s = 10};
	config.port = (unsigned)strtoul(port, NULL, 10);
	source = source_new(&config);
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	source_free(source);
	return failed;
}

int main(void)
{
	const char *mariadb_port = getenv("TIDEWAY_TEST_MARIADB_PORT");
	const char *mysql_port = getenv("TIDEWAY_TEST_MYSQL_PORT");
	int failed = 0;

	if (mariadb_port == NULL && mysql_port == NULL)
		return 77;
	mariadb = true;
	if (mariadb_port)
		failed |= run(mariadb_port);
	mariadb = false;
	if (mysql_port)
		failed |= run(mysql_port);
	return failed ? 1 : 0;
}
