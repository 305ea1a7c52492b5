/* stream_deletes: rows that are only in the topic are deleted there, after another copy of a table (docs/decisions/0040). The reader
 * finds them by comparing keys of the topic, and makes their messages. The lane records which keys it sends meanwhile, and sends a
 * DELETE only for keys that it has not sent. */
#include "base/json_writer.h"
#include "base/log.h"
#include "engine/lane/key_rule.h"
#include "engine/lane/send.h"
#include "engine/state/records.h"
#include "engine/stream/stream_backfill_priv.h"
#include "sink/sink.h"

#include <inttypes.h>

/* ---- the end ---- */

/* Send the end marker. The reader gets its answer when it is acknowledged. */
static int finish(struct stream *stream, struct table_state *state, struct err *err)
{
	struct mark mark = stream_read_mark(stream);
	if (commit_begin(stream->lane.commit, err) < 0 ||
	    stream_chunk_end_copy(stream, state, &mark, err) < 0)
		return -1;
	commit_done(stream->lane.commit, &mark);
	stream->backfill->is_sent = true;
	return 1;
}

/* ---- begin ---- */

bool stream_deletes_must_wait(const struct stream *stream, const struct table_state *state)
{
	const struct copy_again *again = &state->record.again;
	const struct position *end = stream->ddl.binlog_end_at_load;
	if (!again->deletes || again->begun || end == NULL || end->file[0] == '\0' ||
	    stream_has_passed(stream, end->file, end->offset))
		return false;
	atomic_store(&stream->backfill->link->waits, BACKFILL_WAITS_STREAM);
	return true;
}

int stream_deletes_check_rule(struct stream *stream, struct table_state *state, struct err *err)
{
	struct copy_again *again = &state->record.again;
	uint64_t rule;
	if (!again->deletes)
		return 0;
	if (stream_chunk_plan(stream, err) < 0)
		return -1;
	rule = key_rule_hash(&stream->lane, stream->backfill->plan);
	if (again->begun && again->rule != rule) {
		log_info("copy %" PRId64 " of table %.*s begins again: the rule for the keys of "
			 "its messages has changed",
			 again->id, SLICE_FMT(state->name));
		key_ranges_fini(&state->record.ranges);
		again->begun = false;
	}
	again->rule = rule;
	return 0;
}

bool stream_deletes_are_due(const struct table_state *state)
{
	const struct table_record *record = &state->record;
	return record->again.deletes && record->again.begun && table_record_is_copied(record);
}

/* Return whether the values of the column may be repeated: no mask covers it. */
static bool is_plain(const struct mapping *mapping, const struct out_column *column)
{
	const char *const *masks = mapping->shown.masks;
	return masks == NULL || masks[column->column][0] == '\0';
}

/* List the columns and fields whose old values a DELETE may contain: what a function or a mask made may have been plain before. */
static void list_columns(const struct plan *plan, struct backfill_chunk *chunk)
{
	const struct mapping *mapping = &plan->mapping;
	struct slice *names =
		ARENA_ARRAY(&chunk->arena, mapping->ncolumns + mapping->nfields + 1, struct slice);
	unsigned n = 0;
	for (unsigned i = 0; i < mapping->ncolumns; i++)
		if (is_plain(mapping, &mapping->columns[i]))
			names[n++] = json_text_in(&chunk->arena, mapping->columns[i].name);
	for (unsigned i = 0; i < mapping->nfields; i++)
		if (mapping->fields[i].source != FIELD_FUNCTION)
			names[n++] = json_text_in(&chunk->arena, mapping->fields[i].name);
	chunk->deletes.columns = names;
	chunk->deletes.ncolumns = n;
}

/* Describe how keys are made of the values in a message. */
static const struct format_key_rule *describe_rule(const struct plan *plan, struct arena *arena)
{
	const struct mapping *mapping = &plan->mapping;
	struct format_key_rule *rule = ARENA_NEW(arena, struct format_key_rule);
	struct slice *names = ARENA_ARRAY(arena, mapping->key.nparts + 1, struct slice);
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		unsigned value = plan->key_values[k];
		names[k] = json_text_in(arena,
					value < mapping->ncolumns
						? mapping->columns[value].name
						: mapping->fields[value - mapping->ncolumns].name);
	}
	*rule = (struct format_key_rule){names, mapping->key.nparts, mapping->key.json};
	return rule;
}

