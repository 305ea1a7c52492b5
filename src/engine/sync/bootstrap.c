#include "engine/sync/bootstrap_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "decode/table_map.h"
#include "engine/sync/host_selection.h"
#include "engine/state/identity.h"
#include "engine/state/records.h"
#include "engine/state/watermarks.h"
#include "source/inspect.h"
#include "source/catalog_load.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOOKS_MAX = 5, LOOK_PAUSE_MS = 100 };

void bootstrap_init(struct bootstrap *bootstrap, struct sync *sync, struct script *script)
{
	*bootstrap = (struct bootstrap){.sync = sync, .script = script};
	instance_lock_init(&bootstrap->name, sync);
	position_init(&bootstrap->position);
	position_init(&bootstrap->binlog_end_at_load);
	arena_init(&bootstrap->arena, 0);
}

void bootstrap_close_snapshot(struct bootstrap *bootstrap)
{
	if (bootstrap->snapshot_is_open)
		snapshot_fini(&bootstrap->snapshot);
	bootstrap->snapshot_is_open = false;
}

void bootstrap_free_reads(struct full_table *reads, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(reads[i].mismatch);
	free(reads);
}

void bootstrap_fini(struct bootstrap *bootstrap)
{
	bootstrap_close_snapshot(bootstrap);
	table_states_clear(&bootstrap->sync->states);
	pins_reset(&bootstrap->sync->pins);
	catalog_free(bootstrap->findings.checked);
	catalog_free(bootstrap->catalog_now);
	catalog_free(bootstrap->catalog_pending);
	catalog_free(bootstrap->catalog_at_position);
	instance_lock_free(&bootstrap->name);
	conn_free(bootstrap->conn);
	bootstrap_free_reads(bootstrap->reads, bootstrap->nreads);
	bootstrap->sync->tables.captured = NULL;
	free(bootstrap->selected);
	position_fini(&bootstrap->binlog_end_at_load);
	position_fini(&bootstrap->position);
	arena_fini(&bootstrap->arena);
}

/* ---- the checkpoint ---- */

static struct slice without(struct slice name, struct slice prefix)
{
	return slice_of(name.ptr + prefix.len, name.len - prefix.len);
}

static int load_pins(struct bootstrap *bootstrap, struct err *err)
{
	struct slice prefix = SLICE("topic/"), name, value;
	size_t at = 0;
	while (checkpoint_next(&bootstrap->sync->checkpoint, &at, prefix, &name, &value))
		if (pins_load(&bootstrap->sync->pins, without(name, prefix), value, err) < 0)
			return -1;
	return 0;
}

static int load_pending_databases(struct bootstrap *bootstrap, struct err *err)
{
	struct slice prefix = SLICE("adopted/"), name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 &&
	       checkpoint_next(&bootstrap->sync->checkpoint, &at, prefix, &name, &value)) {
		struct position position;
		position_init(&position);
		rc = database_record_read(&position, name, value, err);
		if (rc == 0)
			table_states_add_database(&bootstrap->sync->states, without(name, prefix),
						  &position);
		position_fini(&position);
	}
	return rc;
}

static void load_doubts(struct bootstrap *bootstrap)
{
	struct slice prefix = SLICE("doubt/"), name, value;
	size_t at = 0;
	while (checkpoint_next(&bootstrap->sync->checkpoint, &at, prefix, &name, &value)) {
		struct doubt *doubt =
			record_read_doubt(without(name, prefix), value, &bootstrap->arena);
		doubt->next = bootstrap->findings.doubts;
		bootstrap->findings.doubts = doubt;
	}
}

/* A database that is tracked only after a later position is in the pending catalog alone until
 * then. */
static void move_pending_databases(struct bootstrap *bootstrap)
{
	const struct pending_database *database;
	size_t at = 0;
	while ((database = map_next(&bootstrap->sync->states.databases, &at)))
		catalog_move_database(bootstrap->catalog_pending, bootstrap->catalog_at_position,
				      database->name);
}

/* Bring the definitions of the checkpoint into the state that the stream begins with. */
static int finish_catalog(struct bootstrap *bootstrap, struct err *err)
{
	catalog_mend_labels(bootstrap->catalog_at_position, bootstrap->catalog_now);
	catalog_share(bootstrap->catalog_now, bootstrap->catalog_at_position);
	bootstrap_select(bootstrap); /* it pointed to definitions that are superseded */
	move_pending_databases(bootstrap);
	load_doubts(bootstrap);
	return catalog_load_variables(bootstrap->catalog_at_position, bootstrap->conn, err);
}

