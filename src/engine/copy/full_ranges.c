/* full_ranges: what the copy lanes share: the queue of key ranges and the first failure. */
#include "base/clock.h"
#include "engine/copy/full_priv.h"
#include "source/chunk.h"

enum {
	SPLIT_ROWS = 50000, /* cut only tables of at least about this many rows */
	RANGES_PER_LANE = 4,
	SERVER_TABLE_CHANGED = 1412,
	SERVER_UNKNOWN_COLUMN = 1054,
	SERVER_UNKNOWN_TABLE = 1146,
};

/* Return whether an error means that the table changed. Then its read ends and the others continue. */
bool full_table_changed(const struct conn *conn, const struct err *err)
{
	unsigned code = conn_errno(conn);
	return err->code == ERR_SOURCE &&
	       (code == SERVER_TABLE_CHANGED || code == SERVER_UNKNOWN_COLUMN ||
		code == SERVER_UNKNOWN_TABLE);
}

void full_note_changed(struct full *full, struct full_table *table, struct err *err)
{
	sync_events_emit(
		&full->sync->events,
		(struct sync_event){.kind = SYNC_EVENT_TABLE_CHANGED,
				    .table = {.name = table->table->full_name, .why = err}});
	*err = (struct err)ERR_INIT;
	atomic_store(&table->changed, true);
}

/* ---- the queue ---- */

/* Return whether tables that no lane has begun are left to the next round. */
static bool too_late(const struct full *full)
{
	return full->under_way && full->begin_ms > 0 &&
	       clock_mono_ms() - full->started_ms > full->begin_ms;
}

struct full_range *full_take_range(struct full *full, unsigned lane)
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

static void add_range(struct full *full, struct full_table *table, const struct key_range *bounds,
		      struct arena *arena, struct full_range ***tail)
{
	struct full_range *range = ARENA_NEW(arena, struct full_range);
	range->table = table;
	range->bounds = *bounds;
	range->first_lane_only = full->lowest && table->table->npk == 0;
	key_ranges_cut(&table->state->record.ranges, bounds);
	atomic_fetch_add(&table->ranges_left, 1);
	**tail = range;
	*tail = &range->next;
}

static struct key_bound copy_bound(const struct key_bound *bound, struct arena *arena)
{
	struct slice *parts = ARENA_ARRAY(arena, bound->n + 1, struct slice);
	for (unsigned i = 0; i < bound->n; i++)
		parts[i] = arena_copy(arena, bound->parts[i]);
	return (struct key_bound){bound->n, parts};
}

/* Queue the ranges that an earlier attempt has not finished. */
static void add_missing(struct full *full, struct full_table *table, struct arena *arena,
			struct full_range ***tail)
{
	struct key_range missing;
	size_t at = 0;
	while (key_ranges_next_missing(&table->state->record.ranges, &at, &missing)) {
		const struct key_range range = {copy_bound(&missing.low, arena),
						copy_bound(&missing.high, arena)};
		add_range(full, table, &range, arena, tail);
	}
}

static int cut_table(struct full *full, struct full_table *table, struct arena *arena,
		     struct full_range ***tail, struct err *err)
{
	struct key_bound *bounds = NULL;
	struct key_range range = {{0, NULL}, {0, NULL}};
	uint64_t estimate = 0;
	unsigned nbounds = 0, want = full->nlanes * RANGES_PER_LANE;
	if (chunk_split(full->conns[0], table->table, want, arena, &bounds, &nbounds, &estimate,
			err) < 0)
		return -1;
	atomic_store(&table->estimate, estimate);
	if (key_ranges_any(&table->state->record.ranges)) {
		add_missing(full, table, arena, tail);
		return 0;
	}
	if (full->nlanes == 1 || estimate < SPLIT_ROWS)
		nbounds = 0;
	for (unsigned i = 0; i <= nbounds; i++) {
		range.high = i < nbounds ? bounds[i] : (struct key_bound){0, NULL};
		add_range(full, table, &range, arena, tail);
		range.low = range.high;
	}
	return 0;
}

int full_cut_tables(struct full *full, struct arena *arena, struct err *err)
{
	struct full_range **tail = &full->queue;
	struct conn *conn = full->conns[0];
	for (unsigned i = 0; i < full->ntables; i++) {
		if (chunk_hold_locks(conn, err) < 0)
			return -1;
		if (cut_table(full, &full->tables[i], arena, &tail, err) < 0) {
			if (!full_table_changed(conn, err))
				return -1;
			full_note_changed(full, &full->tables[i], err);
		}
		if (chunk_release_locks(conn, err) < 0)
			return -1;
	}
	return 0;
}

void full_fail(struct full *full, const struct err *err)
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
