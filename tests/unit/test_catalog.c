/* The catalog without a server: the effects of statements, and its records. test_catalog.py compares the result of
 * each statement with the servers. */
#include "unit.h"

#include "schema/catalog.h"
#include "schema/catalog_alter.h"
#include "schema/ddl.h"

#include <stdio.h>

/* A catalog and the effects of the last statement. */
struct fixture {
	struct catalog *catalog;
	struct ddl_context context;
	struct arena steps;
	const struct ddl_effect *effects;
	unsigned n;
	struct err err;
	struct buf text;
};

static int try_sql(struct fixture *f, const char *sql)
{
	const struct ddl_step *steps;
	unsigned nsteps;
	f->err = (struct err)ERR_INIT;
	arena_reset(&f->steps);
	assert_int_equal(
		ddl_parse(slice_str(sql), &f->context, &f->steps, &steps, &nsteps, &f->err), 0);
	if (steps[0].kind == DDL_STEP_UNPLACED)
		fail_msg("%s: %.*s", sql, SLICE_FMT(steps[0].reason));
	return catalog_apply(f->catalog, &f->context, steps, nsteps, &f->effects, &f->n, &f->err);
}

static void run(struct fixture *f, const char *sql)
{
	if (try_sql(f, sql) != 0)
		fail_msg("%s: %s", sql, f->err.text);
}

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	f->catalog = catalog_new(0);
	f->context.db = SLICE("shop");
	arena_init(&f->steps, 0);
	buf_init(&f->text);
	run(f, "CREATE DATABASE shop CHARACTER SET utf8mb4");
	run(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text)");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	catalog_free(f->catalog);
	arena_fini(&f->steps);
	buf_fini(&f->text);
	test_free(f);
	return 0;
}

static const struct table *find(struct fixture *f, const char *name)
{
	return catalog_find(f->catalog, SLICE("shop"), slice_str(name));
}

static void put_names(struct buf *out, char sign, const struct slice *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, " %c%.*s", sign, SLICE_FMT(names[i]));
}

/* "ALTER shop.t v2->v3 +added -dropped ~changed old>new; ..." */
static const char *effects_text(struct fixture *f)
{
	struct buf *out = &f->text;
	buf_clear(out);
	for (unsigned i = 0; i < f->n; i++) {
		const struct ddl_effect *e = &f->effects[i];
		buf_printf(out, "%s%s %.*s.%.*s", i ? "; " : "", ddl_op_name(e->op),
			   SLICE_FMT(e->db), SLICE_FMT(e->table));
		if (e->new_table.len > 0)
			buf_printf(out, " to %.*s.%.*s", SLICE_FMT(e->new_db),
				   SLICE_FMT(e->new_table));
		buf_printf(out, " %s%s", e->before ? "before" : "-", e->after ? " after" : " -");
		put_names(out, '+', e->added, e->nadded);
		put_names(out, '-', e->dropped, e->ndropped);
		put_names(out, '~', e->changed, e->nchanged);
		for (unsigned j = 0; j < e->nrenamed; j++)
			buf_printf(out, " %.*s>%.*s", SLICE_FMT(e->renamed[j].from),
				   SLICE_FMT(e->renamed[j].to));
	}
	return buf_cstr(out);
}

/* "id int!, a varchar(10)": ! is NOT NULL. */
static const char *columns_text(struct fixture *f, const char *name)
{
	const struct table *table = find(f, name);
	struct buf *out = &f->text;
	buf_clear(out);
	for (unsigned i = 0; table && i < table->ncolumns; i++)
		buf_printf(out, "%s%.*s %.*s%s", i ? ", " : "", SLICE_FMT(table->columns[i].name),
			   SLICE_FMT(table->columns[i].sql_type),
			   table->columns[i].nullable ? "" : "!");
	return buf_cstr(out);
}

static void test_versions(void **state)
{
	struct fixture *f = *state;
	const struct table *before = find(f, "t");
	uint64_t version = before->version;
	static const char *const statements[] = {
		"ALTER TABLE t COMMENT 'x'",   "TRUNCATE t",
		"ALTER TABLE t ENGINE=InnoDB", "CREATE INDEX i ON t (a)",
		"DROP INDEX i ON t",           "RENAME TABLE t TO u",
		"RENAME TABLE u TO t",         "ALTER TABLE t ADD c int",
	};
	run(f, "CREATE TABLE other (a int)");
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		run(f, statements[i]);
		const struct table *after = f->effects[0].after;
		assert_non_null(after);
		assert_true(after->version > version);
		assert_ptr_not_equal(after, f->effects[0].before);
		assert_int_equal(f->effects[0].before->version, version);
		assert_int_equal(catalog_version(f->catalog), after->version);
		version = after->version;
	}
	/* superseded versions can be read until they are forgotten */
	assert_int_equal(before->ncolumns, 3);
	catalog_forget(f->catalog);
	assert_int_equal(find(f, "t")->ncolumns, 4);
}

