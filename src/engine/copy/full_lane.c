/* full_lane: a copy lane as a state machine (engine/lane/step.h):
 *     next ─► rows ─► next ─► ... ─► drain
 * A step waits in itself while it sends a statement, and while a row is sent that the sink has no room for: a row is mapped and
 * sent whole. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "decode/binrow.h"
#include "engine/copy/full_priv.h"
#include "engine/lane/chunk_layout.h"
#include "engine/lane/plan.h"
#include "engine/lane/step.h"
#include "engine/lane/write_change.h"
#include "engine/state/records.h"
#include "script/script.h"
#include "sink/sink.h"
#include "source/conn.h"
#include "source/snapshot.h"

#include <stdio.h>

enum {
	ROWS_PER_TICK = 256, /* and at most in one step */
	CUT_POLL_MS =
		2, /* how often a lane looks for a range while another one divides the last one */
	CUT_PATIENCE_MS =
		3000, /* how long it does so while its metadata locks may hold the other one up */
};

static struct full_lane *of(struct lane *lane)
{
	return (struct full_lane *)lane;
}

/* Record that a range is finished. Rows of a table without a key cannot be told apart: it is read in one go. */
static void note_finished(struct full *full, const struct full_range *range,
			  struct record_batch *batch)
{
	struct table_state *state = range->table->state;
	if (range->table->table->npk == 0)
		return;
	pthread_mutex_lock(&full->lock);
	if (key_ranges_finish(&state->record.ranges, &range->bounds, range->rows))
		record_copying(batch, state);
	pthread_mutex_unlock(&full->lock);
}

/* Take the mark of a range: the range is in Kafka. With its last range, a table is copied. */
static void range_acked(void *arg, const struct mark *mark, struct record_batch *batch)
{
	struct full_lane *lane = arg;
	struct full_table *table = mark->range->table;
	bool last = atomic_fetch_sub(&table->ranges_left, 1) == 1;
	if (atomic_load(&table->changed))
		return;
	if (!last) {
		note_finished(lane->full, mark->range, batch);
		return;
	}
	if (FAULT(TABLE_DONE)) {
		struct err err = ERR_INIT;
		err_retry(&err, E_FAULT, "after a table was acknowledged: fault injected");
		full_fail(lane->full, &err);
		return;
	}
	record_copied(batch, table->state);
	atomic_store(&table->metrics.done, true);
	sync_events_emit(&lane->lane.sync->events,
			 (struct sync_event){.kind = SYNC_EVENT_TABLE_COPIED,
					     .table = {.name = table->table->full_name,
						       .rows = atomic_load(&table->metrics.rows)}});
}

int full_layout(struct plan *plan, const struct chunk *chunk, struct err *err)
{
	struct row_layout *layout;
	if (chunk_layout(chunk, plan->table, &plan->arena, &layout, err) < 0)
		return -1;
	plan_set_layout(plan, layout);
	return 0;
}

static void note_mismatch(struct full_lane *lane, struct full_table *table, const struct err *how)
{
	pthread_mutex_lock(&lane->full->lock);
	if (table->mismatch == NULL) {
		table->mismatch = mem_alloc(sizeof(*how));
		*table->mismatch = *how;
	}
	pthread_mutex_unlock(&lane->full->lock);
}

static int find_plan(struct full_lane *lane, const struct table *table, struct plan **plan,
		     struct err *err)
{
	*plan = map_get(&lane->lane.plans, table->full_name);
	if (*plan)
		return 0;
	*plan = plan_new(&lane->lane, table, err);
	if (*plan == NULL)
		return err->code == ERR_SCRIPT ? err_table(err, table->full_name) : -1;
	map_set(&lane->lane.plans, (*plan)->table->full_name, *plan);
	return 0;
}

static int tick(struct full_lane *lane, struct err *err)
{
	lane->rows_since_tick = 0;
	lane->ticked_ms = clock_mono_ms();
	lane->lane.now_ms = clock_wall_ms();
	if (sink_poll(lane->lane.sink, 0, err) < 0)
		return -1;
	commit_serve(lane->lane.commit, false);
	return LANE_PROGRESS;
}

/* ---- a range ---- */

static int end_range(struct full_lane *lane, struct err *err)
{
	const struct mark mark = {.range = lane->range};
	lane->phase = FULL_NEXT;
	full_note_chunk(lane->full, lane->range);
	commit_done(lane->lane.commit, &mark);
	if (chunk_release_locks(lane->conn, err) < 0)
		return -1;
	return tick(lane, err);
}

