#include "engine/tail.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "decode/rows.h"
#include "binlog/trx.h"
#include "binlog/table_ids.h"
#include "engine/tail_priv.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	HEARTBEAT_MS = 200,
	HOLD_MAX = 256 * 1024 * 1024,
};

struct tail {
	const struct source_config *config;
	char name[64]; /* of the connections */
	struct conn *conn;
	struct dump *dump;
	struct cursor cursor;
	struct trx group;
	bool has_rows;       /* the group has rows events */
	struct map xids;     /* prepared XA transactions without rows: xid -> the key itself */
	struct buf quiet_at; /* place of the last server heartbeat; empty: an event came after it */
	bool quiet;          /* two heartbeats at one place: nothing comes after it */
	struct err failed;   /* code NONE: not yet; nothing comes after an error */

	bool serving;    /* the group is complete: its rows are given out */
	size_t at;       /* in the held group */
	uint32_t number; /* of the next event of it */
	struct tail_tables tables;
	struct table_ids ids;     /* of the current statement: struct tail_table */
	struct tail_table *table; /* of the rows event whose rows are given out; NULL: none */
	struct rows rows;
	uint64_t rows_start; /* where that event begins */
	struct change change;
};

/* ---- life ---- */

static int earliest(struct tail *tail, struct position *position, struct err *err)
{
	struct buf file;
	int rc;
	buf_init(&file);
	rc = source_oldest_binlog(tail->conn, &file, err);
	snprintf(position->file, sizeof(position->file), "%.*s", SLICE_FMT(buf_slice(&file)));
	position->offset = 4;
	buf_fini(&file);
	return rc;
}

static int start_position(struct tail *tail, const char *start, struct position *position,
			  struct err *err)
{
	const char *colon = start ? strrchr(start, ':') : NULL;
	uint64_t offset;
	if (start == NULL || strcmp(start, "now") == 0)
		return snapshot_position_now(tail->config, position, err);
	if (strcmp(start, "earliest") == 0)
		return earliest(tail, position, err);
	if (colon == NULL || !num_parse_u64(slice_str(colon + 1), &offset))
		return err_set(err, ERR_SCRIPT,
			       "changes{from = \"%s\"}: expected \"now\", \"earliest\" or "
			       "\"file:offset\"",
			       start);
	snprintf(position->file, sizeof(position->file), "%.*s", (int)(colon - start), start);
	position->offset = offset;
	return 0;
}

static int open_dump(struct tail *tail, const struct position *position, struct err *err)
{
	const struct dump_options options = {.sync_name = tail->name, .heartbeat_ms = HEARTBEAT_MS};
	cursor_begin(&tail->cursor, slice_str(position->file), position->offset);
	tail->dump = dump_open(tail->config, position, &options, err);
	return tail->dump ? 0 : -1;
}

static int open_at(struct tail *tail, const char *start, struct err *err)
{
	struct position position;
	char scan[80];
	int rc;
	snprintf(tail->name, sizeof(tail->name), "exec-%" PRId64, clock_mono_ns());
	snprintf(scan, sizeof(scan), "%s/scan", tail->name);
	position_init(&position);
	rc = start_position(tail, start, &position, err);
	if (rc == 0)
		rc = tail_tables_open(&tail->tables, tail->config, &position, scan, err);
	if (rc == 0)
		rc = open_dump(tail, &position, err);
	position_fini(&position);
	return rc;
}

struct tail *tail_new(const struct source_config *config, const char *start, struct err *err)
{
	struct tail *tail = mem_array(1, sizeof(*tail));
	tail->config = config;
	cursor_init(&tail->cursor, true);
	trx_init(&tail->group);
	map_init(&tail->xids);
	buf_init(&tail->quiet_at);
	tail->conn = conn_open(config, CONN_CONTROL, err);
	if (tail->conn && open_at(tail, start, err) == 0)
		return tail;
	tail_free(tail);
	return NULL;
}

void tail_free(struct tail *tail)
{
	char *xid;
	size_t at = 0;
	if (tail == NULL)
		return;
	while ((xid = map_next(&tail->xids, &at)))
		free(xid);
	map_fini(&tail->xids);
	buf_fini(&tail->quiet_at);
	tail_tables_close(&tail->tables);
	table_ids_fini(&tail->ids);
	dump_free(tail->dump);
	conn_free(tail->conn);
	trx_fini(&tail->group);
	cursor_fini(&tail->cursor);
	free(tail);
}

