/* catalog_load: the tables of a database as information_schema gives them, in four queries however many
 * tables there are. */
#include "source/catalog_priv.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "source/conn.h"

#include <stdio.h>

/* One loading: the drafts of the tables found, by name. */
struct load {
	struct arena arena;
	struct map by_name; /* names as the server gives them to struct loaded */
	struct loaded *tables;
	unsigned ntables;
	struct slice db; /* as the server spells it */
	enum charset charset;
	struct slice *others; /* names of views and sequences */
	unsigned nothers;
	bool partial; /* a table was left out */
	bool mariadb;
	struct buf filter; /* "= 'shop'" and, for one table, " AND table_name = 't'" */
};

struct loaded {
	struct draft draft;
	bool unknown; /* left out: it has something that we do not know */
};

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

/* Gives 0 and load->db.ptr NULL when there is no such database. */
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
		load->db = arena_copy(&load->arena, result_cell(&result, 0, 0));
		if (!charset_parse(result_cell(&result, 0, 1), &load->charset))
			rc = err_set(err, ERR_SOURCE,
				     "database %.*s: default character set %.*s is not known here; "
				     "change it (ALTER DATABASE ... CHARACTER SET utf8mb4)",
				     SLICE_FMT(db), SLICE_FMT(result_cell(&result, 0, 1)));
	}
	result_fini(&result);
	return rc;
}

static void take_table(struct load *load, const struct result *result, unsigned row)
{
	struct slice name = arena_copy(&load->arena, result_cell(result, row, 0));
	struct slice collation = result_cell(result, row, 2);
	struct loaded *loaded = &load->tables[load->ntables++];
	draft_init(&loaded->draft, &load->arena, load->db, name);
	loaded->draft.engine = arena_copy(&load->arena, result_cell(result, row, 1));
	loaded->draft.versioned = equals(result_cell(result, row, 3), "SYSTEM VERSIONED");
	/* a table that cannot be opened has no collation */
	if (collation.ptr == NULL || !charset_of_collation(collation, &loaded->draft.charset))
		loaded->draft.charset = load->charset;
	map_set(&load->by_name, name, loaded);
}

static int load_tables(struct load *load, struct conn *conn, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT table_name, engine, table_collation, table_type FROM "
		       "information_schema.tables WHERE table_schema %s",
		       buf_cstr(&load->filter)) != 0)
		return -1;
	load->tables = ARENA_ARRAY(&load->arena, result.nrows, struct loaded);
	load->others = ARENA_ARRAY(&load->arena, result.nrows, struct slice);
	for (unsigned i = 0; i < result.nrows; i++) {
		struct slice type = result_cell(&result, i, 3);
		if (equals(type, "BASE TABLE") || equals(type, "SYSTEM VERSIONED"))
			take_table(load, &result, i);
		else
			load->others[load->nothers++] =
				arena_copy(&load->arena, result_cell(&result, i, 0));
	}
	result_fini(&result);
	return 0;
}

static void leave_out(struct load *load, struct loaded *loaded, struct slice column,
		      const char *what, struct slice value)
{
	if (!loaded->unknown)
		log_warn(
			"%.*s.%.*s: column %.*s has %s %.*s, which is not known here; the table is "
			"not followed",
			SLICE_FMT(load->db), SLICE_FMT(loaded->draft.name), SLICE_FMT(column), what,
			SLICE_FMT(value));
	loaded->unknown = true;
	load->partial = true;
}

/* Row: table_name, column_name, data_type, column_type, is_nullable, character_set_name, extra. */
static void take_column(struct load *load, const struct result *result, unsigned row)
{
	struct loaded *loaded = map_get(&load->by_name, result_cell(result, row, 0));
	struct slice name = result_cell(result, row, 1), data_type = result_cell(result, row, 2);
	struct slice charset = result_cell(result, row, 5), extra = result_cell(result, row, 6);
	if (loaded == NULL)
		return;
	struct column *column = &draft_add_column(&loaded->draft)->column;
	if (!column_type_parse(data_type, &column->type)) {
		leave_out(load, loaded, name, "type", data_type);
		return;
	}
	if (charset.ptr != NULL && !charset_parse(charset, &column->charset))
		leave_out(load, loaded, name, "character set", charset);
	column->name = arena_copy(&load->arena, name);
	column->sql_type = arena_copy(&load->arena, result_cell(result, row, 3));
	column->nullable = equals(result_cell(result, row, 4), "YES");
	column->is_virtual = contains(extra, "VIRTUAL GENERATED");
	column->is_stored = contains(extra, "STORED GENERATED") || contains(extra, "PERSISTENT");
	column->invisible = contains(extra, "INVISIBLE");
	draft_read_type(column, &load->arena);
}

