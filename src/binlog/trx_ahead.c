#include "binlog/trx_ahead.h"

/* Processes one event of the second source. */
static int look(struct trx_reader *reader, struct slice packet, struct cursor *cursor,
		struct err *err)
{
	struct trx *seen = &reader->ahead;
	struct event event;
	struct event_gtid gtid;
	if (cursor_read(cursor, packet, &event, err) < 0)
		return -1;
	if (event.type == EVENT_FORMAT_DESCRIPTION) {
		if (seen->open) /* the server crashed inside it: it changed nothing */
			seen->end = TRX_ROLLBACK;
		return 0;
	}
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2 ||
	    event.type == EVENT_ROTATE)
		return 0; /* an event of the dump, not of the transaction: the reader does not number it either */
	if (seen->open)
		return trx_event(seen, &event, &cursor->format, err);
	if (event.type != EVENT_GTID_MARIADB && event.type != EVENT_GTID_MYSQL &&
	    event.type != EVENT_ANONYMOUS_GTID)
		return 0;
	if (event_gtid_parse(&event, &gtid, err) < 0)
		return -1;
	if (gtid.gtid.seq != reader->trx.gtid.gtid.seq)
		return err_set(err, E_BUG, "reading ahead began at another transaction");
	trx_open(seen, &gtid);
	return 0;
}

static int read_to_end(struct trx_reader *reader, struct packet_source *source,
		       struct cursor *cursor, struct err *err)
{
	const struct trx_reader_owner *owner = &reader->owner;
	struct slice packet;
	int rc;
	while (reader->ahead.end == TRX_OPEN) {
		if (owner->is_stopping && owner->is_stopping(owner->arg))
			return err_retry(err, E_STOPPED_READING, "stopped while reading ahead");
		rc = packet_source_next(source, &packet, err);
		reader->lost = rc < 0;
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_retry(err, E_BINLOG_CHANGED,
					 "the binlog ended inside a transaction");
		if (look(reader, packet, cursor, err) < 0)
			return -1;
	}
	return 0;
}

int trx_ahead_read(struct trx_reader *reader, struct err *err)
{
	const struct trx_reader_owner *owner = &reader->owner;
	struct packet_source *source = owner->open_ahead(owner->arg, err);
	struct cursor cursor;
	int rc;
	reader->lost = source == NULL;
	if (source == NULL)
		return -1;
	cursor_init(&cursor, false);
	cursor_begin(&cursor, slice_str(reader->begin_file), reader->begin_offset);
	rc = read_to_end(reader, source, &cursor, err);
	cursor_fini(&cursor);
	packet_source_free(source);
	return rc;
}