/* Return why a choice of a command has no effect any more, because of the script; NULL: it has one. */
static const char *is_obsolete(const struct bootstrap *bootstrap, const struct chosen_table *table)
{
	enum script_naming naming =
		script_naming(bootstrap->script, bootstrap->sync->index, table->db, table->name);
	if (naming == SCRIPT_EXCLUDES && table->hold)
		return "the script excludes it";
	if (table->hold && table->hold->is_added)
		return NULL;
	if (table->removed)
		return naming == SCRIPT_SELECTS ? NULL : "the script does not select it";
	if (naming == SCRIPT_NAMES_NOT)
		return NULL;
	return naming == SCRIPT_SELECTS ? "the script selects it" : "the script excludes it";
}

/* Forget the choices of commands that the script has made obsolete. */
static void prune_choices(struct bootstrap *bootstrap)
{
	struct selection *chosen = &bootstrap->sync->tables.chosen;
	unsigned before = chosen->n;
	for (unsigned i = chosen->n; i-- > 0;) {
		struct chosen_table table = chosen->tables[i];
		const char *why = is_obsolete(bootstrap, &table);
		if (why == NULL)
			continue;
		log_info("table %.*s was %s, which is forgotten: %s now",
			 SLICE_FMT(chosen_table_print(&table, &bootstrap->arena)),
			 table.hold && table.hold->code == 0 ? "paused by command"
			 : table.hold                        ? "in quarantine"
			 : table.removed                     ? "removed by command"
							     : "added by command",
			 why);
		selection_drop(chosen, table.db, table.name);
	}
	if (chosen->n < before)
		selection_post(chosen, &bootstrap->sync->checkpoint);
}

/* Load the tables that commands have added and removed. */
static int load_choices(struct bootstrap *bootstrap, struct err *err)
{
	struct selection *chosen = &bootstrap->sync->tables.chosen;
	if (selection_load(chosen, &bootstrap->sync->checkpoint, err) < 0)
		return -1;
	prune_choices(bootstrap);
	return script_choose(bootstrap->script, bootstrap->sync->index, chosen->tables, chosen->n,
			     err);
}

/* ---- the source ---- */

static int load_named_database(struct bootstrap *bootstrap, struct slice db, struct err *err)
{
	return catalog_load_database(bootstrap->catalog_now, bootstrap->conn, db, err);
}

static int load_all_databases(struct bootstrap *bootstrap, struct err *err)
{
	struct name_list databases;
	int rc = 0;
	if (catalog_list_databases(bootstrap->conn, false, &databases, err) < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < databases.n; i++)
		rc = load_named_database(bootstrap, databases.names[i], err);
	name_list_fini(&databases);
	return rc;
}

/* Read the end of the binlog. An unreadable one is an error only if it is needed: a stream that resumes from its checkpoint needs
 * none. */
static int note_end(struct bootstrap *bootstrap, struct err *err)
{
	if (!bootstrap->will_stream ||
	    source_binlog_end(bootstrap->conn, &bootstrap->binlog_end_at_load, err) == 0)
		return 0;
	if (err->retriable)
		return -1;
	*err = (struct err)ERR_INIT;
	bootstrap->binlog_end_at_load.file[0] = '\0';
	return 0;
}

int bootstrap_load_now(struct bootstrap *bootstrap, struct err *err)
{
	const char *const *databases = script_databases(bootstrap->script, bootstrap->sync->index);
	if (note_end(bootstrap, err) < 0)
		return -1;
	if (databases[0] && strcmp(databases[0], "*") == 0)
		return load_all_databases(bootstrap, err);
	for (; *databases; databases++)
		if (load_named_database(bootstrap, slice_str(*databases), err) < 0)
			return -1;
	return 0;
}

void bootstrap_select(struct bootstrap *bootstrap)
{
	const struct table *table;
	size_t at = 0, cap = 64;
	bootstrap->nselected = 0;
	free(bootstrap->selected);
	bootstrap->selected = mem_array(cap, sizeof(*bootstrap->selected));
	while ((table = catalog_next(bootstrap->catalog_now, &at))) {
		if (!script_wants(bootstrap->script, bootstrap->sync->index, table->db,
				  table->name))
			continue;
		if (bootstrap->nselected == cap) {
			cap *= 2;
			bootstrap->selected =
				mem_resize(bootstrap->selected, cap, sizeof(*bootstrap->selected));
		}
		bootstrap->selected[bootstrap->nselected++] = table;
	}
	bootstrap->sync->tables.captured = bootstrap->selected;
	bootstrap->sync->tables.ncaptured = bootstrap->nselected;
}

