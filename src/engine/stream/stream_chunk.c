/* stream_chunk: the chunk of a backfill, while the stream lane has it: its plan and definition, the answer to the reader, and the end of
 * the table's copy. */
#include "engine/state/records.h"
#include "engine/stream/stream_backfill_priv.h"

void stream_chunk_drop_plan(struct stream *stream)
{
	plan_free(&stream->lane, stream->backfill->plan);
	stream->backfill->plan = NULL;
}

/* Return the definition of the chunk: the catalog's own, if it still is the current one. */
static const struct table *definition_of(const struct stream *stream)
{
	const struct backfill_chunk *chunk = stream->backfill->chunk;
	const struct table *table =
		catalog_find(stream->catalog, chunk->table->db, chunk->table->name);
	return table && table->version == chunk->definition->version ? table : chunk->definition;
}

int stream_chunk_plan(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	const struct table *table = definition_of(stream);
	struct plan *plan = backfill->plan;
	if (plan && slice_equal(plan->table->full_name, table->full_name) &&
	    plan->table->version == table->version)
		return 0;
	stream_chunk_drop_plan(stream);
	backfill->plan = stream_plan(stream, table, err);
	if (backfill->plan)
		return 0;
	return err->code == ERR_SCRIPT ? err_table(err, table->full_name) : -1;
}

bool stream_chunk_is_current(const struct stream *stream)
{
	const struct backfill_chunk *chunk = stream->backfill->chunk;
	const struct table *table =
		catalog_find(stream->catalog, chunk->table->db, chunk->table->name);
	return table && table->version == chunk->definition->version;
}

void stream_chunk_stop_recording(struct stream_backfill *backfill)
{
	backfill->recorded = NULL;
	backfill->is_spoiled = false;
	backfill->compares = false;
	sent_rows_clear(&backfill->sent);
	bounded_set_clear(&backfill->keys);
}

void stream_chunk_answer(struct stream_backfill *backfill, enum backfill_message message)
{
	if (message != BACKFILL_BEGUN)
		stream_chunk_stop_recording(backfill);
	backfill->chunk = NULL;
	backfill->is_sent = false;
	backfill_answer(backfill->link, message);
}

/* After the last row of another copy, send a marker. */
static int mark_end(struct stream *stream, const struct table_state *state, struct err *err)
{
	int64_t id = state->record.again.id;
	return id > 0 ? stream_mark_copy(stream, stream->backfill->plan, id, true, err) : 0;
}

int stream_chunk_end_copy(struct stream *stream, struct table_state *state, struct mark *mark,
			  struct err *err)
{
	stream->copies.are_counted = false;
	if (mark_end(stream, state, err) < 0)
		return -1;
	table_state_end_backfill(state);
	record_copied(&mark->records, state);
	mark->copied = stream->backfill->chunk->table;
	return 0;
}
