#include "engine/sync/sync_status.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/copy/full.h"

#include <stdio.h>
#include <stdlib.h>

/* A captured table. */
struct table_count {
	struct slice name;
	const struct full_table *reading; /* of the round that runs; NULL: it is not read in it */
	uint64_t rows;                    /* copied in earlier rounds */
};

void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes)
{
	*numbers = (struct sync_numbers){.nlanes = nlanes};
	numbers->copy = mem_array(nlanes, sizeof(*numbers->copy));
	pthread_mutex_init(&numbers->lock, NULL);
	map_init(&numbers->tables);
	arena_init(&numbers->arena, 0);
	buf_init(&numbers->position);
}

void sync_numbers_fini(struct sync_numbers *numbers)
{
	buf_fini(&numbers->position);
	map_fini(&numbers->tables);
	arena_fini(&numbers->arena);
	pthread_mutex_destroy(&numbers->lock);
	free(numbers->copy);
}

/* ---- captured tables ---- */

void sync_numbers_select(struct sync_numbers *numbers, const struct table *const *tables,
			 unsigned n)
{
	struct map before = numbers->tables;
	struct arena old = numbers->arena;
	pthread_mutex_lock(&numbers->lock);
	map_init(&numbers->tables);
	arena_init(&numbers->arena, 0);
	for (unsigned i = 0; i < n; i++) {
		struct table_count *count = ARENA_NEW(&numbers->arena, struct table_count);
		const struct table_count *earlier = map_get(&before, tables[i]->full_name);
		count->name = arena_copy(&numbers->arena, tables[i]->full_name);
		count->rows = earlier ? earlier->rows : 0;
		map_set(&numbers->tables, count->name, count);
	}
	pthread_mutex_unlock(&numbers->lock);
	map_fini(&before);
	arena_fini(&old);
}

static struct table_count *count_of(const struct sync_numbers *numbers,
				    const struct full_table *table)
{
	return map_get(&numbers->tables, table->table->full_name);
}

/* ---- rounds of the copy ---- */

/* Count the finished tables of the round that ends. */
static void keep_round(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->round && i < numbers->round->ntables; i++) {
		const struct full_table *table = &numbers->round->tables[i];
		struct table_count *count = count_of(numbers, table);
		if (count)
			count->reading = NULL;
		if (!atomic_load(&table->done))
			continue;
		numbers->tables_done++;
		numbers->rows_done += atomic_load(&table->rows);
		if (count)
			count->rows = atomic_load(&table->rows);
	}
}

static void begin_round(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->round && i < numbers->round->ntables; i++) {
		struct table_count *count = count_of(numbers, &numbers->round->tables[i]);
		if (count)
			count->reading = &numbers->round->tables[i];
	}
}

