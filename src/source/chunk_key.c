#include "source/chunk_key.h"

#include "source/chunk_sql.h"
#include "source/conn_priv.h"
#include "source/server.h"
#include "source/server_error.h"

void chunk_key_sign(const struct chunk_key *key, const struct table *table, const char *where,
		    const struct server *server, struct buf *text)
{
	buf_put(text, key->index);
	for (unsigned i = 0; i < key->nparts; i++) {
		const struct chunk_part *part = &key->parts[i];
		const struct column *column = &table->columns[part->column];
		buf_put(text, i ? SLICE(", ") : SLICE(" ("));
		conn_quote_name(column->name, text);
		buf_char(text, ' ');
		buf_put(text, column->sql_type);
		if (part->collation.len)
			buf_printf(text, " collate %.*s", SLICE_FMT(part->collation));
		if (part->descending)
			buf_put(text, SLICE(" desc"));
	}
	if (key->nparts)
		buf_char(text, ')');
	buf_printf(text, " on %s %u", server->mariadb ? "MariaDB" : "MySQL", server->version);
	if (where)
		buf_printf(text, " where (%s)", where);
}

/* ---- which key ---- */

/* The rows of SHOW KEYS of one index. */
struct listed {
	const struct result *result;
	unsigned first, n;
};

static bool has_word(const struct listed *key, unsigned part, const char *column, const char *word)
{
	return slice_equal_nocase(result_named(key->result, key->first + part, column),
				  slice_str(word));
}

static struct listed next_key(const struct result *result, unsigned first)
{
	struct slice name = result_named(result, first, "Key_name");
	struct listed key = {result, first, 1};

	while (first + key.n < result->nrows &&
	       slice_equal(result_named(result, first + key.n, "Key_name"), name))
		key.n++;
	return key;
}

/* Returns whether the server may take a unique key for the primary one: without NULLs and prefixes, and not a hash that MariaDB
 * keeps of long columns. */
static bool is_like_primary(const struct listed *key, const struct table *table)
{
	if (!has_word(key, 0, "Non_unique", "0") ||
	    (has_word(key, 0, "Index_type", "HASH") &&
	     !slice_equal_nocase(table->engine, SLICE("MEMORY"))))
		return false;
	for (unsigned i = 0; i < key->n; i++)
		if (has_word(key, i, "Null", "YES") ||
		    result_named(key->result, key->first + i, "Sub_part").ptr)
			return false;
	return true;
}

/* The server lists the keys in its own order, the primary key first. */
static bool find_key(const struct result *result, const struct table *table, struct listed *found)
{
	for (unsigned at = 0; at < result->nrows; at += found->n) {
		*found = next_key(result, at);
		if (has_word(found, 0, "Key_name", "PRIMARY") || is_like_primary(found, table))
			return true;
	}
	return false;
}

/* ---- its parts ---- */

static bool take_part(const struct listed *key, unsigned at, const struct table *table,
		      struct chunk_part *part)
{
	unsigned row = key->first + at;
	struct slice name = result_named(key->result, row, "Column_name");
	int column = name.ptr ? table_column(table, name) : -1;

	if (column < 0 || table->columns[column].is_virtual ||
	    result_named(key->result, row, "Sub_part").ptr)
		return false;
	part->column = (unsigned)column;
	part->literal = chunk_literal_of(&table->columns[column]);
	part->descending = has_word(key, at, "Collation", "D");
	return true;
}

/* Takes a key whose parts are whole stored columns. Otherwise leaves it without parts. */
static void take_key(const struct listed *listed, const struct table *table,
		     struct chunk_part *parts, struct arena *arena, struct chunk_key *key)
{
	for (unsigned i = 0; i < listed->n; i++)
		if (!take_part(listed, i, table, &parts[i]))
			return;
	key->index = arena_copy(arena, result_named(listed->result, listed->first, "Key_name"));
	key->nparts = listed->n;
	key->parts = parts;
	while (has_word(listed, 0, "Index_type", "BTREE") && key->ncut < key->nparts &&
	       parts[key->ncut].literal != CHUNK_LITERAL_NONE)
		key->ncut++;
}

static bool is_time(const struct table *table, const struct chunk_part *part)
{
	enum type_class class = column_type_class(table->columns[part->column].type);

	return class == CLASS_DATE || class == CLASS_DATETIME;
}

