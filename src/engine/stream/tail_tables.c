/* tail_tables: the definitions that changes are read with. The server has only the present ones. So the rest of the binlog is
 * scanned for statements that change them: a row from before such a statement is refused, unless its TABLE_MAP names the
 * columns. */
#include "base/mem.h"
#include "decode/table_map.h"
#include "schema/ddl.h"
#include "engine/stream/tail_priv.h"
#include "model/ident.h"
#include "source/binlog_scan.h"
#include "source/catalog_load.h"
#include "source/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_IN_ERRORS = 200 };

/* Return the last statement that may have changed the table. A statement with an empty table concerns its whole database; with
 * both empty, any table. */
struct later_ddl {
	struct later_ddl *next;
	struct ddl_name name;
	const char *file; /* of the cursor that scans */
	uint64_t offset;
};

/* ---- life ---- */

int tail_tables_open(struct tail_tables *tables, struct source *source,
		     const struct position *position, const char *name, struct err *err)
{
	*tables = (struct tail_tables){.source = source};
	snprintf(tables->name, sizeof(tables->name), "%s", name);
	position_init(&tables->start);
	position_copy(&tables->start, position);
	map_init(&tables->tables);
	arena_init(&tables->arena, 0);
	cursor_init(&tables->scanned, false);
	tables->conn = conn_open(source, CONN_CONTROL, err);
	if (tables->conn == NULL)
		return -1;
	tables->row_metadata_full = conn_server(tables->conn)->row_metadata_full;
	tables->catalog = catalog_new_for(tables->conn);
	return 0;
}

void tail_tables_close(struct tail_tables *tables)
{
	struct change_table *table;
	size_t at = 0;
	if (tables->source == NULL)
		return;
	while ((table = map_next(&tables->tables, &at)))
		change_table_free(table);
	map_fini(&tables->tables);
	catalog_free(tables->catalog);
	conn_free(tables->conn);
	cursor_fini(&tables->scanned);
	arena_fini(&tables->arena);
	position_fini(&tables->start);
}

/* ---- statements ---- */

/* Return whether a statement may change the definition of a table. CREATE ... IF NOT EXISTS has an effect only after a DROP or
 * RENAME, which counts itself. The defaults of a database concern only later tables. */
static bool changes_tables(const struct ddl_step *step)
{
	if (step->kind == DDL_STEP_CREATE_DATABASE || step->kind == DDL_STEP_ALTER_DATABASE)
		return false;
	if (step->kind == DDL_STEP_CREATE_TABLE || step->kind == DDL_STEP_CREATE_LIKE)
		return !step->if_exists || step->or_replace;
	return ddl_scan_matters(step->kind);
}

static bool same_name(const struct ddl_name *a, const struct ddl_name *b)
{
	return ident_equal(IDENT_UNICODE_3, a->db, b->db) &&
	       ident_equal(IDENT_UNICODE_3, a->table, b->table);
}

static void note_name(struct tail_tables *tables, const struct ddl_name *named)
{
	struct later_ddl *later = tables->later;
	const struct ddl_name name = catalog_known_name(tables->catalog, named, &tables->arena);
	while (later && !same_name(&later->name, &name))
		later = later->next;
	if (later == NULL) {
		later = ARENA_NEW(&tables->arena, struct later_ddl);
		later->name.db = arena_copy(&tables->arena, name.db);
		later->name.table = arena_copy(&tables->arena, name.table);
		later->next = tables->later;
		tables->later = later;
	}
	later->file = tables->scanned.file;
	later->offset = tables->scanned.start;
}

static void note_step(struct tail_tables *tables, const struct ddl_step *step)
{
	if (step->kind == DDL_STEP_UNPLACED) {
		note_name(tables, &(struct ddl_name){SLICE(""), SLICE("")});
		return;
	}
	note_name(tables, &step->name);
	if (step->other.table.len > 0)
		note_name(tables, &step->other);
	for (unsigned i = 0; i < step->nspecs; i++)
		if (step->specs[i].to.table.len > 0)
			note_name(tables, &step->specs[i].to);
}

static int visit(void *arg, const struct ddl_step *steps, unsigned nsteps, struct arena *arena,
		 struct err *err)
{
	(void)arena;
	(void)err;
	if (steps == NULL)
		note_name(arg, &(struct ddl_name){SLICE(""), SLICE("")});
	for (unsigned i = 0; i < nsteps; i++)
		if (changes_tables(&steps[i]))
			note_step(arg, &steps[i]);
	return 0;
}

