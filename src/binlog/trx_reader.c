#include "binlog/trx_reader.h"

#include "binlog/trx_ahead.h"

#include <inttypes.h>

void trx_reader_init(struct trx_reader *reader, struct cursor *cursor,
		     const struct trx_reader_owner *owner)
{
	*reader = (struct trx_reader){.cursor = cursor, .owner = *owner};
	trx_init(&reader->trx);
	trx_init(&reader->ahead);
	held_events_init(&reader->held);
}

void trx_reader_fini(struct trx_reader *reader)
{
	table_ids_fini(&reader->ids);
	held_events_fini(&reader->held);
	trx_fini(&reader->ahead);
	trx_fini(&reader->trx);
}

/* Clears the whole state of a transaction. No other function does. */
static void reset(struct trx_reader *reader)
{
	trx_reset(&reader->trx);
	trx_reset(&reader->ahead);
	held_events_clear(&reader->held);
	table_ids_clear(&reader->ids);
	reader->is_large = false;
	reader->given = 0;
	reader->number = 0;
	reader->row_bytes = 0;
	reader->step = TRX_READ;
}

void trx_reader_rewind(struct trx_reader *reader)
{
	if (reader->is_large && reader->row_bytes > reader->again_bytes) {
		reader->again = reader->trx.gtid.gtid;
		reader->again_bytes = reader->row_bytes;
	}
	reader->packet = (struct slice){NULL, 0};
	reader->lost = false;
	reset(reader);
}

void trx_reader_put(struct trx_reader *reader, struct slice packet)
{
	reader->packet = packet;
}

const struct trx *trx_reader_outcome(const struct trx_reader *reader)
{
	return reader->is_large ? &reader->ahead : &reader->trx;
}

void trx_reader_skip(struct trx_reader *reader)
{
	reader->given = reader->held.n;
}

void trx_reader_announce(struct trx_reader *reader, uint64_t id, void *table)
{
	table_ids_set(&reader->ids, id, table);
}

void trx_reader_forget(struct trx_reader *reader, const void *table)
{
	table_ids_drop(&reader->ids, table);
}

/* ---- giving out ---- */

static int give_rows(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	struct rows *rows = &reader->rows;
	if (rows_head(item->event, &reader->cursor->format, rows, err) < 0 ||
	    table_ids_find(&reader->ids, rows, &item->table, err) < 0)
		return cursor_wrap(reader->cursor, "binlog event", item->start, err);
	if (rows->flags & 1)
		table_ids_clear(&reader->ids);
	reader->row_bytes += rows->size;
	if (item->again && reader->row_bytes > reader->again_bytes) {
		err_retry(err, E_BINLOG_CHANGED,
			  "after the reconnect, the rows are split into other events than before");
		return cursor_wrap(reader->cursor, "binlog event", item->start, err);
	}
	item->rows = rows;
	return 1;
}

static int give(struct trx_reader *reader, const struct event *event, uint64_t end,
		const struct event_query *statement, struct trx_item *item, struct err *err)
{
	const struct trx *outcome = trx_reader_outcome(reader);
	uint32_t number = reader->number++;
	item->kind = TRX_ITEM_EVENT;
	item->event = event;
	item->start = end - event->size;
	item->end = end;
	item->undone = outcome->end == TRX_ROLLBACK || trx_undone(outcome, number);
	item->again = reader->row_bytes < reader->again_bytes;
	item->row_bytes = reader->row_bytes;
	item->statement = statement;
	item->rows = NULL;
	item->table = NULL;
	return rows_in_event(event->type) ? give_rows(reader, item, err) : 1;
}

static int finish(struct trx_reader *reader, struct trx_item *item)
{
	item->kind = TRX_ITEM_END;
	reader->again_bytes = 0;
	reader->step = TRX_OVER;
	return 1;
}

static int give_held(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	const struct event_query *statement;
	const struct event *event;
	uint64_t end;
	if (reader->given < reader->held.n) {
		event = held_events_get(&reader->held, reader->given++, &end, &statement);
		return give(reader, event, end, statement, item, err);
	}
	if (reader->trx.end != TRX_OPEN)
		return finish(reader, item);
	held_events_clear(&reader->held); /* the later ones are returned as they are read */
	reader->step = TRX_READ;
	return 0;
}

