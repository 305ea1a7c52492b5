#include "engine/start_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "decode/table_map.h"
#include "engine/choose.h"
#include "engine/identity.h"
#include "engine/records.h"
#include "engine/watermarks.h"
#include "source/inspect.h"
#include "source/catalog_load.h"

#include <inttypes.h>
#include <stdlib.h>

void start_init(struct start *start, struct sync *sync, struct script *script)
{
	*start = (struct start){.sync = sync, .script = script};
	name_lock_init(&start->name, sync);
	position_init(&start->position);
	position_init(&start->binlog_end_at_load);
	arena_init(&start->arena, 0);
}

void start_close_snapshot(struct start *start)
{
	if (start->snapshot_is_open)
		snapshot_fini(&start->snapshot);
	start->snapshot_is_open = false;
}

void start_free_reads(struct full_table *reads, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(reads[i].mismatch);
	free(reads);
}

void start_fini(struct start *start)
{
	start_close_snapshot(start);
	table_states_clear(&start->sync->states);
	pins_reset(&start->sync->pins);
	start->sync->doubts = NULL;
	catalog_free(start->catalog_now);
	catalog_free(start->catalog_pending);
	catalog_free(start->catalog_at_position);
	name_lock_free(&start->name);
	conn_free(start->conn);
	start_free_reads(start->reads, start->nreads);
	start->sync->tables = NULL;
	free(start->selected);
	position_fini(&start->binlog_end_at_load);
	position_fini(&start->position);
	arena_fini(&start->arena);
}

/* ---- the checkpoint ---- */

static struct slice without(struct slice name, struct slice prefix)
{
	return slice_of(name.ptr + prefix.len, name.len - prefix.len);
}

static int load_pins(struct start *start, struct err *err)
{
	struct slice prefix = SLICE("topic/"), name, value;
	size_t at = 0;
	while (checkpoint_next(&start->sync->checkpoint, &at, prefix, &name, &value))
		if (pins_load(&start->sync->pins, without(name, prefix), value, err) < 0)
			return -1;
	return 0;
}

static int load_pending_databases(struct start *start, struct err *err)
{
	struct slice prefix = SLICE("adopted/"), name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 && checkpoint_next(&start->sync->checkpoint, &at, prefix, &name, &value)) {
		struct position position;
		position_init(&position);
		rc = database_record_read(&position, name, value, err);
		if (rc == 0)
			table_states_add_database(&start->sync->states, without(name, prefix),
						  &position);
		position_fini(&position);
	}
	return rc;
}

static void load_doubts(struct start *start)
{
	struct slice prefix = SLICE("doubt/"), name, value;
	size_t at = 0;
	while (checkpoint_next(&start->sync->checkpoint, &at, prefix, &name, &value)) {
		struct doubt *doubt =
			record_read_doubt(without(name, prefix), value, &start->arena);
		doubt->next = start->sync->doubts;
		start->sync->doubts = doubt;
	}
}

/* A database that is tracked only after a later position is in no catalog but the pending one until then. */
static void move_pending_databases(struct start *start)
{
	const struct pending_database *database;
	size_t at = 0;
	while ((database = map_next(&start->sync->states.databases, &at)))
		catalog_move_database(start->catalog_pending, start->catalog_at_position,
				      database->name);
}