/* Catalogs share the definitions of a database that is copied. A statement in one of them changes nothing in the other. */
static void test_copies_share(void **state)
{
	struct fixture *f = *state;
	struct catalog *other = catalog_new(0);
	const struct table *shared = find(f, "t");
	catalog_copy_database(other, f->catalog, SLICE("shop"));
	assert_ptr_equal(catalog_find(other, SLICE("shop"), SLICE("t")), shared);
	assert_int_equal(catalog_version(other), shared->version);
	run(f, "ALTER TABLE t ADD c int");
	catalog_forget(f->catalog);
	assert_int_equal(find(f, "t")->ncolumns, 4);
	assert_ptr_equal(catalog_find(other, SLICE("shop"), SLICE("t")), shared);
	assert_int_equal(shared->ncolumns, 3);
	run(f, "DROP TABLE t");
	catalog_forget(f->catalog);
	catalog_free(f->catalog);
	f->catalog = other;
	run(f, "ALTER TABLE t ADD d int");
	assert_int_equal(shared->ncolumns, 3); /* until it is forgotten here, too */
	assert_slice(find(f, "t")->columns[3].name, "d");
}

/* Make the table t of another catalog with one statement, and share. Return whether the definition is that of the fixture. */
static bool shares(struct fixture *f, const char *sql)
{
	struct catalog *own = f->catalog, *other = catalog_new(0);
	const struct table *table;
	bool same;
	f->catalog = other;
	run(f, "CREATE DATABASE shop CHARACTER SET utf8mb4");
	run(f, sql);
	f->catalog = own;
	catalog_share(other, own);
	table = catalog_find(other, SLICE("shop"), SLICE("t"));
	same = table == find(f, "t");
	if (!same)
		assert_int_not_equal(table->ncolumns, 0);
	catalog_free(other);
	return same;
}

static void test_equal_definitions_are_shared(void **state)
{
	struct fixture *f = *state;
	assert_true(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text)"));
	assert_false(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(11), b text)"));
	assert_false(shares(f, "CREATE TABLE t (id int PRIMARY KEY, b text, a varchar(10))"));
	assert_false(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text) "
			       "ENGINE=MyISAM"));
	assert_false(
		shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text, KEY (a))"));
	run(f, "ALTER TABLE t ADD KEY k (a(3))");
	assert_true(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text, "
			      "KEY k (a(3)))"));
	assert_false(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text, "
			       "KEY k (a(4)))"));
	assert_false(shares(f, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text, "
			       "KEY K (a(3)))"));
}

static void test_alter_effects(void **state)
{
	struct fixture *f = *state;
	run(f, "ALTER TABLE t ADD c int AFTER id, DROP b, CHANGE a a2 varchar(10), ADD d int");
	assert_string_equal(effects_text(f), "ALTER shop.t before after +c +d -b ~a2 a>a2");
	assert_string_equal(columns_text(f, "t"), "id int!, c int, a2 varchar(10), d int");
	run(f, "ALTER TABLE t MODIFY c bigint, RENAME COLUMN d TO e");
	assert_string_equal(effects_text(f), "ALTER shop.t before after ~c d>e");
	run(f, "ALTER TABLE t DROP c, ADD c varchar(3)");
	assert_string_equal(effects_text(f), "ALTER shop.t before after +c -c");
	run(f, "ALTER TABLE t ALTER e SET DEFAULT 5");
	assert_string_equal(effects_text(f), "ALTER shop.t before after ~e");
	run(f, "ALTER TABLE t CONVERT TO CHARACTER SET latin1");
	assert_string_equal(effects_text(f), "ALTER shop.t before after ~a2 ~c");
	run(f, "ALTER TABLE t ADD INDEX (e)");
	assert_string_equal(effects_text(f), "ALTER shop.t before after");
	run(f, "ALTER TABLE t RENAME TO u, ADD z int");
	assert_string_equal(effects_text(f), "RENAME shop.t to shop.u before after +z");
	assert_null(find(f, "t"));
	assert_non_null(find(f, "u"));
}

static void test_other_effects(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE u LIKE t");
	assert_string_equal(effects_text(f), "CREATE shop.u - after");
	assert_true(table_same(find(f, "t"), find(f, "u")));
	run(f, "CREATE TABLE IF NOT EXISTS u (x int)");
	assert_int_equal(f->n, 0);
	run(f, "TRUNCATE u");
	assert_string_equal(effects_text(f), "TRUNCATE shop.u before after");
	run(f, "CREATE UNIQUE INDEX i ON u (a)");
	assert_string_equal(effects_text(f), "CINDEX shop.u before after");
	run(f, "DROP INDEX i ON u");
	assert_string_equal(effects_text(f), "DINDEX shop.u before after");
	run(f, "DROP TABLE t, nothere, other.t, u");
	assert_string_equal(effects_text(f), "ERASE shop.t before -; ERASE shop.u before -");
	run(f, "CREATE FUNCTION v () RETURNS INT RETURN 1");
	assert_string_equal(effects_text(f), "QUERY shop. - -");
	run(f, "CREATE VIEW elsewhere.v AS SELECT 1");
	assert_int_equal(f->n, 0);
	run(f, "GRANT ALL ON *.* TO u");
	assert_int_equal(f->n, 0);
	run(f, "CREATE TABLE x (a int)");
	run(f, "CREATE OR REPLACE TABLE x (b int)");
	assert_string_equal(effects_text(f), "ERASE shop.x before -; CREATE shop.x - after +b");
	run(f, "CREATE TABLE y (a int)");
	run(f, "CREATE OR REPLACE TABLE x LIKE y");
	assert_string_equal(effects_text(f), "ERASE shop.x before -; CREATE shop.x - after");
	run(f, "RENAME TABLE IF EXISTS nothere TO nothere2");
	assert_int_equal(f->n, 0);
}

