#include "engine/sync/quarantine.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/state/records.h"

#include <stdlib.h>

/* What an error may concern. */
enum blame {
	BLAME_SYNC,       /* all tables */
	BLAME_TABLE,      /* one table alone */
	BLAME_DEFINITION, /* one table, whose tracked definition is wrong or not known */
};

/* Each error of exit code 7 (tests/lint/errors), and those of others that may concern one table. */
static const struct {
	enum err_id id;
	enum blame blame;
} blames[] = {
	/* functions of the script */
	{E_FUNCTION, BLAME_TABLE},
	{E_FUNCTION_BUDGET, BLAME_TABLE},
	{E_FUNCTION_RESULT, BLAME_TABLE},
	{E_ROW_EXPIRED, BLAME_TABLE},
	{E_KEY_RESULT, BLAME_TABLE},
	{E_TOPIC_RESULT, BLAME_TABLE},
	{E_FIELD_RESULT, BLAME_TABLE},
	{E_ROW_COLUMN, BLAME_TABLE},
	{E_ROW_ASSIGN, BLAME_TABLE},
	{E_EMIT, BLAME_TABLE},
	{E_HEADER_RESULT, BLAME_TABLE},
	/* messages and their destinations */
	{E_MESSAGE_SIZE, BLAME_TABLE},
	{E_ROW_SIZE, BLAME_TABLE},
	{E_ROW_TOPIC_NAME, BLAME_TABLE},
	{E_PARTITION, BLAME_TABLE},
	{E_KEY_LOST, BLAME_TABLE},
	{E_KEY_NULL, BLAME_TABLE},
	/* rows */
	{E_ROW_IMAGE, BLAME_TABLE},
	{E_PARTIAL_JSON, BLAME_TABLE},
	{E_VALUE, BLAME_TABLE},
	{E_TYPE_UNFIT, BLAME_TABLE},
	{E_ROW_DAMAGED, BLAME_TABLE},
	/* definitions */
	{E_CONTRADICTION, BLAME_DEFINITION},
	{E_COLUMN_TYPE, BLAME_DEFINITION},
	{E_TYPE_AMBIGUOUS, BLAME_DEFINITION},
	{E_CHARSET, BLAME_DEFINITION},
	{E_SYSTEM_VERSIONED, BLAME_DEFINITION},
	{E_DEFINITION_MISSING, BLAME_DEFINITION},
	{E_STATEMENT_UNFIT, BLAME_DEFINITION},
	{E_TABLE_UNREADABLE, BLAME_TABLE},
	/* statements */
	{E_RENAMED_IN, BLAME_TABLE},
	{E_PARTITION_MOVED, BLAME_TABLE},
	{E_MAPPING_LATE, BLAME_TABLE},
	/* all tables, or the binlog */
	{E_FUNCTION_MEMORY, BLAME_SYNC},
	{E_DDL_POLICY, BLAME_SYNC},
	{E_TOPICS_MAX, BLAME_SYNC},
	{E_EVENT_DAMAGED, BLAME_SYNC},
	{E_EVENT_UNKNOWN, BLAME_SYNC},
	{E_EVENT_COMPRESSED, BLAME_SYNC},
	{E_GTID_TAGGED, BLAME_SYNC},
	{E_TABLE_CHANGED, BLAME_SYNC},
	{E_STATEMENT_UNKNOWN, BLAME_SYNC},
	{E_DEFINITION_DOUBTED, BLAME_SYNC},
	{E_XA_ROWS, BLAME_SYNC},
	{E_XA_UNREAD, BLAME_SYNC},
	{E_TRANSACTION_SIZE, BLAME_SYNC},
	{E_START_INSIDE, BLAME_SYNC},
	{E_GTID, BLAME_SYNC},
	{E_CAPTURED_COLUMN, BLAME_SYNC},
	{E_ROWS_AS_STATEMENT, BLAME_SYNC},
};

enum { NERRORS = sizeof(blames) / sizeof(blames[0]) };

static enum blame blame_of(enum err_id id)
{
	for (unsigned i = 0; i < NERRORS; i++)
		if (blames[i].id == id)
			return blames[i].blame;
	return BLAME_SYNC;
}

/* Return whether the error may concern one table alone. One of the script that the start did not find is about a definition that a
 * statement has made. */
static bool may_be_own(const struct attempt *attempt)
{
	const struct err *err = &attempt->err;
	return blame_of(err->id) != BLAME_SYNC || (err->code == ERR_SCRIPT && attempt->has_looked);
}