/* Leave a range before its end. changed: another round reads it. */
static int leave_range(struct full_lane *lane, bool changed, struct err *err)
{
	lane->phase = FULL_NEXT;
	if (!changed)
		conn_shutdown(lane->conn); /* do not read the rest of the result */
	chunk_fini(&lane->chunk);
	if (!changed)
		return -1;
	full_note_changed(lane->full, lane->range->table, err);
	return end_range(lane, err);
}

static int begin_rows(struct full_lane *lane, struct err *err)
{
	struct plan *plan = lane->plan;
	bool changed;
	if (full_layout(plan, &lane->chunk, err) < 0) {
		changed = err->code == ERR_DATA;
		if (changed)
			note_mismatch(lane, lane->range->table, err);
		return leave_range(lane, changed, err);
	}
	if (FAULT(CHUNK)) {
		err_retry(err, E_SOURCE_FAULT, "while a chunk is read: fault injected");
		return leave_range(lane, false, err);
	}
	plan->change = (struct change){
		.op = CHANGE_READ,
		.table = plan->table,
		.after = &plan->after.row,
		.time_ms = lane->lane.sync->start_ms,
		.snapshot = lane->full->place,
	};
	lane->phase = FULL_ROWS;
	return LANE_PROGRESS;
}

static int begin_range(struct full_lane *lane, struct err *err)
{
	struct full_range *range = lane->range;
	if (find_plan(lane, range->table->table, &lane->plan, err) < 0 ||
	    commit_begin(lane->lane.commit, err) < 0 || chunk_hold_locks(lane->conn, err) < 0)
		return -1;
	if (full_open_range(lane, err) == 0)
		return begin_rows(lane, err);
	if (!full_table_changed(lane->conn, err) && err->id != E_TABLE_CHANGED)
		return -1;
	full_note_changed(lane->full, range->table, err);
	return end_range(lane, err);
}

/* Read no more. Release the metadata locks that the snapshot has kept: an ALTER may wait for them, and another lane for the ALTER. */
static int end_reading(struct full_lane *lane, struct err *err)
{
	lane->phase = FULL_DRAIN;
	if (!conn_frees_locks(lane->conn) && snapshot_end(lane->conn, err) < 0)
		return -1;
	return LANE_PROGRESS;
}

/* Wait while another lane divides a range. If that takes long, an ALTER may hold it up that waits for the locks of this lane: then
 * the other lanes read the rest. */
static int wait_for_cut(struct full_lane *lane, struct wait *wait, struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	if (lane->waits_ms == 0)
		lane->waits_ms = now_ms;
	if (now_ms - lane->waits_ms > CUT_PATIENCE_MS && !conn_frees_locks(lane->conn))
		return end_reading(lane, err);
	*wait = (struct wait){-1, now_ms + CUT_POLL_MS};
	return tick(lane, err) < 0 ? -1 : LANE_WAIT;
}

static int step_next(struct full_lane *lane, struct wait *wait, struct err *err)
{
	bool later;
	lane->range = full_take_range(lane->full, lane->number, &later);
	if (later)
		return wait_for_cut(lane, wait, err);
	lane->waits_ms = 0;
	if (lane->range == NULL)
		return end_reading(lane, err);
	if (!atomic_load(&lane->range->table->changed))
		return begin_range(lane, err);
	full_drop_range(lane->full, lane->range);
	return LANE_PROGRESS;
}

/* ---- rows ---- */

/* Wait for the next row, at most until the next tick. */
static int wait_for_row(struct full_lane *lane, struct wait *wait, struct err *err)
{
	int64_t tick_ms = lane->ticked_ms + LANE_POLL_MS;
	if (clock_mono_ms() >= tick_ms)
		return tick(lane, err);
	*wait = (struct wait){conn_fd(lane->conn), tick_ms};
	return LANE_WAIT;
}

static int write_row(struct full_lane *lane, struct slice packet, struct err *err)
{
	struct plan *plan = lane->plan;
	if (binrow_split(packet, &plan->after.row, err) < 0 ||
	    write_change(&lane->lane, plan, err) < 0)
		return -1;
	atomic_fetch_add_explicit(&lane->range->table->metrics.rows, 1, memory_order_relaxed);
	lane->range->rows++;
	lane->range->bytes += packet.len;
	lane->paced_rows++;
	return 0;
}

