/* stream_table: what the parts of the stream share about a table: its plan and its definition. */
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"
#include "script/script.h"

/* Return whether the start has checked the script with this definition. */
static bool has_checked(const struct stream *stream, const struct table *table)
{
	const struct catalog *checked = stream->ddl.checked.catalog;
	return checked && catalog_find(checked, table->db, table->name) == table;
}

bool stream_has_checked(const struct stream *stream, const struct catalog *catalog)
{
	const struct lane *lane = &stream->lane;
	const struct table *table;
	size_t at = 0;
	while (catalog && (table = catalog_next(catalog, &at)))
		if (!has_checked(stream, table) &&
		    script_wants(lane->script, lane->sync->index, table->db, table->name))
			return false;
	return true;
}

/* Return whether the heartbeats of the table's topic show that it is copied beside the stream. */
static bool is_backfilled(const struct stream *stream, const struct table *table)
{
	const struct table_state *state =
		table_states_find(&stream->lane.sync->states, table->full_name);
	return state && state->backfilled;
}

int stream_try_plans(struct stream *stream, const struct catalog *catalog, bool checked,
		     struct err *err)
{
	struct lane *lane = &stream->lane;
	const struct table *table;
	size_t at = 0;
	while (catalog && (table = catalog_next(catalog, &at))) {
		struct plan *plan;
		bool is_due = has_checked(stream, table) ? checked || is_backfilled(stream, table)
							 : !checked;
		if (!is_due ||
		    !script_wants(lane->script, lane->sync->index, table->db, table->name))
			continue;
		plan = plan_new(lane, table, err);
		if (plan == NULL)
			return err->code == ERR_SCRIPT ? err_table(err, table->full_name) : -1;
		if (plan->mapping.wanted)
			stream_note_topic(stream, plan);
		plan_free(lane, plan);
	}
	return 0;
}

/* A definition that the start has not checked is compared with the topics and keys of all other tables. So the script of the lane must
 * have prepared these before. */
struct plan *stream_plan(struct stream *stream, const struct table *table, struct err *err)
{
	if (stream->ddl.checked.deferred && !has_checked(stream, table)) {
		if (stream_try_plans(stream, stream->catalog, true, err) < 0)
			return NULL;
		stream->ddl.checked.deferred = false;
	}
	return plan_new(&stream->lane, table, err);
}

void stream_forget_plan(struct stream *stream, struct slice db, struct slice table)
{
	struct slice name =
		arena_printf(&stream->statement, "%.*s.%.*s", SLICE_FMT(db), SLICE_FMT(table));
	struct plan *plan = map_remove(&stream->lane.plans, name);
	if (plan == NULL)
		return;
	trx_reader_forget(&stream->reader, plan);
	if (stream->last == plan)
		stream->last = NULL;
	plan_free(&stream->lane, plan);
}

bool stream_before_database(const struct stream *stream, struct slice db)
{
	const struct trx_place trx = stream_place(stream);
	return table_states_before_database(&stream->lane.sync->states, db, &trx);
}

void stream_table_told(struct stream *stream, const struct table *table)
{
	/* a table that was created in the stream has all its rows there, so it need not be copied */
	if (map_remove(&stream->ddl.made, table->full_name))
		record_phase(&stream->current.durable.records, table->full_name, TABLE_COPIED);
}