static void test_rename(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE `_t_gho` LIKE t");
	run(f, "ALTER TABLE `_t_gho` ADD c int");
	run(f, "RENAME TABLE t TO `_t_del`, `_t_gho` TO t");
	assert_string_equal(effects_text(f), "RENAME shop.t to shop._t_del before after; "
					     "RENAME shop._t_gho to shop.t before after");
	assert_string_equal(columns_text(f, "t"), "id int!, a varchar(10), b text, c int");
	assert_string_equal(columns_text(f, "_t_del"), "id int!, a varchar(10), b text");
	assert_slice(find(f, "t")->full_name, "shop.t");
	run(f, "RENAME TABLE t TO x, `_t_del` TO t, x TO `_t_del`");
	assert_int_equal(f->n, 3);
	assert_string_equal(columns_text(f, "t"), "id int!, a varchar(10), b text");
	run(f, "RENAME TABLE t TO elsewhere.t");
	assert_string_equal(effects_text(f), "RENAME shop.t to elsewhere.t before -");
	assert_null(find(f, "t"));
}

/* The result of an unknown table is unknown, and is marked so. */
static void test_unknown_sources(void **state)
{
	struct fixture *f = *state;
	run(f, "RENAME TABLE elsewhere.x TO x");
	assert_string_equal(effects_text(f), "RENAME elsewhere.x to shop.x - -");
	run(f, "ALTER TABLE elsewhere.x RENAME TO shop.y");
	assert_string_equal(effects_text(f), "RENAME elsewhere.x to shop.y - -");
	run(f, "CREATE TABLE z LIKE elsewhere.x");
	assert_string_equal(effects_text(f), "CREATE shop.z - -");
	assert_null(find(f, "z"));
	run(f, "ALTER TABLE elsewhere.x ADD a int");
	assert_int_equal(f->n, 0);
	run(f, "CREATE TABLE elsewhere.x (a int)");
	assert_int_equal(f->n, 0);
	run(f, "RENAME TABLE elsewhere.x TO elsewhere.y");
	assert_int_equal(f->n, 0);
}

