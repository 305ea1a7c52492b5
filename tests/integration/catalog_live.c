/* catalog_live: the catalog against real servers. Runs every statement of the files on the command line on a
 * server. The statements in its binlog pass through ddl_parse and catalog_apply. After each of them, the catalog
 * must equal one that is freshly loaded from information_schema.
 * TIDEWAY_TEST_MARIADB_PORT and TIDEWAY_TEST_MYSQL_PORT name the servers (127.0.0.1, user root, no password;
 * the program creates a database). Exit code 77: no server given.
 * Files: statements end with ';' at the end of a line; "-- only: mysql" (or mariadb) precedes a statement
 * that the other server does not support. A statement that is refused is a failure, unless "-- may be refused"
 * precedes it. */
#include "base/file.h"
#include "schema/ddl.h"
#include "schema/catalog.h"
#include "source/catalog_load.h"
#include "source/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct live {
	struct source *source;
	struct conn *writer, *reader; /* runs the statements; reads binlog and information_schema */
	struct catalog *followed;
	struct ddl_context context;
	struct slice db;
	char db_text[64];
	char file[256]; /* where reading the binlog continues */
	unsigned long long pos;
	unsigned nstatements, nrefused, nfailures;
	bool mariadb;
};

static void die(const char *what, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(1);
}

static void fail_at(struct live *live, struct slice sql, const char *what, const char *text)
{
	live->nfailures++;
	printf("%s: %s\n  statement: %.*s\n  %s\n", live->mariadb ? "MariaDB" : "MySQL", what,
	       SLICE_FMT(sql), text);
}

/* Return the table without what loading does not find: its version, and which keys belong to foreign keys. */
static void describe(const struct table *table, struct buf *buf)
{
	struct table copy = *table;
	struct table_index *indexes = calloc(table->nindexes + 1, sizeof(*indexes));
	for (unsigned i = 0; i < table->nindexes; i++) {
		indexes[i] = table->indexes[i];
		indexes[i].generated = false;
	}
	copy.version = 0;
	copy.indexes = indexes;
	catalog_table_to_json(&copy, buf);
	buf_char(buf, '\n');
	free(indexes);
}

static void describe_all(const struct live *live, const struct catalog *catalog, struct buf *buf)
{
	const struct table *table;
	size_t at = 0;
	while ((table = catalog_next(catalog, &at)) != NULL)
		if (slice_equal(table->db, live->db))
			describe(table, buf);
	if (catalog_has_database(catalog, live->db))
		catalog_database_to_json(catalog, live->db, buf);
}

/* Print the lines of one text that the other lacks. */
static void put_lacking(struct buf *out, const char *head, struct slice lines, struct slice other)
{
	while (lines.len > 0) {
		const char *end = memchr(lines.ptr, '\n', lines.len);
		size_t n = end ? (size_t)(end - lines.ptr) : lines.len;
		if (memmem(other.ptr, other.len, lines.ptr, n) == NULL)
			buf_printf(out, "\n    %s %.*s", head, (int)n, lines.ptr);
		n += end != NULL;
		lines = slice_of(lines.ptr + n, lines.len - n);
	}
}

static void compare(struct live *live, struct slice sql)
{
	struct err err = ERR_INIT;
	struct buf followed, loaded, text;
	struct catalog *fresh = catalog_new(0);
	buf_init(&followed);
	buf_init(&loaded);
	buf_init(&text);
	if (catalog_load_database(fresh, live->reader, live->db, &err) != 0)
		die("load", &err);
	describe_all(live, live->followed, &followed);
	describe_all(live, fresh, &loaded);
	if (slice_equal(buf_slice(&followed), buf_slice(&loaded))) {
		catalog_free(fresh);
	} else {
		put_lacking(&text, "followed:", buf_slice(&followed), buf_slice(&loaded));
		put_lacking(&text, "loaded:  ", buf_slice(&loaded), buf_slice(&followed));
		fail_at(live, sql, "the catalogs differ", buf_cstr(&text));
		catalog_free(live->followed); /* continue from what the server has */
		live->followed = fresh;
	}
	buf_fini(&followed);
	buf_fini(&loaded);
	buf_fini(&text);
}

/* Check that a table from its JSON equals the table, and gives the same JSON. */
static void check_json(struct live *live, struct slice sql)
{
	struct err err = ERR_INIT;
	struct buf json, again;
	const struct table *table;
	size_t at = 0;
	buf_init(&json);
	buf_init(&again);
	while ((table = catalog_next(live->followed, &at)) != NULL) {
		struct catalog *other = catalog_new(0);
		buf_clear(&json);
		buf_clear(&again);
		catalog_table_to_json(table, &json);
		if (catalog_table_from_json(other, buf_slice(&json), &err) != 0)
			die("JSON", &err);
		const struct table *copy = catalog_find(other, table->db, table->name);
		catalog_table_to_json(copy, &again);
		if (!table_same(copy, table) || !slice_equal(buf_slice(&json), buf_slice(&again)))
			fail_at(live, sql, "JSON differs", buf_cstr(&again));
		catalog_free(other);
	}
	buf_fini(&json);
	buf_fini(&again);
}

