#include "engine/sync/sync_status.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/copy/backfill.h"
#include "engine/copy/full.h"

#include <stdio.h>
#include <stdlib.h>

/* A captured table. */
struct table_count {
	struct slice name;
	const struct full_table *reading; /* of the round that runs; NULL: it is not read in it */
	const struct backfill_table *backfilling; /* while the stream runs; NULL: it is not */
	uint64_t rows_before;                     /* when this round or backfill began */
	uint64_t rows;                            /* copied in earlier rounds and backfills */
};

void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes)
{
	*numbers = (struct sync_numbers){.nlanes = nlanes};
	numbers->copy = mem_array(nlanes, sizeof(*numbers->copy));
	pthread_mutex_init(&numbers->lock, NULL);
	map_init(&numbers->tables);
	arena_init(&numbers->arena, 0);
	buf_init(&numbers->position);
	atomic_store(&numbers->stream.lag_bytes, -1);
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
		if (earlier)
			*count = *earlier;
		count->name = arena_copy(&numbers->arena, tables[i]->full_name);
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

static struct table_count *count_of_backfill(const struct sync_numbers *numbers,
					     const struct backfill_table *table)
{
	return map_get(&numbers->tables, table->full_name);
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
		if (count == NULL)
			continue;
		count->reading = &numbers->round->tables[i];
		count->rows_before = atomic_load(&count->reading->rows);
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

/* ---- backfills ---- */

/* Keep the rows of the finished tables of the backfill that ends. */
static void keep_backfill(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->backfill && i < numbers->backfill->ntables; i++) {
		const struct backfill_table *table = &numbers->backfill->tables[i];
		struct table_count *count = count_of_backfill(numbers, table);
		if (count == NULL)
			continue;
		count->backfilling = NULL;
		if (atomic_load(&table->done))
			count->rows = atomic_load(&table->rows);
	}
}

static void begin_backfill(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->backfill && i < numbers->backfill->ntables; i++) {
		const struct backfill_table *table = &numbers->backfill->tables[i];
		struct table_count *count = count_of_backfill(numbers, table);
		if (count == NULL)
			continue;
		count->backfilling = table;
		count->rows_before = atomic_load(&table->rows);
	}
}