/* ---- reading ---- */

static int begin(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	const struct cursor *cursor = reader->cursor;
	struct event_gtid gtid;
	if (reader->trx.open) {
		err_set(err, E_TRANSACTION, "a transaction begins inside another");
		return cursor_wrap(cursor, "binlog event", cursor->start, err);
	}
	if (event_gtid_parse(&reader->event, &gtid, err) < 0)
		return cursor_wrap(cursor, "binlog event", cursor->start, err);
	if (reader->again_bytes > 0 && !gtid_equal(&gtid.gtid, &reader->again)) {
		err_retry(err, E_BINLOG_CHANGED,
			  "after the reconnect the binlog continues with another transaction than "
			  "the one that was being read");
		return cursor_wrap(cursor, "binlog event", cursor->start, err);
	}
	trx_open(&reader->trx, &gtid);
	reader->begin_file = cursor->file;
	reader->begin_offset = cursor->start;
	item->kind = TRX_ITEM_BEGIN;
	return 1;
}

/* Handles the start of a file. Inside a transaction it means that the server crashed there. */
static int begin_file(struct trx_reader *reader, struct err *err)
{
	if (reader->is_large && reader->ahead.end != TRX_ROLLBACK) {
		err_retry(err, E_BINLOG_CHANGED, "the binlog was cut inside this transaction");
		err_operation(err, "transaction");
		return err_position(err, reader->begin_file, reader->begin_offset);
	}
	if (reader->is_large)
		reader->again_bytes = 0; /* the second reading is over */
	reset(reader);
	return 1;
}

static int know_outcome(struct trx_reader *reader, struct trx_item *item)
{
	item->kind = TRX_ITEM_OUTCOME;
	reader->step = TRX_GIVE;
	return 1;
}

static int hold(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	held_events_add(&reader->held, &reader->event, reader->cursor->offset,
			reader->trx.statement);
	if (reader->trx.end != TRX_OPEN)
		return know_outcome(reader, item);
	item->kind = TRX_ITEM_HELD;
	if (held_events_size(&reader->held) <= reader->owner.hold_max)
		return 1;
	if (trx_ahead_read(reader, err) < 0)
		return -1;
	reader->is_large = true;
	return know_outcome(reader, item);
}

static int read_inside(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	const struct cursor *cursor = reader->cursor;
	struct trx *trx = &reader->trx;
	if (trx_event(trx, &reader->event, &cursor->format, err) < 0)
		return cursor_wrap(cursor, "binlog event", cursor->start, err);
	if (!reader->is_large)
		return hold(reader, item, err);
	if (trx->end != TRX_OPEN)
		reader->step = TRX_FINISH;
	return give(reader, &reader->event, cursor->offset, trx->statement, item, err);
}

static int read_packet(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	if (reader->packet.ptr == NULL)
		return 0;
	item->packet = reader->packet;
	reader->packet = (struct slice){NULL, 0};
	if (cursor_read(reader->cursor, item->packet, &reader->event, err) < 0)
		return -1;
	item->start = reader->cursor->start;
	item->end = reader->cursor->offset;
	switch (reader->event.type) {
	case EVENT_GTID_MARIADB:
	case EVENT_GTID_MYSQL:
	case EVENT_ANONYMOUS_GTID:
		return begin(reader, item, err);
	case EVENT_FORMAT_DESCRIPTION:
		return begin_file(reader, err);
	case EVENT_ROTATE:
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
		return 1;
	default:
		return reader->trx.open ? read_inside(reader, item, err) : 1;
	}
}

int trx_reader_step(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	/* field by field, because clearing the whole is slower: a transaction has a dozen items, most with few fields */
	item->kind = TRX_ITEM_OTHER;
	item->packet = (struct slice){NULL, 0};
	item->event = &reader->event;
	item->start = reader->cursor->start;
	item->end = reader->cursor->offset;
	switch (reader->step) {
	case TRX_GIVE:
		return give_held(reader, item, err);
	case TRX_FINISH:
		return finish(reader, item);
	case TRX_OVER:
		reset(reader);
		break;
	case TRX_READ:
		break;
	}
	return read_packet(reader, item, err);
}