/* Add the selected tables of a catalog, or only count them if tables is NULL. Return their number. */
static unsigned list_selected(const struct bootstrap *bootstrap, const struct catalog *catalog,
			      const struct table **tables)
{
	const struct table *table;
	unsigned n = 0;
	size_t at = 0;
	while ((table = catalog_next(catalog, &at))) {
		if (!script_wants(bootstrap->script, bootstrap->sync->index, table->db,
				  table->name))
			continue;
		if (tables)
			tables[n] = table;
		n++;
	}
	return n;
}

void bootstrap_know_tables(struct bootstrap *bootstrap)
{
	const struct catalog *catalogs[] = {bootstrap->catalog_at_position,
					    bootstrap->catalog_pending};
	const struct table **tables;
	unsigned n = bootstrap->nselected;
	for (size_t i = 0; i < sizeof(catalogs) / sizeof(catalogs[0]); i++)
		n += list_selected(bootstrap, catalogs[i], NULL);
	tables = ARENA_ARRAY(&bootstrap->arena, n + 1, const struct table *);
	memcpy(tables, bootstrap->selected, bootstrap->nselected * sizeof(*tables));
	n = bootstrap->nselected;
	for (size_t i = 0; i < sizeof(catalogs) / sizeof(catalogs[0]); i++)
		n += list_selected(bootstrap, catalogs[i], tables + n);
	bootstrap->sync->tables.captured = tables;
	bootstrap->sync->tables.ncaptured = n;
}

static int check_columns(const struct bootstrap *bootstrap, struct err *err)
{
	return script_check_columns(bootstrap->script, bootstrap->sync->index,
				    bootstrap->sync->tables.captured,
				    bootstrap->sync->tables.ncaptured, err);
}

/* Refuse a selected table that the catalog has left out (its type or character set is not
 * supported; the log names it): it must not be missed silently. */