/* ---- giving out a group ---- */

static int at_place(const struct tail *tail, const char *what, uint64_t offset, struct err *err)
{
	return cursor_wrap(&tail->cursor, what, offset, err);
}

static int on_table_map(struct tail *tail, const struct event *event, uint64_t start,
			struct err *err)
{
	struct tail_table *table, *replaced;
	struct slice identity;
	uint64_t id;
	if (table_map_id(event, &id, &identity, err) < 0 ||
	    tail_tables_find(&tail->tables, event, &tail->cursor.format, tail->cursor.file, start,
			     &table, &replaced, err) < 0)
		return at_place(tail, "binlog event", start, err);
	table_ids_drop(&tail->ids, replaced);
	tail_table_free(replaced);
	table_ids_set(&tail->ids, id, table);
	return 0;
}

static int refuse_table(const struct tail *tail, const struct event *event,
			struct tail_table *table, uint64_t start, struct err *err)
{
	if (table->refused)
		err_set(err, ERR_DATA, "rows of table %s cannot be read: %s", table->name,
			table->refused);
	else
		rows_refuse(event, &tail->rows, &table->before, err);
	return at_place(tail, "binlog event", start, err);
}

/* Begins to give out the rows of an event, unless they were rolled back. */
static int on_rows(struct tail *tail, const struct event *event, uint64_t start, bool undone,
		   struct err *err)
{
	struct tail_table *table;
	void *found;
	if (rows_head(event, &tail->cursor.format, &tail->rows, err) < 0 ||
	    table_ids_find(&tail->ids, &tail->rows, &found, err) < 0)
		return at_place(tail, "binlog event", start, err);
	if (tail->rows.flags & 1)
		table_ids_clear(&tail->ids);
	table = found;
	if (undone || table == NULL || table->ignored)
		return 0;
	if (table->refused || tail->rows.refused)
		return refuse_table(tail, event, table, start, err);
	tail->table = table;
	tail->rows_start = start;
	return 0;
}

/* A two-phase ALTER is written twice, and has happened at COMMIT ALTER. */
static int on_statement(struct tail *tail, const struct event *event, uint64_t start,
			struct err *err)
{
	if (tail->group.gtid.alter == ALTER_START || tail->group.gtid.alter == ALTER_ROLLBACK)
		return 0;
	if (tail_tables_follow(&tail->tables, event, &tail->cursor.format, err) < 0)
		return at_place(tail, "statement", start, err);
	return 0;
}

/* One event of a transaction that was committed. What carries no rows by itself belongs to a statement event, which is
 * refused. */
static int serve_event(struct tail *tail, const struct event *event, uint64_t start, bool undone,
		       struct err *err)
{
	if (rows_in_event(event->type))
		return on_rows(tail, event, start, undone, err);
	switch (event->type) {
	case EVENT_TABLE_MAP:
		return on_table_map(tail, event, start, err);
	case EVENT_QUERY:
	case EVENT_EXECUTE_LOAD_QUERY:
		return undone ? 0 : on_statement(tail, event, start, err);
	case EVENT_XID:
	case EVENT_XA_PREPARE:
	case EVENT_INTVAR:
	case EVENT_RAND:
	case EVENT_USER_VAR:
	case EVENT_BEGIN_LOAD_QUERY:
	case EVENT_APPEND_BLOCK:
	case EVENT_DELETE_FILE:
	case EVENT_ROWS_QUERY:
	case EVENT_ANNOTATE_ROWS:
	case EVENT_TRANSACTION_CONTEXT:
	case EVENT_VIEW_CHANGE:
		return 0;
	default:
		break;
	}
	if (event->flags & EVENT_FLAG_IGNORABLE || event->type == EVENT_IGNORABLE)
		return 0;
	return err_set(err, ERR_DATA,
		       "%s event (type %u) at %s:%" PRIu64 " is not expected in a transaction",
		       event_name(event->type), event->type, tail->cursor.file, start);
}

