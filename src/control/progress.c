#include "control/progress.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
	LOG_MS = 30000,
	TABLES_SIZE = 400, /* size of the part of a line that shows single tables */
};

void progress_init(struct progress *progress, bool several)
{
	*progress = (struct progress){.terminal = isatty(2) == 1, .several = several};
	progress->started_ms = progress->last_ms = clock_mono_ms();
}

static uint64_t rate(const struct progress *progress, const struct sync_status *now, int64_t now_ms)
{
	int64_t ms = now_ms - progress->last_ms;
	return ms > 0 ? (now->rows - progress->last_rows) * 1000 / (uint64_t)ms : 0;
}

static void left_text(char *out, size_t size, const struct copy_progress *copy, uint64_t per_second)
{
	uint64_t seconds = per_second > 0 ? (copy->estimate - copy->rows) / per_second : 0;
	if (per_second == 0)
		snprintf(out, size, "time left unknown");
	else if (seconds < 60)
		snprintf(out, size, "%" PRIu64 " s left", seconds);
	else
		snprintf(out, size, "%" PRIu64 " min left", seconds / 60);
}

/* Write "shop.orders 40 % (12 s left)", by the average rate of this table so far. */
static size_t table_text(char *out, size_t size, const struct table_progress *table)
{
	uint64_t ms = table->reading_ms > 0 ? (uint64_t)table->reading_ms : 1;
	uint64_t left_s =
		(table->estimate - table->rows) * ms / (table->rows - table->rows_before) / 1000;
	int n = snprintf(out, size, "%s %.0f %% (%" PRIu64 " %s left)", table->name,
			 100.0 * (double)table->rows / (double)table->estimate,
			 left_s < 60 ? left_s : left_s / 60, left_s < 60 ? "s" : "min");
	return n > 0 ? (size_t)n : 0;
}

/* Write the tables that are being read, as many as fit. */
static void tables_text(char *out, size_t size, const struct sync_status *now)
{
	size_t len = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < now->ntables; i++) {
		char text[STATUS_NAME_SIZE + 64];
		size_t n = table_text(text, sizeof(text), &now->tables[i]);
		if (len + n + 3 > size)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", text);
	}
}

static double percent_of(const struct copy_progress *copy)
{
	return copy->estimate > 0 ? 100.0 * (double)copy->rows / (double)copy->estimate : 100.0;
}

static void full_text(char *out, size_t size, const struct sync_status *now, uint64_t per_second)
{
	char left[64], tables[TABLES_SIZE];
	left_text(left, sizeof(left), &now->copy, per_second);
	tables_text(tables, sizeof(tables), now);
	snprintf(out, size,
		 "full sync: %u of %u tables, %" PRIu64 " rows (%.0f %%), %" PRIu64
		 " rows/s, %s%s%s",
		 now->copy.tables_done, now->copy.tables, now->copy.rows, percent_of(&now->copy),
		 per_second, left, tables[0] ? "; " : "", tables);
}

/* Append what is copied while the stream runs. */
static void backfill_text(char *out, size_t size, const struct sync_status *now)
{
	const struct copy_progress *copy = &now->backfill;
	char tables[TABLES_SIZE];
	if (copy->tables_done == copy->tables)
		return;
	tables_text(tables, sizeof(tables), now);
	snprintf(out, size, "; backfill: %u of %u tables, %" PRIu64 " rows (%.0f %%)%s%s",
		 copy->tables_done, copy->tables, copy->rows, percent_of(copy),
		 tables[0] ? ", " : "", tables);
}

static void stream_text(char *out, size_t size, const struct sync_status *now, uint64_t per_second)
{
	int n;
	if (now->lag_ms < 0)
		n = snprintf(out, size, "stream: %" PRIu64 " rows, %" PRIu64 " rows/s", now->rows,
			     per_second);
	else
		n = snprintf(out, size,
			     "stream: %" PRIu64 " rows, %" PRIu64 " rows/s, %.1f s behind",
			     now->rows, per_second, (double)now->lag_ms / 1000.0);
	backfill_text(out + n, size - (size_t)n, now);
}

static void text(char *out, size_t size, const struct sync_status *now, uint64_t per_second)
{
	switch (now->state) {
	case SYNC_COPYING:
		full_text(out, size, now, per_second);
		return;
	case SYNC_STREAMING:
		stream_text(out, size, now, per_second);
		return;
	case SYNC_WAITING:
		snprintf(out, size, "waiting to start again");
		return;
	default:
		snprintf(out, size, "%s", sync_state_name(now->state));
	}
}

void progress_show(struct progress *progress, struct supervisor *supervisor, bool turn)
{
	int64_t now_ms = clock_mono_ms();
	struct sync_status now;
	char line[800];
	int named = 0;
	if (progress->terminal ? !turn : now_ms - progress->last_ms < LOG_MS)
		return;
	supervisor_status(supervisor, &now);
	if (!progress->terminal || progress->several)
		named = snprintf(line, sizeof(line), "%s: ", supervisor_config(supervisor)->name);
	text(line + named, sizeof(line) - (size_t)named, &now, rate(progress, &now, now_ms));
	if (progress->terminal)
		log_status(line);
	else
		log_info("%s", line);
	progress->last_rows = now.rows;
	progress->last_ms = now_ms;
}

void progress_end(struct progress *progress, struct supervisor *supervisor)
{
	struct sync_status now;
	supervisor_status(supervisor, &now);
	if (progress->terminal)
		log_status("");
	log_info("run: %s stopped%s, rows=%" PRIu64 " messages=%" PRIu64 " bytes=%" PRIu64
		 " seconds=%.2f",
		 supervisor_config(supervisor)->name, now.paused_ms > 0 ? " (paused)" : "",
		 now.rows, now.messages, now.bytes,
		 (double)(clock_mono_ms() - progress->started_ms) / 1000.0);
}
