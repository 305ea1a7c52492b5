/* stream_backfill: rows of a table that is copied while the stream runs (docs/decisions/0033). The reader asks the lane to record
 * which rows the stream sends, reads a chunk, and gives it to the lane. Once the stream has passed everything that the chunk's
 * snapshot contains, the lane sends the rows that it has not recorded, in slices between transactions. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "decode/binrow.h"
#include "engine/lane/send.h"
#include "engine/lane/step.h"
#include "engine/lane/write_change.h"
#include "engine/state/records.h"
#include "engine/stream/stream_backfill_priv.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	SLICE_NS = 5 * 1000 * 1000, /* how long the stream waits for a slice at most */
	BUSY_MS = 50,               /* time between slices while packets arrive */
	ROWS_PER_CLOCK = 8,
	SECOND_MS = 1000,
};

struct stream_backfill *stream_backfill_new(struct backfill_link *link)
{
	struct stream_backfill *backfill;
	if (link == NULL)
		return NULL;
	backfill = mem_array(1, sizeof(*backfill));
	backfill->link = link;
	sent_rows_init(&backfill->sent);
	bounded_set_init(&backfill->keys, RECORDED_BYTES);
	backfill_pace_init(&backfill->pace);
	position_init(&backfill->prepared);
	return backfill;
}

void stream_backfill_free(struct stream_backfill *backfill)
{
	if (backfill == NULL)
		return;
	position_fini(&backfill->prepared);
	bounded_set_fini(&backfill->keys);
	sent_rows_fini(&backfill->sent);
	free(backfill);
}

void stream_backfill_close(struct stream *stream)
{
	if (stream->backfill)
		stream_chunk_drop_plan(stream);
}

static bool is_between_transactions(const struct stream *stream)
{
	return !stream->reader.trx.open && !stream->current.slot_open &&
	       stream->reader.again_bytes == 0;
}

/* Return whether the backfill must leave the lane to the stream. Show it. */
static bool yields(const struct stream *stream)
{
	double limit_s = stream->lane.config->full_yield_lag_s;
	bool lags = (double)stream_clock_lag_ms(stream) > limit_s * SECOND_MS;
	atomic_store(&stream->backfill->link->waits,
		     lags ? BACKFILL_WAITS_STREAM : BACKFILL_WAITS_NOT);
	return lags;
}

/* ---- recording ---- */

bool stream_backfill_records(const struct stream *stream, const struct plan *plan)
{
	const struct stream_backfill *backfill = stream->backfill;
	return backfill && backfill->recorded &&
	       slice_equal(backfill->recorded->full_name, plan->table->full_name);
}

/* A change of the stream that is being written. */
struct recording {
	struct sent_rows *sent;
	const struct change *change;
	const struct destination *last; /* that a message of the change went to */
};

static int record(void *arg, const struct destination *destination, const struct message *message,
		  struct err *err)
{
	struct recording *recording = arg;
	(void)message;
	if (destination != recording->last &&
	    sent_rows_add(recording->sent, recording->change, destination, err) < 0)
		return -1;
	recording->last = destination;
	return 1;
}

static int record_key(void *arg, const struct destination *destination,
		      const struct message *message, struct err *err)
{
	(void)destination, (void)err;
	if (message->key.ptr)
		bounded_set_add(arg, message->key);
	return 1;
}

int stream_backfill_write(struct stream *stream, struct plan *plan, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct recording recording = {&backfill->sent, &plan->change, NULL};
	const struct send_gate rows = {record, &recording}, keys = {record_key, &backfill->keys};
	int rc;
	stream->lane.gate = backfill->compares ? &keys : &rows;
	rc = write_change(&stream->lane, plan, err);
	stream->lane.gate = NULL;
	return rc;
}

void stream_backfill_spoil(struct stream *stream, struct slice full_name)
{
	struct stream_backfill *backfill = stream->backfill;
	if (backfill->recorded && slice_equal(backfill->recorded->full_name, full_name))
		backfill->is_spoiled = true;
}

void stream_backfill_lost(struct stream *stream)
{
	if (stream->backfill)
		stream->backfill->is_spoiled = true;
}

/* ---- begin ---- */

static int refuse_keyless(const struct table *table, struct err *err)
{
	return err_retry(err, E_TABLES_CHANGE,
			 "table %.*s lost its primary key while it was copied. It is read again",
			 SLICE_FMT(table->full_name));
}

/* End another copy that cannot be read. */
static int give_up(struct stream *stream, struct table_state *state, const char *why,
		   struct err *err)
{
	struct mark mark = stream_read_mark(stream);
	if (commit_begin(stream->lane.commit, err) < 0)
		return -1;
	table_state_log_cut_off(state, why);
	table_state_end_backfill(state);
	record_copied(&mark.records, state);
	commit_done(stream->lane.commit, &mark);
	stream->copies.are_counted = false;
	stream_chunk_answer(stream->backfill, BACKFILL_ENDED);
	return 1;
}