/* Drops the key if it is one of MariaDB's WITHOUT OVERLAPS, which ends with the two columns of a period. Only the definition of the
 * table shows that. */
static int drop_period_key(struct conn *conn, const struct chunk_query *query,
			   struct chunk_key *key, struct err *err)
{
	struct result result;
	struct buf sql;
	int rc;

	if (!conn_server(conn)->mariadb || key->nparts < 3 ||
	    !is_time(query->table, &key->parts[key->nparts - 2]) ||
	    !is_time(query->table, &key->parts[key->nparts - 1]))
		return 0;
	buf_init(&sql);
	buf_put(&sql, SLICE("SHOW"));
	chunk_sql_comment(&sql, query);
	buf_put(&sql, SLICE("CREATE TABLE "));
	chunk_sql_table(&sql, query->table);
	rc = conn_query(conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc)
		return -1;
	struct slice text = result_cell(&result, 0, 1);
	if (text.ptr && memmem(text.ptr, text.len, "WITHOUT OVERLAPS", 16))
		*key = (struct chunk_key){.nparts = 0};
	result_fini(&result);
	return 0;
}

/* ---- collations ---- */

static bool has_text(const struct chunk_key *key)
{
	for (unsigned i = 0; i < key->nparts; i++)
		if (key->parts[i].literal == CHUNK_LITERAL_TEXT)
			return true;
	return false;
}

static void take_collation(const struct result *result, unsigned row, const struct table *table,
			   struct arena *arena, struct chunk_part *parts, unsigned n)
{
	int column = table_column(table, result_cell(result, row, 0));

	for (unsigned i = 0; i < n; i++) {
		if ((int)parts[i].column != column || parts[i].literal != CHUNK_LITERAL_TEXT)
			continue;
		parts[i].charset = arena_copy(arena, result_cell(result, row, 1));
		parts[i].collation = arena_copy(arena, result_cell(result, row, 2));
	}
}

static int load_collations(struct conn *conn, const struct chunk_query *query, struct arena *arena,
			   struct chunk_part *parts, unsigned n, struct err *err)
{
	const struct table *table = query->table;
	struct result result;
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT"));
	chunk_sql_comment(&sql, query);
	buf_put(&sql, SLICE("column_name, character_set_name, collation_name FROM "
			    "information_schema.columns WHERE collation_name IS NOT NULL AND "
			    "table_schema = "));
	conn_quote(conn, table->db, &sql);
	buf_put(&sql, SLICE(" AND table_name = "));
	conn_quote(conn, table->name, &sql);
	rc = conn_query(conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc)
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		take_collation(&result, i, table, arena, parts, n);
	result_fini(&result);
	return 0;
}

/* A part without a collation has been changed since: the table is one range, or its read finds the change. */
static void limit_cut(struct chunk_key *key)
{
	for (unsigned i = 0; i < key->ncut; i++)
		if (key->parts[i].literal == CHUNK_LITERAL_TEXT && !key->parts[i].collation.len)
			key->ncut = i;
}

/* ---- all ---- */

static int list_keys(struct conn *conn, const struct chunk_query *query, struct result *result,
		     struct err *err)
{
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SHOW"));
	chunk_sql_comment(&sql, query);
	buf_put(&sql, SLICE("KEYS FROM "));
	chunk_sql_table(&sql, query->table);
	rc = conn_query(conn, result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	return rc;
}

static int load_key(struct conn *conn, const struct chunk_query *query, struct arena *arena,
		    struct chunk_key *key, struct err *err)
{
	struct chunk_part *parts = NULL;
	struct result result;
	struct listed found;

	if (list_keys(conn, query, &result, err))
		return -1;
	if (find_key(&result, query->table, &found)) {
		parts = ARENA_ARRAY(arena, found.n, struct chunk_part);
		take_key(&found, query->table, parts, arena, key);
	}
	result_fini(&result);
	if (drop_period_key(conn, query, key, err))
		return -1;
	if (has_text(key) && load_collations(conn, query, arena, parts, key->nparts, err))
		return -1;
	limit_cut(key);
	return 0;
}

int server_load_key(struct conn *conn, const struct chunk_query *query, struct arena *arena,
		    struct chunk_key *key, struct err *err)
{
	*key = (struct chunk_key){.nparts = 0};
	if (load_key(conn, query, arena, key, err) == 0)
		return 0;
	err->retriable |= server_error_table_changed(conn_errno(conn));
	return -1;
}
