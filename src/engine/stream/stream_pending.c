/* stream_pending: definitions that the catalog gets when the stream reaches the position that they are of (docs/decisions/0004,
 * 0033). Until then it drops the rows of their tables, without decoding them. */
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"

static struct plan *plan_in(const struct lane *lane, struct slice db)
{
	struct plan *plan;
	size_t at = 0;
	while ((plan = map_next(&lane->plans, &at)))
		if (slice_equal(plan->table->db, db))
			return plan;
	return NULL;
}

static void take_database(struct stream *stream, struct pending_database *database)
{
	struct plan *plan;
	table_states_remove_database(&stream->lane.sync->states, database);
	catalog_move_database(stream->catalog, stream->catalog_pending, database->name);
	while ((plan = plan_in(&stream->lane, database->name)))
		stream_forget_plan(stream, plan->table->db, plan->table->name);
	record_batch_add(&stream->current.durable.records,
			 record_name(&stream->statement, "adopted", database->name),
			 (struct slice){NULL, 0});
}

/* Take the definition of a table, whatever the statements up to here have made of it. */
static void take_table(struct stream *stream, struct table_state *state)
{
	struct record_batch *records = &stream->current.durable.records;
	const struct table *table = state->record.definition;
	const struct table *there = catalog_find(stream->catalog, table->db, table->name);
	table_state_end_pending(&stream->lane.sync->states, state);
	stream_forget_plan(stream, table->db, table->name);
	if (there && table_same(there, table))
		return;
	if (there)
		record_table(records, there, false);
	record_table(records, catalog_put(stream->catalog, table), true);
}

static void take_reached(struct stream *stream, start_reached *reached, const void *arg)
{
	const struct table_states *states = &stream->lane.sync->states;
	struct pending_database *database;
	struct table_state *state;
	while ((database = table_states_reached_database(states, reached, arg)))
		take_database(stream, database);
	while ((state = table_states_reached_table(states, reached, arg)))
		take_table(stream, state);
}

static bool is_before_transaction(const void *arg, const struct position *start)
{
	const struct trx_place *trx = arg;
	return !position_covers(start, trx);
}

void stream_take_pending(struct stream *stream)
{
	const struct trx_place trx = stream_place(stream);
	take_reached(stream, is_before_transaction, &trx);
}

bool stream_is_past(const struct stream *stream, const struct position *start)
{
	return position_passed(&stream->read, start) ||
	       (strcmp(start->server, stream->read.server) == 0 && start->file[0] != '\0' &&
		stream_has_passed(stream, start->file, start->offset));
}

static bool is_past(const void *arg, const struct position *start)
{
	return stream_is_past(arg, start);
}

int stream_take_passed(struct stream *stream, struct err *err)
{
	struct mark mark;
	if (!table_states_has_pending(&stream->lane.sync->states))
		return 0;
	if (commit_begin(stream->lane.commit, err) < 0)
		return -1;
	take_reached(stream, is_past, stream);
	mark = stream_read_mark(stream);
	mark.records = stream->current.durable.records;
	stream->current.durable.records = (struct record_batch){NULL, NULL};
	commit_done(stream->lane.commit, &mark);
	return 0;
}