static int check_database(struct bootstrap *bootstrap, struct slice db, struct err *err)
{
	struct name_list tables;
	int rc = 0;
	if (catalog_list_tables(bootstrap->conn, db, &tables, err) < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < tables.n; i++) {
		struct slice name = tables.names[i];
		if (catalog_find(bootstrap->catalog_now, db, name) ||
		    !script_wants(bootstrap->script, bootstrap->sync->index, db, name))
			continue;
		if (!catalog_cannot_read(bootstrap->catalog_now, db, name))
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
	name_list_fini(&tables);
	return rc;
}

static int check_left_out(struct bootstrap *bootstrap, struct err *err)
{
	struct slice db;
	size_t at = 0;
	while ((db = catalog_next_database(bootstrap->catalog_now, &at)).ptr)
		if (check_database(bootstrap, db, err) < 0)
			return -1;
	return 0;
}

/* Refuse, before anything is copied, what would later stop the sync. */
static int refuse_unreadable(const struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (table_map_refuse(bootstrap->selected[i], err) < 0)
			return err_become(err, E_TABLE_UNREADABLE);
	return 0;
}

/* Refuse two tables with the same "db.table" text, which is possible if names contain dots: it
 * identifies a table here. */
static int refuse_same_names(const struct bootstrap *bootstrap, struct err *err)
{
	struct map seen;
	int rc = 0;
	map_init(&seen);
	for (unsigned i = 0; rc == 0 && i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
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

static int check_script(struct bootstrap *bootstrap, struct err *err)
{
	return script_check(bootstrap->script, bootstrap->sync->index, bootstrap->selected,
			    bootstrap->nselected,
			    conn_server(bootstrap->conn)->lower_case_table_names == 1, err);
}

/* Fail because no table is selected: the user sees no tables, or the patterns match none. */
static int refuse_nothing(struct bootstrap *bootstrap, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	const char *user = config->source.user ? config->source.user : "";
	struct name_list databases;
	struct buf patterns;
	bool blind;
	if (catalog_list_databases(bootstrap->conn, true, &databases, err) < 0)
		return -1;
	blind = databases.n == 0;
	name_list_fini(&databases);
	if (blind)
		return err_set(err, E_NO_DATABASE,
			       "user '%s' sees no database: the privilege SELECT is missing. GRANT "
			       "SELECT ON *.* TO '%s'@'%%'",
			       user, user);
	if (conn_server(bootstrap->conn)->lower_case_table_names == 1 &&
	    check_script(bootstrap, err) < 0)
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

static int check_selection(struct bootstrap *bootstrap, struct err *err)
{
	if (bootstrap->nselected == 0)
		return refuse_nothing(bootstrap, err);
	return check_script(bootstrap, err);
}

static int check_server(struct bootstrap *bootstrap, struct err *err)
{
	if (!bootstrap->found)
		return 0;
	return sync_check_server(bootstrap->sync, &bootstrap->position,
				 conn_server(bootstrap->conn)->identity, err);
}

/* Check that the server still has the saved position, or nothing else is wrong with it than that the binlog after it was purged,
 * which a jump leaves out. A server that was restored, for example, must not be taken for one that has purged its binlog. */
static int check_there(const struct bootstrap *bootstrap, bool jumps, struct err *err)
{
	if (source_has_position(bootstrap->conn, &bootstrap->position, err) == 0)
		return 0;
	if (!jumps || err->id != E_BINLOG_PURGED)
		return position_error(&bootstrap->position, err);
	*err = (struct err)ERR_INIT;
	return 0;
}

/* Check the saved position before tables are read. The stream that follows checks it again. Of several hosts, one was chosen
 * that has the position. */
static int check_history(struct bootstrap *bootstrap, bool jumps, struct err *err)
{
	if (!bootstrap->found || !bootstrap->will_stream)
		return 0;
	if (bootstrap->sync->config->source.nhosts == 0 && check_there(bootstrap, jumps, err) < 0)
		return -1;
	if (bootstrap->position.identity.file[0] != '\0')
		return identity_check(bootstrap->sync, &bootstrap->position, err);
	/* saved by version 0.1.0, or moved to another server: the present binlog is taken for the
	 * same history */
	bootstrap->moved = true;
	return identity_take(bootstrap->sync, bootstrap->conn, &bootstrap->position, err);
}

/* conn may be NULL, with an error. */
static int take_source(struct bootstrap *bootstrap, struct conn *conn)
{
	bootstrap->conn = conn;
	if (conn == NULL)
		return -1;
	bootstrap->sync->mariadb = conn_server(conn)->mariadb;
	bootstrap->catalog_now = catalog_new_for(conn);
	bootstrap->catalog_at_position = catalog_new_for(conn);
	bootstrap->catalog_pending = catalog_new_for(conn);
	return 0;
}

/* Convert the position of another server to this one's. Without a list of hosts the stream must not
 * resume on it. */
static void move(struct bootstrap *bootstrap)
{
	const char *identity = conn_server(bootstrap->conn)->identity;
	if (!bootstrap->found || bootstrap->sync->config->source.nhosts == 0 ||
	    strcmp(bootstrap->position.server, identity) == 0)
		return;
	log_info("source: resuming at %s (server %s), by GTID; the position was of server %s",
		 conn_place(bootstrap->conn), identity, bootstrap->position.server);
	host_move_position(&bootstrap->position, bootstrap->conn);
	bootstrap->moved = true;
}

static int choose_source(struct bootstrap *bootstrap, bool jumps, struct err *err)
{
	const struct position *position = bootstrap->found ? &bootstrap->position : NULL;
	struct conn *conn = jumps ? host_select_jump(bootstrap->sync, position, err)
				  : host_select(bootstrap->sync, position, err);
	if (take_source(bootstrap, conn) < 0)
		return -1;
	move(bootstrap);
	return 0;
}

/* Post a converted position, which must be durable before the first row: a restart then produces
 * the same sequenceIds. */
static void save_move(struct bootstrap *bootstrap)
{
	struct record_batch none = {NULL, NULL};
	if (bootstrap->moved)
		checkpoint_post(&bootstrap->sync->checkpoint, &none, &bootstrap->position);
	bootstrap->moved = false;
}

/* saved: the definitions of the checkpoint may be used. */
static int load_selection(struct bootstrap *bootstrap, bool saved, struct err *err)
{
	int rc = 0;
	if (saved && note_end(bootstrap, err) < 0)
		return -1;
	if (saved)
		rc = bootstrap_use_saved(bootstrap, err);
	if (rc < 0 || (rc == 0 && bootstrap_load_now(bootstrap, err) < 0))
		return -1;
	bootstrap_select(bootstrap);
	return rc > 0 ? 0 : check_left_out(bootstrap, err);
}

/* Return whether to load the definitions again: tables appear and disappear, or none is selected.
 * MariaDB's information_schema omits a table at the moment when ALTER TABLE replaces it by its
 * copy. */
static bool may_be_changing(const struct bootstrap *bootstrap, int rc, const struct err *err)
{
	return rc < 0 ? err->id == E_TABLES_CHANGE : bootstrap->nselected == 0;
}

static int look_at_tables(struct bootstrap *bootstrap, bool saved, struct err *err)
{
	int rc = load_selection(bootstrap, saved, err);
	for (int i = 1; may_be_changing(bootstrap, rc, err) && i < LOOKS_MAX; i++) {
		*err = (struct err)ERR_INIT;
		clock_pause(LOOK_PAUSE_MS);
		rc = load_selection(bootstrap, false, err); /* catalog_now is not empty any more */
	}
	if (rc < 0)
		return -1;
	if (refuse_unreadable(bootstrap, err) < 0 || refuse_same_names(bootstrap, err) < 0)
		return -1;
	return check_selection(bootstrap, err);
}

int bootstrap_connect(struct bootstrap *bootstrap, struct err *err)
{
	struct conn *conn = conn_open(bootstrap->sync->source, CONN_CONTROL, err);
	if (take_source(bootstrap, conn) < 0 || look_at_tables(bootstrap, false, err) < 0)
		return -1;
	return check_columns(bootstrap, err);
}

int bootstrap_check_saved(struct bootstrap *bootstrap, struct err *err)
{
	if (checkpoint_load(&bootstrap->sync->checkpoint, &bootstrap->position, &bootstrap->found,
			    err) < 0)
		return -1;
	if (!bootstrap->found)
		return 0;
	if (load_pins(bootstrap, err) < 0)
		return -1;
	if (bootstrap->sync->config->source.nhosts > 0) {
		conn_free(bootstrap->conn);
		bootstrap->conn = host_select(bootstrap->sync, &bootstrap->position, err);
		return bootstrap->conn ? 0 : -1;
	}
	if (check_server(bootstrap, err) < 0 ||
	    source_has_position(bootstrap->conn, &bootstrap->position, err) < 0)
		return -1;
	return identity_check(bootstrap->sync, &bootstrap->position, err);
}

/* Return whether a table of the checkpoint is partly copied: 1, 0, -1. */
static int has_unfinished_copy(struct bootstrap *bootstrap, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 &&
	       checkpoint_next(&bootstrap->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		struct table_record record;
		table_record_init(&record, TABLE_NEW);
		rc = table_record_read(&record, name, value, &bootstrap->arena, err);
		if (rc == 0)
			rc = record.phase != TABLE_COPIED;
		table_record_fini(&record);
	}
	return rc;
}

/* Let the heartbeats of the other sources continue while this server is away, unless one of its
 * tables is partly copied. */
static int raise_saved_watermark(struct bootstrap *bootstrap, struct err *err)
{
	struct sync *sync = bootstrap->sync;
	int unfinished;
	if (sync->watermarks == NULL || !bootstrap->found)
		return 0;
	unfinished = has_unfinished_copy(bootstrap, err);
	if (unfinished < 0)
		return -1;
	if (!unfinished && position_watermark(&bootstrap->position) > 0)
		watermarks_raise(sync->watermarks, sync->config->source_number,
				 position_watermark(&bootstrap->position));
	return 0;
}

int bootstrap_settle(struct bootstrap *bootstrap, struct err *err)
{
	bootstrap_know_tables(bootstrap);
	if (check_columns(bootstrap, err) < 0)
		return -1;
	save_move(bootstrap);
	return 0;
}

int bootstrap_look(struct bootstrap *bootstrap, struct handover *handover, bool jumps,
		   struct err *err)
{
	struct checkpoint *checkpoint = &bootstrap->sync->checkpoint;
	if (checkpoint_load(checkpoint, &bootstrap->position, &bootstrap->found, err) < 0 ||
	    load_choices(bootstrap, err) < 0 || raise_saved_watermark(bootstrap, err) < 0)
		return -1;
	bootstrap->will_stream = bootstrap->sync->config->mode != MODE_FULL;
	jumps &= bootstrap->found;
	if (choose_source(bootstrap, jumps, err) < 0 ||
	    (bootstrap->found && bootstrap_load_saved(bootstrap, err) < 0) ||
	    look_at_tables(bootstrap, bootstrap->found && !jumps, err) < 0 ||
	    check_server(bootstrap, err) < 0 || check_history(bootstrap, jumps, err) < 0 ||
	    instance_lock_take(&bootstrap->name, err) < 0 ||
	    handover_wait(handover, &bootstrap->name, bootstrap->sync->config->name,
			  &bootstrap->sync->flags.stop, err) < 0)
		return -1;
	handover_note(handover, &bootstrap->name);
	if (bootstrap->found &&
	    (load_pending_databases(bootstrap, err) < 0 || finish_catalog(bootstrap, err) < 0 ||
	     load_pins(bootstrap, err) < 0))
		return -1;
	return jumps ? 0 : bootstrap_settle(bootstrap, err);
}
