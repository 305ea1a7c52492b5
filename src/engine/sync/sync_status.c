#include "engine/sync/sync_status.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/copy/full.h"

#include <stdio.h>
#include <stdlib.h>

void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes)
{
	*numbers = (struct sync_numbers){.nlanes = nlanes};
	numbers->copy = mem_array(nlanes, sizeof(*numbers->copy));
	pthread_mutex_init(&numbers->lock, NULL);
}

void sync_numbers_fini(struct sync_numbers *numbers)
{
	pthread_mutex_destroy(&numbers->lock);
	free(numbers->copy);
}

/* Count the finished tables of the round that ends. */
static void keep_round(struct sync_numbers *numbers)
{
	for (unsigned i = 0; numbers->round && i < numbers->round->ntables; i++) {
		const struct full_table *table = &numbers->round->tables[i];
		if (!atomic_load(&table->done))
			continue;
		numbers->tables_done++;
		numbers->rows_done += atomic_load(&table->rows);
	}
}

void sync_numbers_round(struct sync_numbers *numbers, const struct full *round)
{
	pthread_mutex_lock(&numbers->lock);
	keep_round(numbers);
	numbers->round = round;
	pthread_mutex_unlock(&numbers->lock);
}

void sync_numbers_forget(struct sync_numbers *numbers)
{
	pthread_mutex_lock(&numbers->lock);
	numbers->tables_done = 0;
	numbers->rows_done = 0;
	pthread_mutex_unlock(&numbers->lock);
}

static void add_lane(struct sync_status *status, const struct lane_metrics *metrics)
{
	status->rows += atomic_load_explicit(&metrics->rows, memory_order_relaxed);
	status->messages += atomic_load_explicit(&metrics->messages, memory_order_relaxed);
	status->bytes += atomic_load_explicit(&metrics->bytes, memory_order_relaxed);
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
