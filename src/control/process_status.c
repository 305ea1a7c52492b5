#include "control/process_status.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/mem.h"
#include "script/script_metrics.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- members ---- */

/* Begin a member of the object that is being written. */
static void member(struct buf *out, const char *name)
{
	if (out->ptr[out->len - 1] != '{')
		buf_char(out, ',');
	buf_printf(out, "\"%s\":", name);
}

static void member_text(struct buf *out, const char *name, const char *text)
{
	member(out, name);
	json_string(out, slice_str(text));
}

/* text: NULL: null. */
static void member_text_or_null(struct buf *out, const char *name, const char *text)
{
	member(out, name);
	if (text)
		json_string(out, slice_str(text));
	else
		buf_put(out, SLICE("null"));
}

static void member_number(struct buf *out, const char *name, uint64_t v)
{
	member(out, name);
	json_u64(out, v);
}

/* A time in milliseconds since 1970; null: unknown. */
static void member_time(struct buf *out, const char *name, int64_t ms)
{
	member(out, name);
	if (ms > 0)
		json_i64(out, ms);
	else
		buf_put(out, SLICE("null"));
}

/* A number; null: it is negative, that is, unknown. */
static void member_count(struct buf *out, const char *name, int64_t n)
{
	member(out, name);
	if (n >= 0)
		json_i64(out, n);
	else
		buf_put(out, SLICE("null"));
}

static void member_seconds(struct buf *out, const char *name, int64_t ms)
{
	member(out, name);
	if (ms >= 0)
		buf_printf(out, "%.3f", (double)ms / 1000);
	else
		buf_put(out, SLICE("null"));
}

/* ---- a sync ---- */

static const char *text_of(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	return text ? text : "";
}

/* The record of the checkpoint has more members, and its numbers are strings. json: NULL if there is none. */
static void put_position(struct buf *out, const char *name, const cJSON *json)
{
	member(out, name);
	if (json == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	buf_char(out, '{');
	member_text(out, "server", text_of(json, "server"));
	member_text(out, "file", text_of(json, "file"));
	member_number(out, "offset", strtoull(text_of(json, "offset"), NULL, 10));
	member_text(out, "gtids", text_of(json, "gtid"));
	buf_char(out, '}');
}

/* Return NULL if there is no record. */
static cJSON *parse_record(struct slice record)
{
	return record.len > 0 ? cJSON_ParseWithLength(record.ptr, record.len) : NULL;
}

/* The last jump over a missing part of the binlog. */
static void put_jump(struct buf *out, struct supervisor *supervisor)
{
	struct buf record;
	cJSON *json;
	buf_init(&record);
	supervisor_jump(supervisor, &record);
	json = parse_record(buf_slice(&record));
	member(out, "jump");
	if (json) {
		buf_char(out, '{');
		member_time(out, "time_ms", strtoll(text_of(json, "time"), NULL, 10));
		member(out, "code");
		buf_printf(out, "\"E-%.0f\"",
			   cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "code")));
		put_position(out, "from", cJSON_GetObjectItemCaseSensitive(json, "from"));
		put_position(out, "to", cJSON_GetObjectItemCaseSensitive(json, "to"));
		buf_char(out, '}');
	} else {
		buf_put(out, SLICE("null"));
	}
	cJSON_Delete(json);
	buf_fini(&record);
}

static void put_error(struct buf *out, enum err_id id, const char *text)
{
	const struct err_entry *entry = err_entry_of(id);
	char code[8] = "";
	if (entry)
		snprintf(code, sizeof(code), "E-%d", (int)id);
	member_text(out, "code", code);
	member_text(out, "message", text);
	member_text(out, "remedy", entry ? entry->remedy : "");
}

static void put_problem(struct buf *out, const struct problem *problem)
{
	buf_char(out, '{');
	put_error(out, problem->id, problem->text);
	member_time(out, "since_ms", problem->since_ms);
	member_time(out, "retry_ms", problem->retry_ms);
	buf_char(out, '}');
}