/* Write the rows that have arrived, up to the next tick. */
static int step_rows(struct full_lane *lane, struct wait *wait, struct err *err)
{
	struct slice packet;
	int rc;
	do {
		if (!chunk_ready(&lane->chunk))
			return wait_for_row(lane, wait, err);
		rc = chunk_read(&lane->chunk, &packet, err);
		if (rc == 0) {
			chunk_fini(&lane->chunk);
			return end_range(lane, err);
		}
		if (rc < 0 || write_row(lane, packet, err) < 0)
			return leave_range(lane, full_table_changed(lane->conn, err), err);
		if (++lane->rows_since_tick >= ROWS_PER_TICK)
			return tick(lane, err);
	} while (!lane_is_full(&lane->lane));
	return LANE_PROGRESS;
}

/* ---- the end ---- */

static int step_drain(struct full_lane *lane, struct wait *wait, struct err *err)
{
	if (tick(lane, err) < 0)
		return -1;
	if (commit_is_idle(lane->lane.commit))
		return LANE_DONE;
	return lane_wait_for_reports(&lane->lane, wait);
}

/* ---- all phases ---- */

/* Return how long this lane must wait to keep to its share of full.rows_per_second. */
static int64_t pace_left_ms(const struct full_lane *lane)
{
	double limit = lane->lane.config->full_rows_per_second / lane->full->nlanes;
	if (limit <= 0)
		return 0;
	return lane->paced_ms + (int64_t)((double)lane->paced_rows * 1000.0 / limit) -
	       clock_mono_ms();
}

/* Wait, since the lane has read too fast. */
static int wait_for_pace(struct full_lane *lane, int64_t left_ms, struct wait *wait,
			 struct err *err)
{
	if (tick(lane, err) < 0)
		return -1;
	*wait = (struct wait){-1,
			      clock_mono_ms() + (left_ms < LANE_POLL_MS ? left_ms : LANE_POLL_MS)};
	return LANE_WAIT;
}

static int step(struct lane *base, struct wait *wait, struct err *err)
{
	struct full_lane *lane = of(base);
	int64_t left_ms;
	if (lane->phase == FULL_DRAIN && commit_is_idle(base->commit))
		return LANE_DONE;
	if (lane_stopping(base))
		return err_retry(err, E_STOPPED_COPY, "stopped during the full sync");
	if (lane->phase == FULL_DRAIN)
		return step_drain(lane, wait, err);
	left_ms = pace_left_ms(lane);
	if (left_ms > 0)
		return wait_for_pace(lane, left_ms, wait, err);
	if (lane_is_full(base))
		return lane_wait_for_room(base, wait, err);
	return lane->phase == FULL_ROWS ? step_rows(lane, wait, err) : step_next(lane, wait, err);
}

/* With mode = "full" a copy does not continue where it was interrupted, and an outage must not cost all of it. */
static const struct lease *lease_of(const struct sync *sync)
{
	return sync->config->mode == MODE_FULL ? NULL : checkpoint_lease(&sync->checkpoint);
}

int full_lane_open(struct full_lane *lane, struct err *err)
{
	struct full *full = lane->full;
	const struct commit_meaning meaning = {
		.reached = range_acked, .arg = lane, .order = &full->order};
	snprintf(lane->label, sizeof(lane->label), "full-%u", lane->number + 1);
	lane->phase = FULL_NEXT;
	lane->ticked_ms = lane->paced_ms = clock_mono_ms();
	if (lane_open(&lane->lane, full->sync, SYNC_COPY, lane->label,
		      full->sync->queue_bytes / full->nlanes, lease_of(full->sync), &meaning,
		      &full->metrics[lane->number], err) < 0)
		return -1;
	lane->lane.step = step;
	return 0;
}

void full_lane_close(struct full_lane *lane, int rc, const struct err *err)
{
	if (lane->phase == FULL_ROWS) {
		conn_shutdown(lane->conn);
		chunk_fini(&lane->chunk);
	}
	if (rc < 0) {
		full_fail(lane->full, err);
		if (lane->lane.sink)
			lane_purge(&lane->lane);
		lane_note_failure(&lane->lane);
	}
	if (lane->lane.commit)
		commit_serve(lane->lane.commit, true);
	lane_close(&lane->lane);
}
