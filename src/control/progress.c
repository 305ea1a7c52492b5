#include "control/progress.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { LOG_MS = 30000 };

void progress_init(struct progress *progress, bool several)
{
	*progress = (struct progress){.terminal = isatty(2) == 1, .several = several};
	progress->started_ms = progress->last_ms = clock_mono_ms();
}

static uint64_t rate(const struct progress *progress, const struct run_status *now, int64_t now_ms)
{
	int64_t ms = now_ms - progress->last_ms;
	return ms > 0 ? (now->rows - progress->last.rows) * 1000 / (uint64_t)ms : 0;
}

static void left_text(char *out, size_t size, const struct run_status *now, uint64_t per_second)
{
	uint64_t left =
		now->full_estimate > now->full_rows ? now->full_estimate - now->full_rows : 0;
	uint64_t seconds = per_second > 0 ? left / per_second : 0;
	if (per_second == 0)
		snprintf(out, size, "time left unknown");
	else if (seconds < 60)
		snprintf(out, size, "%" PRIu64 " s left", seconds);
	else
		snprintf(out, size, "%" PRIu64 " min left", seconds / 60);
}

static void full_text(char *out, size_t size, const struct run_status *now, uint64_t per_second)
{
	char left[64];
	double percent = now->full_estimate
				 ? 100.0 * (double)now->full_rows / (double)now->full_estimate
				 : 100.0;
	left_text(left, sizeof(left), now, per_second);
	snprintf(out, size,
		 "full sync: %u of %u tables, %" PRIu64 " rows (%.0f %%), %" PRIu64
		 " rows/s, %s%s%s",
		 now->full_tables_done, now->full_tables, now->full_rows, percent, per_second, left,
		 now->tables[0] ? "; " : "", now->tables);
}

static void stream_text(char *out, size_t size, const struct run_status *now, uint64_t per_second)
{
	if (now->lag_ms < 0)
		snprintf(out, size, "stream: %" PRIu64 " rows, %" PRIu64 " rows/s", now->rows,
			 per_second);
	else
		snprintf(out, size, "stream: %" PRIu64 " rows, %" PRIu64 " rows/s, %.1f s behind",
			 now->rows, per_second, (double)now->lag_ms / 1000.0);
}

static void text(char *out, size_t size, const struct run_status *now, uint64_t per_second)
{
	switch (now->state) {
	case RUN_FULL:
		full_text(out, size, now, per_second);
		return;
	case RUN_STREAM:
		stream_text(out, size, now, per_second);
		return;
	case RUN_STARTING:
		snprintf(out, size, "starting");
		return;
	case RUN_WAITING:
		snprintf(out, size, "waiting to start again");
		return;
	case RUN_ENDED:
		snprintf(out, size, "ended");
		return;
	}
}

void progress_show(struct progress *progress, struct run *run, bool turn)
{
	int64_t now_ms = clock_mono_ms();
	struct run_status now;
	char line[800];
	int named = 0;
	if (progress->terminal ? !turn : now_ms - progress->last_ms < LOG_MS)
		return;
	run_status(run, &now);
	if (!progress->terminal || progress->several)
		named = snprintf(line, sizeof(line), "%s: ", run_config(run)->name);
	text(line + named, sizeof(line) - (size_t)named, &now, rate(progress, &now, now_ms));
	if (progress->terminal)
		log_status(line);
	else
		log_info("%s", line);
	progress->last = now;
	progress->last_ms = now_ms;
}

void progress_end(struct progress *progress, struct run *run)
{
	struct run_status now;
	run_status(run, &now);
	if (progress->terminal)
		log_status("");
	log_info("run: %s stopped, rows=%" PRIu64 " messages=%" PRIu64 " bytes=%" PRIu64
		 " seconds=%.2f",
		 run_config(run)->name, now.rows, now.messages, now.bytes,
		 (double)(clock_mono_ms() - progress->started_ms) / 1000.0);
}