/* Return whether the stream sends all changes of the table from here on. */
static bool is_past_start(const struct stream *stream, const struct table_state *state)
{
	const struct position *start = &state->record.start;
	return !position_is_set(start) || stream_is_past(stream, start);
}

/* Return whether an XA transaction may have rows of the table that the stream has dropped. A snapshot shows them only when it is
 * decided. Those that are prepared later are refused if they have such rows. */
static bool waits_for_prepared(struct stream *stream)
{
	struct stream_backfill *backfill = stream->backfill;
	bool waits;
	if (backfill->prepared_of != backfill->chunk->table)
		position_copy(&backfill->prepared, &stream->read);
	backfill->prepared_of = backfill->chunk->table;
	waits = stream_xa_any_left(stream, &backfill->prepared);
	if (waits)
		atomic_store(&backfill->link->waits, BACKFILL_WAITS_PREPARED);
	return waits;
}

/* A position on another server than the last transaction's may have no file yet. */
static bool has_place(const struct stream *stream)
{
	return stream->read.file[0] != '\0' || stream->read.gtids.flavour == GTID_MYSQL;
}

static struct key_bound copy_bound(struct arena *arena, const struct key_bound *from)
{
	struct slice *parts = ARENA_ARRAY(arena, from->n + 1, struct slice);
	for (unsigned i = 0; i < from->n; i++)
		parts[i] = arena_copy(arena, from->parts[i]);
	return (struct key_bound){from->n, parts};
}

/* Set the range from which the next rows are read. */
static void show_missing(struct backfill_chunk *chunk, const struct key_ranges *ranges)
{
	struct key_range missing = {{0, NULL}, {0, NULL}};
	size_t at = 0;
	chunk->signature = SLICE("");
	if (key_ranges_any(ranges) && key_ranges_next_missing(ranges, &at, &missing))
		chunk->signature = arena_copy(&chunk->arena, slice_str(ranges->signature));
	chunk->range.low = copy_bound(&chunk->arena, &missing.low);
	chunk->range.high = copy_bound(&chunk->arena, &missing.high);
}

/* Record how far the backfill of the table has come. */
static void record_backfill(struct record_batch *records, const struct table_state *state)
{
	if (table_state_is_incomplete(state))
		record_copying(records, state);
	else
		record_copied(records, state);
}

/* Set the condition for the rows: that of the table, and that of another copy. */
static void set_condition(struct backfill_chunk *chunk, const struct copy_again *again)
{
	const char *table = chunk->table->where;
	const char *copy = chunk->optional ? again->where : NULL;
	chunk->where = table;
	if (table && copy)
		chunk->where = arena_cstr(
			&chunk->arena, arena_printf(&chunk->arena, "(%s) AND (%s)", table, copy));
	else if (copy)
		chunk->where = arena_cstr(&chunk->arena, slice_str(copy));
}

/* Set what is special about another copy of a table. Before its first rows, send a marker. */
static int begin_again(struct stream *stream, struct table_state *state, struct err *err)
{
	struct backfill_chunk *chunk = stream->backfill->chunk;
	struct copy_again *again = &state->record.again;
	struct mark mark = stream_read_mark(stream);
	chunk->copy = (struct slice){NULL, 0};
	chunk->optional = !table_state_is_incomplete(state);
	set_condition(chunk, again);
	if (again->id == 0)
		return 0;
	chunk->copy = arena_printf(&chunk->arena, "%" PRId64, again->id);
	if (stream_deletes_check_rule(stream, state, err) < 0)
		return -1;
	if (again->begun)
		return 0;
	if (stream_chunk_plan(stream, err) < 0 || commit_begin(stream->lane.commit, err) < 0 ||
	    stream_mark_copy(stream, stream->backfill->plan, again->id, false, err) < 0)
		return -1;
	again->begun = true;
	record_backfill(&mark.records, state);
	commit_done(stream->lane.commit, &mark);
	return 0;
}

