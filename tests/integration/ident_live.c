/* ident_live: names without case against real servers: every character that a name may have is compared, in names, by
 * the server and by ident_fold. Nothing is written to the servers.
 * TIDEWAY_TEST_MARIADB_PORT, TIDEWAY_TEST_MYSQL_PORT and (any further server) TIDEWAY_TEST_OTHER_PORT name the servers
 * (127.0.0.1, user root, no password). Exit code 77: no server given. */
#include "model/ident.h"
#include "source/conn.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	LAST = 0xffff,
	COLUMNS = 1000, /* of one query: the server compares each with each */
};

static struct conn *conn;
static enum ident_rules rules;
static unsigned nfailures;

static bool in_names(uint32_t code)
{
	return code > 0 && code <= LAST && (code < 0xd800 || code >= 0xe000);
}

/* A name cannot end with a space: the character is between two letters. */
static void put_name(struct buf *sql, uint32_t code)
{
	char text[5] = {0};
	struct buf name;
	buf_init(&name);
	if (code < 0x80)
		text[0] = (char)code;
	else if (code < 0x800)
		snprintf(text, sizeof(text), "%c%c", (int)(0xc0 | code >> 6),
			 (int)(0x80 | (code & 63)));
	else
		snprintf(text, sizeof(text), "%c%c%c", (int)(0xe0 | code >> 12),
			 (int)(0x80 | (code >> 6 & 63)), (int)(0x80 | (code & 63)));
	buf_printf(&name, "_%s_", text);
	conn_quote_name(buf_slice(&name), sql);
	buf_fini(&name);
}

static void fail(const char *what, const struct err *err)
{
	nfailures++;
	printf("%s: %s: %s\n", conn_server(conn)->version_text, what, err->text);
}

/* (SELECT 0 AS `_a_`, 1 AS `_b_`, ...) t: the server refuses two names that it treats as equal. */
static void put_derived(struct buf *sql, const uint32_t *codes, unsigned n)
{
	buf_put(sql, SLICE("(SELECT "));
	for (unsigned i = 0; i < n; i++) {
		buf_printf(sql, "%s%u AS ", i > 0 ? "," : "", i);
		put_name(sql, codes[i]);
	}
	buf_put(sql, SLICE(") t"));
}

static void check_distinct(const uint32_t *codes, unsigned n)
{
	struct err err = ERR_INIT;
	struct buf sql;
	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT 1 FROM "));
	put_derived(&sql, codes, n);
	if (n > 0 && conn_query(conn, NULL, &err, "%s", buf_cstr(&sql)) != 0)
		fail("two names are one to the server", &err);
	buf_fini(&sql);
}

enum { DUPLICATE_NAME = 1060 };

/* Check that the server treats the name as that of the character to which it folds. */
static void check_same(const uint32_t *codes, unsigned n)
{
	struct err err = ERR_INIT;
	struct buf sql;
	buf_init(&sql);
	for (unsigned i = 0; i < n; i++) {
		uint32_t pair[] = {codes[i], ident_fold(rules, codes[i])};
		buf_clear(&sql);
		buf_put(&sql, SLICE("SELECT 1 FROM "));
		put_derived(&sql, pair, 2);
		if (conn_query(conn, NULL, &err, "%s", buf_cstr(&sql)) == 0)
			snprintf(err.text, sizeof(err.text), "%s", buf_cstr(&sql));
		if (conn_errno(conn) != DUPLICATE_NAME)
			fail("two names are not one to the server", &err);
	}
	buf_fini(&sql);
}

/* Return whether a code has another case in either table. */
static bool has_case(uint32_t code)
{
	static bool marked[LAST + 1];
	static bool done;
	for (uint32_t c = 1; c <= LAST && !done; c++) {
		for (enum ident_rules r = IDENT_UNICODE_3; r <= IDENT_UNICODE_14; r++)
			if (ident_fold(r, c) != c)
				marked[c] = marked[ident_fold(r, c)] = true;
	}
	done = true;
	return marked[code];
}

/* take(code): whether the code belongs to this pass. */
static unsigned run(bool (*take)(uint32_t), void (*check)(const uint32_t *, unsigned))
{
	uint32_t codes[COLUMNS];
	unsigned n = 0, total = 0;
	for (uint32_t code = 1; code <= LAST; code++) {
		if (!in_names(code) || !take(code))
			continue;
		codes[n++] = code;
		total++;
		if (n == COLUMNS) {
			check(codes, n);
			n = 0;
		}
	}
	check(codes, n);
	return total;
}

static bool folds(uint32_t code)
{
	return ident_fold(rules, code) != code;
}

static bool stays(uint32_t code)
{
	return !folds(code) && !has_case(code);
}

/* Compare all characters that have a case with each other in one query. */
static unsigned check_cased(void)
{
	uint32_t codes[4 * COLUMNS];
	unsigned n = 0;
	for (uint32_t code = 1; code <= LAST; code++)
		if (in_names(code) && !folds(code) && has_case(code))
			codes[n++] = code;
	check_distinct(codes, n);
	return n;
}

static void check_server(const char *port)
{
	struct source_config config = {
		.host = "127.0.0.1", .port = (unsigned)atoi(port), .user = "root", .password = ""};
	struct source *source;
	struct err err = ERR_INIT;
	unsigned found, cased, others;
	source = source_new(&config);
	conn = conn_open(source, CONN_CONTROL, &err);
	if (conn == NULL) {
		fprintf(stderr, "connect: %s\n", err.text);
		exit(1);
	}
	rules = ident_rules_of(conn_server(conn)->mariadb, conn_server(conn)->version);
	found = run(folds, check_same);
	cased = check_cased();
	others = run(stays, check_distinct);
	printf("%s: %u characters fold, %u have a case and %u none, %u failures\n",
	       conn_server(conn)->version_text, found, cased, others, nfailures);
	if (found + cased + others != LAST - 0x800)
		nfailures++;
	conn_free(conn);
	source_free(source);
}

int main(void)
{
	static const char *const names[] = {"TIDEWAY_TEST_MARIADB_PORT", "TIDEWAY_TEST_MYSQL_PORT",
					    "TIDEWAY_TEST_OTHER_PORT"};
	unsigned nservers = 0;
	for (unsigned i = 0; i < 3; i++) {
		const char *port = getenv(names[i]);
		if (port == NULL)
			continue;
		nservers++;
		check_server(port);
	}
	if (nservers == 0)
		return 77;
	return nfailures > 0;
}