static bool loses_definition(enum err_id id)
{
	return blame_of(id) == BLAME_DEFINITION;
}

/* A table that an error names. */
struct blamed_table {
	struct slice full_name; /* "shop.users" */
	struct chosen_table chosen;
	bool captured; /* false: it is in quarantine already */
};

/* Return whether the table is captured, or in quarantine. */
static bool is_known(struct supervisor *supervisor, struct blamed_table *table)
{
	const struct chosen_table *chosen = selection_find(&supervisor->sync.tables.chosen,
							   table->chosen.db, table->chosen.name);
	table->captured = script_wants(supervisor->script, supervisor->sync.index, table->chosen.db,
				       table->chosen.name);
	return table->captured || (chosen && chosen->hold);
}

/* Find the table with this full name, wherever the dot between database and table is. Return false if there is none, or more
 * than one. */
static bool find_table(struct supervisor *supervisor, struct slice full_name,
		       struct blamed_table *table)
{
	unsigned n = 0;
	for (size_t i = 1; i + 1 < full_name.len; i++) {
		struct blamed_table found = {
			.full_name = full_name,
			.chosen = {.db = slice_of(full_name.ptr, i),
				   .name = slice_of(full_name.ptr + i + 1, full_name.len - i - 1)}};
		if (full_name.ptr[i] != '.' || !is_known(supervisor, &found))
			continue;
		*table = found;
		n++;
	}
	return n == 1;
}

/* Return whether the text is a number, as a version is. */
static bool is_number(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	return text.len > 0;
}

/* Add the removal of the definitions of the table. Return whether there are any. */
static bool remove_definitions(struct checkpoint *checkpoint, struct slice full_name,
			       struct record_batch *records)
{
	struct slice prefix, name, value;
	struct arena arena;
	bool any = false;
	size_t at = 0;
	arena_init(&arena, 0);
	prefix = arena_printf(&arena, "catalog/%.*s/", SLICE_FMT(full_name));
	while (checkpoint_next(checkpoint, &at, prefix, &name, &value)) {
		if (!is_number(slice_of(name.ptr + prefix.len, name.len - prefix.len)))
			continue; /* a table whose name has this prefix and a slash */
		record_batch_add(records, name, (struct slice){NULL, 0});
		any = true;
	}
	arena_fini(&arena);
	return any;
}

/* Note that a table of the database has no definition, so that statements on it do not fail. */
static int note_partial(struct checkpoint *checkpoint, struct slice db,
			struct record_batch *records, struct err *err)
{
	struct catalog *catalog = catalog_new(0);
	struct arena arena;
	struct slice json;
	int rc = 0;
	arena_init(&arena, 0);
	json = checkpoint_get(checkpoint, record_name(&arena, "database", db));
	if (json.ptr)
		rc = catalog_database_from_json(catalog, json, err);
	if (json.ptr && rc == 0) {
		catalog_set_partial(catalog, db);
		record_database(records, catalog, db);
	}
	arena_fini(&arena);
	catalog_free(catalog);
	return rc;
}

/* Forget how far the table has come, since it is copied again when it leaves the quarantine, and its definition if that is wrong. Return
 * 1, 0 if there is nothing to forget, or -1. */
static int forget_table(struct checkpoint *checkpoint, const struct blamed_table *table,
			enum err_id why, struct record_batch *records, struct err *err)
{
	bool any = table->captured;
	if (table->captured)
		record_phase(records, table->full_name, TABLE_NEW);
	if (!loses_definition(why))
		return any;
	any |= remove_definitions(checkpoint, table->full_name, records);
	return note_partial(checkpoint, table->chosen.db, records, err) < 0 ? -1 : any;
}

/* Post what becomes of the table, and save it. Return 1, 0 if nothing does, or -1. */
static int save_table(struct checkpoint *checkpoint, const struct blamed_table *table,
		      enum err_id why, struct selection *selection, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	int rc = forget_table(checkpoint, table, why, &records, err);
	if (rc > 0) {
		checkpoint_post(checkpoint, &records, NULL);
		selection_post(selection, checkpoint);
		if (checkpoint_save(checkpoint, err) < 0) {
			checkpoint_discard(checkpoint);
			rc = -1;
		}
	}
	record_batch_fini(&records);
	return rc;
}

/* Return whether a command that is under way ends the capture of the table. */
static bool is_leaving(const struct table_commands *commands, const struct chosen_table *table)
{
	enum table_command command = commands->current->command;
	return (command == TABLE_REMOVE || command == TABLE_PAUSE) &&
	       selection_find(&commands->current->tables, table->db, table->name);
}

