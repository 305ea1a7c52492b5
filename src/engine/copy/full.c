#include "engine/copy/full.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "decode/binrow.h"
#include "engine/lane/plan.h"
#include "engine/state/records.h"
#include "engine/lane/write_change.h"
#include "script/script.h"
#include "sink/sink.h"
#include "source/chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ROWS_PER_TICK = 256,
	SPLIT_ROWS = 50000, /* a table is cut into ranges of about so many rows, or more */
	RANGES_PER_LANE = 4,
	HALT_MS = 100, /* a halt of the sync is noticed so late */
	SERVER_TABLE_CHANGED = 1412,
	SERVER_UNKNOWN_COLUMN = 1054,
	SERVER_UNKNOWN_TABLE = 1146,
};

/* A part of a table, read in one go by one lane. */
struct full_range {
	struct full_range *next; /* in the queue */
	struct full_table *table;
	struct chunk_range bounds;
	bool first_lane_only;
};

struct full_lane {
	struct lane lane;
	struct full *full;
	unsigned number;
	struct conn *conn;
	pthread_t thread;
	unsigned rows_since_tick;
	uint64_t paced_rows; /* rows since paced_ms, for rows_per_second */
	int64_t paced_ms;
};

/* ---- on a connection ---- */

/* Whether an error means that the table has changed: its read ends, the others continue. */
static bool table_changed(const struct conn *conn, const struct err *err)
{
	unsigned code = conn_errno(conn);
	return err->code == ERR_SOURCE &&
	       (code == SERVER_TABLE_CHANGED || code == SERVER_UNKNOWN_COLUMN ||
		code == SERVER_UNKNOWN_TABLE);
}

static void note_changed(struct full *full, struct full_table *table, struct err *err)
{
	sync_events_emit(
		&full->sync->events,
		(struct sync_event){.kind = SYNC_EVENT_TABLE_CHANGED,
				    .table = {.name = table->table->full_name, .why = err}});
	*err = (struct err)ERR_INIT;
	atomic_store(&table->changed, true);
}

/* ---- the queue ---- */

/* Whether a table that nobody has begun is left to the next round. */
static bool too_late(const struct full *full)
{
	return full->under_way && full->begin_ms > 0 &&
	       clock_mono_ms() - full->started_ms > full->begin_ms;
}

static struct full_range *take_range(struct full *full, unsigned lane)
{
	struct full_range **at, *range = NULL;
	bool late;
	pthread_mutex_lock(&full->lock);
	late = too_late(full);
	for (at = &full->queue; *at; at = &(*at)->next) {
		if ((*at)->first_lane_only && lane != 0)
			continue;
		if (late && atomic_load(&(*at)->table->begun_ms) == 0)
			continue;
		range = *at;
		*at = range->next;
		if (atomic_load(&range->table->begun_ms) == 0)
			atomic_store(&range->table->begun_ms, clock_mono_ms());
		full->under_way = true;
		break;
	}
	pthread_mutex_unlock(&full->lock);
	return range;
}

static void add_range(struct full *full, struct full_table *table, const char *low,
		      const char *high, struct arena *arena, struct full_range ***tail)
{
	struct full_range *range = ARENA_NEW(arena, struct full_range);
	range->table = table;
	range->bounds = (struct chunk_range){low, high};
	range->first_lane_only = full->lowest && table->table->npk == 0;
	atomic_fetch_add(&table->ranges_left, 1);
	**tail = range;
	*tail = &range->next;
}

static int cut_table(struct full *full, struct full_table *table, struct arena *arena,
		     struct full_range ***tail, struct err *err)
{
	const char **bounds = NULL;
	uint64_t estimate = 0;
	unsigned nbounds = 0, want = full->nlanes * RANGES_PER_LANE;
	if (chunk_split(full->conns[0], table->table, want, arena, &bounds, &nbounds, &estimate,
			err) < 0)
		return -1;
	atomic_store(&table->estimate, estimate);
	if (full->nlanes == 1 || estimate < SPLIT_ROWS)
		nbounds = 0;
	for (unsigned i = 0; i <= nbounds; i++)
		add_range(full, table, i > 0 ? bounds[i - 1] : NULL, i < nbounds ? bounds[i] : NULL,
			  arena, tail);
	return 0;
}

/* ---- one lane ---- */

static void fail(struct full *full, const struct err *err)
{
	pthread_mutex_lock(&full->lock);
	if (full->result == 0) {
		full->result = -1;
		full->error = *err;
	}
	pthread_mutex_unlock(&full->lock);
	if (!sync_part_is_stopped(full->sync, SYNC_COPY)) /* then the others may continue */
		sync_abort(full->sync);
}

