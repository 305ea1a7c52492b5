/* catalog_load: loads all tables of a database from information_schema with four queries,
 * and one for each table that seems to have no key. */
#include "source/catalog_load.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "schema/catalog_contents.h"
#include "source/conn.h"
#include "source/server.h"

#include <stdio.h>
#include <stdlib.h>

/* The state of loading one database. */
struct load {
	struct catalog_contents found;
	bool mariadb;
	struct buf filter; /* "= 'shop'": condition of the queries */
};

static uint32_t number(struct slice text)
{
	uint32_t v = 0;
	for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		v = v * 10 + (uint32_t)(text.ptr[i] - '0');
	return v;
}

static bool equals(struct slice text, const char *word)
{
	return slice_equal_nocase(text, slice_str(word));
}

static bool contains(struct slice text, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= text.len; i++)
		if (equals(slice_of(text.ptr + i, n), word))
			return true;
	return false;
}

/* Loads name and character set of the database. If it does not exist, returns 0 and leaves
 * load->found.db.ptr NULL. */
static int load_schema(struct load *load, struct conn *conn, struct slice db, struct err *err)
{
	struct result result;
	struct buf name;
	buf_init(&name);
	conn_quote(conn, db, &name);
	int rc = conn_query(conn, &result, err,
			    "SELECT schema_name, default_character_set_name FROM "
			    "information_schema.schemata WHERE schema_name = %s",
			    buf_cstr(&name));
	buf_fini(&name);
	if (rc != 0)
		return -1;
	if (result.nrows > 0) {
		load->found.db = arena_copy(&load->found.arena, result_cell(&result, 0, 0));
		if (!charset_parse(result_cell(&result, 0, 1), &load->found.charset))
			rc = err_set(
				err, E_DATABASE_CHARSET,
				"database %.*s: the default character set %.*s is not supported. "
				"Change it (ALTER DATABASE ... CHARACTER SET utf8mb4)",
				SLICE_FMT(db), SLICE_FMT(result_cell(&result, 0, 1)));
	}
	result_fini(&result);
	return rc;
}

static void take_table(struct load *load, const struct result *result, unsigned row)
{
	struct slice name = arena_copy(&load->found.arena, result_cell(result, row, 0));
	struct slice collation = result_cell(result, row, 2);
	struct found_table *found = &load->found.tables[load->found.ntables++];
	draft_init(&found->draft, &load->found.arena, load->found.db, name);
	found->draft.engine = arena_copy(&load->found.arena, result_cell(result, row, 1));
	found->draft.versioned = equals(result_cell(result, row, 3), "SYSTEM VERSIONED");
	/* a table that the server cannot open has no collation */
	if (collation.ptr == NULL || !charset_of_collation(collation, &found->draft.charset))
		found->draft.charset = load->found.charset;
	map_set(&load->found.by_name, name, found);
}

static int load_tables(struct load *load, struct conn *conn, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT table_name, engine, table_collation, table_type FROM "
		       "information_schema.tables WHERE table_schema %s",
		       buf_cstr(&load->filter)) != 0)
		return -1;
	load->found.tables = ARENA_ARRAY(&load->found.arena, result.nrows, struct found_table);
	load->found.others = ARENA_ARRAY(&load->found.arena, result.nrows, struct slice);
	for (unsigned i = 0; i < result.nrows; i++) {
		struct slice type = result_cell(&result, i, 3);
		if (equals(type, "BASE TABLE") || equals(type, "SYSTEM VERSIONED"))
			take_table(load, &result, i);
		else
			load->found.others[load->found.nothers++] =
				arena_copy(&load->found.arena, result_cell(&result, i, 0));
	}
	result_fini(&result);
	return 0;
}

static void leave_out(struct load *load, struct found_table *found, struct slice column,
		      const char *what, struct slice value)
{
	if (!found->unknown)
		log_warn("table %.*s.%.*s: column %.*s has %s %.*s, which this version does not "
			 "support. Its changes are not followed",
			 SLICE_FMT(load->found.db), SLICE_FMT(found->draft.name), SLICE_FMT(column),
			 what, SLICE_FMT(value));
	found->unknown = true;
	load->found.partial = true;
}