/* Keep the quarantine in a change that a command is about to make. */
static void join_command(struct table_commands *commands, const struct chosen_table *table)
{
	if (commands->stage == COMMAND_NONE)
		return;
	selection_hold(&commands->before, table->db, table->name, table->hold);
	if (!is_leaving(commands, table))
		selection_hold(&commands->after, table->db, table->name, table->hold);
}

static int save_hold(struct supervisor *supervisor, struct blamed_table *table,
		     const struct err *why, bool is_added, struct selection *selection,
		     struct err *err)
{
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	struct chosen_table *chosen = &table->chosen;
	struct table_hold hold = {.code = (int)why->id,
				  .text = slice_str(why->text),
				  .since_ms = clock_wall_ms(),
				  .is_added = is_added};
	struct buf position;
	int rc;
	buf_init(&position);
	rc = record_print_position(checkpoint, &position, err);
	hold.position = buf_slice(&position);
	chosen->hold = &hold;
	selection_hold(selection, chosen->db, chosen->name, &hold);
	if (rc == 0)
		rc = save_table(checkpoint, table, why->id, selection, err);
	if (rc > 0)
		join_command(&supervisor->commands, chosen);
	chosen->hold = NULL;
	buf_fini(&position);
	return rc;
}

static void emit_quarantine(struct supervisor *supervisor, const struct err *why)
{
	sync_events_emit(&supervisor->sync.events,
			 (struct sync_event){.kind = SYNC_EVENT_TABLE_QUARANTINED,
					     .table = {.name = slice_str(why->table), .why = why}});
}

/* Save that the table is in quarantine, or if it is already, that its definition is forgotten. Return 1, 0 if that changes nothing, or -1. */
static int save_quarantine(struct supervisor *supervisor, struct blamed_table *table,
			   const struct err *why, struct selection *selection, struct err *err)
{
	struct chosen_table *chosen = &table->chosen;
	const struct chosen_table *saved = selection_find(selection, chosen->db, chosen->name);
	if (!table->captured)
		return save_table(&supervisor->sync.checkpoint, table, why->id, selection, err);
	if (saved && saved->removed)
		return 1; /* a command has just removed or paused it: the next attempt begins without it */
	if (save_hold(supervisor, table, why, saved != NULL, selection, err) < 0)
		return -1;
	emit_quarantine(supervisor, why);
	return 1;
}

/* Return as save_quarantine. */
static int begin_quarantine(struct supervisor *supervisor, struct blamed_table *table,
			    const struct err *why, struct err *err)
{
	struct selection selection;
	int rc;
	selection_init(&selection);
	rc = selection_load(&selection, &supervisor->sync.checkpoint, err);
	if (rc == 0)
		rc = save_quarantine(supervisor, table, why, &selection, err);
	selection_fini(&selection);
	return rc;
}

void quarantine_remind(const struct supervisor *supervisor)
{
	const struct selection *chosen = &supervisor->sync.tables.chosen;
	struct arena arena;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < chosen->n; i++) {
		struct slice name = chosen_table_print(&chosen->tables[i], &arena);
		const struct table_hold *hold = chosen->tables[i].hold;
		if (hold && hold->code > 0)
			log_warn("table %.*s is in quarantine: nothing of it has been sent since "
				 "%.*s "
				 "(E-%d). tideway resync ends that",
				 SLICE_FMT(name), SLICE_FMT(hold->position), hold->code);
		else if (hold)
			log_info("table %.*s is paused: nothing of it has been sent since %.*s. "
				 "tideway "
				 "resume ends that",
				 SLICE_FMT(name), SLICE_FMT(hold->position));
	}
	arena_fini(&arena);
}

bool quarantine_has_others(const struct attempt *attempt)
{
	const struct bootstrap *bootstrap = &attempt->bootstrap;
	struct slice name = slice_str(attempt->err.table);
	for (unsigned i = 0; bootstrap->found && i < bootstrap->nselected; i++)
		if (!slice_equal(bootstrap->selected[i]->full_name, name))
			return true;
	return false;
}

bool quarantine_table(struct supervisor *supervisor, struct attempt *attempt)
{
	struct err *why = &attempt->err;
	struct blamed_table table;
	struct err err = ERR_INIT;
	int rc;
	if (!supervisor->sync.config->quarantines || why->retriable || !may_be_own(attempt) ||
	    !attempt->has_others || !find_table(supervisor, slice_str(why->table), &table))
		return false;
	rc = begin_quarantine(supervisor, &table, why, &err);
	if (rc < 0)
		*why = err;
	return rc > 0;
}