static void put_journal(struct buf *out, const struct journal_entry *entry)
{
	member_time(out, "state_since_ms", entry->state_ms);
	member_number(out, "restarts", entry->restarts);
	member_number(out, "rows_per_second", entry->rows_per_second);
	if (entry->host[0])
		member_text(out, "host", entry->host);
	member(out, "problems");
	buf_char(out, '[');
	for (unsigned i = 0; i < entry->nproblems; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_problem(out, &entry->problems[i]);
	}
	buf_char(out, ']');
}

/* Write how far a copy has come, with this number of rows per second. */
static void put_progress(struct buf *out, uint64_t rows, uint64_t estimate, uint64_t rate)
{
	member(out, "percent");
	buf_printf(out, "%.1f", estimate > 0 ? 100.0 * (double)rows / (double)estimate : 0);
	member_number(out, "rows_per_second", rate);
	member_seconds(out, "left_s", rate > 0 ? (int64_t)((estimate - rows) * 1000 / rate) : -1);
}

/* Return the average rate of the rows that were read in these milliseconds. The first second counts as a whole one:
 * the first burst of a copy that keeps to a pace is not its rate. */
static uint64_t average(uint64_t rows, uint64_t rows_before, int64_t ms)
{
	if (ms <= 0)
		return 0;
	return (rows - rows_before) * 1000 / (uint64_t)(ms < 1000 ? 1000 : ms);
}

static void put_copy(struct buf *out, const char *name, const struct copy_progress *copy,
		     uint64_t rate)
{
	member(out, name);
	buf_char(out, '{');
	member_number(out, "tables", copy->tables);
	member_number(out, "tables_done", copy->tables_done);
	member_number(out, "rows", copy->rows);
	member_number(out, "estimate", copy->estimate);
	if (copy->tables_done < copy->tables)
		put_progress(out, copy->rows, copy->estimate, rate);
	buf_char(out, '}');
}

/* A copy of tables while the stream runs. */
static void put_backfill(struct buf *out, const struct sync_status *status)
{
	static const char *const waits[] = {
		[BACKFILL_WAITS_NOT] = NULL,
		[BACKFILL_WAITS_STREAM] = "until the stream has caught up (full.yield_lag_s)",
		[BACKFILL_WAITS_PACE] = "to keep to full.rows_per_second",
		[BACKFILL_WAITS_VISIBLE] = "for a transaction that the server does not show yet",
		[BACKFILL_WAITS_CHANGE] = "until the stream reaches a statement on the table",
		[BACKFILL_WAITS_PREPARED] = "until prepared XA transactions are decided",
		[BACKFILL_WAITS_SOURCE] = "until the server can be reached",
		[BACKFILL_WAITS_TOPIC] = "until the keys of its topic are compared",
	};
	const struct copy_progress *copy = &status->backfill;
	put_copy(out, "backfill", copy, average(copy->rows, copy->rows_before, copy->reading_ms));
	member_text_or_null(out, "backfill_waits", waits[status->waits]);
}

/* ---- the steps of its tables ---- */

static const char *const step_names[] = {
	[STEP_STRUCTURE] = "structure", [STEP_COPY] = "copy", [STEP_STREAM] = "stream"};

static void count_step(void *arg, const struct table_progress *table)
{
	unsigned *counts = arg;
	counts[table->step]++;
}

static void put_steps(struct buf *out, struct supervisor *supervisor)
{
	unsigned counts[STEP_STREAM + 1] = {0};
	supervisor_tables(supervisor, count_step, counts);
	member(out, "steps");
	buf_char(out, '{');
	for (int step = STEP_STRUCTURE; step <= STEP_STREAM; step++)
		member_number(out, step_names[step], counts[step]);
	buf_char(out, '}');
}

