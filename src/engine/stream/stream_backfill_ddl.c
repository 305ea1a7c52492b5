/* stream_backfill_ddl: what statements mean for a table that is copied while the stream runs (docs/decisions/0033, 0036). */
#include "base/log.h"
#include "engine/lane/backfill_link.h"
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"

static struct table_state *backfilled_state(struct stream *stream, const struct ddl_name *name)
{
	struct slice full_name = arena_printf(&stream->statement, "%.*s.%.*s", SLICE_FMT(name->db),
					      SLICE_FMT(name->table));
	struct table_state *state = table_states_find(&stream->lane.sync->states, full_name);
	return state && state->backfilled ? state : NULL;
}

/* Return whether the table is read after the present transaction, whatever happens to its name until then. */
static bool is_before_start(const struct stream *stream, const struct table_state *state)
{
	const struct trx_place trx = stream_place(stream);
	return table_state_drops(state, &trx);
}

/* The table is empty at the end of the statement, so that all of its rows come from the stream. A copy with markers continues, so
 * that it has an end: the table is small now. */
static void end_empty(struct stream *stream, struct table_state *state)
{
	if (state->record.again.id > 0)
		return;
	table_state_end_backfill(state);
	record_copied(&stream->current.durable.records, state);
	log_info("backfill: table %.*s was emptied or made again; the stream has all of its rows",
		 SLICE_FMT(state->name));
}

/* The table is gone, or has another name. */
static void end_left(struct table_state *state, const struct ddl_effect *effect)
{
	if (state->record.again.id > 0)
		table_state_log_cut_off(state, effect->op == DDL_ERASE ? "the table was dropped"
								       : "the table was renamed");
	table_state_leave_backfill(state);
}

void stream_backfill_effect(struct stream *stream, const struct ddl_effect *effect)
{
	struct ddl_name name = {effect->db, effect->table};
	struct table_state *state;
	if (stream->backfill == NULL || name.table.len == 0)
		return;
	if (effect->before) /* in the server's spelling, if names ignore case */
		name = (struct ddl_name){effect->before->db, effect->before->name};
	state = backfilled_state(stream, &name);
	if (state == NULL || is_before_start(stream, state))
		return;
	stream_backfill_spoil(stream, state->name);
	if (effect->op == DDL_TRUNCATE || effect->op == DDL_CREATE)
		end_empty(stream, state);
	else if (effect->op == DDL_ERASE || effect->new_table.len > 0)
		end_left(state, effect);
	stream->copies.are_counted = false;
}

bool stream_backfill_lacks(const struct stream *stream, struct slice full_name)
{
	const struct table_state *state = table_states_find(&stream->lane.sync->states, full_name);
	return stream->backfill && state && (table_state_is_incomplete(state) || state->left) &&
	       !is_before_start(stream, state);
}
