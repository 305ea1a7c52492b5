/* DDL statements and their steps (tests/data/ddl.txt); also cut, damaged and huge statements. */
#include "unit.h"

#include "schema/ddl.h"
#include "schema/ddl_lexer.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DATA_FILE "tests/data/ddl.txt"

static const char *const step_names[] = {
	"none",           "unplaced",      "dml",          "query",       "create_other",
	"drop_other",     "create_table",  "create_like",  "alter_table", "drop_table",
	"rename_table",   "truncate",      "create_index", "drop_index",  "create_database",
	"alter_database", "drop_database",
};

static void put_name(struct buf *out, const struct ddl_name *name)
{
	if (name->db.len > 0)
		buf_printf(out, " %.*s.", SLICE_FMT(name->db));
	else
		buf_char(out, ' ');
	buf_put(out, name->table);
}

static void put_flag(struct buf *out, bool flag, const char *text)
{
	if (flag)
		buf_printf(out, " %s", text);
}

static void put_column(struct buf *out, const struct ddl_column *c)
{
	buf_printf(out, " %.*s %s", SLICE_FMT(c->name), column_type_name(c->type.id));
	if (c->type.spatial.len > 0)
		buf_printf(out, "=%.*s", SLICE_FMT(c->type.spatial));
	if (c->type.length >= 0)
		buf_printf(out, "(%lld", (long long)c->type.length);
	if (c->type.scale >= 0)
		buf_printf(out, ",%d", c->type.scale);
	if (c->type.length >= 0)
		buf_char(out, ')');
	for (unsigned i = 0; i < c->type.nlabels; i++)
		buf_printf(out, " <%.*s>", SLICE_FMT(c->type.labels[i]));
	put_flag(out, c->type.is_unsigned, "unsigned");
	put_flag(out, c->type.zerofill, "zerofill");
	if (c->type.has_charset)
		buf_printf(out, " charset=%s", charset_name(c->type.charset));
	put_flag(out, c->nullable == DDL_NULL, "null");
	put_flag(out, c->nullable == DDL_NOT_NULL, "not_null");
	put_flag(out, c->generated == DDL_VIRTUAL, "virtual");
	put_flag(out, c->generated == DDL_STORED, "stored");
	put_flag(out, c->row_start, "row_start");
	put_flag(out, c->row_end, "row_end");
	put_flag(out, c->auto_increment, "auto_increment");
	put_flag(out, c->invisible, "invisible");
	put_flag(out, c->type.compressed, "compressed");
	put_flag(out, c->versioned, "versioned");
	put_flag(out, c->unversioned, "unversioned");
	put_flag(out, c->primary, "primary");
	put_flag(out, c->unique, "unique");
	put_flag(out, c->references, "references");
	put_flag(out, c->place == DDL_PLACE_FIRST, "first");
	if (c->place == DDL_PLACE_AFTER)
		buf_printf(out, " after=%.*s", SLICE_FMT(c->after));
}

static void put_key(struct buf *out, const struct ddl_key *key)
{
	static const char *const kinds[] = {"primary", "unique", "index", "other", "foreign"};
	buf_printf(out, " %s", kinds[key->kind]);
	if (key->name.len > 0)
		buf_printf(out, " %.*s", SLICE_FMT(key->name));
	buf_put(out, SLICE(" ("));
	for (unsigned i = 0; i < key->nparts; i++) {
		buf_put(out, i ? SLICE(", ") : SLICE(""));
		if (key->parts[i].column.ptr)
			buf_put(out, key->parts[i].column);
		else
			buf_put(out, SLICE("expression"));
		if (key->parts[i].prefix)
			buf_printf(out, "(%u)", key->parts[i].prefix);
	}
	buf_char(out, ')');
	put_flag(out, key->using_hash, "hash");
	if (key->period.len > 0)
		buf_printf(out, " period=%.*s", SLICE_FMT(key->period));
}