static int begin(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct backfill_chunk *chunk = backfill->chunk;
	const struct backfill_table *name = chunk->table;
	struct table_state *state = table_states_find(&stream->lane.sync->states, name->full_name);
	const struct table *table;
	if (state == NULL || !state->backfilled) {
		stream_chunk_answer(backfill, BACKFILL_ENDED);
		return 1;
	}
	if (!is_past_start(stream, state) || !has_place(stream) || yields(stream) ||
	    (table_state_is_incomplete(state) && waits_for_prepared(stream)) ||
	    stream_deletes_must_wait(stream, state))
		return 0;
	if (stream_take_passed(stream, err) < 0)
		return -1;
	table = catalog_find(stream->catalog, name->db, name->name);
	if (table == NULL) {
		stream_chunk_answer(backfill, BACKFILL_ENDED);
		return 1;
	}
	if (table->npk == 0 && !table_state_is_incomplete(state))
		return give_up(stream, state, "the table has lost its primary key", err);
	if (table->npk == 0)
		return refuse_keyless(table, err);
	stream_chunk_stop_recording(backfill);
	chunk->definition = table_copy(&chunk->arena, table);
	if (begin_again(stream, state, err) < 0)
		return -1;
	if (stream_deletes_are_due(state))
		return stream_deletes_begin(stream, state, err);
	sent_rows_begin(&backfill->sent, chunk->definition);
	show_missing(chunk, &state->record.ranges);
	position_copy(&chunk->processed, &stream->read);
	backfill->recorded = chunk->table;
	stream_chunk_answer(backfill, BACKFILL_BEGUN);
	return 1;
}

/* ---- send ---- */

static int begin_rows(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct backfill_chunk *chunk = backfill->chunk;
	struct plan *plan;
	if (stream_chunk_plan(stream, err) < 0)
		return -1;
	backfill->at = 0;
	backfill->left = chunk->nrows;
	if (chunk->message == BACKFILL_DELETE)
		return 0;
	plan = backfill->plan;
	plan_set_layout(plan, chunk->layout);
	plan->change = (struct change){
		.op = CHANGE_READ,
		.table = plan->table,
		.after = &plan->after.row,
		.time_ms = stream->lane.sync->start_ms,
		.copy = chunk->copy,
		.snapshot = &chunk->low,
	};
	return 0;
}

/* Return whether a message of the chunk's row may be sent: the stream has sent no change of the row to that topic. */
static int is_unsent(void *arg, const struct destination *destination,
		     const struct message *message, struct err *err)
{
	struct stream_backfill *backfill = arg;
	int rc = sent_rows_has(&backfill->sent, &backfill->plan->after.row, destination, err);
	(void)message;
	return rc < 0 ? -1 : !rc;
}

static int send_row(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct plan *plan = backfill->plan;
	const struct send_gate gate = {is_unsent, backfill};
	int rc;
	if (binrow_split(backfill_chunk_next(backfill->chunk, &backfill->at), &plan->after.row,
			 err) < 0)
		return -1;
	backfill->left--;
	stream->lane.gate = sent_rows_is_empty(&backfill->sent) ? NULL : &gate;
	rc = write_change(&stream->lane, plan, err);
	stream->lane.gate = NULL;
	return rc;
}

static uint64_t bytes_sent(const struct stream *stream)
{
	return atomic_load_explicit(&stream->lane.metrics->bytes, memory_order_relaxed);
}

/* Send rows until the slice takes too long, or enough bytes are on their way. */
static int send_rows(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	bool deletes = backfill->chunk->message == BACKFILL_DELETE;
	int64_t until_ns = clock_mono_ns() + SLICE_NS;
	uint64_t until_bytes = bytes_sent(stream) + backfill_pace_may_send(&backfill->pace);
	while (backfill->left > 0) {
		if ((deletes ? stream_deletes_send(stream, err) : send_row(stream, err)) < 0)
			return -1;
		if (backfill->left % ROWS_PER_CLOCK == 0 &&
		    (clock_mono_ns() >= until_ns || bytes_sent(stream) >= until_bytes ||
		     lane_is_full(&stream->lane)))
			break;
	}
	return 0;
}

/* The rows of the range are sent. What was finished by another key is of no use. */
static void finish_range(struct stream *stream, struct table_state *state)
{
	const struct backfill_chunk *chunk = stream->backfill->chunk;
	struct key_ranges *ranges = &state->record.ranges;
	if (ranges->signature == NULL ||
	    !slice_equal(slice_str(ranges->signature), chunk->signature))
		key_ranges_restart(ranges, chunk->signature);
	if (!key_ranges_finish(ranges, &chunk->range, chunk->nrows))
		log_debug("backfill: the place of a range is not known");
	position_copy(&state->reached, &stream->read);
	atomic_store(&chunk->table->metrics.rows, ranges->rows);
}

/* Record what the rows up to here mean for the table. */
static int note_progress(struct stream *stream, struct mark *mark, struct err *err)
{
	struct backfill_chunk *chunk = stream->backfill->chunk;
	struct table_state *state =
		table_states_find(&stream->lane.sync->states, chunk->table->full_name);
	struct key_range missing;
	size_t at = 0;
	finish_range(stream, state);
	stream->copies.are_counted = false;
	if (key_ranges_next_missing(&state->record.ranges, &at, &missing) ||
	    state->record.again.deletes) {
		record_backfill(&mark->records, state);
		return 0;
	}
	return stream_chunk_end_copy(stream, state, mark, err);
}

