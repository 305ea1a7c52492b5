/* cmd_preview: `tideway preview`: print the messages that real rows would become, one a line:
 * readable on a terminal, JSON elsewhere. Nothing is written anywhere else. */
#include "base/buf.h"
#include "base/json_writer.h"
#include "base/terminal.h"
#include "control/look.h"
#include "decode/binrow.h"
#include "engine/copy/full.h"
#include "engine/lane/map_change.h"
#include "engine/lane/plan.h"
#include "engine/lane/write_change.h"
#include "model/message_line.h"
#include "source/chunk.h"

#include <stdio.h>
#include <unistd.h>

enum { ROWS_DEFAULT = 5 };

struct printing {
	bool readable, colour;
};

/* Write {"topic":..,"key":..,"value":...}. */
static void put_json(struct buf *line, const struct message *message)
{
	buf_put(line, SLICE("{\"topic\":"));
	json_string(line, message->topic);
	buf_put(line, SLICE(",\"key\":"));
	if (message->key.ptr)
		json_string(line, message->key);
	else
		buf_put(line, SLICE("null"));
	buf_put(line, SLICE(",\"value\":"));
	buf_put(line, message->value.ptr ? message->value : SLICE("null"));
	buf_char(line, '}');
}

static void put_readable(struct buf *line, const struct message *message, bool colour)
{
	message_line_put(line, message, colour);
	for (unsigned i = 0; i < message->nheaders; i++)
		message_line_put_header(line, message->headers[i].name, message->headers[i].value,
					colour);
}

static void print_message(const struct printing *printing, const struct message *message)
{
	struct buf line;
	buf_init(&line);
	if (printing->readable)
		put_readable(&line, message, printing->colour);
	else
		put_json(&line, message);
	buf_char(&line, '\n');
	fwrite(line.ptr, 1, line.len, stdout);
	buf_fini(&line);
}

/* Print the messages of a change. If it fails in the middle of a loop, print those before it: they
 * would have been sent. */
static int print_change(struct look *look, struct plan *plan, const struct printing *printing,
			struct err *err)
{
	struct message_batch *batch = &look->lane.batch;
	int rc = show_change(&look->lane, plan, batch, err);
	for (unsigned i = 0; i < batch->n; i++)
		print_message(printing, &batch->messages[i]);
	message_batch_clear(batch);
	map_done(&look->lane, plan);
	return rc;
}

static int print_rows(struct look *look, struct plan *plan, struct chunk *chunk,
		      const struct printing *printing, struct err *err)
{
	struct slice packet;
	int rc = full_layout(plan, chunk, err);
	if (rc < 0)
		return -1;
	plan->change = (struct change){
		.op = CHANGE_READ,
		.table = plan->table,
		.after = &plan->after.row,
		.time_ms = look->sync.start_ms,
	};
	while ((rc = chunk_read(chunk, &packet, err)) > 0)
		if (binrow_split(packet, &plan->after.row, err) < 0 ||
		    print_change(look, plan, printing, err) < 0)
			return -1;
	return rc;
}

static int preview_table(struct look *look, struct conn *conn, const struct table *table,
			 const struct printing *printing, struct err *err)
{
	struct plan *plan = plan_new(&look->lane, table, err);
	struct chunk chunk;
	int rc;
	if (plan == NULL)
		return -1;
	map_set(&look->lane.plans, plan->table->full_name, plan);
	rc = chunk_open(&chunk, conn, &(struct chunk_query){.table = table}, err);
	if (rc == 0) {
		rc = print_rows(look, plan, &chunk, printing, err);
		chunk_fini(&chunk);
	}
	return rc;
}

static bool asked_for(const struct arguments *arguments, const struct table *table)
{
	struct slice name = slice_str(arguments->table);
	return arguments->table == NULL || slice_equal(name, table->full_name) ||
	       slice_equal(name, table->name);
}

static int preview_sync(struct look *look, unsigned index, const struct arguments *arguments,
			unsigned *shown, struct err *err)
{
	unsigned long limit = arguments->limit ? arguments->limit : ROWS_DEFAULT;
	const struct printing printing = {
		.readable = !arguments->json && terminal_is(STDOUT_FILENO),
		.colour = terminal_has_colour(STDOUT_FILENO),
	};
	struct conn *conn;
	int rc = 0;
	if (look_choose(look, index, NULL, err) < 0 || look_connect(look, index, err) < 0)
		return -1;
	conn = conn_open(look->sync.source, CONN_READER, err);
	if (conn == NULL)
		return -1;
	if (conn_query(conn, NULL, err, "SET SESSION sql_select_limit = %lu", limit) < 0) {
		conn_free(conn);
		return -1;
	}
	for (unsigned i = 0; rc == 0 && i < look->bootstrap.nselected; i++) {
		if (!asked_for(arguments, look->bootstrap.selected[i]))
			continue;
		++*shown;
		rc = preview_table(look, conn, look->bootstrap.selected[i], &printing, err);
	}
	conn_free(conn);
	look_leave(look);
	return rc;
}

int command_preview(const struct arguments *arguments, struct err *err)
{
	struct look look;
	unsigned shown = 0;
	int rc;
	look_init(&look);
	rc = look_load(&look, arguments, err);
	for (unsigned i = 0; rc == 0 && i < script_syncs(look.script); i++)
		rc = preview_sync(&look, i, arguments, &shown, err);
	if (rc == 0 && shown == 0)
		rc = err_set(
			err, E_COMMAND_TABLE,
			"--table %s: no selected table has this name. tideway plan prints them",
			arguments->table);
	look_fini(&look);
	return rc;
}
