/* estimate_make: read the input of an estimate: sizes, retention and samples. */
#include "base/clock.h"
#include "base/cores.h"
#include "base/mem.h"
#include "control/estimate.h"
#include "control/sample.h"
#include "engine/sync/copy_lanes.h"
#include "source/capacity.h"
#include "source/inspect.h"

#include <stdlib.h>

enum {
	WHOLE_ROWS =
		5000, /* a table that has fewer rows, and fewer bytes, is read from its start to its end */
	WHOLE_BYTES = 4 << 20,
};

static int read_sizes(struct estimate *estimate, struct conn *conn, struct err *err)
{
	for (unsigned i = 0; i < estimate->ntables; i++) {
		struct table_estimate *table = &estimate->tables[i];
		struct table_size size;
		if (source_table_size(conn, table->table, &size, err) < 0)
			return -1;
		table->rows = size.rows;
		table->bytes = size.bytes;
	}
	return 0;
}

static int choose_lanes(struct estimate *estimate, struct look *look, struct err *err)
{
	struct copy_room room;
	uint64_t parts = 0;
	for (unsigned i = 0; i < estimate->ntables; i++)
		parts += copy_parts(estimate->tables[i].rows);
	return copy_lanes_for(look->sync.config, look->bootstrap.conn, parts, &room,
			      &estimate->lanes, err);
}

/* Find better numbers of rows than those of the statistics, for a table that is sampled. */
static int look_at_key(struct table_estimate *table, struct conn *conn, struct key_ends *ends,
		       struct err *err)
{
	*ends = (struct key_ends){.column = NULL};
	if (table->rows < WHOLE_ROWS && table->bytes < WHOLE_BYTES)
		return 0;
	if (source_key_ends(conn, table->table, ends, err) < 0)
		return -1;
	return source_estimate_rows(conn, table->table, ends, table->rows, &table->rows, err);
}

static int sample_table(struct sampler *sampler, struct table_estimate *table, int64_t ms,
			struct arena *texts, struct err *err)
{
	struct key_ends ends;
	struct sample sample;
	if (look_at_key(table, sampler->look->bootstrap.conn, &ends, err) < 0)
		return -1;
	sampler_take(sampler, table->table, &ends,
		     table->rows > 0 ? table->bytes / table->rows : table->bytes, ms, &sample);
	if (sample.failed.code != ERR_NONE)
		table->problem = arena_cstr(texts, slice_str(sample.failed.text));
	table->exact = sample.whole;
	/* rows after several places may have been read twice */
	if (sample.whole || (ends.column == NULL && table->rows < sample.rows))
		table->rows = sample.rows;
	table_estimate_scale(table, sample.rows, (double)sample.spent_ns / 1e9, sample.topic_bytes);
	return 0;
}

/* Sample the largest tables. */
static int sample_tables(struct estimate *estimate, struct sampler *sampler, struct err *err)
{
	unsigned n = estimate->ntables < ESTIMATE_TABLES ? estimate->ntables : ESTIMATE_TABLES;
	int64_t ms = n * ESTIMATE_TABLE_MS < ESTIMATE_MS ? ESTIMATE_TABLE_MS : ESTIMATE_MS / n;
	const struct table_estimate **largest = estimate_by_bytes(estimate);
	int rc = 0;
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = sample_table(sampler, &estimate->tables[largest[i] - estimate->tables], ms,
				  &estimate->texts, err);
	free(largest);
	if (rc == 0 && sampler->spent_ns > 0)
		estimate->speedup = estimate_speedup(estimate->lanes, cores_available(),
						     (double)sampler->busy_ms * 1e6 /
							     (double)sampler->spent_ns);
	return rc;
}

static int take_samples(struct estimate *estimate, struct look *look, struct err *err)
{
	struct sampler sampler;
	int rc = sampler_open(&sampler, look, err);
	if (rc == 0)
		rc = sample_tables(estimate, &sampler, err);
	sampler_close(&sampler);
	return rc;
}

int estimate_make(struct estimate *estimate, struct look *look, struct err *err)
{
	const struct bootstrap *bootstrap = &look->bootstrap;
	const struct sync_config *config = look->sync.config;
	estimate->copies = config->mode != MODE_STREAM;
	estimate->rows_per_second = config->full_rows_per_second;
	estimate->ntables = bootstrap->nselected;
	estimate->tables = mem_array(estimate->ntables + 1, sizeof(*estimate->tables));
	for (unsigned i = 0; i < estimate->ntables; i++)
		estimate->tables[i].table = bootstrap->selected[i];
	if (read_sizes(estimate, bootstrap->conn, err) < 0 ||
	    source_retention(bootstrap->conn, &estimate->kept_s, err) < 0)
		return -1;
	if (estimate->copies &&
	    (choose_lanes(estimate, look, err) < 0 || take_samples(estimate, look, err) < 0))
		return -1;
	estimate_sum(estimate);
	return 0;
}