static int next_row(struct tail *tail, struct change **change, struct err *err)
{
	struct tail_table *table = tail->table;
	uint32_t offset;
	int rc = rows_next(&tail->rows, &table->before, &table->after, &offset, err);
	if (rc < 0)
		return at_place(tail, "binlog event", tail->rows_start, err);
	if (rc == 0) {
		tail->table = NULL;
		return 0;
	}
	tail->change = (struct change){
		.op = tail->rows.op,
		.table = table->table,
		.before = tail->rows.op == CHANGE_INSERT ? NULL : &table->before,
		.after = tail->rows.op == CHANGE_DELETE ? NULL : &table->after,
		.time_ms = tail->group.gtid.commit_ms,
		.gtid = &tail->group.gtid.gtid,
		.file = tail->cursor.file,
		.pos = tail->rows_start,
	};
	*change = &tail->change;
	return 1;
}

/* The next change of the group; 0: it is used up. */
static int serve(struct tail *tail, struct change **change, struct err *err)
{
	struct slice packet;
	struct event event;
	uint64_t end;
	for (;;) {
		int rc = tail->table ? next_row(tail, change, err) : 0;
		if (rc != 0)
			return rc;
		if (!trx_next(&tail->group, &tail->at, &packet, &end))
			return 0;
		if (event_parse(packet, &tail->cursor.format, false, &event, err) < 0 ||
		    serve_event(tail, &event, end - event.size,
				trx_undone(&tail->group, tail->number++), err) < 0)
			return -1;
	}
}

/* ---- XA ---- */

static int xa_prepared(struct tail *tail, struct err *err)
{
	struct slice xid = buf_slice(&tail->group.xid);
	char *name;
	if (tail->has_rows)
		return err_set(err, ERR_DATA,
			       "XA transaction %.*s, prepared at %s:%" PRIu64
			       ", holds rows: XA is not supported in this version; start after it",
			       SLICE_FMT(xid), tail->cursor.file, tail->cursor.start);
	if (map_get(&tail->xids, xid))
		return 0;
	name = mem_array(xid.len + 1, 1);
	memcpy(name, xid.ptr, xid.len);
	map_set(&tail->xids, slice_of(name, xid.len), name);
	return 0;
}

static int xa_decided(struct tail *tail, struct err *err)
{
	struct slice xid = buf_slice(&tail->group.xid);
	char *name = map_remove(&tail->xids, xid);
	bool known = name != NULL;
	free(name);
	if (known || tail->group.decides == STATEMENT_XA_ROLLBACK)
		return 0;
	return err_set(err, ERR_DATA,
		       "XA COMMIT %.*s at %s:%" PRIu64
		       ": it was prepared before the start, and its rows, if it has any, are not "
		       "read; start after it",
		       SLICE_FMT(xid), tail->cursor.file, tail->cursor.start);
}

/* ---- reading ---- */

/* The transaction is over: its outcome is known. */
static int end_group(struct tail *tail, struct err *err)
{
	struct trx *group = &tail->group;
	if (group->end == TRX_PREPARE || (group->gtid.xa_prepared && group->end == TRX_COMMIT)) {
		if (xa_prepared(tail, err) < 0)
			return -1;
	} else if (group->decides == STATEMENT_XA_COMMIT ||
		   group->decides == STATEMENT_XA_ROLLBACK) {
		if (xa_decided(tail, err) < 0)
			return -1;
	} else if (group->end == TRX_COMMIT) {
		tail->serving = true;
		tail->at = 0;
		tail->number = 0;
		return 0;
	}
	trx_reset(group);
	return 0;
}

static int in_group(struct tail *tail, struct slice packet, const struct event *event,
		    struct err *err)
{
	struct trx *group = &tail->group;
	if (trx_event(group, event, &tail->cursor.format, err) < 0)
		return at_place(tail, "binlog event", tail->cursor.start, err);
	tail->has_rows |= rows_in_event(event->type);
	trx_hold(group, packet, tail->cursor.offset);
	if (group->events.len > HOLD_MAX) {
		err_set(err, ERR_DATA,
			"a transaction of more than %d MB: use a sync, which does not hold it",
			HOLD_MAX >> 20);
		return at_place(tail, "binlog event", tail->cursor.start, err);
	}
	return group->end == TRX_OPEN ? 0 : end_group(tail, err);
}