void sync_numbers_round(struct sync_numbers *numbers, const struct full *round)
{
	pthread_mutex_lock(&numbers->lock);
	keep_round(numbers);
	numbers->round = round;
	begin_round(numbers);
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_forget(struct sync_numbers *numbers)
{
	pthread_mutex_lock(&numbers->lock);
	numbers->tables_done = 0;
	numbers->rows_done = 0;
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_saved(struct sync_numbers *numbers, struct slice position)
{
	pthread_mutex_lock(&numbers->lock);
	if (position.len > 0) {
		buf_clear(&numbers->position);
		buf_put(&numbers->position, position);
	}
	numbers->saved_ms = clock_wall_ms();
	pthread_mutex_unlock(&numbers->lock);
}

/* ---- reading ---- */

uint64_t sync_numbers_rows(const struct sync_numbers *numbers)
{
	uint64_t rows = atomic_load_explicit(&numbers->stream.rows, memory_order_relaxed);
	for (unsigned i = 0; i < numbers->nlanes; i++)
		rows += atomic_load_explicit(&numbers->copy[i].rows, memory_order_relaxed);
	return rows;
}

static void add_lane(struct sync_status *status, const struct lane_metrics *metrics)
{
	int64_t ack_ms = atomic_load_explicit(&metrics->ack_ms, memory_order_relaxed);
	status->rows += atomic_load_explicit(&metrics->rows, memory_order_relaxed);
	status->messages += atomic_load_explicit(&metrics->messages, memory_order_relaxed);
	status->bytes += atomic_load_explicit(&metrics->bytes, memory_order_relaxed);
	if (ack_ms > status->ack_ms)
		status->ack_ms = ack_ms;
}

static void add_reading(struct sync_status *status, const struct full_table *table, uint64_t rows,
			uint64_t estimate)
{
	struct table_progress *progress = &status->tables[status->ntables];
	if (status->ntables == STATUS_TABLES)
		return;
	status->ntables++;
	snprintf(progress->name, sizeof(progress->name), "%.*s",
		 SLICE_FMT(table->table->full_name));
	progress->step = STEP_COPY;
	progress->rows = rows;
	progress->estimate = estimate;
	progress->reading_ms = clock_mono_ms() - atomic_load(&table->begun_ms);
}

static void add_table(struct sync_status *status, const struct full_table *table)
{
	uint64_t rows = atomic_load(&table->rows);
	uint64_t guess = atomic_load(&table->estimate);
	uint64_t estimate = guess > rows ? guess : rows;
	bool done = atomic_load(&table->done);
	status->full_rows += rows;
	status->full_estimate += done ? rows : estimate;
	status->full_tables_done += done;
	if (!done && rows > 0)
		add_reading(status, table, rows, estimate);
}

static void add_copy(struct sync_numbers *numbers, struct sync_status *status)
{
	pthread_mutex_lock(&numbers->lock);
	status->full_tables = status->full_tables_done = numbers->tables_done;
	status->full_rows = status->full_estimate = numbers->rows_done;
	if (numbers->round) {
		status->full_tables += numbers->round->ntables;
		for (unsigned i = 0; i < numbers->round->ntables; i++)
			add_table(status, &numbers->round->tables[i]);
	}
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_read(struct sync_numbers *numbers, struct sync_status *status)
{
	const struct lane_metrics *stream = &numbers->stream;
	int64_t commit_ms = atomic_load(&stream->commit_ms);
	*status = (struct sync_status){.lag_ms = -1};
	add_lane(status, stream);
	for (unsigned i = 0; i < numbers->nlanes; i++)
		add_lane(status, &numbers->copy[i]);
	add_copy(numbers, status);
	if (atomic_load(&stream->drained))
		status->lag_ms = 0;
	else if (commit_ms > 0)
		status->lag_ms = clock_wall_ms() - commit_ms;
}

static void describe_reading(struct table_progress *progress, const struct full_table *table)
{
	int64_t begun_ms = atomic_load(&table->begun_ms);
	uint64_t estimate = atomic_load(&table->estimate);
	progress->rows = atomic_load(&table->rows);
	progress->estimate = estimate > progress->rows ? estimate : progress->rows;
	if (atomic_load(&table->done)) {
		progress->estimate = progress->rows;
		return;
	}
	progress->step = begun_ms > 0 ? STEP_COPY : STEP_STRUCTURE;
	progress->reading_ms = begun_ms > 0 ? clock_mono_ms() - begun_ms : 0;
}

void sync_numbers_tables(struct sync_numbers *numbers,
			 void (*each)(void *arg, const struct table_progress *table), void *arg)
{
	const struct table_count *count;
	size_t at = 0;
	pthread_mutex_lock(&numbers->lock);
	while ((count = map_next(&numbers->tables, &at))) {
		struct table_progress progress = {
			.step = STEP_STREAM, .rows = count->rows, .estimate = count->rows};
		snprintf(progress.name, sizeof(progress.name), "%.*s", SLICE_FMT(count->name));
		if (count->reading)
			describe_reading(&progress, count->reading);
		each(arg, &progress);
	}
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_position(struct sync_numbers *numbers, struct buf *out, int64_t *saved_ms)
{
	pthread_mutex_lock(&numbers->lock);
	buf_put(out, buf_slice(&numbers->position));
	*saved_ms = numbers->saved_ms;
	pthread_mutex_unlock(&numbers->lock);
}