/* Adds the column of a row: table_name, column_name, data_type, column_type, is_nullable,
 * character_set_name, extra. */
static void take_column(struct load *load, const struct result *result, unsigned row)
{
	struct found_table *found = map_get(&load->found.by_name, result_cell(result, row, 0));
	struct slice name = result_cell(result, row, 1), data_type = result_cell(result, row, 2);
	struct slice charset = result_cell(result, row, 5), extra = result_cell(result, row, 6);
	if (found == NULL)
		return;
	struct column *column = &draft_add_column(&found->draft)->column;
	if (!column_type_parse(data_type, &column->type)) {
		leave_out(load, found, name, "type", data_type);
		return;
	}
	if (charset.ptr != NULL && !charset_parse(charset, &column->charset))
		leave_out(load, found, name, "character set", charset);
	column->name = arena_copy(&load->found.arena, name);
	column->sql_type = arena_copy(&load->found.arena, result_cell(result, row, 3));
	column->nullable = equals(result_cell(result, row, 4), "YES");
	column->is_virtual = contains(extra, "VIRTUAL GENERATED");
	column->is_stored = contains(extra, "STORED GENERATED") || contains(extra, "PERSISTENT");
	column->invisible = contains(extra, "INVISIBLE");
	draft_read_type(column, &load->found.arena);
}

/* A row of the columns, and what it is sorted by. */
struct column_row {
	struct slice table;
	uint32_t position;
	unsigned row;
};

static int compare_columns(const void *a, const void *b)
{
	const struct column_row *x = a, *y = b;
	int order = slice_compare(x->table, y->table);
	return order ? order : x->position < y->position ? -1 : x->position > y->position;
}

/* Add the columns in their order. The server would sort them in a table of its own, which takes it longer than all the rest of the
 * query. */
static void take_columns(struct load *load, const struct result *result)
{
	struct column_row *rows = mem_array(result->nrows + 1, sizeof(*rows));
	for (unsigned i = 0; i < result->nrows; i++)
		rows[i] = (struct column_row){result_cell(result, i, 0),
					      number(result_cell(result, i, 7)), i};
	qsort(rows, result->nrows, sizeof(*rows), compare_columns);
	for (unsigned i = 0; i < result->nrows; i++)
		take_column(load, result, rows[i].row);
	free(rows);
}

static int load_columns(struct load *load, struct conn *conn, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT table_name, column_name, data_type, column_type, is_nullable, "
		       "character_set_name, extra, ordinal_position FROM "
		       "information_schema.columns WHERE table_schema %s",
		       buf_cstr(&load->filter)) != 0)
		return -1;
	take_columns(load, &result);
	result_fini(&result);
	return 0;
}

/* Loads labels that information_schema cannot show. Leaves out tables for which the server refuses
 * that: without the SELECT privilege, or with a missing engine. */
static int load_labels(struct load *load, struct conn *conn, struct err *err)
{
	for (unsigned i = 0; i < load->found.ntables; i++) {
		struct found_table *found = &load->found.tables[i];
		bool refused;
		if (found->unknown || catalog_load_labels(&found->draft, conn, &refused, err) == 0)
			continue;
		if (!refused)
			return -1;
		log_warn("table %.*s.%.*s: the labels of its ENUM and SET columns cannot be read: "
			 "%s. Its changes are not followed",
			 SLICE_FMT(load->found.db), SLICE_FMT(found->draft.name), err_cause(err));
		*err = (struct err)ERR_INIT;
		found->unknown = load->found.partial = true;
	}
	return 0;
}

static struct draft_key *key_of(struct draft *draft, struct slice name, unsigned nparts)
{
	/* the parts of a key follow one another: it is the last key or a new key */
	if (draft->nkeys > 0 && slice_equal(draft->keys[draft->nkeys - 1].name, name))
		return &draft->keys[draft->nkeys - 1];
	struct draft_key *key = draft_add_key(draft);
	key->name = arena_copy(draft->arena, name);
	key->parts = ARENA_ARRAY(draft->arena, nparts, struct ddl_key_part);
	return key;
}

