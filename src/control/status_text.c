#include "control/status_text.h"

#include "control/quantity.h"

#include <string.h>
#include <time.h>

enum { SECOND_MS = 1000 };

/* ---- values ---- */

static const cJSON *item_of(const cJSON *json, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(json, name);
}

static const char *text_of(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(item_of(json, name));
	return text ? text : "";
}

/* Return a number; -1: it is null or missing. */
static double number_of(const cJSON *json, const char *name)
{
	const cJSON *item = item_of(json, name);
	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

static void put_duration(struct buf *out, double seconds)
{
	if (seconds < 0)
		buf_put(out, SLICE("unknown time"));
	else
		quantity_put_duration(out, seconds);
}

/* Append "0.2 s behind". */
static void put_lag(struct buf *out, double seconds)
{
	struct buf text;
	buf_init(&text);
	quantity_put_duration(&text, seconds);
	buf_printf(out, "%s behind", buf_cstr(&text));
	buf_fini(&text);
}

/* Append how long ago a time was. */
static void put_age(struct buf *out, const cJSON *json, const char *name, double now_ms)
{
	double ms = number_of(json, name);
	if (ms < 0) {
		buf_put(out, SLICE("never"));
		return;
	}
	quantity_put_duration(out, now_ms > ms ? (now_ms - ms) / SECOND_MS : 0);
	buf_put(out, SLICE(" ago"));
}

static bool is_chosen(const cJSON *sync, const char *only)
{
	return only == NULL || strcmp(only, text_of(sync, "name")) == 0;
}

/* ---- parts of a page ---- */

/* Append "1 structure, 2 copy, 9 stream", without the steps at which there is no table. */
static void put_steps(const cJSON *sync, struct buf *out)
{
	const cJSON *step;
	const char *comma = "";
	cJSON_ArrayForEach(step, item_of(sync, "steps"))
	{
		if (step->valuedouble == 0)
			continue;
		buf_printf(out, "%s%.0f %s", comma, step->valuedouble, step->string);
		comma = ", ";
	}
}

static void put_tables(const cJSON *sync, struct buf *out)
{
	struct buf steps;
	buf_init(&steps);
	put_steps(sync, &steps);
	if (steps.len > 0)
		buf_printf(out, "  tables    %.*s\n", SLICE_FMT(buf_slice(&steps)));
	buf_fini(&steps);
}

static bool is_under_way(const cJSON *copy)
{
	return number_of(copy, "tables_done") < number_of(copy, "tables");
}

/* name: "copy", or "backfill" for tables that are copied while the stream runs. */
static void put_copy(const cJSON *sync, const char *name, struct buf *out)
{
	const cJSON *copy = item_of(sync, name);
	double rate = number_of(copy, "rows_per_second");
	if (!is_under_way(copy))
		return;
	buf_printf(out, "  %-8s  %.0f of %.0f tables, %.0f of about %.0f rows (%.0f %%), ", name,
		   number_of(copy, "tables_done"), number_of(copy, "tables"),
		   number_of(copy, "rows"), number_of(copy, "estimate"),
		   number_of(copy, "percent"));
	if (rate > 0)
		buf_printf(out, "%.0f rows/s, ", rate);
	put_duration(out, number_of(copy, "left_s"));
	buf_put(out, SLICE(" left\n"));
}

static void put_backfill(const cJSON *sync, struct buf *out)
{
	const char *waits = text_of(sync, "backfill_waits");
	put_copy(sync, "backfill", out);
	if (waits[0])
		buf_printf(out, "            waits %s\n", waits);
}

static void put_rows(const cJSON *sync, struct buf *out)
{
	buf_printf(out, "  rows      %.0f (%.0f rows/s), %.0f messages, ", number_of(sync, "rows"),
		   number_of(sync, "rows_per_second"), number_of(sync, "messages"));
	quantity_put_bytes(out, (uint64_t)number_of(sync, "bytes"));
	buf_char(out, '\n');
}

static void put_unread(const cJSON *sync, struct buf *out)
{
	double bytes = number_of(sync, "lag_bytes");
	if (bytes < 0)
		return;
	buf_put(out, SLICE("  unread    "));
	quantity_put_bytes(out, (uint64_t)bytes);
	buf_put(out, SLICE(" of the binlog\n"));
}

/* Append "mysql-bin.000003:1234, GTIDs 0-1-17". The file may be unknown. */
static void put_place(const cJSON *position, struct buf *out)
{
	const char *file = text_of(position, "file"), *gtids = text_of(position, "gtids");
	if (file[0])
		buf_printf(out, "%s:%.0f", file, number_of(position, "offset"));
	if (gtids[0])
		buf_printf(out, "%sGTIDs %s", file[0] ? ", " : "", gtids);
}

/* The last jump over a missing part of the binlog. */
static void put_jump(const cJSON *sync, double now_ms, struct buf *out)
{
	const cJSON *jump = item_of(sync, "jump");
	if (!cJSON_IsObject(jump))
		return;
	buf_put(out, SLICE("  jumped    "));
	put_age(out, jump, "time_ms", now_ms);
	buf_printf(out, " (%s), without the changes\n            from ", text_of(jump, "code"));
	put_place(item_of(jump, "from"), out);
	buf_put(out, SLICE("\n            to "));
	put_place(item_of(jump, "to"), out);
	buf_char(out, '\n');
}

static void put_position(const cJSON *sync, double now_ms, struct buf *out)
{
	const cJSON *position = item_of(sync, "position");
	if (!cJSON_IsObject(position)) {
		buf_put(out, SLICE("  position  none is saved yet\n"));
		return;
	}
	buf_printf(out, "  position  %s:%.0f", text_of(position, "file"),
		   number_of(position, "offset"));
	if (text_of(position, "gtids")[0])
		buf_printf(out, ", GTIDs %s", text_of(position, "gtids"));
	buf_put(out, SLICE("\n  saved     "));
	put_age(out, sync, "saved_ms", now_ms);
	buf_put(out, SLICE("; last acknowledgement "));
	put_age(out, sync, "acknowledged_ms", now_ms);
	buf_char(out, '\n');
}

static void put_problem(const cJSON *problem, double now_ms, struct buf *out)
{
	double retry_ms = number_of(problem, "retry_ms");
	buf_printf(out, "  problem   %s: %s (since ", text_of(problem, "code"),
		   text_of(problem, "message"));
	put_age(out, problem, "since_ms", now_ms);
	if (retry_ms > now_ms) {
		buf_put(out, SLICE(", next try in "));
		quantity_put_duration(out, (retry_ms - now_ms) / SECOND_MS);
	}
	buf_printf(out, ")\n            %s\n", text_of(problem, "remedy"));
}

/* Append ": streaming, 0.2 s behind, paused for 5 min, 2 restarts", as much of it as applies. */
static void put_state(const cJSON *sync, double now_ms, struct buf *out)
{
	double lag_s = number_of(sync, "lag_s"), restarts = number_of(sync, "restarts");
	double paused_ms = number_of(sync, "paused_since_ms");
	buf_printf(out, "%s: %s", text_of(sync, "name"), text_of(sync, "state"));
	if (paused_ms > 0) {
		buf_put(out, SLICE(" for "));
		quantity_put_duration(out,
				      now_ms > paused_ms ? (now_ms - paused_ms) / SECOND_MS : 0);
	}
	if (text_of(sync, "pending")[0])
		buf_printf(out, ", %s requested", text_of(sync, "pending"));
	if (lag_s >= 0) {
		buf_put(out, SLICE(", "));
		put_lag(out, lag_s);
	}
	if (restarts > 0)
		buf_printf(out, ", %.0f restart%s", restarts, restarts > 1 ? "s" : "");
}

/* Append a table in quarantine, and how it comes back. */
static void put_quarantine(const cJSON *table, double now_ms, struct buf *out)
{
	buf_printf(out, "  table     %s went into quarantine ", text_of(table, "name"));
	put_age(out, table, "since_ms", now_ms);
	buf_printf(out, ": %s: %s\n", text_of(table, "code"), text_of(table, "message"));
	buf_printf(out, "            Remove the cause, then: tideway resync SCRIPT %s\n",
		   text_of(table, "name"));
}

/* Likewise, a paused one. */
static void put_paused(const cJSON *table, double now_ms, struct buf *out)
{
	buf_printf(out, "  table     %s was paused ", text_of(table, "name"));
	put_age(out, table, "since_ms", now_ms);
	buf_printf(out, ": nothing of it is sent\n");
	buf_printf(out, "            To copy it again and continue: tideway resume SCRIPT %s\n",
		   text_of(table, "name"));
}

static void put_sync(const cJSON *sync, double now_ms, struct buf *out)
{
	const cJSON *problem, *table;
	put_state(sync, now_ms, out);
	buf_char(out, '\n');
	put_tables(sync, out);
	put_rows(sync, out);
	put_copy(sync, "copy", out);
	put_backfill(sync, out);
	put_unread(sync, out);
	put_position(sync, now_ms, out);
	put_jump(sync, now_ms, out);
	if (text_of(sync, "host")[0])
		buf_printf(out, "  host      %s\n", text_of(sync, "host"));
	cJSON_ArrayForEach(problem, item_of(sync, "problems"))
	{
		put_problem(problem, now_ms, out);
	}
	cJSON_ArrayForEach(table, item_of(sync, "quarantined"))
	{
		put_quarantine(table, now_ms, out);
	}
	cJSON_ArrayForEach(table, item_of(sync, "paused_tables"))
	{
		put_paused(table, now_ms, out);
	}
}

/* Write a metric of the script; of a histogram, how many values it has and their sum. */
static void put_metric(const cJSON *metric, struct buf *out)
{
	bool is_histogram = strcmp(text_of(metric, "type"), "histogram") == 0;
	buf_printf(out, "metric %s %.15g", text_of(metric, "name"),
		   number_of(metric, is_histogram ? "count" : "value"));
	if (is_histogram)
		buf_printf(out, " values, sum %.15g", number_of(metric, "sum"));
	buf_char(out, '\n');
}

void status_text_page(const cJSON *status, const char *only, struct buf *out)
{
	const cJSON *process = item_of(status, "process"), *sync, *metric;
	double now_ms = number_of(process, "time_ms");
	buf_printf(out, "process %.0f, tideway %s, %s, running for ", number_of(process, "pid"),
		   text_of(process, "version"), text_of(process, "script"));
	put_duration(out, (now_ms - number_of(process, "started_ms")) / SECOND_MS);
	buf_char(out, '\n');
	cJSON_ArrayForEach(sync, item_of(status, "syncs"))
	{
		if (is_chosen(sync, only))
			put_sync(sync, now_ms, out);
	}
	cJSON_ArrayForEach(metric, item_of(status, "metrics"))
	{
		put_metric(metric, out);
	}
}

/* ---- one line ---- */

static void put_time(double ms, struct buf *out)
{
	time_t seconds = (time_t)(ms / SECOND_MS);
	struct tm local;
	char text[16];
	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	buf_put(out, slice_str(text));
}

static void put_percent(const cJSON *sync, const char *name, struct buf *out)
{
	const cJSON *copy = item_of(sync, name);
	if (!is_under_way(copy))
		return;
	buf_printf(out, ", %s %.0f %%, ", name, number_of(copy, "percent"));
	put_duration(out, number_of(copy, "left_s"));
	buf_put(out, SLICE(" left"));
}

static void put_line(const cJSON *sync, double now_ms, struct buf *out)
{
	const cJSON *problem;
	double bytes = number_of(sync, "lag_bytes");
	put_time(now_ms, out);
	buf_char(out, ' ');
	put_state(sync, now_ms, out);
	if (bytes >= 0) {
		buf_put(out, SLICE(", "));
		quantity_put_bytes(out, (uint64_t)bytes);
		buf_put(out, SLICE(" unread"));
	}
	buf_printf(out, ", %.0f rows, %.0f rows/s", number_of(sync, "rows"),
		   number_of(sync, "rows_per_second"));
	put_percent(sync, "copy", out);
	put_percent(sync, "backfill", out);
	cJSON_ArrayForEach(problem, item_of(sync, "problems"))
	{
		buf_printf(out, ", problem %s", text_of(problem, "code"));
	}
	buf_char(out, '\n');
}

void status_text_lines(const cJSON *status, const char *only, struct buf *out)
{
	double now_ms = number_of(item_of(status, "process"), "time_ms");
	const cJSON *sync;
	cJSON_ArrayForEach(sync, item_of(status, "syncs"))
	{
		if (is_chosen(sync, only))
			put_line(sync, now_ms, out);
	}
}

/* ---- tables ---- */

static void put_table(const cJSON *table, int width, struct buf *out)
{
	buf_printf(out, "%-*s %-9s %12.0f", width, text_of(table, "name"), text_of(table, "step"),
		   number_of(table, "rows"));
	if (strcmp(text_of(table, "step"), "copy") == 0) {
		buf_printf(out, " %12.0f %5.1f %10.0f  ", number_of(table, "estimate"),
			   number_of(table, "percent"), number_of(table, "rows_per_second"));
		put_duration(out, number_of(table, "left_s"));
	}
	buf_char(out, '\n');
}

void status_text_tables(const cJSON *json, const char *only, struct buf *out)
{
	const cJSON *tables = item_of(json, "tables"), *table;
	int width = (int)strlen("table");
	(void)only; /* the request names the sync */
	cJSON_ArrayForEach(table, tables)
	{
		int len = (int)strlen(text_of(table, "name"));
		width = len > width ? len : width;
	}
	buf_printf(out, "%-*s %-9s %12s %12s %5s %10s  %s\n", width, "table", "step", "rows",
		   "estimate", "%", "rows/s", "time left");
	cJSON_ArrayForEach(table, tables)
	{
		put_table(table, width, out);
	}
	cJSON_ArrayForEach(table, item_of(json, "quarantined"))
	{
		buf_printf(out, "%-*s quarantined, %s\n", width, text_of(table, "name"),
			   text_of(table, "code"));
	}
	cJSON_ArrayForEach(table, item_of(json, "paused_tables"))
	{
		buf_printf(out, "%-*s paused\n", width, text_of(table, "name"));
	}
}
