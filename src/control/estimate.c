#include "control/estimate.h"

#include "base/mem.h"
#include "control/quantity.h"

#include <inttypes.h>
#include <stdlib.h>

void estimate_init(struct estimate *estimate)
{
	*estimate = (struct estimate){.lanes = 1, .speedup = 1};
	arena_init(&estimate->texts, 0);
}

void estimate_fini(struct estimate *estimate)
{
	free(estimate->tables);
	arena_fini(&estimate->texts);
	estimate->tables = NULL;
}

void table_estimate_scale(struct table_estimate *table, uint64_t rows, double seconds,
			  uint64_t topic_bytes)
{
	double times = rows > 0 ? (double)table->rows / (double)rows : 0;
	table->sampled = rows;
	table->seconds = seconds * times;
	table->topic_bytes = (uint64_t)((double)topic_bytes * times);
}

/* Tables that were measured, as one. */
static struct table_estimate sum_sampled(const struct estimate *estimate)
{
	struct table_estimate sum = {.bytes = 0};
	for (unsigned i = 0; i < estimate->ntables; i++) {
		const struct table_estimate *table = &estimate->tables[i];
		if (table->sampled == 0)
			continue;
		sum.bytes += table->bytes;
		sum.seconds += table->seconds;
		sum.topic_bytes += table->topic_bytes;
	}
	return sum;
}

static void fill_in(struct table_estimate *table, const struct table_estimate *sampled)
{
	double times = sampled->bytes > 0 ? (double)table->bytes / (double)sampled->bytes : 0;
	table->seconds = sampled->seconds * times;
	table->topic_bytes = (uint64_t)((double)sampled->topic_bytes * times);
}

/* A table without a primary key is read by one lane. */
static double longest_alone(const struct estimate *estimate)
{
	double longest = 0;
	for (unsigned i = 0; i < estimate->ntables; i++)
		if (estimate->tables[i].table->npk == 0 && estimate->tables[i].seconds > longest)
			longest = estimate->tables[i].seconds;
	return longest;
}

void estimate_sum(struct estimate *estimate)
{
	const struct table_estimate sampled = sum_sampled(estimate);
	double seconds = 0, limited;
	for (unsigned i = 0; i < estimate->ntables; i++) {
		struct table_estimate *table = &estimate->tables[i];
		if (table->sampled == 0 && table->rows > 0) {
			fill_in(table, &sampled);
			estimate->unsampled++;
		}
		estimate->rows += table->rows;
		estimate->bytes += table->bytes;
		estimate->topic_bytes += table->topic_bytes;
		seconds += table->seconds;
	}
	seconds /= estimate->speedup;
	if (seconds < longest_alone(estimate))
		seconds = longest_alone(estimate);
	limited = estimate->rows_per_second > 0 ? (double)estimate->rows / estimate->rows_per_second
						: 0;
	estimate->seconds = seconds > limited ? seconds : limited;
}

static int compare_bytes(const void *a, const void *b)
{
	const struct table_estimate *x = *(const struct table_estimate *const *)a;
	const struct table_estimate *y = *(const struct table_estimate *const *)b;
	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

const struct table_estimate **estimate_by_bytes(const struct estimate *estimate)
{
	const struct table_estimate **sorted = mem_array(estimate->ntables + 1, sizeof(*sorted));
	for (unsigned i = 0; i < estimate->ntables; i++)
		sorted[i] = &estimate->tables[i];
	qsort(sorted, estimate->ntables, sizeof(*sorted), compare_bytes);
	return sorted;
}

double estimate_speedup(unsigned lanes, unsigned cores, double busy)
{
	double most = busy > 0 ? cores / busy : 1;
	if (most < 1)
		most = 1;
	return lanes < most ? lanes : most;
}

unsigned estimate_percent(const struct estimate *estimate)
{
	if (estimate->kept_s == 0 || !estimate->copies)
		return 0;
	return (unsigned)(100 * estimate->seconds / (double)estimate->kept_s + 0.5);
}

bool estimate_is_late(const struct estimate *estimate)
{
	return estimate_percent(estimate) >= ESTIMATE_WARN_PERCENT;
}

/* ---- texts ---- */

void table_estimate_put_size(const struct table_estimate *table, struct buf *out)
{
	buf_printf(out, "%s%" PRIu64 " rows, ", table->exact ? "" : "about ", table->rows);
	quantity_put_bytes(out, table->bytes);
}

void table_estimate_put_cost(const struct table_estimate *table, struct buf *out)
{
	buf_put(out, SLICE("about "));
	quantity_put_duration(out, table->seconds);
	buf_put(out, SLICE(" with one lane, "));
	quantity_put_bytes(out, table->topic_bytes);
	buf_put(out, SLICE(" in its topic before compression"));
	if (table->sampled == 0 && table->rows > 0)
		buf_put(out, SLICE(" (from the other tables: it was not sampled)"));
}

void estimate_put(const struct estimate *estimate, struct buf *out)
{
	buf_put(out, SLICE("about "));
	quantity_put_duration(out, estimate->seconds);
	buf_printf(out, " with %u %s, %" PRIu64 " rows, ", estimate->lanes,
		   estimate->lanes == 1 ? "lane" : "lanes", estimate->rows);
	quantity_put_bytes(out, estimate->topic_bytes);
	buf_put(out, SLICE(" in topics before compression, for each replica; "));
	if (estimate->kept_s == 0) {
		buf_put(out, SLICE("binlogs are not purged by age"));
	} else {
		buf_put(out, SLICE("binlogs kept "));
		quantity_put_duration(out, (double)estimate->kept_s);
		buf_printf(out, ": %u %%", estimate_percent(estimate));
	}
	if (estimate->unsampled > 0)
		buf_printf(out, "; %u of %u tables were not sampled", estimate->unsampled,
			   estimate->ntables);
}

void estimate_put_remedy(struct buf *out)
{
	buf_put(out,
		SLICE("the server may purge the binlog that the stream needs after the copy: raise "
		      "binlog_expire_logs_seconds (or expire_logs_days) until the copy has "
		      "ended"));
}