enum { KEY_PARTS_MAX = 64 }; /* the servers allow 16 or 32 */

/* Adds the key part of a row: table_name, index_name, non_unique, column_name, sub_part,
 * index_type. */
static void take_key_part(struct load *load, const struct result *result, unsigned row)
{
	struct found_table *found = map_get(&load->found.by_name, result_cell(result, row, 0));
	struct slice name = result_cell(result, row, 1), column = result_cell(result, row, 3);
	struct slice type = result_cell(result, row, 5);
	if (found == NULL)
		return;
	struct draft_key *key = key_of(&found->draft, name, KEY_PARTS_MAX);
	bool whole = equals(type, "FULLTEXT") || equals(type, "SPATIAL");
	key->kind = equals(name, "PRIMARY")                    ? DDL_KEY_PRIMARY
		    : equals(result_cell(result, row, 2), "0") ? DDL_KEY_UNIQUE
							       : DDL_KEY_INDEX;
	key->hash = load->mariadb && key->kind == DDL_KEY_UNIQUE && equals(type, "HASH") &&
		    !equals(found->draft.engine, "MEMORY");
	if (key->nparts == KEY_PARTS_MAX)
		return;
	struct ddl_key_part *part = &key->parts[key->nparts++];
	if (column.ptr != NULL)
		part->column = arena_copy(&load->found.arena, column);
	part->prefix = whole ? 0 : number(result_cell(result, row, 4));
}

/* Loads the key parts of the tables that the condition selects. */
static int load_keys_where(struct load *load, struct conn *conn, const char *condition,
			   struct err *err)
{
	struct result result;
	if (conn_query(
		    conn, &result, err,
		    "SELECT table_name, index_name, non_unique, column_name, sub_part, index_type "
		    "FROM information_schema.statistics WHERE table_schema %s%s "
		    "ORDER BY table_name, index_name, seq_in_index",
		    buf_cstr(&load->filter), condition) != 0)
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		take_key_part(load, &result, i);
	result_fini(&result);
	return 0;
}

/* Loads the keys of a table by its name. This waits for a statement that changes the table. */
static int load_keys_of(struct load *load, struct conn *conn, struct slice table, struct err *err)
{
	struct buf condition;
	buf_init(&condition);
	buf_put(&condition, SLICE(" AND table_name = "));
	conn_quote(conn, table, &condition);
	int rc = load_keys_where(load, conn, buf_cstr(&condition), err);
	buf_fini(&condition);
	return rc;
}

/* MariaDB lists the tables of a database by their files. At the moment when ALTER TABLE renames its
 * copy, the table has no file and the list omits its keys. A table that seems to have none is
 * loaded again by its name. */
static int load_keys(struct load *load, struct conn *conn, struct err *err)
{
	if (load_keys_where(load, conn, "", err) != 0)
		return -1;
	for (unsigned i = 0; load->mariadb && i < load->found.ntables; i++) {
		const struct draft *draft = &load->found.tables[i].draft;
		if (draft->nkeys == 0 && load_keys_of(load, conn, draft->name, err) != 0)
			return -1;
	}
	return 0;
}

enum { MARIADB_UTF8_ALIAS = 100601 }; /* older versions and MySQL: utf8 is always utf8mb3 */

static void take_variable(struct catalog_variables *variables, const struct server *server,
			  struct slice name, struct slice value)
{
	if (equals(name, "explicit_defaults_for_timestamp"))
		variables->implicit_timestamp = equals(value, "OFF");
	else if (equals(name, "old_mode"))
		variables->utf8_is_mb4 = server->mariadb && server->version >= MARIADB_UTF8_ALIAS &&
					 !contains(value, "UTF8_IS_UTF8MB3");
	else if (equals(name, "default_storage_engine"))
		snprintf(variables->engine, sizeof(variables->engine), "%.*s", SLICE_FMT(value));
}

