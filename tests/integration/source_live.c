/* source_live: src/source against real servers. TIDEWAY_TEST_MARIADB_PORT and TIDEWAY_TEST_MYSQL_PORT name
 * them (127.0.0.1, user root, no password; the program makes databases and accounts of its own); each test
 * runs for each server that is given. Exit code 77: no server given. */
#include "../unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "source/catalog.h"
#include "source/chunk.h"
#include "source/conn.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/snapshot.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	EVENT_WRITE_ROWS_V1 = 23,
	EVENT_WRITE_ROWS_V2 = 30,
	EVENT_HEARTBEAT = 27,
};

static struct source_config config;
static struct conn *root;
static char database[64];
static bool mariadb;

static struct err fresh_err(void)
{
	return (struct err)ERR_INIT;
}

#define assert_ok(expression)                                                                      \
	do {                                                                                       \
		struct err err = ERR_INIT;                                                         \
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
	struct err err = ERR_INIT;
	struct conn *conn = conn_open(&config, role, &err);

	if (conn == NULL)
		fail_msg("conn_open: %s", err.text);
	return conn;
}

static struct catalog *load(void)
{
	struct catalog *catalog = catalog_new(conn_server(root)->lower_case_table_names);

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
	assert_ok(conn_query(root, &result, &err, "SELECT %s AS `One`, NULL, '' AS two", buf_cstr(&text)));
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
	struct err err = ERR_INIT;

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
	assert_ok(conn_query(conn, &result, &err,
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
	struct err err = ERR_INIT;

	(void)state;
	other.user = "tideway_live";
	other.password = "wrong";
	assert_null(conn_open(&other, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "'tideway_live'"));
	assert_non_null(strstr(err.text, "1045"));
	assert_non_null(strstr(err.text, "check user and password"));
	assert_null(strstr(err.text, "wrong"));
}

static void server_away(void **state)
{
	struct source_config other = config;
	struct err err = ERR_INIT;

	(void)state;
	other.port = 1;
	assert_null(conn_open(&other, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "127.0.0.1:1"));

	err = fresh_err();
	other = config;
	other.host = "no-such-host.invalid";
	assert_null(conn_open(&other, CONN_CONTROL, &err));
	assert_int_equal(err.code, ERR_SOURCE);
	assert_non_null(strstr(err.text, "no-such-host.invalid"));
}

static void tls_that_is_asked_for_is_had_or_refused(void **state)
{
	struct source_config other = config;
	struct err err = ERR_INIT;
	struct result result;
	struct conn *conn;

	(void)state;
	other.tls = true;
	conn = conn_open(&other, CONN_CONTROL, &err);
	if (conn == NULL) {
		assert_int_equal(err.code, ERR_SOURCE);
		assert_false(err.retriable);
		assert_non_null(strstr(err.text, "tls"));
		return;
	}
	assert_ok(conn_query(conn, &result, &err, "SHOW STATUS LIKE 'Ssl_cipher'"));
	assert_true(result_cell(&result, 0, 1).len > 0);
	result_fini(&result);
	conn_free(conn);
	other.tls_verify = true; /* the server's own certificate is signed by nobody we know */
	assert_null(conn_open(&other, CONN_CONTROL, &err));
	assert_false(err.retriable);
}

static void *shut(void *arg)
{
	conn_shutdown(arg);
	return NULL;
}

static void shutdown_ends_a_read_from_another_thread(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	struct err err = ERR_INIT;
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

static void a_killed_connection_is_retriable(void **state)
{
	struct conn *conn = open_or_fail(CONN_CONTROL);
	struct err err = ERR_INIT;

	(void)state;
	sql("KILL %" PRIu64, conn_id(conn));
	assert_int_equal(conn_query(conn, NULL, &err, "SELECT 1"), -1);
	assert_true(err.retriable);
	conn_free(conn);
}

/* ---- chunks ---- */

#define TYPES_COLUMNS                                                                              \
	"id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, ti TINYINT, su SMALLINT UNSIGNED, me MEDIUMINT, " \
	"i INT ZEROFILL, de DECIMAL(20,4), fl FLOAT, db DOUBLE, bi BIT(11), ye YEAR, da DATE, "    \
	"tm TIME(3), dt DATETIME(6), ts TIMESTAMP(2) NULL, ch CHAR(10), vc VARCHAR(200), "         \
	"tx TEXT CHARACTER SET latin1, by_ BINARY(8), vb VARBINARY(20), bl LONGBLOB, "             \
	"en ENUM('x','y'), se SET('a','b','c'), js JSON, po POINT, "                               \
	"st INT AS (ti + 1) STORED, vi INT AS (ti + 2) VIRTUAL, `odd``name` INT"

static void make_types_table(void)
{
	sql("CREATE TABLE types (" TYPES_COLUMNS ") CHARACTER SET utf8mb4");
	sql("INSERT INTO types (ti,su,me,i,de,fl,db,bi,ye,da,tm,dt,ts,ch,vc,tx,by_,vb,bl,en,se,js,po) "
	    "VALUES (-5,65535,-3,42,-12.3,1.5,2.25,b'101',2024,'2024-02-29','-12:34:56.789',"
	    "'2024-02-29 01:02:03.456789','2024-02-29 01:02:03.45','c','v','\xc3\xa9',x'0102',x'03',"
	    "REPEAT('b',500),'y','a,c','{\"a\": 1}',ST_GeomFromText('POINT(1 2)')), "
	    "(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"
	    "NULL,NULL,NULL,NULL,NULL)");
	sql("INSERT INTO types (ti,su,me,i,de,fl,db,bi,ye,da,tm,dt,ts,ch,vc,tx,by_,vb,bl,en,se,js,po) "
	    "WITH RECURSIVE n AS (SELECT 1 AS k UNION ALL SELECT k + 1 FROM n WHERE k < 316) "
	    "SELECT a.k %% 100, a.k, b.k, a.k * b.k, a.k / 7, a.k / 3, b.k / 3, a.k, 2000, '2020-01-01', "
	    "'01:02:03', '2020-01-01', '2020-01-01', 'abc', REPEAT('v', a.k %% 200), 'latin', 'bin', 'vb', "
	    "REPEAT('b', b.k), 'x', 'b', '[1]', ST_GeomFromText('POINT(3 4)') FROM n a, n b LIMIT 99998");
	sql("ANALYZE TABLE types");
}

static uint64_t read_chunk(struct conn *conn, const struct table *table, const struct chunk_range *range,
			   uint64_t *id_sum)
{
	struct err err = ERR_INIT;
	struct chunk chunk;
	struct slice packet;
	uint64_t rows = 0, id;
	int rc;

	if (chunk_open(&chunk, conn, table, range, NULL, &err))
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
	assert_int_equal(read_chunk(conn, find(catalog, "types"), NULL, &sum), 100000);
	assert_int_equal(sum, ask(root, "SELECT SUM(id) FROM types"));
	assert_int_equal(ask(conn, "SELECT 1"), 1); /* the connection is free again */
	conn_free(conn);
	catalog_free(catalog);
}

static uint64_t read_ranges(const struct table *table, unsigned n, unsigned *nranges, uint64_t *largest,
			    uint64_t *sum)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct chunk_range range = {NULL, NULL};
	uint64_t rows = 0, estimate, some;
	struct arena arena;
	const char **bounds;
	unsigned nbounds;

	arena_init(&arena, 0);
	assert_ok(chunk_split(conn, table, n, &arena, &bounds, &nbounds, &estimate, &err));
	*largest = 0;
	for (unsigned i = 0; i <= nbounds; i++) {
		range.low = i ? bounds[i - 1] : NULL;
		range.high = i < nbounds ? bounds[i] : NULL;
		some = read_chunk(conn, table, &range, sum);
		*largest = some > *largest ? some : *largest;
		rows += some;
	}
	*nranges = nbounds + 1;
	arena_fini(&arena);
	conn_free(conn);
	return rows;
}

static void ranges_are_even_and_complete(void **state)
{
	struct catalog *catalog = load();
	uint64_t largest, sum = 0;
	unsigned nranges;

	(void)state;
	assert_int_equal(read_ranges(find(catalog, "types"), 4, &nranges, &largest, &sum), 100000);
	assert_int_equal(sum, ask(root, "SELECT SUM(id) FROM types"));
	assert_int_equal(nranges, 4);
	assert_true(largest < 50000);
	catalog_free(catalog);
}

/* Two dense heaps at the far ends of a signed and of an unsigned key. */
static void ranges_of_skewed_keys(void **state)
{
	static const char *const kinds[] = {"BIGINT", "BIGINT UNSIGNED"};
	static const char *const first[] = {"-9223372036854775808", "0"};
	static const char *const last[] = {"9223372036854775807", "18446744073709551615"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct catalog *catalog;
		uint64_t largest, sum = 0;
		unsigned nranges;

		sql("CREATE TABLE skew%u (id %s PRIMARY KEY, v INT)", i, kinds[i]);
		sql("INSERT INTO skew%u SELECT %s + id, 1 FROM types WHERE id <= 40000", i, first[i]);
		sql("INSERT INTO skew%u SELECT %s - id, 2 FROM types WHERE id <= 20000", i, last[i]);
		sql("INSERT INTO skew%u VALUES (%s, 3), (%s, 4)", i, first[i], last[i]);
		sql("ANALYZE TABLE skew%u", i);
		catalog = load();
		assert_int_equal(read_ranges(find(catalog, i ? "skew1" : "skew0"), 4, &nranges, &largest, &sum),
				 ask(root, i ? "SELECT COUNT(*) FROM skew1" : "SELECT COUNT(*) FROM skew0"));
		assert_true(nranges >= 3);
		assert_true(largest < 40000);
		catalog_free(catalog);
	}
}

static void chunks_that_are_not_read_to_the_end(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct catalog *catalog = load();
	struct chunk_range range = {"10", "20"};
	struct err err = ERR_INIT;
	struct slice packet;
	struct chunk chunk;
	unsigned rows = 0;

	(void)state;
	assert_ok(chunk_open(&chunk, conn, find(catalog, "types"), NULL, NULL, &err));
	assert_int_equal(chunk_read(&chunk, &packet, &err), 1);
	chunk_fini(&chunk);
	assert_ok(chunk_open(&chunk, conn, find(catalog, "types"), &range, "id % 2 = 0", &err));
	while (chunk_read(&chunk, &packet, &err) > 0)
		rows++;
	assert_int_equal(rows, 5);
	assert_int_equal(chunk_read(&chunk, &packet, &err), 0);
	chunk_fini(&chunk);
	assert_int_equal(ask(conn, "SELECT COUNT(*) FROM information_schema.tables WHERE 1 = 0"), 0);
	conn_free(conn);
	catalog_free(catalog);
}

static void a_changed_table_is_told(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct err err = ERR_INIT;
	struct catalog *catalog;
	struct chunk chunk;

	(void)state;
	sql("CREATE TABLE changed (id INT PRIMARY KEY, gone INT)");
	catalog = load();
	sql("ALTER TABLE changed DROP COLUMN gone");
	assert_int_equal(chunk_open(&chunk, conn, find(catalog, "changed"), NULL, NULL, &err), -1);
	assert_int_equal(conn_errno(conn), 1054);
	assert_true(err.retriable);
	sql("DROP TABLE changed");
	assert_int_equal(chunk_open(&chunk, conn, find(catalog, "changed"), NULL, NULL, &err), -1);
	assert_int_equal(conn_errno(conn), 1146);
	assert_true(err.retriable);
	chunk_fini(&chunk); /* harmless */
	assert_int_equal(ask(conn, "SELECT 3"), 3);
	conn_free(conn);
	catalog_free(catalog);
}

static void large_rows_come_whole(void **state)
{
	struct conn *conn = open_or_fail(CONN_READER);
	struct catalog *catalog;
	struct err err = ERR_INIT;
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
	assert_ok(chunk_open(&chunk, conn, find(catalog, "large"), NULL, NULL, &err));
	while (chunk_read(&chunk, &packet, &err) > 0) {
		small += packet.len < 100;
		large += packet.len > 20000000 && packet.ptr[packet.len - 1] == 'b';
	}
	assert_true(chunk.done);
	assert_int_equal(small, 3);
	assert_int_equal(large, 1);
	chunk_fini(&chunk);
	conn_free(conn);
	catalog_free(catalog);
	sql("DROP TABLE large");
}
