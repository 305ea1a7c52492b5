#include "binlog/change_reader.h"

#include "base/mem.h"
#include "decode/table_map.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- life ---- */

static struct packet_source *refuse_large(void *arg, struct err *err);

void change_reader_init(struct change_reader *reader, const struct change_tables *tables,
			size_t hold_max)
{
	*reader = (struct change_reader){.tables = *tables};
	cursor_init(&reader->cursor, true);
	trx_reader_init(&reader->transactions, &reader->cursor,
			&(struct trx_reader_owner){
				.open_ahead = refuse_large, .arg = reader, .hold_max = hold_max});
	map_init(&reader->xids);
	buf_init(&reader->quiet_at);
}

void change_reader_fini(struct change_reader *reader)
{
	char *xid;
	size_t at = 0;
	while ((xid = map_next(&reader->xids, &at)))
		free(xid);
	map_fini(&reader->xids);
	buf_fini(&reader->quiet_at);
	trx_reader_fini(&reader->transactions);
	cursor_fini(&reader->cursor);
}

void change_table_free(struct change_table *table)
{
	if (table == NULL)
		return;
	arena_fini(&table->arena);
	free(table);
}

/* ---- giving out a transaction ---- */

static int at_place(const struct change_reader *reader, const char *what, uint64_t offset,
		    struct err *err)
{
	return cursor_wrap(&reader->cursor, what, offset, err);
}

/* Refuses a large transaction: it would have to be read twice, which only a sync does. */
static struct packet_source *refuse_large(void *arg, struct err *err)
{
	struct change_reader *reader = arg;
	err_set(err, E_TRANSACTION_SIZE,
		"a transaction has more than %zu MB. Use a sync, which does not hold it",
		reader->transactions.owner.hold_max >> 20);
	at_place(reader, "binlog event", reader->cursor.start, err);
	return NULL;
}

static int on_table_map(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	const struct change_tables *tables = &reader->tables;
	struct change_table *table, *replaced;
	struct slice identity;
	uint64_t id;
	if (table_map_id(item->event, &id, &identity, err) < 0 ||
	    tables->find(tables->arg, item->event, &reader->cursor, item->start, &table, &replaced,
			 err) < 0)
		return at_place(reader, "binlog event", item->start, err);
	trx_reader_forget(&reader->transactions, replaced);
	change_table_free(replaced);
	trx_reader_announce(&reader->transactions, id, table);
	return 0;
}

static int refuse_table(const struct change_reader *reader, const struct trx_item *item,
			struct change_table *table, struct err *err)
{
	if (table->refused) {
		err_set(err, E_DEFINITION_MISSING, "its rows cannot be read: %s", table->refused);
		err_table(err, slice_str(table->name));
	} else
		rows_refuse(item->event, item->rows, &table->before, err);
	return at_place(reader, "binlog event", item->start, err);
}

/* Begins to return the rows of an event, unless they were rolled back. */
static int on_rows(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	struct change_table *table = item->table;
	if (item->undone || table == NULL || table->ignored)
		return 0;
	if (table->refused || item->rows->refused)
		return refuse_table(reader, item, table, err);
	reader->table = table;
	reader->rows = *item->rows;
	reader->rows_start = item->start;
	return 0;
}

/* Passes on a statement. A two-phase ALTER is in the binlog twice; COMMIT ALTER is the one that counts. */
static int on_statement(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	const struct change_tables *tables = &reader->tables;
	const struct event_gtid *gtid = &reader->transactions.trx.gtid;
	if (item->statement == NULL || item->undone || gtid->alter == ALTER_START ||
	    gtid->alter == ALTER_ROLLBACK)
		return 0;
	if (tables->follow(tables->arg, item->statement, &reader->cursor.format, err) < 0)
		return at_place(reader, "statement", item->start, err);
	return 0;
}

/* Handles one event of a committed transaction. Events without rows of their own belong to a statement event, which is
 * refused. */