int server_load_variables(struct catalog *catalog, struct conn *conn, struct err *err)
{
	struct result result;
	struct buf names;
	int rc;
	buf_init(&names);
	for (unsigned i = 0; i < ddl_nvariables; i++)
		if (ddl_variables[i].from == DDL_FROM_SERVER ||
		    ddl_variables[i].from == DDL_FROM_EVENT_OR_SERVER)
			buf_printf(&names, "%s'%s'", names.len ? "," : "", ddl_variables[i].name);
	rc = conn_query(conn, &result, err, "SHOW GLOBAL VARIABLES WHERE variable_name IN (%s)",
			buf_cstr(&names));
	buf_fini(&names);
	if (rc != 0)
		return -1;
	struct catalog_variables variables = {.engine = "InnoDB"};
	for (unsigned i = 0; i < result.nrows; i++)
		take_variable(&variables, conn_server(conn), result_cell(&result, i, 0),
			      result_cell(&result, i, 1));
	result_fini(&result);
	catalog_set_variables(catalog, &variables);
	return 0;
}

struct catalog *catalog_new_for(const struct conn *conn)
{
	const struct server *server = conn_server(conn);
	struct catalog *catalog = catalog_new(server->lower_case_table_names);
	catalog_set_idents(catalog, ident_rules_of(server->mariadb, server->version));
	return catalog;
}

static int load_all(struct load *load, struct catalog *catalog, struct conn *conn, struct slice db,
		    struct err *err)
{
	load->mariadb = conn_server(conn)->mariadb;
	if (catalog_load_variables(catalog, conn, err) != 0 ||
	    load_schema(load, conn, db, err) != 0)
		return -1;
	if (load->found.db.ptr == NULL)
		return 0;
	buf_put(&load->filter, SLICE("= "));
	conn_quote(conn, load->found.db, &load->filter);
	if (load_tables(load, conn, err) != 0 || load_columns(load, conn, err) != 0 ||
	    load_labels(load, conn, err) != 0 || load_keys(load, conn, err) != 0)
		return -1;
	return 0;
}

static void load_init(struct load *load)
{
	*load = (struct load){.mariadb = false};
	catalog_contents_init(&load->found);
	buf_init(&load->filter);
}

static void load_fini(struct load *load)
{
	buf_fini(&load->filter);
	catalog_contents_fini(&load->found);
}

int server_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			 struct err *err)
{
	struct load load;
	load_init(&load);
	int rc = load_all(&load, catalog, conn, db, err);
	if (rc == 0 && load.found.db.ptr == NULL)
		catalog_drop_database(catalog, db);
	else if (rc == 0)
		catalog_replace_database(catalog, &load.found);
	load_fini(&load);
	return rc;
}

/* ---- names ---- */

void name_list_fini(struct name_list *list)
{
	arena_fini(&list->arena);
}

/* Takes the first column of the result. */
static void take_names(struct name_list *list, struct result *result)
{
	arena_init(&list->arena, 0);
	list->n = result->nrows;
	list->names = ARENA_ARRAY(&list->arena, result->nrows + 1, struct slice);
	for (unsigned i = 0; i < result->nrows; i++)
		list->names[i] = arena_copy(&list->arena, result_cell(result, i, 0));
	result_fini(result);
}

int server_list_databases(struct conn *conn, bool system, struct name_list *list, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT "
		       "IN ('information_schema', 'performance_schema'%s)",
		       system ? "" : ", 'mysql', 'sys'") != 0)
		return -1;
	take_names(list, &result);
	return 0;
}

int server_list_tables(struct conn *conn, struct slice db, struct name_list *list, struct err *err)
{
	struct result result;
	struct buf quoted;
	int rc;
	buf_init(&quoted);
	conn_quote(conn, db, &quoted);
	rc = conn_query(conn, &result, err,
			"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
			"AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
			buf_cstr(&quoted));
	buf_fini(&quoted);
	if (rc != 0)
		return -1;
	take_names(list, &result);
	return 0;
}