/* The plan of the table is that of the rows as long as they are written: functions of the script ask for it by the name. */
static int send_slice(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct stream_backfill *backfill = stream->backfill;
	struct slice name = backfill->plan->table->full_name;
	uint64_t bytes = bytes_sent(stream);
	struct plan *before;
	struct mark mark;
	int rc;
	if (commit_begin(lane->commit, err) < 0)
		return -1;
	before = map_set(&lane->plans, name, backfill->plan);
	rc = send_rows(stream, err);
	if (before)
		map_set(&lane->plans, before->table->full_name, before);
	else
		map_remove(&lane->plans, name);
	if (rc < 0)
		return -1;
	mark = stream_read_mark(stream);
	mark.pace = &backfill->pace;
	mark.slice_bytes = (size_t)(bytes_sent(stream) - bytes);
	mark.slice_ns = clock_mono_ns();
	if (backfill->left == 0 && backfill->chunk->message == BACKFILL_SEND &&
	    note_progress(stream, &mark, err) < 0)
		return -1;
	backfill_pace_sent(&backfill->pace, mark.slice_bytes);
	commit_done(lane->commit, &mark);
	return 0;
}

/* Return whether the rows of the chunk may be sent once acknowledgements have arrived. */
static bool is_paced(const struct stream_backfill *backfill)
{
	return backfill_pace_may_send(&backfill->pace) == 0;
}

bool stream_backfill_waits_for_reports(const struct stream *stream)
{
	const struct stream_backfill *backfill = stream->backfill;
	return backfill && backfill->chunk && backfill->left > 0 && is_paced(backfill);
}

static bool is_missing(const struct stream *stream)
{
	const struct table_state *state = table_states_find(
		&stream->lane.sync->states, stream->backfill->chunk->table->full_name);
	return state && state->backfilled;
}

static int send(struct stream *stream, bool is_idle, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	const struct backfill_chunk *chunk = backfill->chunk;
	bool has_begun = backfill->left > 0;
	if (backfill->is_spoiled || backfill->sent.is_incomplete || backfill->keys.is_full ||
	    !stream_chunk_is_current(stream)) {
		backfill->left = 0;
		stream_chunk_answer(backfill, BACKFILL_DISCARDED);
		return 1;
	}
	if ((chunk->message == BACKFILL_SEND &&
	     !stream_has_passed(stream, chunk->high.file, chunk->high.offset)) ||
	    yields(stream) || is_paced(backfill) ||
	    (!is_idle && clock_mono_ms() < backfill->slice_ms + BUSY_MS))
		return 0;
	if (!has_begun && begin_rows(stream, err) < 0)
		return -1;
	if (send_slice(stream, err) < 0)
		return -1;
	backfill->slice_ms = clock_mono_ms();
	backfill->is_sent = backfill->left == 0;
	if (backfill->is_sent && is_missing(stream))
		stream_chunk_answer(backfill, BACKFILL_SENT);
	return 1;
}

/* The reader has given up the copy of its table, unless a statement has ended it before. */
static int end_unreadable(struct stream *stream, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	struct table_state *state =
		table_states_find(&stream->lane.sync->states, backfill->chunk->table->full_name);
	if (state && state->backfilled)
		return give_up(stream, state, backfill->chunk->why, err);
	stream_chunk_answer(backfill, BACKFILL_ENDED);
	return 1;
}

void stream_backfill_listen(struct stream *stream)
{
	struct stream_backfill *backfill = stream->backfill;
	if (backfill == NULL)
		return;
	if (backfill->chunk == NULL)
		backfill->chunk = backfill_take(backfill->link);
	else if (backfill->is_sent && atomic_load(&backfill->chunk->table->metrics.done))
		stream_chunk_answer(backfill, BACKFILL_ENDED);
}

int stream_backfill_serve(struct stream *stream, bool is_idle, struct err *err)
{
	struct stream_backfill *backfill = stream->backfill;
	if (backfill == NULL || backfill->chunk == NULL || backfill->is_sent ||
	    !is_between_transactions(stream))
		return 0;
	if (backfill->chunk->message == BACKFILL_BEGIN)
		return begin(stream, err);
	if (backfill->chunk->message == BACKFILL_GIVE_UP)
		return end_unreadable(stream, err);
	if (backfill->chunk->message == BACKFILL_AWAIT ||
	    backfill->chunk->message == BACKFILL_FINISH)
		return stream_deletes_serve(stream, err);
	return send(stream, is_idle, err);
}