/* Scan what was added to the binlog since the last scan. */
static int scan(struct tail_tables *tables, struct err *err)
{
	struct position from, until;
	const struct position *begin = &tables->start;
	const struct ddl_scan scan = {
		.cursor = &tables->scanned,
		.until = &until,
		.visit = visit,
		.arg = tables,
	};
	int rc;
	position_init(&from);
	position_init(&until);
	if (tables->has_scanned && tables->scanned.offset <= UINT32_MAX) {
		snprintf(from.file, sizeof(from.file), "%s", tables->scanned.file);
		from.offset = tables->scanned.offset;
		begin = &from;
	}
	rc = source_binlog_end(tables->conn, &until, err);
	if (rc == 0)
		rc = binlog_scan(tables->source, tables->name, begin, &scan, err);
	tables->has_scanned = rc == 0;
	position_fini(&until);
	position_fini(&from);
	return rc < 0 ? err_wrap(err, "looking for statements that changed definitions") : 0;
}

static bool names_table(const struct ddl_name *name, const struct table_map *map)
{
	return name->db.len == 0 ||
	       (ident_equal(IDENT_UNICODE_3, name->db, map->db) &&
		(name->table.len == 0 || ident_equal(IDENT_UNICODE_3, name->table, map->name)));
}

static const struct later_ddl *find_later(const struct tail_tables *tables,
					  const struct table_map *map, const char *file,
					  uint64_t offset)
{
	for (const struct later_ddl *later = tables->later; later; later = later->next)
		if (names_table(&later->name, map) &&
		    position_compare_files(later->file, later->offset, file, offset) > 0)
			return later;
	return NULL;
}

static void forget_definitions(struct tail_tables *tables)
{
	struct change_table *table;
	size_t at = 0;
	catalog_free(tables->catalog);
	tables->catalog = catalog_new_for(tables->conn);
	while ((table = map_next(&tables->tables, &at)))
		table->identity = SLICE("");
}

static int refuse_statement(struct slice text, enum err_id id, const char *why, const char *remedy,
			    struct err *err)
{
	int shown = text.len > TEXT_IN_ERRORS ? TEXT_IN_ERRORS : (int)text.len;
	return err_set(err, id, "%s: %.*s%s; %s", why, shown, text.ptr,
		       (size_t)shown < text.len ? "..." : "", remedy);
}

static int follow_step(struct tail_tables *tables, const struct ddl_step *step, struct slice text,
		       struct err *err)
{
	if (step->kind == DDL_STEP_DML)
		return refuse_statement(text, E_ROWS_AS_STATEMENT,
					"a change of rows was logged as a statement",
					"set binlog_format = ROW on the source and reconnect its "
					"writers, and start after it",
					err);
	if (step->kind == DDL_STEP_UNPLACED && !tables->row_metadata_full)
		return refuse_statement(text, E_STATEMENT_UNKNOWN,
					"a statement could not be parsed",
					"start after it, or set binlog_row_metadata = FULL on the "
					"source, so that every change carries its columns",
					err);
	if (changes_tables(step))
		forget_definitions(tables);
	return 0;
}

int tail_tables_follow(struct tail_tables *tables, const struct event_query *query,
		       const struct event_format *format, struct err *err)
{
	const struct ddl_context context = ddl_context_of(query, format);
	const struct ddl_step *steps;
	struct arena arena;
	unsigned nsteps;
	int rc;
	arena_init(&arena, 0);
	rc = ddl_parse(query->sql, &context, &arena, &steps, &nsteps, err);
	for (unsigned i = 0; rc == 0 && i < nsteps; i++)
		rc = follow_step(tables, &steps[i], query->sql, err);
	arena_fini(&arena);
	return rc;
}

/* ---- tables ---- */

/* Load the present definitions of the server, then scan the binlog. */
static int load_definition(struct tail_tables *tables, const struct table_map *map,
			   const struct table **table, struct err *err)
{
	if (!catalog_has_database(tables->catalog, map->db) &&
	    (catalog_load_database(tables->catalog, tables->conn, map->db, err) < 0 ||
	     scan(tables, err) < 0))
		return -1;
	*table = catalog_find(tables->catalog, map->db, map->name);
	if (*table)
		return 0;
	if (catalog_is_other(tables->catalog, map->db, map->name))
		return err_set(err, E_COLUMN_TYPE, "it is a sequence");
	return 0;
}

/* Return whether the present definition must decide because a TABLE_MAP that names its columns is ambiguous (UUID, INET,
 * JSON). */