/* A range is in Kafka. With the last range of its table, the table is copied. */
static void range_acked(void *arg, const struct mark *mark, struct record_batch *batch)
{
	struct full_lane *lane = arg;
	struct full_table *table = mark->range->table;
	if (atomic_fetch_sub(&table->ranges_left, 1) > 1 || atomic_load(&table->changed))
		return;
	if (FAULT(TABLE_DONE)) {
		struct err err = ERR_INIT;
		err_retry(&err, E_FAULT, "after a table was acknowledged: fault injected");
		fail(lane->full, &err);
		return;
	}
	record_copied(batch, table->state);
	atomic_store(&table->done, true);
	sync_events_emit(&lane->lane.sync->events,
			 (struct sync_event){.kind = SYNC_EVENT_TABLE_COPIED,
					     .table = {.name = table->table->full_name,
						       .rows = atomic_load(&table->rows)}});
}

/* full.rows_per_second, this lane's share: waits by serving delivery reports. */
static int pace(struct full_lane *lane, struct err *err)
{
	double limit = lane->lane.config->full_rows_per_second / lane->full->nlanes;
	if (limit <= 0)
		return 0;
	while (!lane_stopping(&lane->lane)) {
		int64_t due = lane->paced_ms + (int64_t)((double)lane->paced_rows * 1000.0 / limit);
		int64_t left = due - clock_mono_ms();
		if (left <= 0)
			return 0;
		if (sink_poll(lane->lane.sink, left > 100 ? 100 : (int)left, err) < 0)
			return -1;
	}
	return 0;
}

static int tick(struct full_lane *lane, struct err *err)
{
	lane->rows_since_tick = 0;
	lane->lane.now_ms = clock_wall_ms();
	if (sink_poll(lane->lane.sink, 0, err) < 0)
		return -1;
	commit_serve(lane->lane.commit, false);
	if (lane_stopping(&lane->lane))
		return err_retry(err, E_STOPPED_COPY, "stopped during the full sync");
	return pace(lane, err);
}

int full_layout(struct plan *plan, const struct chunk *chunk, struct err *err)
{
	struct binrow_field *fields =
		ARENA_ARRAY(&plan->arena, chunk->nfields + 1, struct binrow_field);
	struct row_layout *layout;
	for (unsigned i = 0; i < chunk->nfields; i++) {
		const struct chunk_field *from = &chunk->fields[i];
		fields[i] = (struct binrow_field){
			.name = from->name,
			.wire = from->wire,
			.charset = from->charset,
			.flags = from->flags,
			.length = from->length,
			.decimals = from->decimals,
		};
	}
	if (binrow_layout(fields, chunk->nfields, plan->table, &plan->arena, &layout, err) < 0)
		return -1;
	plan_set_layout(plan, layout);
	return 0;
}

static int find_plan(struct full_lane *lane, const struct table *table, struct plan **plan,
		     struct err *err)
{
	*plan = map_get(&lane->lane.plans, table->full_name);
	if (*plan)
		return 0;
	*plan = plan_new(&lane->lane, table, err);
	if (*plan == NULL)
		return -1;
	map_set(&lane->lane.plans, (*plan)->table->full_name, *plan);
	return 0;
}

