/* changed: what the binlog tells of definitions between a look at them and a position. Two looks that find the same do not
 * prove that nothing was in between: a migration that is undone, or a column that comes and goes (consistency rule 7). */
#include "base/log.h"
#include "decode/ddl.h"
#include "decode/statement.h"
#include "engine/cursor.h"
#include "engine/start_priv.h"
#include "source/dump.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEARTBEAT_MS = 500 };

/* One reading of the binlog, from the look to the position. */
struct reading {
	struct start *start;
	const struct position *until; /* without a file: to the end of the binlog */
	struct cursor cursor;
	struct arena arena;
};

static bool table_matters(const struct start *start, const struct ddl_name *named,
			  struct arena *arena)
{
	const struct ddl_name name = catalog_known_name(start->fresh, named, arena);
	if (name.table.len == 0)
		return catalog_has_database(start->fresh, name.db);
	return catalog_find(start->fresh, name.db, name.table) ||
	       script_wants(start->script, start->sync->index, name.db, name.table);
}

/* Whether a table has the name, as far as is known. */
static bool exists(const struct start *start, const struct ddl_name *named, struct arena *arena)
{
	const struct ddl_name name = catalog_known_name(start->fresh, named, arena);
	return catalog_find(start->fresh, name.db, name.table);
}

/* IF [NOT] EXISTS: what would make it do something is a statement before it, which matters. */
static bool does_nothing(const struct start *start, const struct ddl_step *step,
			 struct arena *arena)
{
	if (!step->if_exists || step->or_replace)
		return false;
	if (step->kind == DDL_STEP_CREATE_TABLE || step->kind == DDL_STEP_CREATE_LIKE)
		return exists(start, &step->name, arena);
	return step->kind == DDL_STEP_DROP_TABLE && !exists(start, &step->name, arena);
}

static bool step_matters(const struct start *start, const struct ddl_step *step,
			 struct arena *arena)
{
	switch (step->kind) {
	case DDL_STEP_NONE:
	case DDL_STEP_DML:
	case DDL_STEP_QUERY:
	case DDL_STEP_CREATE_OTHER:
	case DDL_STEP_DROP_OTHER:
	case DDL_STEP_TRUNCATE:
		return false;
	case DDL_STEP_UNPLACED:
	case DDL_STEP_CREATE_TABLE:
	case DDL_STEP_CREATE_LIKE:
	case DDL_STEP_ALTER_TABLE:
	case DDL_STEP_DROP_TABLE:
	case DDL_STEP_RENAME_TABLE:
	case DDL_STEP_CREATE_INDEX:
	case DDL_STEP_DROP_INDEX:
	case DDL_STEP_CREATE_DATABASE:
	case DDL_STEP_ALTER_DATABASE:
	case DDL_STEP_DROP_DATABASE:
		break;
	}
	if (does_nothing(start, step, arena))
		return false;
	if (table_matters(start, &step->name, arena) ||
	    (step->other.table.len > 0 && table_matters(start, &step->other, arena)))
		return true;
	for (unsigned i = 0; i < step->nspecs; i++)
		if (step->specs[i].to.table.len > 0 &&
		    table_matters(start, &step->specs[i].to, arena))
			return true;
	return false;
}

static int look_at_text(struct reading *reading, const struct event_query *query, struct err *err)
{
	struct ddl_context context = {
		.db = query->db,
		.charset_client = query->charset_client,
		.collation_server = query->collation_server,
		.sql_mode = query->sql_mode,
		.mariadb = reading->cursor.format.mariadb,
	};
	struct slice text = query->sql;
	const struct ddl_step *steps;
	unsigned n;
	if (ddl_to_utf8(&context, &reading->arena, &text, err) < 0 ||
	    ddl_parse(text, &context, &reading->arena, &steps, &n, err) < 0) {
		*err = (struct err)ERR_INIT;
		return 1;
	}
	for (unsigned i = 0; i < n; i++)
		if (step_matters(reading->start, &steps[i], &reading->arena))
			return 1;
	return 0;
}

static int look_at(struct reading *reading, const struct event *event, struct err *err)
{
	struct event_query query;
	struct slice name;
	int rc = 0;
	if (event->type == EVENT_QUERY_COMPRESSED) {
		return 1; /* whatever it says */
	} else if (event->type == EVENT_QUERY) {
		if (event_query_parse(event, &reading->cursor.format, &query, err) < 0)
			return -1;
		if (statement_parse(query.sql, &name) == STATEMENT_OTHER)
			rc = look_at_text(reading, &query, err);
		arena_reset(&reading->arena);
	}
	return rc;
}

static bool there(const struct reading *reading)
{
	const struct cursor *at = &reading->cursor;
	return reading->until->file[0] != '\0' && at->file[0] != '\0' &&
	       position_compare_files(at->file, at->offset, reading->until->file,
				      reading->until->offset) >= 0;
}

/* The stream refuses an event that cannot be read when it reaches it. This one may be before the stream's beginning. */
static int look_at_packet(struct reading *reading, struct slice packet, struct err *err)
{
	struct event event;
	if (cursor_read(&reading->cursor, packet, &event, err) < 0) {
		if (event.type == EVENT_FORMAT_DESCRIPTION)
			return -1;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	return look_at(reading, &event, err);
}

/* 1: a statement that matters; 0: none until the position; -1. */
static int read_on(struct reading *reading, struct dump *dump, struct err *err)
{
	struct slice packet;
	int rc = 0;
	while (rc == 0 && !there(reading)) {
		if (atomic_load(&reading->start->sync->halt))
			return err_retry(err, ERR_SOURCE, "stopped while the binlog was read");
		rc = dump_read(dump, &packet, err);
		if (rc <= 0)
			return rc;
		rc = look_at_packet(reading, packet, err);
	}
	return rc;
}

static int open_and_read(struct reading *reading, struct err *err)
{
	const struct sync_config *config = reading->start->sync->config;
	char name[80];
	struct dump_options options = {
		.sync_name = name, .heartbeat_ms = HEARTBEAT_MS, .from_now_end = true};
	struct dump *dump;
	int rc;
	snprintf(name, sizeof(name), "%s/start", config->name);
	dump = dump_open(&config->source, &reading->start->looked, &options, err);
	if (dump == NULL) {
		if (err->code != ERR_POSITION)
			return -1;
		*err = (struct err)ERR_INIT; /* purged since the look: it tells nothing any more */
		return 1;
	}
	rc = read_on(reading, dump, err);
	dump_free(dump);
	return rc;
}

int start_changed(struct start *start, const struct position *until, struct err *err)
{
	const struct position *from = &start->looked;
	struct reading reading = {.start = start, .until = until};
	int rc;
	if (!start->looks)
		return 0;
	if (from->file[0] == '\0') /* not known: another look */
		return 1;
	if (from->gtids.flavour == GTID_NONE && from->offset > UINT32_MAX)
		return 0; /* no dump can begin there: two equal looks must do */
	if (from->gtids.flavour != GTID_NONE && gtid_set_equal(&from->gtids, &until->gtids))
		return 0;
	cursor_init(&reading.cursor, false);
	if (from->gtids.flavour == GTID_NONE) /* else the dump may begin before that place */
		cursor_begin(&reading.cursor, slice_str(from->file), from->offset);
	arena_init(&reading.arena, 0);
	rc = there(&reading) ? 0 : open_and_read(&reading, err);
	arena_fini(&reading.arena);
	cursor_fini(&reading.cursor);
	if (rc > 0)
		log_info("a statement changed definitions while they were looked at; they are "
			 "looked at again");
	return rc < 0 ? err_wrap(err, "definitions at the start") : rc;
}