/* "use `db`; set @@sql_if_exists=1; sql" as in SHOW BINLOG EVENTS: remove the head and apply its settings. */
static struct slice cut_if_exists(struct live *live, struct slice text)
{
	const struct slice head = SLICE("set @@sql_if_exists=1; ");
	live->context.if_exists = slice_starts(text, head);
	return live->context.if_exists ? slice_of(text.ptr + head.len, text.len - head.len) : text;
}

static struct slice cut_use(struct live *live, struct slice text)
{
	const char *end = text.len > 5 ? memmem(text.ptr, text.len, "`; ", 3) : NULL;
	live->context.db = SLICE("");
	if (!slice_starts(text, SLICE("use `")) || end == NULL)
		return text;
	live->context.db = slice_of(text.ptr + 5, (size_t)(end - text.ptr) - 5);
	return slice_of(end + 3, text.len - (size_t)(end + 3 - text.ptr));
}

static void follow(struct live *live, struct slice text)
{
	struct err err = ERR_INIT;
	struct arena arena;
	const struct ddl_step *steps;
	const struct ddl_effect *effects;
	unsigned nsteps, neffects;
	struct slice sql = cut_if_exists(live, cut_use(live, text));
	arena_init(&arena, 0);
	if (ddl_parse(sql, &live->context, &arena, &steps, &nsteps, &err) != 0)
		fail_at(live, sql, "ddl_parse", err.text);
	else if (steps[0].kind == DDL_STEP_UNPLACED)
		fail_at(live, sql, "unplaced", arena_cstr(&arena, steps[0].reason));
	else if (catalog_apply(live->followed, &live->context, steps, nsteps, &effects, &neffects,
			       &err) != 0)
		fail_at(live, sql, "catalog_apply", err.text);
	arena_fini(&arena);
}

static void read_status(struct live *live)
{
	struct err err = ERR_INIT;
	struct result result;
	if (conn_query(live->reader, &result, &err, "%s",
		       live->mariadb ? "SHOW MASTER STATUS" : "SHOW BINARY LOG STATUS") != 0)
		die("status", &err);
	snprintf(live->file, sizeof(live->file), "%.*s", SLICE_FMT(result_cell(&result, 0, 0)));
	live->pos = strtoull(result_cell(&result, 0, 1).ptr, NULL, 10);
	result_fini(&result);
}

/* Apply the Query events since the last time. The catalog ignores those of other databases. */
static void read_binlog(struct live *live)
{
	struct err err = ERR_INIT;
	struct result result;
	if (conn_query(live->reader, &result, &err, "SHOW BINLOG EVENTS IN '%s' FROM %llu",
		       live->file, live->pos) != 0)
		die("binlog", &err);
	for (unsigned i = 0; i < result.nrows; i++) {
		live->pos = strtoull(result_cell(&result, i, 4).ptr, NULL, 10);
		if (slice_equal(result_cell(&result, i, 2), SLICE("Query")))
			follow(live, result_cell(&result, i, 5));
	}
	result_fini(&result);
}