static int load_columns(struct load *load, struct conn *conn, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT table_name, column_name, data_type, column_type, is_nullable, "
		       "character_set_name, extra FROM "
		       "information_schema.columns WHERE table_schema %s "
		       "ORDER BY table_name, ordinal_position",
		       buf_cstr(&load->filter)) != 0)
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		take_column(load, &result, i);
	result_fini(&result);
	return 0;
}

/* A table that does not show its labels (no SELECT privilege, an engine that is not there) is not followed. */
static int load_labels(struct load *load, struct conn *conn, struct err *err)
{
	for (unsigned i = 0; i < load->ntables; i++) {
		struct loaded *loaded = &load->tables[i];
		bool refused;
		if (loaded->unknown ||
		    catalog_load_labels(&loaded->draft, conn, &refused, err) == 0)
			continue;
		if (!refused)
			return -1;
		log_warn(
			"%.*s.%.*s: the labels of its ENUM and SET columns cannot be read: %s; the "
			"table is not followed",
			SLICE_FMT(load->db), SLICE_FMT(loaded->draft.name), err->text);
		*err = (struct err)ERR_INIT;
		loaded->unknown = load->partial = true;
	}
	return 0;
}

static struct draft_key *key_of(struct draft *draft, struct slice name, unsigned nparts)
{
	/* the parts of a key stand together: it is the last one or a new one */
	if (draft->nkeys > 0 && slice_equal(draft->keys[draft->nkeys - 1].name, name))
		return &draft->keys[draft->nkeys - 1];
	struct draft_key *key = draft_add_key(draft);
	key->name = arena_copy(draft->arena, name);
	key->parts = ARENA_ARRAY(draft->arena, nparts, struct ddl_key_part);
	return key;
}

static uint32_t number(struct slice text)
{
	uint32_t v = 0;
	for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		v = v * 10 + (uint32_t)(text.ptr[i] - '0');
	return v;
}

enum { KEY_PARTS_MAX = 64 }; /* the servers allow 16 or 32 */

/* Row: table_name, index_name, non_unique, column_name, sub_part, index_type. */
static void take_key_part(struct load *load, const struct result *result, unsigned row)
{
	struct loaded *loaded = map_get(&load->by_name, result_cell(result, row, 0));
	struct slice name = result_cell(result, row, 1), column = result_cell(result, row, 3);
	struct slice type = result_cell(result, row, 5);
	if (loaded == NULL)
		return;
	struct draft_key *key = key_of(&loaded->draft, name, KEY_PARTS_MAX);
	bool whole = equals(type, "FULLTEXT") || equals(type, "SPATIAL");
	key->kind = equals(name, "PRIMARY")                    ? DDL_KEY_PRIMARY
		    : equals(result_cell(result, row, 2), "0") ? DDL_KEY_UNIQUE
							       : DDL_KEY_INDEX;
	key->hash = load->mariadb && key->kind == DDL_KEY_UNIQUE && equals(type, "HASH") &&
		    !equals(loaded->draft.engine, "MEMORY");
	if (key->nparts == KEY_PARTS_MAX)
		return;
	struct ddl_key_part *part = &key->parts[key->nparts++];
	if (column.ptr != NULL)
		part->column = arena_copy(&load->arena, column);
	part->prefix = whole ? 0 : number(result_cell(result, row, 4));
}

static int load_keys(struct load *load, struct conn *conn, struct err *err)
{
	struct result result;
	if (conn_query(
		    conn, &result, err,
		    "SELECT table_name, index_name, non_unique, column_name, sub_part, index_type "
		    "FROM information_schema.statistics WHERE table_schema %s "
		    "ORDER BY table_name, index_name, seq_in_index",
		    buf_cstr(&load->filter)) != 0)
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		take_key_part(load, &result, i);
	result_fini(&result);
	return 0;
}

enum { MARIADB_UTF8_ALIAS = 100601 }; /* before, and in MySQL, utf8 is always utf8mb3 */

