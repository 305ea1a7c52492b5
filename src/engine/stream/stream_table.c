/* stream_table: what the parts of the stream share about a table: its plan and its definition. */
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"

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