static int on_event(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	const struct event *event = item->event;
	if (item->rows)
		return on_rows(reader, item, err);
	switch (event->type) {
	case EVENT_TABLE_MAP:
		return on_table_map(reader, item, err);
	case EVENT_QUERY:
	case EVENT_EXECUTE_LOAD_QUERY:
		return on_statement(reader, item, err);
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
	err_set(err, E_EVENT_UNKNOWN, "%s event (type %u) is not expected in a transaction",
		event_name(event->type), event->type);
	return at_place(reader, "binlog event", item->start, err);
}

static int next_row(struct change_reader *reader, struct change **change, struct err *err)
{
	struct change_table *table = reader->table;
	uint32_t offset;
	int rc = rows_next(&reader->rows, &table->before, &table->after, &offset, err);
	if (rc < 0)
		return at_place(reader, "binlog event", reader->rows_start, err);
	if (rc == 0) {
		reader->table = NULL;
		return 0;
	}
	reader->change = (struct change){
		.op = reader->rows.op,
		.table = table->table,
		.before = reader->rows.op == CHANGE_INSERT ? NULL : &table->before,
		.after = reader->rows.op == CHANGE_DELETE ? NULL : &table->after,
		.time_ms = reader->transactions.trx.gtid.commit_ms,
		.gtid = &reader->transactions.trx.gtid.gtid,
		.file = reader->cursor.file,
		.pos = reader->rows_start,
	};
	*change = &reader->change;
	return 1;
}

/* ---- XA ---- */

static int xa_prepared(struct change_reader *reader, struct err *err)
{
	struct slice xid = buf_slice(&reader->transactions.trx.xid);
	char *name;
	if (reader->transactions.trx.has_rows) {
		err_set(err, E_XA_ROWS,
			"XA transaction %.*s, prepared here, holds rows: XA is not supported in "
			"this version. Start after it",
			SLICE_FMT(xid));
		return at_place(reader, "binlog event", reader->cursor.start, err);
	}
	if (map_get(&reader->xids, xid))
		return 0;
	name = mem_array(xid.len + 1, 1);
	memcpy(name, xid.ptr, xid.len);
	map_set(&reader->xids, slice_of(name, xid.len), name);
	return 0;
}

static int xa_decided(struct change_reader *reader, struct err *err)
{
	struct slice xid = buf_slice(&reader->transactions.trx.xid);
	char *name = map_remove(&reader->xids, xid);
	bool known = name != NULL;
	free(name);
	if (known || reader->transactions.trx.decides == STATEMENT_XA_ROLLBACK)
		return 0;
	err_set(err, E_XA_UNREAD,
		"XA COMMIT %.*s: it was prepared before the start, and its rows, if it has any, "
		"are not read. Start after it",
		SLICE_FMT(xid));
	return at_place(reader, "binlog event", reader->cursor.start, err);
}

/* ---- reading ---- */

/* Decides whether the rows are wanted, now that the outcome of the transaction is known. */
static int on_outcome(struct change_reader *reader, struct err *err)
{
	const struct trx *trx = &reader->transactions.trx;
	int rc = 0;
	if (trx->end == TRX_PREPARE || (trx->gtid.xa_prepared && trx->end == TRX_COMMIT))
		rc = xa_prepared(reader, err);
	else if (trx->decides == STATEMENT_XA_COMMIT || trx->decides == STATEMENT_XA_ROLLBACK)
		rc = xa_decided(reader, err);
	else if (trx->end == TRX_COMMIT)
		return 0;
	trx_reader_skip(&reader->transactions);
	return rc;
}

/* Handles an event between transactions. */
static int between_transactions(struct change_reader *reader, const struct event *event,
				struct err *err)
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
	err_set(err, E_START_INSIDE,
		"%s event (type %u) belongs to no transaction: the start is inside one, whose "
		"first changes would be missing. Start at the GTID event of a transaction, as SHOW "
		"BINLOG EVENTS lists them",
		event_name(event->type), event->type);
	return at_place(reader, "binlog event", reader->cursor.start, err);
}

/* Notes a heartbeat. MySQL sends heartbeats with increasing positions while it leaves transactions out. */
static int on_heartbeat(struct change_reader *reader, const struct event *event, struct err *err)
{
	struct event_heartbeat heartbeat;
	struct buf at;
	if (event_heartbeat_parse(event, &heartbeat, err) < 0)
		return at_place(reader, "binlog event", reader->cursor.start, err);
	buf_init(&at);
	buf_printf(&at, "%.*s:%" PRIu64, SLICE_FMT(heartbeat.file), heartbeat.offset);
	reader->is_idle = slice_equal(buf_slice(&at), buf_slice(&reader->quiet_at));
	buf_fini(&reader->quiet_at);
	reader->quiet_at = at;
	return 0;
}

static bool is_heartbeat(uint8_t type)
{
	return type == EVENT_HEARTBEAT || type == EVENT_HEARTBEAT_V2;
}

static int on_other(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	if (is_heartbeat(item->event->type))
		return on_heartbeat(reader, item->event, err);
	switch (item->event->type) {
	case EVENT_FORMAT_DESCRIPTION:
	case EVENT_ROTATE:
		return 0;
	default:
		return between_transactions(reader, item->event, err);
	}
}

static int on_item(struct change_reader *reader, const struct trx_item *item, struct err *err)
{
	switch (item->kind) {
	case TRX_ITEM_OTHER:
		return on_other(reader, item, err);
	case TRX_ITEM_OUTCOME:
		return on_outcome(reader, err);
	case TRX_ITEM_EVENT:
		return on_event(reader, item, err);
	case TRX_ITEM_BEGIN:
	case TRX_ITEM_HELD:
	case TRX_ITEM_END:
		break;
	}
	return 0;
}

void change_reader_put(struct change_reader *reader, struct slice packet)
{
	trx_reader_put(&reader->transactions, packet);
}

int change_reader_next(struct change_reader *reader, struct change **change, struct err *err)
{
	struct trx_item item;
	for (;;) {
		int rc = reader->table ? next_row(reader, change, err) : 0;
		if (rc != 0)
			return rc;
		rc = trx_reader_next(&reader->transactions, &item, err);
		if (rc <= 0)
			return rc;
		if (item.packet.ptr && !is_heartbeat(item.event->type)) {
			reader->is_idle = false;
			buf_clear(&reader->quiet_at);
		}
		if (on_item(reader, &item, err) < 0)
			return -1;
	}
}
