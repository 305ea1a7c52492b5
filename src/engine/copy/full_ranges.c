/* full_ranges: what the copy lanes share: the queue of key ranges and the first failure. */
#include "base/clock.h"
#include "engine/copy/full_priv.h"
#include "source/capacity.h"
#include "source/chunk.h"
#include "source/server_error.h"

/* Return whether an error means that the table changed. Then its read ends and the others continue. */
bool full_table_changed(const struct conn *conn, const struct err *err)
{
	return err->code == ERR_SOURCE && server_error_table_changed(conn_errno(conn));
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

static bool may_take(const struct full_range *range, unsigned lane, bool late)
{
	if (range->first_lane_only && lane != 0)
		return false;
	if (late && atomic_load(&range->table->metrics.begun_ms) == 0)
		return false;
	return !range->table->cut->loading;
}

/* Note that a range is taken. */
static void begin_taken(struct full *full, struct full_range *range)
{
	struct full_cut *cut = range->table->cut;
	range->number = ++cut->chunks;
	range->began_ms = clock_mono_ms();
	if (atomic_load(&range->table->metrics.begun_ms) == 0)
		atomic_store(&range->table->metrics.begun_ms, range->began_ms);
	full->under_way = true;
	cut->loading = !cut->loaded;
	full->cutting++;
}

struct full_range *full_take_range(struct full *full, unsigned lane, bool *later)
{
	struct full_range **at, *range = NULL;
	bool late;
	pthread_mutex_lock(&full->lock);
	late = too_late(full);
	for (at = &full->queue; *at; at = &(*at)->next) {
		if (!may_take(*at, lane, late))
			continue;
		range = *at;
		*at = range->next;
		begin_taken(full, range);
		break;
	}
	*later = range == NULL && full->cutting > 0;
	pthread_mutex_unlock(&full->lock);
	return range;
}

static void end_cut(struct full *full, struct full_range *range, bool loaded)
{
	range->table->cut->loading = false;
	range->table->cut->loaded |= loaded;
	full->cutting--;
}

void full_drop_range(struct full *full, struct full_range *range)
{
	pthread_mutex_lock(&full->lock);
	end_cut(full, range, false);
	pthread_mutex_unlock(&full->lock);
	atomic_fetch_sub(&range->table->ranges_left, 1);
}

/* ---- chunks ---- */

void full_note_chunk(struct full *full, const struct full_range *range)
{
	struct chunk_size *size = &range->table->cut->size;
	if (range->rows == 0)
		return;
	pthread_mutex_lock(&full->lock);
	size->rows = range->rows;
	size->bytes = range->bytes;
	size->read_ms = clock_mono_ms() - range->began_ms;
	pthread_mutex_unlock(&full->lock);
}

static struct chunk_query query_of(const struct full *full, const struct full_range *range,
				   struct arena *arena)
{
	const struct full_table *table = range->table;
	return (struct chunk_query){
		.table = table->table,
		.key = &table->cut->key,
		.range = &range->bounds,
		.where = table->state->where,
		.comment = arena_printf(arena, "tideway %s copy %.*s chunk %u",
					full->sync->config->name,
					SLICE_FMT(table->table->full_name), range->number),
	};
}

static struct key_bound copy_bound(struct arena *arena, const struct key_bound *from)
{
	struct slice *parts = ARENA_ARRAY(arena, from->n, struct slice);
	for (unsigned i = 0; i < from->n; i++)
		parts[i] = arena_copy(arena, from->parts[i]);
	return (struct key_bound){from->n, parts};
}

/* Return the rest of a range after the bound to the head of the queue, since tables are read in order. */
static void queue_rest(struct full *full, struct full_range *range, const struct key_bound *bound)
{
	struct full_range *rest = ARENA_NEW(&full->arena, struct full_range);
	rest->table = range->table;
	rest->first_lane_only = range->first_lane_only;
	rest->bounds.high = range->bounds.high;
	rest->bounds.low = range->bounds.high = copy_bound(&full->arena, bound);
	if (range->table->table->npk > 0)
		key_ranges_cut(&range->table->state->record.ranges, &range->bounds);
	atomic_fetch_add(&range->table->ranges_left, 1);
	rest->next = full->queue;
	full->queue = rest;
}

/* The bounds of ranges that are cut from now on depend on the key. Those of an earlier attempt were compared with it when this one
 * began: a difference now means that a statement has changed the table since. */
static int sign_ranges(struct full *full, const struct conn *conn, struct full_table *table,
		       struct err *err)
{
	struct key_ranges *ranges = &table->state->record.ranges;
	struct buf signature;
	int rc = 0;
	buf_init(&signature);
	chunk_key_sign(&table->cut->key, table->table, table->state->where, conn_server(conn),
		       &signature);
	pthread_mutex_lock(&full->lock);
	if (!key_ranges_any(ranges))
		key_ranges_restart(ranges, buf_slice(&signature));
	else if (!slice_equal(slice_str(ranges->signature), buf_slice(&signature)))
		rc = err_set(err, E_TABLE_CHANGED, "table %.*s: its key was %s, and is %.*s",
			     SLICE_FMT(table->table->full_name), ranges->signature,
			     SLICE_FMT(buf_slice(&signature)));
	pthread_mutex_unlock(&full->lock);
	buf_fini(&signature);
	return rc;
}

/* Load the key, unless the table is small: then it is one chunk, as if it had no key. Meanwhile no other lane takes a range of the
 * table. A table is not small because its statistics say so, which may be old. */
static int load_key(struct full *full, struct conn *conn, const struct full_range *range,
		    struct arena *arena, struct err *err)
{
	struct full_cut *cut = range->table->cut;
	const struct chunk_query query = query_of(full, range, arena);
	uint64_t small = chunk_size_small(&cut->size);
	bool large = small == 0 || range->bounds.low.n > 0 || range->bounds.high.n > 0;
	if (!large && chunk_has_more(conn, &query, small, &large, err) < 0)
		return -1;
	if (!large)
		return 0;
	if (chunk_key_load(conn, &query, &cut->arena, &cut->key, err) < 0)
		return -1;
	return range->table->table->npk > 0 ? sign_ranges(full, conn, range->table, err) : 0;
}

static int find_bound(const struct full *full, struct conn *conn, const struct full_range *range,
		      uint64_t rows, struct arena *arena, struct key_bound *bound, struct err *err)
{
	const struct chunk_query query = query_of(full, range, arena);
	return chunk_next_bound(conn, &query, rows, arena, bound, err);
}

static int cut_range(struct full *full, struct conn *conn, struct full_range *range,
		     struct err *err)
{
	struct key_bound bound = {0, NULL};
	struct arena arena;
	uint64_t rows;
	bool loaded;
	int rc = 0;
	pthread_mutex_lock(&full->lock);
	rows = chunk_size_rows(&range->table->cut->size);
	loaded = range->table->cut->loaded;
	pthread_mutex_unlock(&full->lock);
	arena_init(&arena, 0);
	if (!loaded)
		rc = load_key(full, conn, range, &arena, err);
	if (rc == 0)
		rc = find_bound(full, conn, range, rows, &arena, &bound, err);
	pthread_mutex_lock(&full->lock);
	if (bound.n)
		queue_rest(full, range, &bound);
	end_cut(full, range, rc == 0);
	pthread_mutex_unlock(&full->lock);
	arena_fini(&arena);
	return rc;
}

int full_open_range(struct full_lane *lane, struct err *err)
{
	struct full_range *range = lane->range;
	struct chunk_query query;
	struct arena arena;
	int rc;
	if (cut_range(lane->full, lane->conn, range, err) < 0)
		return -1;
	arena_init(&arena, 0);
	query = query_of(lane->full, range, &arena);
	rc = chunk_open(&lane->chunk, lane->conn, &query, err);
	arena_fini(&arena);
	return rc;
}

/* ---- the tables ---- */

/* Queue a range that no earlier attempt has finished. */
static void queue_range(struct full *full, struct full_table *table, const struct key_range *bounds,
			struct full_range ***tail)
{
	struct full_range *range = ARENA_NEW(&full->arena, struct full_range);
	range->table = table;
	range->bounds.low = copy_bound(&full->arena, &bounds->low);
	range->bounds.high = copy_bound(&full->arena, &bounds->high);
	range->first_lane_only = full->lowest && table->table->npk == 0;
	atomic_fetch_add(&table->ranges_left, 1);
	**tail = range;
	*tail = &range->next;
}

static int measure_table(struct full *full, struct full_table *table, struct err *err)
{
	struct table_size size;
	if (source_table_size(full->conns[0], table->table, &size, err) < 0)
		return -1;
	table->cut->size = (struct chunk_size){
		.most_rows = full->sync->config->full_chunk_rows,
		.most_bytes = full->sync->config->full_chunk_bytes,
		.nlanes = full->nlanes,
		.table_rows = size.rows,
		.table_bytes = size.bytes,
	};
	atomic_store(&table->metrics.estimate, size.rows);
	return 0;
}

static int queue_table(struct full *full, struct full_table *table, struct full_range ***tail,
		       struct err *err)
{
	const struct key_ranges *ranges = &table->state->record.ranges;
	struct key_range missing;
	table->cut = ARENA_NEW(&full->arena, struct full_cut);
	arena_init(&table->cut->arena, 0);
	if (measure_table(full, table, err) < 0)
		return -1;
	for (size_t at = 0; key_ranges_next_missing(ranges, &at, &missing);)
		queue_range(full, table, &missing, tail);
	return 0;
}

int full_queue_tables(struct full *full, struct err *err)
{
	struct full_range **tail = &full->queue;
	struct conn *conn = full->conns[0];
	for (unsigned i = 0; i < full->ntables; i++) {
		if (chunk_hold_locks(conn, err) < 0)
			return -1;
		if (queue_table(full, &full->tables[i], &tail, err) < 0) {
			if (!full_table_changed(conn, err))
				return -1;
			full_note_changed(full, &full->tables[i], err);
		}
		if (chunk_release_locks(conn, err) < 0)
			return -1;
	}
	return 0;
}

void full_free_ranges(struct full *full)
{
	for (unsigned i = 0; i < full->ntables; i++) {
		if (full->tables[i].cut)
			arena_fini(&full->tables[i].cut->arena);
		full->tables[i].cut = NULL;
	}
	arena_fini(&full->arena);
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