static bool is_vague(const struct table_map *map, const struct table *made, struct arena *arena)
{
	struct err ignored = ERR_INIT;
	struct table *alone;
	bool complete;
	if (table_map_table(map, NULL, arena, &alone, &complete, &ignored) < 0)
		return true;
	for (unsigned i = 0; i < made->ncolumns; i++)
		if (made->columns[i].type != alone->columns[i].type ||
		    made->columns[i].charset != alone->columns[i].charset)
			return true;
	return false;
}

static int refuse_changed(const struct later_ddl *later, bool complete, struct err *err)
{
	return err_set(err, E_DEFINITION_MISSING,
		       "its columns here are unknown, since the statement at %s:%" PRIu64
		       " may have changed the table: start after that%s",
		       later->file, later->offset,
		       complete ? ""
				: ", or set binlog_row_metadata = FULL on the source, so that "
				  "every change carries its columns");
}

static int refuse_missing(const struct tail_tables *tables, const struct table_map *map,
			  struct err *err)
{
	return err_set(err, E_DEFINITION_MISSING,
		       catalog_cannot_read(tables->catalog, map->db, map->name)
			       ? "its definition on the server cannot be read"
			       : "the server does not have the table any more");
}

static int find_definition(struct tail_tables *tables, const struct table_map *map,
			   const char *file, uint64_t offset, struct arena *arena,
			   const struct table **table, struct err *err)
{
	const struct table *known;
	const struct later_ddl *later;
	struct table *made;
	bool complete;
	if (load_definition(tables, map, &known, err) < 0 ||
	    table_map_table(map, known, arena, &made, &complete, err) < 0)
		return -1;
	tables->row_metadata_full = complete;
	*table = complete ? made : known;
	later = find_later(tables, map, file, offset);
	if (later && (!complete || is_vague(map, made, arena)))
		return refuse_changed(later, complete, err);
	return *table ? 0 : refuse_missing(tables, map, err);
}

/* Fill in the definition and layout of the table. ERR_DATA: its rows cannot be read. */
static int fill_table(struct tail_tables *tables, const struct table_map *map, const char *file,
		      uint64_t offset, struct change_table *table, struct err *err)
{
	const struct table *definition;
	struct row_layout *layout;
	struct table *copy;
	if (find_definition(tables, map, file, offset, &table->arena, &definition, err) < 0)
		return -1;
	copy = table_copy(&table->arena, definition);
	copy->version = ++tables->versions; /* of a definition, as read here */
	if (table_map_layout(map, copy, &table->arena, &layout, err) < 0)
		return -1;
	table->table = copy;
	table->before.layout = table->after.layout = layout;
	table->before.cells = ARENA_ARRAY(&table->arena, layout->ncells + 1, struct cell);
	table->after.cells = ARENA_ARRAY(&table->arena, layout->ncells + 1, struct cell);
	return 0;
}

static int make_table(struct tail_tables *tables, const struct table_map *map, const char *file,
		      uint64_t offset, struct change_table **table, struct err *err)
{
	struct change_table *made = mem_array(1, sizeof(*made));
	arena_init(&made->arena, 0);
	made->identity = arena_copy(&made->arena, map->identity);
	if (fill_table(tables, map, file, offset, made, err) < 0) {
		if (err->code != ERR_DATA) {
			change_table_free(made);
			return -1;
		}
		made->ignored = catalog_is_other(tables->catalog, map->db, map->name);
		made->refused = arena_cstr(&made->arena, slice_str(err->text));
		*err = (struct err)ERR_INIT;
	}
	*table = made;
	return 0;
}

/* Return the former table of the name; NULL: none. */
static struct change_table *put_table(struct tail_tables *tables, struct slice name,
				      struct change_table *table)
{
	struct change_table *replaced = map_remove(&tables->tables, name);
	table->name = arena_cstr(&table->arena, name);
	map_set(&tables->tables, slice_str(table->name), table);
	return replaced;
}

int tail_tables_find(struct tail_tables *tables, const struct event *event,
		     const struct event_format *format, const char *file, uint64_t offset,
		     struct change_table **table, struct change_table **replaced, struct err *err)
{
	struct table_map map;
	struct buf name;
	int rc;
	*replaced = NULL;
	if (table_map_parse(event, format, &map, err) < 0)
		return -1;
	buf_init(&name);
	buf_printf(&name, "%.*s.%.*s", SLICE_FMT(map.db), SLICE_FMT(map.name));
	*table = map_get(&tables->tables, buf_slice(&name));
	rc = *table && slice_equal((*table)->identity, map.identity)
		     ? 0
		     : make_table(tables, &map, file, offset, table, err);
	if (rc < 0)
		err_table_of(err, map.db, map.name);
	else if ((*table)->name == NULL)
		*replaced = put_table(tables, buf_slice(&name), *table);
	buf_fini(&name);
	return rc;
}