static bool contains(struct slice text, const char *word)
{
	return text.len > 0 && memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* The values that the events' status variables would have. */
static void read_session(struct live *live)
{
	struct err err = ERR_INIT;
	struct result result;
	if (conn_query(live->writer, &result, &err,
		       "SELECT @@sql_mode, @@explicit_defaults_for_timestamp, @@collation_server, "
		       "@@collation_connection, @@collation_database, (SELECT "
		       "IFNULL(MAX(variable_value), '') FROM "
		       "%s.session_variables WHERE variable_name = 'old_mode')",
		       live->mariadb ? "information_schema" : "performance_schema") != 0)
		die("session", &err);
	struct slice mode = result_cell(&result, 0, 0);
	live->context.sql_mode = (contains(mode, "REAL_AS_FLOAT") ? 1u << 0 : 0) |
				 (contains(mode, "ANSI_QUOTES") ? 1u << 2 : 0) |
				 (contains(mode, "ORACLE") ? 1u << 9 : 0) |
				 (contains(mode, "MSSQL") ? 1u << 10 : 0) |
				 (contains(mode, "MAXDB") ? 1u << 12 : 0) |
				 (contains(mode, "NO_BACKSLASH_ESCAPES") ? 1u << 20 : 0);
	live->context.timestamp = slice_equal(result_cell(&result, 0, 1), SLICE("0"))
					  ? DDL_TIMESTAMP_IMPLICIT
					  : DDL_TIMESTAMP_EXPLICIT;
	/* latin1 or utf8mb4 */
	live->context.collation_connection =
		contains(result_cell(&result, 0, 3), "latin1") ? 8 : 45;
	live->context.collation_server = contains(result_cell(&result, 0, 2), "latin1") ? 8 : 45;
	live->context.collation_database = contains(result_cell(&result, 0, 4), "latin1") ? 8 : 45;
	live->context.utf8_is_mb4 =
		live->mariadb && !contains(result_cell(&result, 0, 5), "UTF8_IS_UTF8MB3");
	result_fini(&result);
}

static void run_statement(struct live *live, struct slice sql, bool may_be_refused)
{
	struct err err = ERR_INIT;
	bool refused = conn_query(live->writer, NULL, &err, "%.*s", SLICE_FMT(sql)) != 0;
	live->nstatements++;
	live->nrefused += refused;
	if (refused && may_be_refused)
		return;
	if (refused)
		fail_at(live, sql, "refused", err.text);
	read_session(live);
	read_binlog(live);
	compare(live, sql);
	if (live->nstatements % 16 ==
	    0) /* shows as much as after every statement, but takes less time */
		check_json(live, sql);
	catalog_forget(live->followed);
}

static struct slice next_line(struct slice *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	struct slice line = slice_of(text->ptr, end ? (size_t)(end - text->ptr) : text->len);
	size_t n = line.len + (end != NULL);
	*text = slice_of(text->ptr + n, text->len - n);
	return line;
}

static void run_file(struct live *live, const char *path)
{
	struct err err = ERR_INIT;
	struct buf content;
	const char *me = live->mariadb ? "-- only: mariadb" : "-- only: mysql";
	const char *begin = NULL;
	bool mine = true, may_be_refused = false;
	buf_init(&content);
	if (file_read(path, &content, &err) != 0)
		die(path, &err);
	for (struct slice rest = buf_slice(&content); rest.len > 0;) {
		struct slice line = next_line(&rest);
		if (begin == NULL && slice_starts(line, SLICE("-- only: "))) {
			mine = slice_equal(line, slice_str(me));
			continue;
		}
		if (begin == NULL && slice_equal(line, SLICE("-- may be refused"))) {
			may_be_refused = true;
			continue;
		}
		if (begin == NULL && (line.len == 0 || slice_starts(line, SLICE("-- "))))
			continue;
		begin = begin ? begin : line.ptr;
		if (line.len == 0 || line.ptr[line.len - 1] != ';')
			continue;
		if (mine)
			run_statement(live,
				      slice_of(begin, (size_t)(line.ptr + line.len - 1 - begin)),
				      may_be_refused);
		begin = NULL;
		mine = true;
		may_be_refused = false;
	}
	buf_fini(&content);
}

static struct conn *connect_to(struct source *source)
{
	struct err err = ERR_INIT;
	struct conn *conn = conn_open(source, CONN_CONTROL, &err);
	if (conn == NULL)
		die("connect", &err);
	return conn;
}

static void must(struct conn *conn, const char *sql)
{
	struct err err = ERR_INIT;
	if (conn_query(conn, NULL, &err, "%s", sql) != 0)
		die(sql, &err);
}

static unsigned run_server(const char *port, char **files)
{
	const struct source_config config = {
		.host = "127.0.0.1", .port = (unsigned)atoi(port), .user = "root", .password = ""};
	struct live live = {.source = source_new(&config)};
	char sql[256];
	live.writer = connect_to(live.source);
	live.reader = connect_to(live.source);
	live.mariadb = live.context.mariadb = conn_server(live.reader)->mariadb;
	live.context.version = conn_server(live.reader)->version;
	live.followed = catalog_new_for(live.reader);
	snprintf(live.db_text, sizeof(live.db_text), "ddl_live_%d", (int)getpid());
	live.db = slice_str(live.db_text);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s CHARACTER SET utf8mb4", live.db_text);
	read_status(&live);
	must(live.writer, sql);
	snprintf(sql, sizeof(sql), "USE %s", live.db_text);
	must(live.writer, sql);
	read_session(&live);
	read_binlog(&live);
	for (; *files != NULL; files++)
		run_file(&live, *files);
	snprintf(sql, sizeof(sql), "DROP DATABASE %s", live.db_text);
	must(live.writer, sql);
	catalog_free(live.followed);
	conn_free(live.writer);
	conn_free(live.reader);
	source_free(live.source);
	printf("%s: %u refused\n", live.mariadb ? "MariaDB" : "MySQL", live.nrefused);
	printf("%s: %u statements, %u failures\n", live.mariadb ? "MariaDB" : "MySQL",
	       live.nstatements, live.nfailures);
	return live.nfailures;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"TIDEWAY_TEST_MARIADB_PORT", "TIDEWAY_TEST_MYSQL_PORT"};
	unsigned nfailures = 0, nservers = 0;
	(void)argc;
	for (unsigned i = 0; i < 2; i++) {
		const char *port = getenv(names[i]);
		if (port == NULL) {
			printf("%s is not set: skipped\n", names[i]);
			continue;
		}
		nservers++;
		nfailures += run_server(port, argv + 1);
	}
	if (nservers == 0)
		return 77;
	return nfailures > 0;
}