/* What a command has asked for and what is not done yet: a pause or its end, else the oldest command for tables. */
static void put_wish(struct buf *out, enum pause_wish wish, struct table_requests *requests)
{
	static const char *const texts[] = {
		[PAUSE_KEEP] = NULL, [PAUSE_BEGIN] = "pause", [PAUSE_END] = "resume"};
	enum table_command command = table_requests_waiting(requests);
	const char *text = texts[wish];
	if (text == NULL && command != TABLE_COMMAND_COUNT)
		text = table_command_name(command);
	member_text_or_null(out, "pending", text);
}

/* ---- commands for tables ---- */

/* Write the tables of a request, or only those that the sync does not capture any more when it is done. */
static void put_request_tables(struct buf *out, const char *name, const struct selection *tables,
			       bool removed)
{
	struct arena arena;
	unsigned n = 0;
	arena_init(&arena, 0);
	member(out, name);
	buf_char(out, '[');
	for (unsigned i = 0; i < tables->n; i++) {
		if (removed && !tables->tables[i].removed)
			continue;
		if (n++ > 0)
			buf_char(out, ',');
		json_string(out, chosen_table_print(&tables->tables[i], &arena));
	}
	buf_char(out, ']');
	arena_fini(&arena);
}

static void put_request(struct buf *out, const struct table_request *request)
{
	static const char *const states[] = {[REQUEST_WAITING] = "pending",
					     [REQUEST_DONE] = "done",
					     [REQUEST_REFUSED] = "refused"};
	buf_char(out, '{');
	member_number(out, "id", (uint64_t)request->id);
	member_text(out, "command", table_command_name(request->command));
	put_request_tables(out, "tables", &request->tables, false);
	put_request_tables(out, "removed", &request->tables, true);
	if (request->where)
		member_text(out, "where", request->where);
	if (request->deletes) {
		member(out, "deletes");
		buf_put(out, SLICE("true"));
	}
	member_text(out, "state", states[request->state]);
	member_text_or_null(out, "waits", request->waits);
	member(out, "error");
	if (request->why == E_NONE) {
		buf_put(out, SLICE("null}"));
		return;
	}
	buf_char(out, '{');
	put_error(out, request->why, request->text);
	buf_put(out, SLICE("}}"));
}

struct request_list {
	struct buf *out;
	int64_t id; /* only this one; 0: all */
	unsigned n;
};

static void add_request(void *arg, const struct table_request *request)
{
	struct request_list *list = arg;
	if (list->id > 0 && list->id != request->id)
		return;
	if (list->n++ > 0)
		buf_char(list->out, ',');
	put_request(list->out, request);
}

void process_status_request(const struct watched_sync *sync, int64_t id, struct buf *out)
{
	struct request_list list = {out, id, 0};
	table_requests_visit(supervisor_requests(sync->supervisor), add_request, &list);
	if (list.n == 0)
		buf_put(out, SLICE("null"));
}

static void put_requests(struct table_requests *requests, struct buf *out)
{
	struct request_list list = {out, 0, 0};
	member(out, "by_command");
	table_requests_chosen(requests, out);
	buf_char(out, ',');
	table_requests_held(requests, out);
	member(out, "commands");
	buf_char(out, '[');
	table_requests_visit(requests, add_request, &list);
	buf_char(out, ']');
}

/* ---- the whole sync ---- */