static int begin_group(struct tail *tail, const struct event *event, struct err *err)
{
	struct event_gtid gtid;
	if (tail->group.open)
		return err_set(err, ERR_SOURCE,
			       "a transaction at %s:%" PRIu64 " begins inside another",
			       tail->cursor.file, tail->cursor.start);
	if (event_gtid_parse(event, &gtid, err) < 0)
		return at_place(tail, "binlog event", tail->cursor.start, err);
	trx_open(&tail->group, &gtid);
	tail->has_rows = false;
	return 0;
}

/* What is between transactions. */
static int outside_group(struct tail *tail, const struct event *event, struct err *err)
{
	switch (event->type) {
	case EVENT_STOP:
	case EVENT_IGNORABLE:
	case EVENT_PREVIOUS_GTIDS:
	case EVENT_BINLOG_CHECKPOINT:
	case EVENT_GTID_LIST:
	case EVENT_START_ENCRYPTION:
		return 0;
	default:
		break;
	}
	if (event->flags & EVENT_FLAG_IGNORABLE)
		return 0;
	return err_set(err, ERR_DATA,
		       "%s event (type %u) at %s:%" PRIu64
		       " belongs to no transaction: the start is inside one, whose first changes "
		       "would be missing; start at the GTID event of a transaction, as SHOW BINLOG "
		       "EVENTS lists them",
		       event_name(event->type), event->type, tail->cursor.file, tail->cursor.start);
}

/* MySQL sends heartbeats of growing places while it leaves transactions out. */
static int on_heartbeat(struct tail *tail, const struct event *event, struct err *err)
{
	struct event_heartbeat heartbeat;
	struct buf at;
	if (event_heartbeat_parse(event, &heartbeat, err) < 0)
		return at_place(tail, "binlog event", tail->cursor.start, err);
	buf_init(&at);
	buf_printf(&at, "%.*s:%" PRIu64, SLICE_FMT(heartbeat.file), heartbeat.offset);
	tail->quiet = slice_equal(buf_slice(&at), buf_slice(&tail->quiet_at));
	buf_fini(&tail->quiet_at);
	tail->quiet_at = at;
	return 0;
}

static int on_packet(struct tail *tail, struct slice packet, struct err *err)
{
	struct event event;
	if (cursor_read(&tail->cursor, packet, &event, err) < 0)
		return -1;
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2)
		return on_heartbeat(tail, &event, err);
	tail->quiet = false;
	buf_clear(&tail->quiet_at);
	switch (event.type) {
	case EVENT_FORMAT_DESCRIPTION: /* in a transaction: the server crashed, it never happened */
		trx_reset(&tail->group);
		table_ids_clear(&tail->ids);
		return 0;
	case EVENT_ROTATE:
		return 0;
	case EVENT_GTID_MARIADB:
	case EVENT_GTID_MYSQL:
	case EVENT_ANONYMOUS_GTID:
		return begin_group(tail, &event, err);
	default:
		return tail->group.open ? in_group(tail, packet, &event, err)
					: outside_group(tail, &event, err);
	}
}

static int next_change(struct tail *tail, double seconds, struct change **change, struct err *err)
{
	int64_t until = clock_mono_ms() + (int64_t)(seconds * 1000);
	struct slice packet;
	int rc;
	for (;;) {
		if (tail->serving) {
			rc = serve(tail, change, err);
			if (rc != 0)
				return rc;
			tail->serving = false;
			trx_reset(&tail->group);
		}
		rc = dump_read(tail->dump, &packet, err);
		if (rc <= 0)
			return rc;
		if (on_packet(tail, packet, err) < 0)
			return -1;
		if (seconds >= 0 && tail->quiet && clock_mono_ms() >= until)
			return 0;
	}
}

int tail_next(struct tail *tail, double seconds, struct change **change, struct err *err)
{
	int rc;
	if (tail->failed.code != ERR_NONE) {
		*err = tail->failed;
		return -1;
	}
	rc = next_change(tail, seconds, change, err);
	if (rc < 0)
		tail->failed = *err;
	return rc;
}