static void expect_error(struct fixture *f, const char *sql, const char *word)
{
	struct buf before, after;
	buf_init(&before);
	buf_init(&after);
	uint64_t version = catalog_version(f->catalog);
	catalog_table_to_json(find(f, "t"), &before);
	assert_int_equal(try_sql(f, sql), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	assert_int_equal(f->n, 0);
	if (strstr(f->err.text, "shop.") == NULL || strstr(f->err.text, word) == NULL)
		fail_msg("%s: %s", sql, f->err.text);
	catalog_table_to_json(find(f, "t"), &after);
	assert_true(slice_equal(buf_slice(&before), buf_slice(&after)));
	assert_int_equal(catalog_version(f->catalog), version);
	buf_fini(&before);
	buf_fini(&after);
}

static void test_errors(void **state)
{
	struct fixture *f = *state;
	expect_error(f, "ALTER TABLE t DROP nope", "nope");
	expect_error(f, "ALTER TABLE t ADD x int, MODIFY nope int", "nope");
	expect_error(f, "ALTER TABLE t ADD a int", "a");
	expect_error(f, "ALTER TABLE t ADD x int AFTER nope", "nope");
	expect_error(f, "ALTER TABLE t RENAME COLUMN nope TO x", "nope");
	expect_error(f, "ALTER TABLE t ALTER nope SET DEFAULT 1", "nope");
	expect_error(f, "ALTER TABLE t DROP INDEX nope", "nope");
	expect_error(f, "ALTER TABLE t RENAME INDEX nope TO x", "nope");
	expect_error(f, "ALTER TABLE t ADD INDEX (nope)", "nope");
	expect_error(f, "ALTER TABLE nothere ADD a int", "nothere");
	expect_error(f, "CREATE INDEX i ON nothere (a)", "nothere");
	expect_error(f, "DROP INDEX nope ON t", "nope");
	run(f, "ALTER TABLE t DROP PRIMARY KEY");
	expect_error(f, "ALTER TABLE t DROP PRIMARY KEY", "PRIMARY");
}

static void test_databases(void **state)
{
	struct fixture *f = *state;
	assert_true(catalog_has_database(f->catalog, SLICE("shop")));
	run(f, "CREATE DATABASE d2 CHARACTER SET latin1");
	assert_string_equal(effects_text(f), "QUERY d2. - -");
	run(f, "CREATE TABLE d2.x (a varchar(5), b varchar(5) charset utf8mb4)");
	const struct table *x = catalog_find(f->catalog, SLICE("d2"), SLICE("x"));
	assert_int_equal(x->charset, CHARSET_LATIN1);
	assert_int_equal(x->columns[0].charset, CHARSET_LATIN1);
	assert_int_equal(x->columns[1].charset, CHARSET_UTF8MB4);
	run(f, "ALTER DATABASE d2 CHARACTER SET utf8mb3");
	assert_string_equal(effects_text(f), "QUERY d2. - -");
	run(f, "CREATE TABLE d2.y (a varchar(5))");
	assert_int_equal(catalog_find(f->catalog, SLICE("d2"), SLICE("y"))->charset,
			 CHARSET_UTF8MB3);
	run(f, "CREATE DATABASE IF NOT EXISTS d2");
	assert_int_equal(f->n, 0);
	run(f, "DROP DATABASE d2");
	assert_string_equal(effects_text(f),
			    "ERASE d2.x before -; ERASE d2.y before -; QUERY d2. - -");
	assert_false(catalog_has_database(f->catalog, SLICE("d2")));
	assert_null(catalog_find(f->catalog, SLICE("d2"), SLICE("x")));
	run(f, "DROP DATABASE IF EXISTS d2");
	assert_int_equal(f->n, 0);
	f->context.collation_server = 8; /* the server's: latin1_swedish_ci */
	run(f, "CREATE DATABASE d3");
	run(f, "CREATE TABLE d3.x (a varchar(5))");
	assert_int_equal(catalog_find(f->catalog, SLICE("d3"), SLICE("x"))->charset,
			 CHARSET_LATIN1);
}

/* IF NOT EXISTS may have found a database with tables that the catalog does not contain. */
static void test_partial_database(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE DATABASE IF NOT EXISTS d2");
	assert_true(catalog_has_database(f->catalog, SLICE("d2")));
	run(f, "ALTER TABLE d2.old ADD a int");
	assert_int_equal(f->n, 0);
	run(f, "CREATE TABLE d2.new (a int)");
	assert_string_equal(effects_text(f), "CREATE d2.new - after +a");
	run(f, "ALTER TABLE d2.old RENAME TO d2.new2");
	assert_string_equal(effects_text(f), "RENAME d2.old to d2.new2 - -");
}

static void test_walk(void **state)
{
	struct fixture *f = *state;
	size_t at = 0;
	run(f, "CREATE DATABASE aaa");
	run(f, "CREATE TABLE b (x int)");
	run(f, "CREATE TABLE aaa.z (x int)");
	run(f, "CREATE TABLE B (x int)");
	assert_slice(catalog_next(f->catalog, &at)->full_name, "aaa.z");
	assert_slice(catalog_next(f->catalog, &at)->full_name, "shop.B");
	assert_slice(catalog_next(f->catalog, &at)->full_name, "shop.b");
	assert_slice(catalog_next(f->catalog, &at)->full_name, "shop.t");
	assert_null(catalog_next(f->catalog, &at));
	at = 0;
	assert_slice(catalog_next_database(f->catalog, &at), "aaa");
	assert_slice(catalog_next_database(f->catalog, &at), "shop");
	assert_null(catalog_next_database(f->catalog, &at).ptr);
	catalog_drop_database(f->catalog, SLICE("shop"));
	assert_null(find(f, "t"));
	assert_non_null(catalog_find(f->catalog, SLICE("aaa"), SLICE("z")));
}

static void test_lower_case(void **state)
{
	struct fixture *f = *state;
	for (unsigned lower_case = 1; lower_case <= 2; lower_case++) {
		catalog_free(f->catalog);
		f->catalog = catalog_new(lower_case);
		run(f, "CREATE DATABASE Shop");
		run(f, "CREATE TABLE SHOP.Tab (Id int)");
		const struct table *table = catalog_find(f->catalog, SLICE("shop"), SLICE("tab"));
		assert_non_null(table);
		assert_slice(table->full_name, lower_case == 1 ? "shop.tab" : "Shop.Tab");
		assert_slice(table->columns[0].name, "Id");
		assert_ptr_equal(catalog_find(f->catalog, SLICE("SHOP"), SLICE("TAB")), table);
		run(f, "CREATE TABLE shop.ÄŻ (id int)");
		table = catalog_find(f->catalog, SLICE("shop"), SLICE("äż"));
		assert_non_null(table);
		assert_slice(table->name, lower_case == 1 ? "äż" : "ÄŻ");
		run(f, "ALTER TABLE SHOP.äŻ ADD b int");
		assert_int_equal(catalog_find(f->catalog, SLICE("SHOP"), SLICE("Äż"))->ncolumns, 2);
		run(f, "ALTER TABLE shop.TAB ADD b int");
		assert_int_equal(catalog_find(f->catalog, SLICE("shop"), SLICE("tab"))->ncolumns,
				 2);
	}
}

static void test_put(void **state)
{
	struct fixture *f = *state;
	const struct table *old = find(f, "t");
	struct table copy = *old;
	copy.ncolumns = 1;
	const struct table *put = catalog_put(f->catalog, &copy);
	assert_ptr_equal(put, find(f, "t"));
	assert_int_equal(put->ncolumns, 1);
	assert_true(put->version > old->version);
	copy.db = SLICE("d9");
	catalog_put(f->catalog, &copy);
	assert_true(catalog_has_database(f->catalog, SLICE("d9")));
}

/* Every column of a base table is nullable, unless it is NOT NULL, part of a primary key, or an implicit TIMESTAMP. */
static void test_nullable(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE n (a int, b timestamp, c timestamp null, d int not null, e int, "
	       "PRIMARY KEY (e))");
	assert_string_equal(columns_text(f, "n"),
			    "a int, b timestamp, c timestamp, d int!, e int!");
	f->context.timestamp = DDL_TIMESTAMP_IMPLICIT;
	run(f, "CREATE TABLE n2 (a int, b timestamp, c timestamp null, d timestamp as (b))");
	assert_string_equal(columns_text(f, "n2"), "a int, b timestamp!, c timestamp, d timestamp");
	run(f, "ALTER TABLE n DROP PRIMARY KEY, ADD PRIMARY KEY (a)");
	assert_string_equal(columns_text(f, "n"),
			    "a int!, b timestamp, c timestamp, d int!, e int!");
}

static void test_flavours(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE x (a int, b tinyint(1), c json, d geometrycollection, e year, f "
	       "text(0))");
	assert_string_equal(columns_text(f, "x"),
			    "a int, b tinyint(1), c json, d geomcollection, e year, "
			    "f tinytext");
	f->context.version = 50744;
	run(f, "CREATE TABLE x (a int, b tinyint(1), c json, d geometrycollection, e year)");
	assert_string_equal(columns_text(f, "x"),
			    "a int(11), b tinyint(1), c json, d geometrycollection, e year(4)");
	f->context.mariadb = true;
	f->context.version = 101119;
	run(f, "CREATE TABLE x (a int unsigned, b text, c json, d varchar(65533) charset latin1, f "
	       "text(0), "
	       "unique (b))");
	assert_string_equal(columns_text(f, "x"),
			    "a int(10) unsigned, b text, c longtext, d text, f text");
	assert_int_equal(find(f, "x")->columns[2].type, COLUMN_LONGTEXT);
	assert_int_equal(find(f, "x")->nhidden, 1);
	assert_true(find(f, "x")->indexes[0].hash);
}

static void test_keys(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE k (a int, b int, c varchar(9), UNIQUE z (a), UNIQUE y (b, c(3)), KEY "
	       "(c), "
	       "UNIQUE (c), PRIMARY KEY (b))");
	const struct table *k = find(f, "k");
	assert_int_equal(k->nindexes, 5);
	assert_slice(k->indexes[0].name, "PRIMARY");
	assert_slice(k->indexes[1].name, "c");
	assert_false(k->indexes[1].unique);
	assert_slice(k->indexes[2].name, "c_2");
	assert_slice(k->indexes[3].name, "y");
	assert_true(k->indexes[3].has_prefix);
	assert_int_equal(k->indexes[3].prefixes[1], 3);
	assert_slice(k->indexes[4].name, "z");
	assert_int_equal(k->npk, 1);
	assert_int_equal(k->pk[0], 1);
	/* positions follow the columns */
	run(f, "ALTER TABLE k MODIFY a int AFTER c, ADD x int FIRST");
	k = find(f, "k");
	assert_int_equal(k->pk[0], 1);
	assert_int_equal(k->indexes[4].columns[0], 3);
}

static const struct column *column_of(struct fixture *f, const char *table, unsigned at)
{
	return &find(f, table)->columns[at];
}

/* Labels are those of the server: converted through the character sets of connection and column, taken as bytes where they
 * are written in digits, and kept as the same bytes in another character set. */
static void test_labels(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE e (a enum('😀','ж ') charset utf8mb4, b enum('ж','ä',x'e4') charset "
	       "latin1,"
	       " c set('ä',x'e4','b ') charset binary)");
	assert_slice(column_of(f, "e", 0)->labels[0], "😀");
	assert_slice(column_of(f, "e", 0)->labels[1], "ж");
	assert_slice(column_of(f, "e", 1)->sql_type, "enum('?','ä','ä')");
	assert_slice(column_of(f, "e", 2)->labels[0], "ä");
	assert_slice(column_of(f, "e", 2)->labels[1], "\xe4");
	assert_slice(column_of(f, "e", 2)->sql_type, "set('ä',x'e4','b ')");
	f->context.collation_connection = 8; /* latin1 */
	run(f, "CREATE TABLE e2 (a enum('ж','ä') charset utf8mb4, b enum('ä') charset binary)");
	f->context.collation_connection = 0;
	assert_slice(column_of(f, "e2", 0)->sql_type, "enum('?','ä')");
	assert_slice(column_of(f, "e2", 1)->labels[0], "\xe4");
	run(f, "CREATE TABLE e3 (a enum('ä','b') charset latin1)");
	run(f, "ALTER TABLE e3 CONVERT TO CHARACTER SET binary");
	assert_slice(column_of(f, "e3", 0)->sql_type, "enum(x'e4','b')");
	run(f, "CREATE TABLE e4 (a enum('ä','b') charset utf8mb4)");
	run(f, "ALTER TABLE e4 CONVERT TO CHARACTER SET latin1");
	assert_slice(column_of(f, "e4", 0)->sql_type, "enum('Ã¤','b')");
}

/* Records of version 0.1.0 have the labels as information_schema showed them. */
static void test_mended_labels(void **state)
{
	static const char *const records[] = {
		/* a table that is the same now, one with other labels, one with another column */
		"{\"db\":\"shop\",\"table\":\"m\",\"engine\":\"InnoDB\",\"charset\":\"utf8mb4\","
		"\"version\":7,\"columns\":["
		"{\"n\":\"a\",\"t\":\"enum\",\"s\":\"enum('?','x?')\",\"c\":\"utf8mb4\",\"f\":"
		"\"n\",\"e\":[\"?\",\"x?\"]},"
		"{\"n\":\"b\",\"t\":\"enum\",\"s\":\"enum('?','b')\",\"f\":\"n\",\"e\":[\"?\","
		"\"b\"]}],\"keys\":[]}",
		"{\"db\":\"shop\",\"table\":\"o\",\"engine\":\"InnoDB\",\"charset\":\"utf8mb4\","
		"\"version\":8,\"columns\":["
		"{\"n\":\"a\",\"t\":\"enum\",\"s\":\"enum('?','y')\",\"c\":\"utf8mb4\",\"f\":\"n\","
		"\"e\":[\"?\",\"y\"]}],\"keys\":[]}",
	};
	struct fixture *f = *state;
	struct catalog *saved = catalog_new(0);
	run(f,
	    "CREATE TABLE m (a enum('😀','x😂') charset utf8mb4, b enum(x'e4','b') charset binary)");
	run(f, "CREATE TABLE o (a enum('😀','x') charset utf8mb4)");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(catalog_table_from_json(saved, slice_str(records[i]), &f->err), 0);
	assert_true(catalog_lacks_labels(saved));
	catalog_mend_labels(saved, f->catalog);
	const struct table *m = catalog_find(saved, SLICE("shop"), SLICE("m"));
	assert_slice(m->columns[0].sql_type, "enum('😀','x😂')");
	assert_slice(m->columns[0].labels[1], "x😂");
	assert_slice(m->columns[1].labels[0], "\xe4");
	assert_int_equal(m->version, 7);
	const struct table *o = catalog_find(saved, SLICE("shop"), SLICE("o"));
	assert_slice(o->columns[0].labels[0], "?");
	assert_int_equal(catalog_version(saved), 8);
	catalog_free(saved);
}

/* Save a table, and load it. Return whether its labels may not be complete. */
static bool loses_labels(struct fixture *f, const char *name)
{
	struct catalog *other = catalog_new(0);
	bool lacks;
	buf_clear(&f->text);
	catalog_table_to_json(find(f, name), &f->text);
	assert_int_equal(catalog_table_from_json(other, buf_slice(&f->text), &f->err), 0);
	lacks = catalog_lacks_labels(other);
	catalog_free(other);
	return lacks;
}

static void test_complete_labels(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE plain (a enum('x','ж') charset utf8mb4, b set('y') charset latin1)");
	run(f, "CREATE TABLE nul (a enum('x\\0y') charset latin1)");
	run(f, "CREATE TABLE bytes (a enum(x'e4') charset binary)");
	assert_false(loses_labels(f, "t"));
	assert_false(loses_labels(f, "plain"));
	run(f, "CREATE TABLE marks (a enum('?') charset utf8mb4)");
	assert_true(loses_labels(f, "marks"));
	assert_true(loses_labels(f, "nul"));
	assert_true(loses_labels(f, "bytes"));
}

static void test_json(void **state)
{
	struct fixture *f = *state;
	struct buf json, again;
	struct catalog *other = catalog_new(0);
	buf_init(&json);
	buf_init(&again);
	run(f,
	    "CREATE TABLE `j\"\\` (`a\nb` int unsigned zerofill, c enum('x\\0y','\\'','ä\\\\','') "
	    "charset latin1, "
	    "d set('p','q'), l enum(x'e4','a') charset binary, e decimal(12,3), f datetime(6), g "
	    "int as (1) invisible, h int as (2) "
	    "stored, "
	    "i text not null, PRIMARY KEY (e), UNIQUE (i(5)), UNIQUE ((lower(i))), KEY ((f), d))");
	const struct table *table = find(f, "j\"\\");
	assert_int_equal(table->columns[1].nlabels, 4);
	assert_slice(table->columns[1].labels[1], "'");
	catalog_table_to_json(table, &json);
	assert_int_equal(catalog_table_from_json(other, buf_slice(&json), &f->err), 0);
	const struct table *copy = catalog_find(other, table->db, table->name);
	assert_true(table_same(table, copy));
	assert_int_equal(copy->version, table->version);
	assert_int_equal(catalog_version(other), table->version);
	assert_slice(copy->engine, "InnoDB");
	catalog_table_to_json(copy, &again);
	assert_true(slice_equal(buf_slice(&json), buf_slice(&again)));
	/* the database's record; then statements work as before */
	buf_clear(&json);
	catalog_database_to_json(f->catalog, SLICE("shop"), &json);
	assert_false(catalog_has_database(other, SLICE("shop")));
	assert_int_equal(catalog_database_from_json(other, buf_slice(&json), &f->err), 0);
	assert_true(catalog_has_database(other, SLICE("shop")));
	buf_clear(&again);
	catalog_database_to_json(other, SLICE("shop"), &again);
	assert_true(slice_equal(buf_slice(&json), buf_slice(&again)));
	buf_fini(&json);
	buf_fini(&again);
	catalog_free(other);
}

static void test_json_damaged(void **state)
{
	struct fixture *f = *state;
	struct buf json;
	buf_init(&json);
	run(f, "CREATE TABLE d (a enum('x','y'), b decimal(5,2), KEY (b))");
	catalog_table_to_json(find(f, "d"), &json);
	for (size_t n = 0; n < json.len; n++) {
		assert_int_equal(
			catalog_table_from_json(f->catalog, slice_of(json.ptr, n), &f->err), -1);
		assert_int_equal(f->err.code, ERR_INTERNAL);
	}
	static const char *const wrong[] = {
		"{}",
		"[]",
		"{\"db\":\"d\",\"table\":\"t\",\"engine\":\"\",\"charset\":\"klingon\",\"version\":"
		"1}",
		"{\"db\":\"d\",\"table\":\"t\",\"engine\":\"\",\"charset\":\"latin1\",\"version\":-"
		"1}",
		"{\"db\":\"d\",\"table\":\"t\",\"engine\":\"\",\"charset\":\"latin1\",\"version\":"
		"1,"
		"\"columns\":[{\"n\":\"a\",\"t\":\"wonder\",\"s\":\"\",\"f\":\"\"}]}",
		"{\"db\":\"d\",\"table\":\"t\",\"engine\":\"\",\"charset\":\"latin1\",\"version\":"
		"1,"
		"\"columns\":[{\"n\":\"a\",\"t\":\"int\",\"s\":\"int\",\"f\":\"\",\"l\":-5}]}",
		"{\"db\":\"d\",\"table\":\"t\",\"engine\":\"\",\"charset\":\"latin1\",\"version\":"
		"1,"
		"\"columns\":[],\"keys\":[{\"n\":\"k\",\"f\":\"u\",\"p\":[[\"nope\",0]]}]}",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(catalog_table_from_json(f->catalog, slice_str(wrong[i]), &f->err),
				 -1);
	assert_int_equal(catalog_database_from_json(f->catalog, SLICE("{\"db\":1}"), &f->err), -1);
	buf_fini(&json);
}

static void test_partitions(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE p (a int) PARTITION BY HASH (a)");
	run(f, "CREATE TABLE q LIKE p");
	run(f, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q");
	assert_string_equal(effects_text(f),
			    "ALTER shop.p before after; ALTER shop.q before after");
	run(f, "ALTER TABLE p CONVERT PARTITION p0 TO TABLE r");
	assert_string_equal(effects_text(f), "ALTER shop.p before after; CREATE shop.r - after");
	run(f, "ALTER TABLE p CONVERT TABLE r TO PARTITION p0");
	assert_string_equal(effects_text(f), "ALTER shop.p before after; ERASE shop.r before -");
	assert_null(find(f, "r"));
}

static void assert_rows_from(const struct ddl_effect *effect, const char *table, bool exchanged)
{
	assert_slice(effect->rows_from.table, table);
	assert_true(effect->exchanged == exchanged);
}

/* Partition DDL notes the table that the rows came from, also if its database is not tracked. */
static void test_partition_rows(void **state)
{
	struct fixture *f = *state;
	run(f, "CREATE TABLE p (a int) PARTITION BY HASH (a)");
	assert_rows_from(&f->effects[0], "", false);
	run(f, "CREATE TABLE q LIKE p");
	run(f, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q");
	assert_rows_from(&f->effects[0], "q", true);
	assert_rows_from(&f->effects[1], "p", true);
	run(f, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE elsewhere.q");
	assert_int_equal(f->n, 1);
	assert_rows_from(&f->effects[0], "q", true);
	run(f, "ALTER TABLE elsewhere.p EXCHANGE PARTITION p0 WITH TABLE q");
	assert_string_equal(effects_text(f), "ALTER shop.q before after");
	assert_rows_from(&f->effects[0], "p", true);
	run(f, "ALTER TABLE p CONVERT PARTITION p0 TO TABLE r");
	assert_rows_from(&f->effects[0], "", false);
	assert_rows_from(&f->effects[1], "p", false);
	run(f, "ALTER TABLE p CONVERT TABLE r TO PARTITION p0");
	assert_rows_from(&f->effects[0], "r", false);
	assert_rows_from(&f->effects[1], "", false);
	run(f, "ALTER TABLE elsewhere.p CONVERT PARTITION p0 TO TABLE q");
	assert_string_equal(effects_text(f), "CREATE shop.q before -");
	assert_null(find(f, "q"));
}

/* Views and sequences share the tables' names, and RENAME and DROP TABLE work on some of them. */
static void test_others(void **state)
{
	struct fixture *f = *state;
	struct buf json;
	struct catalog *other = catalog_new(0);
	buf_init(&json);
	run(f, "CREATE VIEW v AS SELECT 1");
	assert_string_equal(effects_text(f), "QUERY shop. - -");
	run(f, "CREATE SEQUENCE s");
	assert_true(catalog_is_other(f->catalog, SLICE("shop"), SLICE("v")));
	assert_true(catalog_is_other(f->catalog, SLICE("shop"), SLICE("s")));
	assert_false(catalog_is_other(f->catalog, SLICE("shop"), SLICE("t")));
	assert_false(catalog_is_other(f->catalog, SLICE("elsewhere"), SLICE("s")));
	run(f, "CREATE TABLE IF NOT EXISTS v (a int)");
	assert_int_equal(f->n, 0);
	run(f, "CREATE TABLE t (a int)");
	run(f,
	    "CREATE VIEW IF NOT EXISTS t AS SELECT 1"); /* the server logs it and keeps the table */
	assert_string_equal(effects_text(f), "QUERY shop. - -");
	assert_false(catalog_is_other(f->catalog, SLICE("shop"), SLICE("t")));
	run(f, "CREATE OR REPLACE SEQUENCE t");
	assert_string_equal(effects_text(f), "ERASE shop.t before -; QUERY shop. - -");
	assert_true(catalog_is_other(f->catalog, SLICE("shop"), SLICE("t")));
	run(f, "DROP SEQUENCE t");
	run(f, "RENAME TABLE v TO w, s TO s2");
	assert_true(catalog_is_other(f->catalog, SLICE("shop"), SLICE("w")));
	assert_false(catalog_is_other(f->catalog, SLICE("shop"), SLICE("v")));
	run(f, "ALTER TABLE s2 ENGINE=InnoDB");
	assert_int_equal(f->n, 0);
	catalog_database_to_json(f->catalog, SLICE("shop"), &json);
	assert_int_equal(catalog_database_from_json(other, buf_slice(&json), &f->err), 0);
	assert_true(catalog_is_other(other, SLICE("shop"), SLICE("w")));
	assert_true(catalog_is_other(other, SLICE("shop"), SLICE("s2")));
	run(f,
	    "CREATE OR REPLACE TABLE s2 (a int)"); /* its record comes after the database's, which may be older */
	buf_clear(&json);
	catalog_table_to_json(find(f, "s2"), &json);
	assert_int_equal(catalog_table_from_json(other, buf_slice(&json), &f->err), 0);
	assert_false(catalog_is_other(other, SLICE("shop"), SLICE("s2")));
	run(f, "DROP VIEW w, nothere");
	run(f, "DROP TABLE s2");
	assert_false(catalog_is_other(f->catalog, SLICE("shop"), SLICE("w")));
	assert_false(catalog_is_other(f->catalog, SLICE("shop"), SLICE("s2")));
	run(f, "CREATE TABLE w (a int)");
	assert_non_null(find(f, "w"));
	buf_fini(&json);
	catalog_free(other);
}

static void test_versioned(void **state)
{
	struct fixture *f = *state;
	f->context.mariadb = true;
	run(f, "CREATE TABLE v (a int) WITH SYSTEM VERSIONING");
	assert_true(find(f, "v")->versioned);
	assert_int_equal(find(f, "v")->ncolumns, 1);
	run(f, "ALTER TABLE v ADD b int");
	assert_true(find(f, "v")->versioned);
	run(f, "CREATE TABLE v2 LIKE v");
	assert_true(find(f, "v2")->versioned);
	run(f, "ALTER TABLE v DROP SYSTEM VERSIONING");
	assert_false(find(f, "v")->versioned);
	run(f, "ALTER TABLE v ADD SYSTEM VERSIONING");
	assert_true(find(f, "v")->versioned);
	assert_false(find(f, "t")->versioned);
}

/* Thousands of tables: no step may take noticeable quadratic time. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	char sql[100];
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(sql, sizeof(sql), "CREATE TABLE m%u (a int PRIMARY KEY, b varchar(10))",
			 (i * 7919) % 5000);
		run(f, sql);
	}
	run(f, "DROP DATABASE shop");
	assert_int_equal(f->n, 5002);
	catalog_forget(f->catalog);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_versions),
		TEST(test_copies_share),
		TEST(test_equal_definitions_are_shared),
		TEST(test_alter_effects),
		TEST(test_other_effects),
		TEST(test_rename),
		TEST(test_unknown_sources),
		TEST(test_errors),
		TEST(test_databases),
		TEST(test_partial_database),
		TEST(test_walk),
		TEST(test_lower_case),
		TEST(test_put),
		TEST(test_nullable),
		TEST(test_flavours),
		TEST(test_keys),
		TEST(test_labels),
		TEST(test_complete_labels),
		TEST(test_mended_labels),
		TEST(test_json),
		TEST(test_json_damaged),
		TEST(test_partitions),
		TEST(test_partition_rows),
		TEST(test_others),
		TEST(test_versioned),
		TEST(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