static int write_rows(struct full_lane *lane, struct full_table *table, struct plan *plan,
		      struct chunk *chunk, struct err *err)
{
	struct slice packet;
	int rc;
	plan->change = (struct change){
		.op = CHANGE_READ,
		.table = plan->table,
		.after = &plan->after.row,
		.time_ms = lane->lane.sync->start_ms,
		.snapshot = lane->full->place,
	};
	while ((rc = chunk_read(chunk, &packet, err)) > 0) {
		if (binrow_split(packet, &plan->after.row, err) < 0 ||
		    write_change(&lane->lane, plan, err) < 0)
			return -1;
		atomic_fetch_add_explicit(&table->rows, 1, memory_order_relaxed);
		lane->paced_rows++;
		if (++lane->rows_since_tick >= ROWS_PER_TICK && tick(lane, err) < 0)
			return -1;
	}
	return rc;
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

static int read_open_chunk(struct full_lane *lane, struct full_table *table, struct plan *plan,
			   struct chunk *chunk, bool *changed, struct err *err)
{
	if (full_layout(plan, chunk, err) < 0) {
		*changed = err->code == ERR_DATA;
		if (*changed)
			note_mismatch(lane, table, err);
		return -1;
	}
	if (FAULT(CHUNK))
		return err_retry(err, E_SOURCE_FAULT, "while a chunk is read: fault injected");
	if (write_rows(lane, table, plan, chunk, err) < 0) {
		*changed = table_changed(lane->conn, err);
		return -1;
	}
	return 0;
}

static int read_chunk(struct full_lane *lane, struct full_range *range, struct plan *plan,
		      bool *changed, struct err *err)
{
	struct chunk chunk;
	int rc;
	if (chunk_open(&chunk, lane->conn, plan->table, &range->bounds, NULL, err) < 0) {
		*changed = table_changed(lane->conn, err);
		return -1;
	}
	rc = read_open_chunk(lane, range->table, plan, &chunk, changed, err);
	if (rc < 0 && !*changed)
		conn_shutdown(lane->conn); /* what is left of the result is not read */
	chunk_fini(&chunk);
	return rc;
}

static int read_range(struct full_lane *lane, struct full_range *range, struct err *err)
{
	struct plan *plan;
	const struct mark mark = {.range = range};
	bool changed = false;
	int rc;
	if (find_plan(lane, range->table->table, &plan, err) < 0 ||
	    commit_begin(lane->lane.commit, err) < 0)
		return -1;
	if (chunk_hold_locks(lane->conn, err) < 0)
		return -1;
	rc = read_chunk(lane, range, plan, &changed, err);
	if (rc < 0 && changed) {
		note_changed(lane->full, range->table, err);
		rc = 0;
	}
	if (rc < 0)
		return -1;
	commit_done(lane->lane.commit, &mark);
	return chunk_release_locks(lane->conn, err);
}

static int read_ranges(struct full_lane *lane, struct err *err)
{
	struct full_range *range;
	while ((range = take_range(lane->full, lane->number))) {
		if (atomic_load(&range->table->changed)) {
			atomic_fetch_sub(&range->table->ranges_left, 1);
			continue;
		}
		if (read_range(lane, range, err) < 0 || tick(lane, err) < 0)
			return -1;
	}
	while (!commit_is_idle(lane->lane.commit)) {
		if (sink_poll(lane->lane.sink, 100, err) < 0 || tick(lane, err) < 0)
			return -1;
	}
	return 0;
}

static void *lane_main(void *arg)
{
	struct full_lane *lane = arg;
	struct full *full = lane->full;
	struct sync *sync = full->sync;
	const struct commit_meaning meaning = {.reached = range_acked, .arg = lane};
	struct err err = ERR_INIT;
	char label[32];
	int rc;
	snprintf(label, sizeof(label), "full-%u", lane->number + 1);
	rc = lane_open(&lane->lane, sync, SYNC_COPY, label, sync->queue_bytes / full->nlanes, NULL,
		       &meaning, &full->metrics[lane->number], &err);
	lane->paced_ms = clock_mono_ms();
	if (rc == 0)
		rc = read_ranges(lane, &err);
	if (rc < 0) {
		fail(full, &err);
		if (lane->lane.sink)
			lane_purge(&lane->lane);
		lane_note_failure(&lane->lane);
	}
	if (lane->lane.commit)
		commit_serve(lane->lane.commit, true);
	lane_close(&lane->lane);
	(void)mailbox_put(&full->ended, lane, -1);
	return NULL;
}

/* ---- all of them ---- */

static int cut_tables(struct full *full, struct arena *arena, struct err *err)
{
	struct full_range **tail = &full->queue;
	struct conn *conn = full->conns[0];
	for (unsigned i = 0; i < full->ntables; i++) {
		if (chunk_hold_locks(conn, err) < 0)
			return -1;
		if (cut_table(full, &full->tables[i], arena, &tail, err) < 0) {
			if (!table_changed(conn, err))
				return -1;
			note_changed(full, &full->tables[i], err);
		}
		if (chunk_release_locks(conn, err) < 0)
			return -1;
	}
	return 0;
}

static void start_lanes(struct full *full, struct full_lane *lanes)
{
	for (unsigned i = 0; i < full->nlanes; i++) {
		char name[16];
		lanes[i].full = full;
		lanes[i].number = i;
		lanes[i].conn = full->conns[i];
		snprintf(name, sizeof(name), "copy-%u", i + 1);
		thread_start(&lanes[i].thread, name, lane_main, &lanes[i]);
	}
}

/* A lane that is to end does not wait for the source any longer. */
static void shut_lanes(struct full *full)
{
	for (unsigned i = 0; i < full->nlanes; i++)
		conn_shutdown(full->conns[i]);
}

static void wait_lanes(struct full *full, struct full_lane *lanes)
{
	unsigned left = full->nlanes;
	while (left > 0) {
		if (mailbox_take(&full->ended, HALT_MS))
			left--;
		if (atomic_load(&full->sync->flags.parts[SYNC_COPY]))
			shut_lanes(full);
	}
	for (unsigned i = 0; i < full->nlanes; i++)
		thread_join(lanes[i].thread);
}

int full_run(struct full *full, struct err *err)
{
	struct full_lane *lanes = mem_array(full->nlanes, sizeof(*lanes));
	struct arena arena;
	int rc;
	arena_init(&arena, 0);
	log_about(full->sync->label);
	mailbox_init(&full->ended, full->nlanes);
	pthread_mutex_init(&full->lock, NULL);
	full->started_ms = clock_mono_ms();
	rc = cut_tables(full, &arena, err);
	if (rc == 0) {
		start_lanes(full, lanes);
		wait_lanes(full, lanes);
	}
	if (rc == 0 && full->result < 0) {
		*err = full->error;
		rc = -1;
	}
	pthread_mutex_destroy(&full->lock);
	mailbox_fini(&full->ended);
	arena_fini(&arena);
	free(lanes);
	return rc;
}