void sync_numbers_backfill(struct sync_numbers *numbers, const struct backfill *backfill)
{
	pthread_mutex_lock(&numbers->lock);
	keep_backfill(numbers);
	numbers->backfill = backfill;
	begin_backfill(numbers);
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

void sync_numbers_unread(struct sync_numbers *numbers, int64_t bytes)
{
	atomic_store(&numbers->stream.lag_bytes, bytes);
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

static int64_t since(int64_t begun_ms)
{
	return begun_ms > 0 ? clock_mono_ms() - begun_ms : 0;
}

/* Describe a table whose rows are copied; progress->rows is set. What was finished by another key is read again. */
static void describe_copy(struct table_progress *progress, const struct table_count *count,
			  uint64_t estimate, int64_t begun_ms, bool done)
{
	bool counts_on = count->rows_before < progress->rows;
	progress->rows_before = counts_on ? count->rows_before : progress->rows;
	progress->estimate = progress->rows;
	if (done)
		return;
	if (estimate > progress->rows)
		progress->estimate = estimate;
	progress->step = begun_ms > 0 ? STEP_COPY : STEP_STRUCTURE;
	progress->reading_ms = since(begun_ms);
}

static void describe_round(struct table_progress *progress, const struct table_count *count)
{
	const struct full_table *table = count->reading;
	bool done = atomic_load(&table->done);
	progress->rows = atomic_load(&table->rows);
	describe_copy(progress, count, atomic_load(&table->estimate), atomic_load(&table->begun_ms),
		      done);
}

static void describe_backfill(struct table_progress *progress, const struct table_count *count)
{
	const struct backfill_table *table = count->backfilling;
	bool done = atomic_load(&table->done);
	progress->beside_stream = true;
	progress->rows = atomic_load(&table->rows);
	describe_copy(progress, count, atomic_load(&table->estimate), atomic_load(&table->begun_ms),
		      done);
}

static void describe(struct table_progress *progress, const struct table_count *count)
{
	*progress = (struct table_progress){
		.step = STEP_STREAM, .rows = count->rows, .estimate = count->rows};
	snprintf(progress->name, sizeof(progress->name), "%.*s", SLICE_FMT(count->name));
	if (count->backfilling)
		describe_backfill(progress, count);
	else if (count->reading)
		describe_round(progress, count);
}

/* Add a table to those that the status lists, if it is being read. */
static void list_table(struct sync_status *status, const struct table_progress *table)
{
	if (table->step == STEP_COPY && status->ntables < STATUS_TABLES &&
	    table->rows > table->rows_before)
		status->tables[status->ntables++] = *table;
}

static void add_table(struct copy_progress *copy, const struct table_progress *table)
{
	copy->tables++;
	copy->tables_done += table->step == STEP_STREAM;
	copy->rows += table->rows;
	copy->estimate += table->estimate;
	copy->rows_before += table->rows_before;
}

/* Let the copy begin with the table that was begun first. */
static void begin_with(struct copy_progress *copy, int64_t begun_ms)
{
	int64_t ms = since(begun_ms);
	if (ms > copy->reading_ms)
		copy->reading_ms = ms;
}

static void add_round(const struct sync_numbers *numbers, struct sync_status *status)
{
	status->copy = (struct copy_progress){.tables = numbers->tables_done,
					      .tables_done = numbers->tables_done,
					      .rows = numbers->rows_done,
					      .estimate = numbers->rows_done};
	for (unsigned i = 0; numbers->round && i < numbers->round->ntables; i++) {
		const struct table_count *count = count_of(numbers, &numbers->round->tables[i]);
		struct table_progress table;
		if (count == NULL)
			continue;
		describe(&table, count);
		add_table(&status->copy, &table);
		begin_with(&status->copy, atomic_load(&count->reading->begun_ms));
		list_table(status, &table);
	}
}

static void add_backfill(const struct sync_numbers *numbers, struct sync_status *status)
{
	for (unsigned i = 0; numbers->backfill && i < numbers->backfill->ntables; i++) {
		const struct table_count *count =
			count_of_backfill(numbers, &numbers->backfill->tables[i]);
		struct table_progress table;
		if (count == NULL)
			continue;
		describe(&table, count);
		add_table(&status->backfill, &table);
		begin_with(&status->backfill, atomic_load(&count->backfilling->begun_ms));
		list_table(status, &table);
	}
	if (numbers->backfill)
		status->waits = (enum backfill_wait)atomic_load(&numbers->backfill->link.waits);
}

void sync_numbers_read(struct sync_numbers *numbers, struct sync_status *status)
{
	const struct lane_metrics *stream = &numbers->stream;
	int64_t commit_ms = atomic_load(&stream->commit_ms);
	*status = (struct sync_status){.lag_ms = -1, .lag_bytes = atomic_load(&stream->lag_bytes)};
	add_lane(status, stream);
	for (unsigned i = 0; i < numbers->nlanes; i++)
		add_lane(status, &numbers->copy[i]);
	pthread_mutex_lock(&numbers->lock);
	add_round(numbers, status);
	add_backfill(numbers, status);
	pthread_mutex_unlock(&numbers->lock);
	if (atomic_load(&stream->drained))
		status->lag_ms = 0;
	else if (commit_ms > 0)
		status->lag_ms = clock_wall_ms() - commit_ms;
}

void sync_numbers_tables(struct sync_numbers *numbers,
			 void (*each)(void *arg, const struct table_progress *table), void *arg)
{
	const struct table_count *count;
	size_t at = 0;
	pthread_mutex_lock(&numbers->lock);
	while ((count = map_next(&numbers->tables, &at))) {
		struct table_progress progress;
		describe(&progress, count);
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