static void put_spec(struct buf *out, const struct ddl_spec *spec)
{
	static const char *const names[] = {
#define X(id) #id,
		DDL_SPECS(X)
#undef X
	};
	buf_printf(out, "\n  %s", names[spec->kind]);
	put_flag(out, spec->if_exists, "if_exists");
	if (spec->old.len > 0)
		buf_printf(out, " old=%.*s", SLICE_FMT(spec->old));
	if (spec->name.len > 0)
		buf_printf(out, " name=%.*s", SLICE_FMT(spec->name));
	if (spec->kind == DDL_SPEC_ADD_COLUMN || spec->kind == DDL_SPEC_CHANGE_COLUMN)
		put_column(out, &spec->column);
	if (spec->kind == DDL_SPEC_ADD_KEY)
		put_key(out, &spec->key);
	if (spec->kind == DDL_SPEC_CHARSET || spec->kind == DDL_SPEC_CONVERT)
		buf_printf(out, " %s", spec->has_charset ? charset_name(spec->charset) : "default");
	if (spec->to.table.len > 0)
		put_name(out, &spec->to);
}

static void put_step(struct buf *out, const struct ddl_step *step)
{
	buf_put(out, slice_str(step_names[step->kind]));
	if (step->name.db.len > 0 || step->name.table.len > 0)
		put_name(out, &step->name);
	if (step->other.table.len > 0) {
		buf_put(out, SLICE(" ->"));
		put_name(out, &step->other);
	}
	put_flag(out, step->if_exists, "if_exists");
	put_flag(out, step->or_replace, "or_replace");
	if (step->has_charset)
		buf_printf(out, " charset=%s", charset_name(step->charset));
	for (unsigned i = 0; i < step->nspecs; i++)
		put_spec(out, &step->specs[i]);
	if (step->reason.len > 0)
		buf_printf(out, ": %.*s", SLICE_FMT(step->reason));
	buf_char(out, '\n');
}

static void parse_to(struct buf *out, struct slice sql, const struct ddl_context *context)
{
	struct err err = ERR_INIT;
	struct arena arena;
	const struct ddl_step *steps;
	unsigned n;
	arena_init(&arena, 0);
	assert_int_equal(ddl_parse(sql, context, &arena, &steps, &n, &err), 0);
	assert_true(n >= 1);
	for (unsigned i = 0; i < n; i++)
		put_step(out, &steps[i]);
	arena_fini(&arena);
}

