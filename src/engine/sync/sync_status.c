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
	const struct table_metrics
		*copying;     /* by the round or the backfill that runs; NULL: it is not in it */
	bool beside_stream;   /* `copying` is of a backfill */
	uint64_t rows_before; /* when that began */
	uint64_t rows;        /* copied in earlier rounds and backfills */
};

void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes)
{
	*numbers = (struct sync_numbers){.nlanes = nlanes};
	numbers->copy = mem_array(nlanes, sizeof(*numbers->copy));
	pthread_mutex_init(&numbers->lock, NULL);
	map_init(&numbers->tables);
	arena_init(&numbers->arena, 0);
	buf_init(&numbers->position);
	buf_init(&numbers->jump);
	atomic_store(&numbers->stream.lag_bytes, -1);
}

void sync_numbers_fini(struct sync_numbers *numbers)
{
	buf_fini(&numbers->jump);
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

/* ---- copies ---- */

/* Show the copy of a table that begins. */
static void begin_copy(struct sync_numbers *numbers, struct slice full_name,
		       const struct table_metrics *metrics, bool beside_stream)
{
	struct table_count *count = map_get(&numbers->tables, full_name);
	if (count == NULL)
		return;
	count->copying = metrics;
	count->beside_stream = beside_stream;
	count->rows_before = atomic_load(&metrics->rows);
}

/* Keep the rows of a copy that ends, if the table is finished. */
static void end_copy(struct sync_numbers *numbers, struct slice full_name,
		     const struct table_metrics *metrics)
{
	struct table_count *count = map_get(&numbers->tables, full_name);
	if (count == NULL)
		return;
	count->copying = NULL;
	if (atomic_load(&metrics->done))
		count->rows = atomic_load(&metrics->rows);
}

/* Count the finished tables of the round that ends. */
static void end_round(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->round && i < numbers->round->ntables; i++) {
		const struct full_table *table = &numbers->round->tables[i];
		end_copy(numbers, table->table->full_name, &table->metrics);
		if (!atomic_load(&table->metrics.done))
			continue;
		numbers->tables_done++;
		numbers->rows_done += atomic_load(&table->metrics.rows);
	}
}

void sync_numbers_round(struct sync_numbers *numbers, const struct full *round)
{
	pthread_mutex_lock(&numbers->lock);
	end_round(numbers);
	numbers->round = round;
	for (unsigned i = 0; round && i < round->ntables; i++)
		begin_copy(numbers, round->tables[i].table->full_name, &round->tables[i].metrics,
			   false);
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_backfill(struct sync_numbers *numbers, const struct backfill *backfill)
{
	const struct backfill *before;
	pthread_mutex_lock(&numbers->lock);
	before = numbers->backfill;
	for (unsigned i = 0; before && i < before->ntables; i++)
		end_copy(numbers, before->tables[i].full_name, &before->tables[i].metrics);
	numbers->backfill = backfill;
	for (unsigned i = 0; backfill && i < backfill->ntables; i++)
		begin_copy(numbers, backfill->tables[i].full_name, &backfill->tables[i].metrics,
			   true);
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_forget(struct sync_numbers *numbers)
{
	pthread_mutex_lock(&numbers->lock);
	numbers->tables_done = 0;
	numbers->rows_done = 0;
	pthread_mutex_unlock(&numbers->lock);
}

static void replace_text(struct buf *text, struct slice by)
{
	if (by.len == 0)
		return;
	buf_clear(text);
	buf_put(text, by);
}

void sync_numbers_saved(struct sync_numbers *numbers, struct slice position, struct slice jump)
{
	pthread_mutex_lock(&numbers->lock);
	replace_text(&numbers->position, position);
	replace_text(&numbers->jump, jump);
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

/* Describe a table whose rows are copied. What was finished by another key is read again. */
static void describe_copy(struct table_progress *progress, const struct table_count *count)
{
	const struct table_metrics *metrics = count->copying;
	bool done = atomic_load(&metrics->done);
	int64_t begun_ms = atomic_load(&metrics->begun_ms);
	uint64_t estimate = atomic_load(&metrics->estimate);
	progress->beside_stream = count->beside_stream;
	progress->rows = progress->estimate = atomic_load(&metrics->rows);
	progress->rows_before =
		count->rows_before < progress->rows ? count->rows_before : progress->rows;
	if (done)
		return;
	if (estimate > progress->rows)
		progress->estimate = estimate;
	progress->step = begun_ms > 0 ? STEP_COPY : STEP_STRUCTURE;
	progress->reading_ms = since(begun_ms);
}

static void describe(struct table_progress *progress, const struct table_count *count)
{
	*progress = (struct table_progress){
		.step = STEP_STREAM, .rows = count->rows, .estimate = count->rows};
	snprintf(progress->name, sizeof(progress->name), "%.*s", SLICE_FMT(count->name));
	if (count->copying)
		describe_copy(progress, count);
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

/* Add the copy of a table to *copy, and list it. */
static void add_copy(const struct sync_numbers *numbers, struct slice full_name,
		     struct copy_progress *copy, struct sync_status *status)
{
	const struct table_count *count = map_get(&numbers->tables, full_name);
	struct table_progress table;
	if (count == NULL || count->copying == NULL)
		return;
	describe(&table, count);
	add_table(copy, &table);
	begin_with(copy, atomic_load(&count->copying->begun_ms));
	list_table(status, &table);
}

static void add_round(const struct sync_numbers *numbers, struct sync_status *status)
{
	const struct full *round = numbers->round;
	status->copy = (struct copy_progress){.tables = numbers->tables_done,
					      .tables_done = numbers->tables_done,
					      .rows = numbers->rows_done,
					      .estimate = numbers->rows_done};
	for (unsigned i = 0; round && i < round->ntables; i++)
		add_copy(numbers, round->tables[i].table->full_name, &status->copy, status);
}

static void add_backfill(const struct sync_numbers *numbers, struct sync_status *status)
{
	const struct backfill *backfill = numbers->backfill;
	for (unsigned i = 0; backfill && i < backfill->ntables; i++)
		add_copy(numbers, backfill->tables[i].full_name, &status->backfill, status);
	if (backfill)
		status->waits = (enum backfill_wait)atomic_load(&backfill->link.waits);
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

void sync_numbers_jump(struct sync_numbers *numbers, struct buf *out)
{
	pthread_mutex_lock(&numbers->lock);
	buf_put(out, buf_slice(&numbers->jump));
	pthread_mutex_unlock(&numbers->lock);
}