static int load_catalog(struct start *start, struct err *err)
{
	struct checkpoint *checkpoint = &start->sync->checkpoint;
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("database/"), &name, &value))
		if (catalog_database_from_json(start->catalog_at_position, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("catalog/"), &name, &value))
		if (catalog_table_from_json(start->catalog_at_position, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	catalog_mend_labels(start->catalog_at_position, start->catalog_now);
	move_pending_databases(start);
	load_doubts(start);
	return catalog_load_variables(start->catalog_at_position, start->conn, err);
}

/* ---- the source ---- */

static int load_named_database(struct start *start, struct slice db, struct err *err)
{
	return catalog_load_database(start->catalog_now, start->conn, db, err);
}

static int load_all_databases(struct start *start, struct err *err)
{
	struct result result;
	int rc = 0;
	if (conn_query(
		    start->conn, &result, err,
		    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
		    "('mysql', 'information_schema', 'performance_schema', 'sys')") < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < result.nrows; i++)
		rc = load_named_database(start, result_cell(&result, i, 0), err);
	result_fini(&result);
	return rc;
}

/* A position that cannot be read is said when one is needed: a stream that goes on from its checkpoint needs none. */
static int note_end(struct start *start, struct err *err)
{
	if (!start->will_stream ||
	    source_binlog_end(start->conn, &start->binlog_end_at_load, err) == 0)
		return 0;
	if (err->retriable)
		return -1;
	*err = (struct err)ERR_INIT;
	start->binlog_end_at_load.file[0] = '\0';
	return 0;
}

int start_load_now(struct start *start, struct err *err)
{
	const char *const *databases = script_databases(start->script, start->sync->index);
	if (note_end(start, err) < 0)
		return -1;
	if (databases[0] && strcmp(databases[0], "*") == 0)
		return load_all_databases(start, err);
	for (; *databases; databases++)
		if (load_named_database(start, slice_str(*databases), err) < 0)
			return -1;
	return 0;
}

void start_select(struct start *start)
{
	const struct table *table;
	size_t at = 0, cap = 64;
	start->nselected = 0;
	free(start->selected);
	start->selected = mem_array(cap, sizeof(*start->selected));
	while ((table = catalog_next(start->catalog_now, &at))) {
		if (!script_wants(start->script, start->sync->index, table->db, table->name))
			continue;
		if (start->nselected == cap) {
			cap *= 2;
			start->selected =
				mem_resize(start->selected, cap, sizeof(*start->selected));
		}
		start->selected[start->nselected++] = table;
	}
	start->sync->tables = start->selected;
	start->sync->ntables = start->nselected;
}

void start_know_tables(struct start *start)
{
	const struct table **tables, *table;
	unsigned n = start->nselected;
	size_t at = 0;
	while (catalog_next(start->catalog_at_position, &at))
		n++;
	tables = ARENA_ARRAY(&start->arena, n + 1, const struct table *);
	memcpy(tables, start->selected, start->nselected * sizeof(*tables));
	n = start->nselected;
	for (at = 0; (table = catalog_next(start->catalog_at_position, &at));)
		if (script_wants(start->script, start->sync->index, table->db, table->name))
			tables[n++] = table;
	start->sync->tables = tables;
	start->sync->ntables = n;
}

static int check_columns(const struct start *start, struct err *err)
{
	return script_check_columns(start->script, start->sync->index, start->sync->tables,
				    start->sync->ntables, err);
}

/* A selected table that the catalog has left out (a type or character set that is not known; the log says which) must
 * not be missed silently. */
static int check_database(struct start *start, struct slice db, struct err *err)
{
	struct result result;
	struct buf quoted;
	int rc;
	buf_init(&quoted);
	conn_quote(start->conn, db, &quoted);
	rc = conn_query(start->conn, &result, err,
			"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
			"AND TABLE_TYPE IN "
			"('BASE TABLE', 'SYSTEM VERSIONED')",
			buf_cstr(&quoted));
	buf_fini(&quoted);
	if (rc < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < result.nrows; i++) {
		struct slice name = result_cell(&result, i, 0);
		if (catalog_find(start->catalog_now, db, name) ||
		    !script_wants(start->script, start->sync->index, db, name))
			continue;
		if (!catalog_cannot_read(start->catalog_now, db, name))
			rc = err_retry(err, E_TABLES_CHANGE,
				       "it was created or changed while the tables were read. If "
				       "this repeats, the user may lack SELECT on it: GRANT SELECT "
				       "on the table");
		else
			rc = err_set(err, E_TABLE_UNREADABLE,
				     "it has a column that this version cannot read (the warning "
				     "above names it). Change the column, or exclude the table "
				     "with \"!%.*s.%.*s\" in source.tables",
				     SLICE_FMT(db), SLICE_FMT(name));
		if (rc < 0)
			err_table_of(err, db, name);
	}
	result_fini(&result);
	return rc;
}

static int check_left_out(struct start *start, struct err *err)
{
	struct slice db;
	size_t at = 0;
	while ((db = catalog_next_database(start->catalog_now, &at)).ptr)
		if (check_database(start, db, err) < 0)
			return -1;
	return 0;
}

/* Refuse before anything is copied what would only stop the stream. */
static int refuse_unreadable(const struct start *start, struct err *err)
{
	for (unsigned i = 0; i < start->nselected; i++)
		if (table_map_refuse(start->selected[i], err) < 0)
			return err_become(err, E_TABLE_UNREADABLE);
	return 0;
}

/* A table is known by "db.table" here: two of them with dots in their names may not say the same. */
static int refuse_same_names(const struct start *start, struct err *err)
{
	struct map seen;
	int rc = 0;
	map_init(&seen);
	for (unsigned i = 0; rc == 0 && i < start->nselected; i++) {
		const struct table *table = start->selected[i];
		const struct table *other =
			map_set(&seen, table->full_name, (void *)(uintptr_t)table);
		if (other)
			rc = err_set(err, E_NAMES_ALIKE,
				     "the tables `%.*s`.`%.*s` and `%.*s`.`%.*s` cannot be "
				     "distinguished here. Exclude one of them in source.tables, in "
				     "backquotes",
				     SLICE_FMT(other->db), SLICE_FMT(other->name),
				     SLICE_FMT(table->db), SLICE_FMT(table->name));
	}
	map_fini(&seen);
	return rc;
}

static int check_script(struct start *start, struct err *err)
{
	return script_check(start->script, start->sync->index, start->selected, start->nselected,
			    conn_server(start->conn)->lower_case_table_names == 1, err);
}

/* Nothing is selected: because there is nothing to see, or because the patterns name something else. */
static int refuse_nothing(struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	const char *user = config->source.user ? config->source.user : "";
	struct result result;
	struct buf patterns;
	bool blind;
	if (conn_query(start->conn, &result, err,
		       "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
		       "('information_schema', 'performance_schema')") < 0)
		return -1;
	blind = slice_equal(result_cell(&result, 0, 0), SLICE("0"));
	result_fini(&result);
	if (blind)
		return err_set(err, E_NO_DATABASE,
			       "user '%s' sees no database: the privilege SELECT is missing. GRANT "
			       "SELECT ON *.* TO '%s'@'%%'",
			       user, user);
	if (conn_server(start->conn)->lower_case_table_names == 1 && check_script(start, err) < 0)
		return -1;
	buf_init(&patterns);
	for (unsigned i = 0; i < config->source.ntables; i++)
		buf_printf(&patterns, "%s\"%s\"", i > 0 ? ", " : "", config->source.tables[i]);
	err_set(err, E_NO_TABLE,
		"%s:%u: no table of the source matches source.tables = { %s } of sync '%s'. Check "
		"the names, and that user '%s' may SELECT from them",
		config->script, config->line, buf_cstr(&patterns), config->name, user);
	buf_fini(&patterns);
	return -1;
}

static int check_selection(struct start *start, struct err *err)
{
	if (start->nselected == 0)
		return refuse_nothing(start, err);
	return check_script(start, err);
}

static int check_server(struct start *start, struct err *err)
{
	if (!start->found)
		return 0;
	return sync_check_server(start->sync, &start->position, conn_server(start->conn)->identity,
				 err);
}

/* Before the rest of a full sync is read: the stream that follows it checks again. */
static int check_history(struct start *start, struct err *err)
{
	if (!start->found || !start->will_stream)
		return 0;
	if (start->position.identity.file[0] != '\0')
		return identity_check(start->sync, &start->position, err);
	/* of version 0.1.0, or moved to another server: what is there now is taken for the same history */
	start->moved = true;
	return identity_take(start->sync, start->conn, &start->position, err);
}

/* conn may be NULL, with an error. */
static int take_source(struct start *start, struct conn *conn)
{
	start->conn = conn;
	if (conn == NULL)
		return -1;
	start->sync->mariadb = conn_server(conn)->mariadb;
	start->catalog_now = catalog_new_for(conn);
	start->catalog_at_position = catalog_new_for(conn);
	start->catalog_pending = catalog_new_for(conn);
	return 0;
}

/* The position was another server's, where it must not be gone on at without several hosts. */
static void move(struct start *start)
{
	const char *identity = conn_server(start->conn)->identity;
	if (!start->found || start->sync->config->source.nhosts == 0 ||
	    strcmp(start->position.server, identity) == 0)
		return;
	log_info("source: resuming at %s (server %s), by GTID; the position was of server %s",
		 conn_place(start->conn), identity, start->position.server);
	choose_move(&start->position, start->conn);
	start->moved = true;
}

static int choose_source(struct start *start, struct err *err)
{
	const struct position *position = start->found ? &start->position : NULL;
	if (take_source(start, choose_host(start->sync, position, err)) < 0)
		return -1;
	move(start);
	return 0;
}

/* Durable before the first row: a restart gives the same sequenceIds. */
static void save_move(struct start *start)
{
	struct record_batch none = {NULL, NULL};
	if (start->moved)
		checkpoint_post(&start->sync->checkpoint, &none, &start->position);
	start->moved = false;
}

static int look_at_tables(struct start *start, struct err *err)
{
	if (start_load_now(start, err) < 0)
		return -1;
	start_select(start);
	if (check_left_out(start, err) < 0 || refuse_unreadable(start, err) < 0 ||
	    refuse_same_names(start, err) < 0)
		return -1;
	return check_selection(start, err);
}

int start_connect(struct start *start, struct err *err)
{
	struct conn *conn = conn_open(start->sync->source, CONN_CONTROL, err);
	if (take_source(start, conn) < 0 || look_at_tables(start, err) < 0)
		return -1;
	return check_columns(start, err);
}

int start_check_saved(struct start *start, struct err *err)
{
	if (checkpoint_load(&start->sync->checkpoint, &start->position, &start->found, err) < 0)
		return -1;
	if (!start->found)
		return 0;
	if (load_pins(start, err) < 0)
		return -1;
	if (start->sync->config->source.nhosts > 0) {
		conn_free(start->conn);
		start->conn = choose_host(start->sync, &start->position, err);
		return start->conn ? 0 : -1;
	}
	if (check_server(start, err) < 0 ||
	    source_has_position(start->conn, &start->position, err) < 0)
		return -1;
	return identity_check(start->sync, &start->position, err);
}

/* Whether a table of the checkpoint is half copied: 1, 0, -1. */
static int has_unfinished_copy(struct start *start, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 &&
	       checkpoint_next(&start->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		struct table_record record;
		table_record_init(&record, TABLE_NEW);
		rc = table_record_read(&record, name, value, &start->arena, err);
		if (rc == 0)
			rc = record.phase != TABLE_COPIED;
		table_record_fini(&record);
	}
	return rc;
}

/* Lets the other sources' heartbeats continue while this server is away, unless a table of it is half copied. */
static int raise_saved_watermark(struct start *start, struct err *err)
{
	struct sync *sync = start->sync;
	int unfinished;
	if (sync->watermarks == NULL || !start->found)
		return 0;
	unfinished = has_unfinished_copy(start, err);
	if (unfinished < 0)
		return -1;
	if (!unfinished && position_watermark(&start->position) > 0)
		watermarks_raise(sync->watermarks, sync->config->source_number,
				 position_watermark(&start->position));
	return 0;
}

int start_look(struct start *start, struct err *err)
{
	struct checkpoint *checkpoint = &start->sync->checkpoint;
	struct handover *handover = &start->sync->handover;
	if (checkpoint_load(checkpoint, &start->position, &start->found, err) < 0 ||
	    raise_saved_watermark(start, err) < 0)
		return -1;
	start->will_stream = start->sync->config->mode != MODE_FULL;
	if (choose_source(start, err) < 0 || look_at_tables(start, err) < 0 ||
	    check_server(start, err) < 0 || check_history(start, err) < 0 ||
	    name_lock_take(&start->name, err) < 0 ||
	    handover_wait(handover, &start->name, start->sync->config->name, &start->sync->stop,
			  err) < 0)
		return -1;
	handover_note(handover, &start->name);
	if (start->found && (load_pending_databases(start, err) < 0 ||
			     load_catalog(start, err) < 0 || load_pins(start, err) < 0))
		return -1;
	start_know_tables(start);
	if (check_columns(start, err) < 0)
		return -1;
	save_move(start);
	return 0;
}
