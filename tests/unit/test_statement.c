/* The effect of a Query event on the transaction. */
#include "unit.h"

#include "schema/statement.h"

static const struct {
	const char *sql;
	enum statement_kind kind;
	const char *name;
} statements[] = {
	{"BEGIN", STATEMENT_BEGIN, ""},
	{"begin work", STATEMENT_BEGIN, ""},
	{" /* x */ BEGIN ;", STATEMENT_BEGIN, ""},
	{"START TRANSACTION", STATEMENT_BEGIN, ""},
	{"START TRANSACTION WITH CONSISTENT SNAPSHOT", STATEMENT_BEGIN, ""},
	{"BEGIN NOT ATOMIC SELECT 1; END", STATEMENT_OTHER, ""},
	{"START SLAVE", STATEMENT_OTHER, ""},
	{"COMMIT", STATEMENT_COMMIT, ""},
	{"commit /* end */", STATEMENT_COMMIT, ""},
	{"COMMITTED", STATEMENT_OTHER, ""},
	{"ROLLBACK", STATEMENT_ROLLBACK, ""},
	{"ROLLBACK WORK", STATEMENT_ROLLBACK, ""},
	{"ROLLBACK /* added by mysqlbinlog */", STATEMENT_ROLLBACK, ""},
	{"SAVEPOINT `a b`", STATEMENT_SAVEPOINT, "a b"},
	{"SAVEPOINT sp1", STATEMENT_SAVEPOINT, "sp1"},
	{"SAVEPOINT `savepoint`", STATEMENT_SAVEPOINT, "savepoint"},
	{"SAVEPOINT", STATEMENT_OTHER, ""},
	{"SAVEPOINT `no end", STATEMENT_OTHER, ""},
	{"SAVEPOINT a b", STATEMENT_OTHER, ""},
	{"ROLLBACK TO `a b`", STATEMENT_ROLLBACK_TO, "a b"},
	{"ROLLBACK TO sp1", STATEMENT_ROLLBACK_TO, "sp1"},
	{"ROLLBACK TO SAVEPOINT `x`", STATEMENT_ROLLBACK_TO, "x"},
	{"ROLLBACK WORK TO savepoint", STATEMENT_ROLLBACK_TO, "savepoint"},
	{"rollback to savepoint savepoint", STATEMENT_ROLLBACK_TO, "savepoint"},
	{"ROLLBACK TO", STATEMENT_OTHER, ""},
	{"RELEASE SAVEPOINT `x`", STATEMENT_RELEASE, "x"},
	{"RELEASE", STATEMENT_OTHER, ""},
	{"XA START X'78',X'',1", STATEMENT_XA_START, "X'78',X'',1"},
	{"XA BEGIN 'x'", STATEMENT_XA_START, "'x'"},
	{"XA START 'x' JOIN", STATEMENT_XA_START, "'x'"},
	{"XA END X'78',X'',1", STATEMENT_XA_END, "X'78',X'',1"},
	{"XA END 'a','b', 5 SUSPEND FOR MIGRATE", STATEMENT_XA_END, "'a','b', 5"},
	{"XA PREPARE X'78',X'62',1", STATEMENT_XA_PREPARE, "X'78',X'62',1"},
	{"XA COMMIT X'78',X'62',1", STATEMENT_XA_COMMIT, "X'78',X'62',1"},
	{"xa commit 'x' one phase", STATEMENT_XA_COMMIT, "'x'"},
	{"XA COMMIT 'it''s',0x61 ;", STATEMENT_XA_COMMIT, "'it''s',0x61"},
	{"XA ROLLBACK X'78',X'',1 /* x */", STATEMENT_XA_ROLLBACK, "X'78',X'',1"},
	{"XA RECOVER", STATEMENT_OTHER, ""},
	{"XA", STATEMENT_OTHER, ""},
	{"", STATEMENT_OTHER, ""},
	{"`BEGIN`", STATEMENT_OTHER, ""},
	{"'COMMIT'", STATEMENT_OTHER, ""},
	{"BEGINNING", STATEMENT_OTHER, ""},
	{"-- BEGIN", STATEMENT_OTHER, ""},
	{"# x\nCOMMIT", STATEMENT_COMMIT, ""},
	{"/*!40000 COMMIT */", STATEMENT_COMMIT, ""},
	{"/* BEGIN", STATEMENT_OTHER, ""},
	{"CREATE TABLE t (a int)", STATEMENT_OTHER, ""},
	{"INSERT INTO t VALUES (1)", STATEMENT_OTHER, ""},
};

static void test_statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		struct slice name;
		enum statement_kind kind = statement_parse(slice_str(statements[i].sql), &name);
		if (kind != statements[i].kind || !slice_equal(name, slice_str(statements[i].name)))
			fail_msg("%s: kind %d, name \"%.*s\"", statements[i].sql, (int)kind,
				 SLICE_FMT(name));
	}
}

/* Every prefix is parsed without an over-read. */
static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		for (size_t n = 0; n <= strlen(statements[i].sql); n++) {
			struct slice name;
			char *copy = test_malloc(n);
			memcpy(copy, statements[i].sql, n);
			enum statement_kind kind = statement_parse(slice_of(copy, n), &name);
			assert_true(kind <= STATEMENT_XA_ROLLBACK);
			assert_true(name.len <= n);
			test_free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_prefixes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
