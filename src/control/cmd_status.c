/* cmd_status: `tideway status` and `tideway tables`: print what a running process reports. */
#include "base/clock.h"
#include "base/terminal.h"
#include "control/admin_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WATCH_MS = 1000 };

/* ---- values ---- */

static const char *text_of(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	return text ? text : "";
}

/* Return a number; -1: it is null or missing. */
static double number_of(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

static const cJSON *item_of(const cJSON *json, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* Write "3.2 s", "5 min" or "2 h 10 min"; "never" for an unknown time. */
static const char *duration(double seconds, char *text, size_t size)
{
	long minutes = (long)(seconds / 60);
	if (seconds < 0)
		snprintf(text, size, "unknown");
	else if (minutes < 2)
		snprintf(text, size, "%.1f s", seconds);
	else if (minutes < 120)
		snprintf(text, size, "%ld min", minutes);
	else
		snprintf(text, size, "%ld h %ld min", minutes / 60, minutes % 60);
	return text;
}

/* Write how long ago a time was. */
static const char *age(const cJSON *json, const char *name, double now_ms, char *text, size_t size)
{
	double ms = number_of(json, name);
	char ago[32];
	if (ms < 0)
		return "never";
	duration(now_ms > ms ? (now_ms - ms) / 1000 : 0, ago, sizeof(ago));
	snprintf(text, size, "%s ago", ago);
	return text;
}

/* ---- status ---- */

static void print_position(const cJSON *sync, double now_ms)
{
	const cJSON *position = item_of(sync, "position");
	char saved[40], acknowledged[40];
	if (!cJSON_IsObject(position)) {
		puts("  position  none is saved yet");
		return;
	}
	printf("  position  %s:%.0f", text_of(position, "file"), number_of(position, "offset"));
	if (text_of(position, "gtids")[0])
		printf(", GTIDs %s", text_of(position, "gtids"));
	printf("\n  saved     %s; last acknowledgement %s\n",
	       age(sync, "saved_ms", now_ms, saved, sizeof(saved)),
	       age(sync, "acknowledged_ms", now_ms, acknowledged, sizeof(acknowledged)));
}

static void print_copy(const cJSON *sync)
{
	const cJSON *copy = item_of(sync, "copy");
	double rows = number_of(copy, "rows"), estimate = number_of(copy, "estimate");
	double rate = number_of(sync, "rows_per_second");
	char left[32];
	if (strcmp(text_of(sync, "state"), "copying") != 0)
		return;
	printf("  copy      %.0f of %.0f tables, %.0f of about %.0f rows (%.0f %%), %s left\n",
	       number_of(copy, "tables_done"), number_of(copy, "tables"), rows, estimate,
	       estimate > 0 ? 100 * rows / estimate : 100,
	       duration(rate > 0 ? (estimate - rows) / rate : -1, left, sizeof(left)));
}

static void print_problems(const cJSON *sync, double now_ms)
{
	const cJSON *problem;
	cJSON_ArrayForEach(problem, item_of(sync, "problems"))
	{
		double retry_ms = number_of(problem, "retry_ms");
		char since[40];
		printf("  problem   %s: %s (since %s", text_of(problem, "code"),
		       text_of(problem, "message"),
		       age(problem, "since_ms", now_ms, since, sizeof(since)));
		if (retry_ms > now_ms)
			printf(", next try in %.1f s", (retry_ms - now_ms) / 1000);
		printf(")\n            %s\n", text_of(problem, "remedy"));
	}
}

static void print_sync(const cJSON *sync, double now_ms)
{
	double lag_s = number_of(sync, "lag_s"), restarts = number_of(sync, "restarts");
	char lag[32];
	printf("%s: %s", text_of(sync, "name"), text_of(sync, "state"));
	if (lag_s >= 0)
		printf(", %s behind", duration(lag_s, lag, sizeof(lag)));
	if (restarts > 0)
		printf(", %.0f restart%s", restarts, restarts > 1 ? "s" : "");
	printf("\n  rows      %.0f (%.0f rows/s), %.0f messages\n", number_of(sync, "rows"),
	       number_of(sync, "rows_per_second"), number_of(sync, "messages"));
	print_copy(sync);
	print_position(sync, now_ms);
	print_problems(sync, now_ms);
}

static void print_status(const cJSON *status, const char *only)
{
	const cJSON *process = item_of(status, "process"), *sync;
	double now_ms = number_of(process, "time_ms");
	char runs[32];
	printf("process %.0f, tideway %s, %s, running for %s\n", number_of(process, "pid"),
	       text_of(process, "version"), text_of(process, "script"),
	       duration((now_ms - number_of(process, "started_ms")) / 1000, runs, sizeof(runs)));
	cJSON_ArrayForEach(sync, item_of(status, "syncs"))
	{
		if (only == NULL || strcmp(only, text_of(sync, "name")) == 0)
			print_sync(sync, now_ms);
	}
}

/* Print the answer as it is, or what `print` makes of it. */
static int show(const struct admin_client *client, const struct arguments *arguments,
		const char *path, void (*print)(const cJSON *json, const char *only),
		struct err *err)
{
	struct buf text;
	cJSON *json;
	buf_init(&text);
	json = admin_client_ask(client, "GET", path, NULL, &text, err);
	if (json && arguments->json)
		printf("%.*s\n", SLICE_FMT(buf_slice(&text)));
	else if (json)
		print(json, arguments->sync);
	fflush(stdout);
	cJSON_Delete(json);
	buf_fini(&text);
	return json ? 0 : -1;
}

/* With --watch, show it every second until the process ends or the user interrupts. */
static int show_repeatedly(const struct admin_client *client, const struct arguments *arguments,
			   const char *path, void (*print)(const cJSON *json, const char *only),
			   struct err *err)
{
	bool clears = terminal_is(STDOUT_FILENO) && !arguments->json;
	for (;;) {
		if (clears && arguments->watch)
			printf("\033[H\033[J");
		if (show(client, arguments, path, print, err) < 0)
			return -1;
		if (!arguments->watch)
			return 0;
		clock_pause(WATCH_MS);
	}
}

/* Fail if the process has no such sync. */
static int check_sync(const struct admin_client *client, const char *name, struct err *err)
{
	char path[128];
	cJSON *json;
	if (name == NULL)
		return 0;
	snprintf(path, sizeof(path), "/syncs/%s", name);
	json = admin_client_ask(client, "GET", path, NULL, NULL, err);
	cJSON_Delete(json);
	return json ? 0 : -1;
}

int command_status(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	if (admin_client_open(&client, arguments, 0, err) < 0 ||
	    check_sync(&client, arguments->sync, err) < 0)
		return -1;
	return show_repeatedly(&client, arguments, "/status", print_status, err);
}

/* ---- tables ---- */

static void print_table(const cJSON *table, int width)
{
	bool is_read = strcmp(text_of(table, "step"), "copy") == 0;
	char left[32];
	printf("%-*s %-9s %12.0f", width, text_of(table, "name"), text_of(table, "step"),
	       number_of(table, "rows"));
	if (is_read)
		printf(" %12.0f %5.1f %10.0f  %s", number_of(table, "estimate"),
		       number_of(table, "percent"), number_of(table, "rows_per_second"),
		       duration(number_of(table, "left_s"), left, sizeof(left)));
	putchar('\n');
}

static void print_tables(const cJSON *json, const char *only)
{
	const cJSON *tables = item_of(json, "tables"), *table;
	int width = (int)strlen("table");
	(void)only;
	cJSON_ArrayForEach(table, tables)
	{
		int len = (int)strlen(text_of(table, "name"));
		width = len > width ? len : width;
	}
	printf("%-*s %-9s %12s %12s %5s %10s  %s\n", width, "table", "step", "rows", "estimate",
	       "%", "rows/s", "time left");
	cJSON_ArrayForEach(table, tables)
	{
		print_table(table, width);
	}
}

int command_tables(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	char path[128];
	if (admin_client_open(&client, arguments, 0, err) < 0 ||
	    admin_client_choose(&client, arguments, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/syncs/%s/tables", client.sync);
	return show_repeatedly(&client, arguments, path, print_tables, err);
}