/* End the copy without looking for deleted rows. */
static int skip_deletes(struct stream *stream, struct table_state *state, const char *why,
			struct err *err)
{
	log_warn("copy %" PRId64 " of table %.*s ends without looking for deleted rows: %s",
		 state->record.again.id, SLICE_FMT(state->name), why);
	return finish(stream, state, err);
}

int stream_deletes_begin(struct stream *stream, struct table_state *state, struct err *err)
{
	struct backfill_chunk *chunk = stream->backfill->chunk;
	const struct plan *plan = stream->backfill->plan;
	const char *obstacle = key_rule_obstacle(&stream->lane, plan);
	if (obstacle)
		return skip_deletes(stream, state, obstacle, err);
	chunk->deletes = (struct backfill_deletes){
		.format = plan->format,
		.rule = describe_rule(plan, &chunk->arena),
		.topic = arena_copy(&chunk->arena, plan->destination->name),
		.partitions = sink_topic_info(plan->destination->topic)->partitions,
	};
	list_columns(plan, chunk);
	stream_chunk_answer(stream->backfill, BACKFILL_COPIED);
	return 1;
}

/* ---- compare ---- */

/* Begin to record the keys that are sent, and mark what was sent before. */
static int begin_waiting(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct mark mark = stream_read_mark(stream);
	if (commit_begin(stream->lane.commit, err) < 0)
		return -1;
	stream_chunk_stop_recording(backfill);
	backfill->recorded = backfill->chunk->table;
	backfill->compares = true;
	backfill->awaits = true;
	backfill->is_acked = false;
	mark.reached = &backfill->is_acked;
	commit_done(stream->lane.commit, &mark);
	return 1;
}

/* Answer when the mark is reached. Nothing else may be answered before: the mark refers to is_acked. */
static int await(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	if (!backfill->awaits)
		return begin_waiting(stream, err);
	if (!backfill->is_acked)
		return 0;
	backfill->awaits = false;
	stream_chunk_answer(backfill,
			    stream_chunk_is_current(stream) ? BACKFILL_BEGUN : BACKFILL_DISCARDED);
	return 1;
}

int stream_deletes_serve(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct table_state *state =
		table_states_find(&stream->lane.sync->states, backfill->chunk->table->full_name);
	if (!backfill->awaits && (state == NULL || !state->backfilled)) {
		stream_chunk_answer(backfill, BACKFILL_ENDED);
		return 1;
	}
	return backfill->chunk->message == BACKFILL_AWAIT ? await(stream, err)
							  : finish(stream, state, err);
}

/* ---- delete ---- */

/* Split a row of the chunk into the key and the value of the message. */
static void split(struct slice row, struct message *message)
{
	uint32_t size;
	memcpy(&size, row.ptr, sizeof(size));
	message->key = slice_of(row.ptr + sizeof(size), size);
	message->value = slice_of(row.ptr + sizeof(size) + size, row.len - sizeof(size) - size);
}

int stream_deletes_send(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct lane *lane = &stream->lane;
	const struct backfill_chunk *chunk = backfill->chunk;
	struct destination *destination = backfill->plan->destination;
	const struct header header = {SLICE(HEADER_COPY), chunk->copy};
	struct message message = {.topic = destination->name,
				  .op = SLICE("DELETE"),
				  .headers = &header,
				  .nheaders = 1,
				  .partition = chunk->deletes.partition,
				  .destination = destination};
	split(backfill_chunk_next(chunk, &backfill->at), &message);
	backfill->left--;
	if (bounded_set_has(&backfill->keys, message.key))
		return 0;
	if (sink_check(lane->sink, destination->topic, &message, err) < 0) {
		log_warn("copy %.*s of table %.*s: the DELETE of a row is too large, and is not "
			 "sent: %s",
			 SLICE_FMT(chunk->copy), SLICE_FMT(chunk->table->full_name), err->text);
		*err = (struct err)ERR_INIT;
		return 0;
	}
	metric_add(&lane->metrics->rows, 1);
	if (lane_send(lane, destination, &message, err) < 0)
		return -1;
	if (!backfill->plan->mapping.tombstones)
		return 0;
	message.value = message.op = (struct slice){NULL, 0};
	return lane_send(lane, destination, &message, err);
}