/* "mariadb 101119 ansi_quotes db=shop" */
static struct ddl_context read_context(struct slice text)
{
	struct ddl_context context = {.db = SLICE("shop")};
	while (text.len > 0) {
		const char *end = memchr(text.ptr, ' ', text.len);
		struct slice word = slice_of(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
		size_t n = word.len + (end != NULL);
		text = slice_of(text.ptr + n, text.len - n);
		if (slice_equal(word, SLICE("mariadb")))
			context.mariadb = true;
		else if (slice_equal(word, SLICE("ansi_quotes")))
			context.sql_mode |= SQL_MODE_ANSI_QUOTES;
		else if (slice_equal(word, SLICE("no_backslash_escapes")))
			context.sql_mode |= SQL_MODE_NO_BACKSLASH_ESCAPES;
		else if (slice_equal(word, SLICE("real_as_float")))
			context.sql_mode |= SQL_MODE_REAL_AS_FLOAT;
		else if (slice_equal(word, SLICE("oracle")))
			context.sql_mode |= SQL_MODE_ORACLE;
		else if (slice_equal(word, SLICE("mssql")))
			context.sql_mode |= SQL_MODE_MSSQL | SQL_MODE_ANSI_QUOTES;
		else if (slice_equal(word, SLICE("maxdb")))
			context.sql_mode |= SQL_MODE_MAXDB | SQL_MODE_ANSI_QUOTES;
		else if (slice_equal(word, SLICE("utf8_is_mb4")))
			context.utf8_is_mb4 = true;
		else if (slice_equal(word, SLICE("if_exists")))
			context.if_exists = true;
		else if (slice_equal(word, SLICE("nodb")))
			context.db = SLICE("");
		else if (word.len > 0 && word.ptr[0] >= '0' && word.ptr[0] <= '9')
			context.version = (unsigned)strtoul(word.ptr, NULL, 10);
		else if (word.len > 0)
			fail_msg("unknown context word %.*s", SLICE_FMT(word));
	}
	return context;
}

static struct slice next_line(struct slice *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	struct slice line = slice_of(text->ptr, end ? (size_t)(end - text->ptr) : text->len);
	size_t n = line.len + (end != NULL);
	*text = slice_of(text->ptr + n, text->len - n);
	return line;
}

/* One case: lines that start with "> " are the statement, the others are the expected steps. */
struct ddl_case {
	struct ddl_context context;
	struct buf sql, expected;
};

static void run_case(struct ddl_case *c)
{
	struct buf found;
	if (c->sql.len == 0)
		return;
	c->sql.len--; /* the newline of the last line */
	buf_init(&found);
	parse_to(&found, buf_slice(&c->sql), &c->context);
	if (!slice_equal(buf_slice(&found), buf_slice(&c->expected)))
		fail_msg("%.*s\nexpected:\n%.*s\nfound:\n%.*s", (int)c->sql.len, c->sql.ptr,
			 (int)c->expected.len, c->expected.ptr, (int)found.len, found.ptr);
	buf_fini(&found);
	buf_clear(&c->sql);
	buf_clear(&c->expected);
}

static void add_line(struct ddl_case *c, struct slice line)
{
	bool statement = slice_starts(line, SLICE("> "));
	struct buf *buf = statement ? &c->sql : &c->expected;
	if (statement)
		line = slice_of(line.ptr + 2, line.len - 2);
	buf_put(buf, line);
	buf_char(buf, '\n');
}

static unsigned run_cases(void)
{
	struct err err = ERR_INIT;
	struct ddl_case c = {.context = {.db = SLICE("shop")}};
	struct buf content;
	unsigned n = 0;
	buf_init(&content);
	assert_int_equal(file_read(DATA_FILE, &content, &err), 0);
	for (struct slice rest = buf_slice(&content); rest.len > 0;) {
		struct slice line = next_line(&rest);
		if (line.len == 0) {
			n += c.sql.len > 0;
			run_case(&c);
		} else if (slice_starts(line, SLICE("@"))) {
			c.context = read_context(slice_of(line.ptr + 1, line.len - 1));
		} else if (line.ptr[0] != '#') {
			add_line(&c, line);
		}
	}
	n += c.sql.len > 0;
	run_case(&c);
	buf_fini(&c.sql);
	buf_fini(&c.expected);
	buf_fini(&content);
	return n;
}

static void test_table(void **state)
{
	(void)state;
	assert_true(run_cases() > 100);
}

/* Every prefix of every statement gives a step without a crash. Run it under ASan. */
static void test_prefixes(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	struct buf content;
	buf_init(&content);
	assert_int_equal(file_read(DATA_FILE, &content, &err), 0);
	for (struct slice rest = buf_slice(&content); rest.len > 0;) {
		struct slice line = next_line(&rest);
		for (size_t n = 2; slice_starts(line, SLICE("> ")) && n <= line.len; n++) {
			struct ddl_context context = {.db = SLICE("d"), .mariadb = n % 2};
			struct buf out;
			char *copy = malloc(n); /* so that ASan sees an over-read */
			buf_init(&out);
			memcpy(copy, line.ptr + 2, n - 2);
			parse_to(&out, slice_of(copy, n - 2), &context);
			buf_fini(&out);
			free(copy);
		}
	}
	buf_fini(&content);
}

static void expect_kind(struct slice sql, enum ddl_step_kind kind)
{
	struct err err = ERR_INIT;
	struct ddl_context context = {.db = SLICE("d")};
	struct arena arena;
	const struct ddl_step *steps;
	unsigned n;
	arena_init(&arena, 1 << 20);
	assert_int_equal(ddl_parse(sql, &context, &arena, &steps, &n, &err), 0);
	assert_int_equal(steps[0].kind, kind);
	arena_fini(&arena);
}

/* Returns the CPU time of this thread, which the machine's load does not change. */
static int64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t time_columns(unsigned ncolumns)
{
	struct buf sql;
	buf_init(&sql);
	buf_put(&sql, SLICE("CREATE TABLE t ("));
	for (unsigned i = 0; i < ncolumns; i++)
		buf_printf(&sql, "%sc%u enum('a','b''c') comment '/* */' default (((1)))",
			   i ? "," : "", i);
	buf_char(&sql, ')');
	int64_t begin = cpu_ns();
	expect_kind(buf_slice(&sql), DDL_STEP_CREATE_TABLE);
	int64_t took = cpu_ns() - begin;
	buf_fini(&sql);
	return took;
}

/* A text of sixteen times the length may take more than sixteen times as long because of caches, but not the 256 times of a
 * parser that backtracks. */
static void test_linear(void **state)
{
	(void)state;
	int64_t small = 0, large = 0;
	for (unsigned i = 0; i < 5; i++) {
		int64_t a = time_columns(1000), b = time_columns(16000);
		small = i == 0 || a < small ? a : small;
		large = i == 0 || b < large ? b : large;
	}
	assert_true(large < small * 100);
}

static void repeat(const char *head, const char *unit, enum ddl_step_kind kind)
{
	struct buf sql;
	buf_init(&sql);
	buf_put(&sql, slice_str(head));
	for (unsigned i = 0; i < 200000; i++)
		buf_put(&sql, slice_str(unit));
	expect_kind(buf_slice(&sql), kind);
	buf_fini(&sql);
}

/* Nesting uses no stack, and text without an end does not hang the parser. */
static void test_deep(void **state)
{
	(void)state;
	repeat("CREATE TABLE t (a int default ", "(", DDL_STEP_UNPLACED);
	repeat("CREATE TABLE t (a int check ", "()", DDL_STEP_UNPLACED);
	repeat("ALTER TABLE t ", "/*!50000 ", DDL_STEP_UNPLACED);
	repeat("", "/*!99999 /* ", DDL_STEP_UNPLACED);
	repeat("", "SET STATEMENT a=1 FOR ", DDL_STEP_UNPLACED);
	repeat("CREATE ", "DEFINER=a@b ", DDL_STEP_UNPLACED);
	repeat("ALTER TABLE t ADD a int", ", ADD b int", DDL_STEP_ALTER_TABLE);
	repeat("DROP TABLE a", ",a", DDL_STEP_DROP_TABLE);
	repeat("INSERT INTO t VALUES (1)", ",(1)", DDL_STEP_DML);
	repeat("ALTER TABLE t ORDER BY a", ",a", DDL_STEP_ALTER_TABLE);
	repeat("CREATE TABLE t (a enum('a'", ",'a'", DDL_STEP_UNPLACED);
	repeat("", "-- \n", DDL_STEP_NONE);
	repeat("CREATE TABLE t (a int) ", "'", DDL_STEP_UNPLACED);
}

/* The text is in the client's character set: characters of sjis contain the bytes of '\' and '`'. */
static void test_charset_client(void **state)
{
	(void)state;
	struct ddl_context context = {.db = SLICE("d"), .charset_client = 13};
	struct buf out;
	buf_init(&out);
	parse_to(&out, SLICE("CREATE TABLE `\x83\x5c` (a enum('\x83\x5c','\x83\x60') )"), &context);
	assert_slice(buf_slice(&out), "create_table d.ソ\n  ADD_COLUMN a enum <ソ> <チ>\n");
	buf_clear(&out);
	context.charset_client = 8; /* latin1 */
	parse_to(&out, SLICE("DROP TABLE \xe4"), &context);
	assert_slice(buf_slice(&out), "drop_table d.ä\n");
	buf_clear(&out);
	context.charset_client = 63; /* binary: read as UTF-8 */
	parse_to(&out, SLICE("DROP TABLE ä"), &context);
	assert_slice(buf_slice(&out), "drop_table d.ä\n");
	buf_fini(&out);
}

static void test_charset_unknown(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	struct ddl_context context = {.db = SLICE("d"), .charset_client = 60000};
	struct arena arena;
	const struct ddl_step *steps;
	unsigned n;
	arena_init(&arena, 0);
	assert_int_equal(ddl_parse(SLICE("DROP TABLE a"), &context, &arena, &steps, &n, &err), 0);
	assert_int_equal(ddl_parse(SLICE("DROP TABLE \xe4"), &context, &arena, &steps, &n, &err),
			 -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "60000"));
	arena_fini(&arena);
}

/* docs/operations.md contains every variable of the list. */
static void test_variables(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	struct buf docs;
	buf_init(&docs);
	assert_int_equal(file_read("docs/operations.md", &docs, &err), 0);
	for (unsigned i = 0; i < ddl_nvariables; i++) {
		struct buf row;
		buf_init(&row);
		buf_printf(&row, "\n| `%s` | ", ddl_variables[i].name);
		if (memmem(docs.ptr, docs.len, row.ptr, row.len) == NULL)
			fail_msg("docs/operations.md lacks %s", ddl_variables[i].name);
		buf_fini(&row);
	}
	buf_fini(&docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),          cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_linear),         cmocka_unit_test(test_deep),
		cmocka_unit_test(test_charset_client), cmocka_unit_test(test_charset_unknown),
		cmocka_unit_test(test_variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