static void take_variable(struct catalog *catalog, const struct server *server, struct slice name,
			  struct slice value)
{
	if (equals(name, "explicit_defaults_for_timestamp"))
		catalog->variables.implicit_timestamp = equals(value, "OFF");
	else if (equals(name, "old_mode"))
		catalog->variables.utf8_is_mb4 = server->mariadb &&
						 server->version >= MARIADB_UTF8_ALIAS &&
						 !contains(value, "UTF8_IS_UTF8MB3");
	else if (equals(name, "default_storage_engine"))
		snprintf(catalog->variables.engine, sizeof(catalog->variables.engine), "%.*s",
			 SLICE_FMT(value));
}

int catalog_load_variables(struct catalog *catalog, struct conn *conn, struct err *err)
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
	catalog->variables.asked = true;
	for (unsigned i = 0; i < result.nrows; i++)
		take_variable(catalog, conn_server(conn), result_cell(&result, i, 0),
			      result_cell(&result, i, 1));
	result_fini(&result);
	return 0;
}

bool catalog_utf8_is_mb4(const struct catalog *catalog)
{
	return catalog->variables.utf8_is_mb4;
}

static int load_all(struct load *load, struct catalog *catalog, struct conn *conn, struct slice db,
		    struct err *err)
{
	load->mariadb = conn_server(conn)->mariadb;
	if (catalog_load_variables(catalog, conn, err) != 0 ||
	    load_schema(load, conn, db, err) != 0)
		return -1;
	if (load->db.ptr == NULL)
		return 0;
	buf_put(&load->filter, SLICE("= "));
	conn_quote(conn, load->db, &load->filter);
	if (load_tables(load, conn, err) != 0 || load_columns(load, conn, err) != 0 ||
	    load_labels(load, conn, err) != 0 || load_keys(load, conn, err) != 0)
		return -1;
	return 0;
}

static void load_init(struct load *load)
{
	*load = (struct load){.mariadb = false};
	arena_init(&load->arena, 1 << 16);
	map_init(&load->by_name);
	buf_init(&load->filter);
}

static void load_fini(struct load *load)
{
	buf_fini(&load->filter);
	map_fini(&load->by_name);
	arena_fini(&load->arena);
}

/* Publishes what was loaded, unless the catalog has the same. NULL: the table cannot be followed, or was
 * dropped between two of our queries. */
static const struct table *settle(struct catalog *catalog, struct loaded *loaded)
{
	struct draft *draft = &loaded->draft;
	if (loaded->unknown || draft->ncolumns == 0)
		return NULL;
	const struct table *known = catalog_find(catalog, draft->db, draft->name);
	if (known != NULL) {
		const struct table *table = draft_finish(draft, draft->arena);
		if (table_same(known, table) && known->charset == table->charset &&
		    slice_equal(known->name, table->name) &&
		    slice_equal(known->engine, table->engine))
			return known;
	}
	return catalog_publish(catalog, draft);
}

/* Removes the tables of the database that were not loaded. */
static void remove_others(struct catalog *catalog, struct load *load)
{
	for (size_t i = 0; i < catalog->ntables;) {
		const struct table *table = catalog->tables[i]->table;
		struct loaded *loaded = map_get(&load->by_name, table->name);
		if (slice_equal(table->db, load->db) &&
		    (loaded == NULL || loaded->unknown || loaded->draft.ncolumns == 0)) {
			catalog_remove(catalog, table);
			catalog->version++;
		} else {
			i++;
		}
	}
}

static void note_unread(struct catalog_database *database, const struct load *load)
{
	catalog_unread_clear(database);
	database->unread = mem_array(load->ntables + 1, sizeof(*database->unread));
	for (unsigned i = 0; i < load->ntables; i++) {
		struct slice name = load->tables[i].draft.name;
		if (load->tables[i].unknown)
			database->unread[database->nunread++] =
				slice_of(strndup(name.ptr, name.len), name.len);
	}
}

static void settle_database(struct catalog *catalog, struct load *load)
{
	struct catalog_database *database = catalog_add_database(catalog, load->db);
	database->charset = load->charset;
	database->partial = load->partial;
	remove_others(catalog, load);
	note_unread(database, load);
	catalog_other_clear(database);
	for (unsigned i = 0; i < load->nothers; i++)
		catalog_other_add(catalog, database, load->others[i]);
	for (unsigned i = 0; i < load->ntables; i++)
		settle(catalog, &load->tables[i]);
}

int catalog_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			  struct err *err)
{
	struct load load;
	load_init(&load);
	int rc = load_all(&load, catalog, conn, db, err);
	if (rc == 0 && load.db.ptr == NULL)
		catalog_drop_database(catalog, db);
	else if (rc == 0)
		settle_database(catalog, &load);
	load_fini(&load);
	return rc;
}