void process_status_sync(const struct watched_sync *sync, struct buf *out)
{
	struct journal_entry *entry = mem_array(1, sizeof(*entry));
	struct sync_status *status = mem_array(1, sizeof(*status));
	struct buf position;
	cJSON *json;
	int64_t saved_ms;
	buf_init(&position);
	supervisor_status(sync->supervisor, status);
	supervisor_position(sync->supervisor, &position, &saved_ms);
	sync_journal_read(sync->journal, status->rows, entry);
	buf_char(out, '{');
	member_text(out, "name", supervisor_config(sync->supervisor)->name);
	member_text(out, "state", sync_state_name(status->state));
	member_time(out, "paused_since_ms", status->paused_ms);
	put_wish(out, status->wish, supervisor_requests(sync->supervisor));
	put_journal(out, entry);
	json = parse_record(buf_slice(&position));
	put_position(out, "position", json);
	cJSON_Delete(json);
	put_jump(out, sync->supervisor);
	member_time(out, "saved_ms", saved_ms);
	member_time(out, "acknowledged_ms", status->ack_ms);
	member_seconds(out, "lag_s", status->lag_ms);
	member_count(out, "lag_bytes", status->lag_bytes);
	member_number(out, "rows", status->rows);
	member_number(out, "messages", status->messages);
	member_number(out, "bytes", status->bytes);
	put_steps(out, sync->supervisor);
	put_copy(out, "copy", &status->copy, entry->rows_per_second);
	put_backfill(out, status);
	put_requests(supervisor_requests(sync->supervisor), out);
	buf_char(out, '}');
	buf_fini(&position);
	free(status);
	free(entry);
}

/* ---- the process ---- */

static void put_process(const struct watched_process *process, struct buf *out)
{
	buf_put(out, SLICE("{\"process\":{"));
	member_text(out, "version", TIDEWAY_VERSION);
	member_number(out, "pid", (uint64_t)getpid());
	member_text(out, "script", process->script);
	member_time(out, "started_ms", process->started_ms);
	member_time(out, "time_ms", clock_wall_ms());
	member_text(out, "log_level", log_level_name(log_get_level()));
	buf_char(out, '}');
}

void process_status(const struct watched_process *process, struct buf *out)
{
	put_process(process, out);
	buf_put(out, SLICE(",\"syncs\":["));
	for (unsigned i = 0; i < process->nsyncs; i++) {
		if (i > 0)
			buf_char(out, ',');
		process_status_sync(&process->syncs[i], out);
	}
	buf_put(out, SLICE("],\"metrics\":"));
	script_metrics_write(out);
	buf_char(out, '}');
}

/* ---- tables ---- */

struct table_list {
	struct table_progress *tables;
	size_t n, cap;
};

static void add_table(void *arg, const struct table_progress *table)
{
	struct table_list *list = arg;
	if (list->n == list->cap) {
		list->cap = list->cap > 0 ? 2 * list->cap : 16;
		list->tables = mem_resize(list->tables, list->cap, sizeof(*list->tables));
	}
	list->tables[list->n++] = *table;
}

static int compare_names(const void *a, const void *b)
{
	const struct table_progress *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static void put_table(const struct table_progress *table, struct buf *out)
{
	buf_char(out, '{');
	member_text(out, "name", table->name);
	member_text(out, "step", step_names[table->step]);
	if (table->beside_stream) {
		member(out, "backfill");
		buf_put(out, SLICE("true"));
	}
	member_number(out, "rows", table->rows);
	member_number(out, "estimate", table->estimate);
	if (table->step == STEP_COPY)
		put_progress(out, table->rows, table->estimate,
			     average(table->rows, table->rows_before, table->reading_ms));
	buf_char(out, '}');
}

void process_status_tables(const struct watched_sync *sync, struct buf *out)
{
	struct table_list list = {NULL, 0, 0};
	supervisor_tables(sync->supervisor, add_table, &list);
	if (list.n > 0)
		qsort(list.tables, list.n, sizeof(*list.tables), compare_names);
	buf_put(out, SLICE("{"));
	member_text(out, "sync", supervisor_config(sync->supervisor)->name);
	member(out, "tables");
	buf_char(out, '[');
	for (size_t i = 0; i < list.n; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_table(&list.tables[i], out);
	}
	buf_put(out, SLICE("],"));
	table_requests_held(supervisor_requests(sync->supervisor), out);
	buf_char(out, '}');
	free(list.tables);
}
