/* foresight: how a group that is too large to hold will end. A second dump connection reads ahead through it,
 * events only looked at, so that rolled-back rows are known before the rows are written (consistency rule 6).
 * Memory stays constant. */
#include "base/log.h"
#include "engine/stream_priv.h"

#include <inttypes.h>
#include <stdio.h>

/* One event of the second connection. */
static int look(struct stream *stream, struct slice packet, struct cursor *cursor, struct trx *seen,
		struct err *err)
{
	struct event event;
	struct event_gtid gtid;
	if (cursor_read(cursor, packet, &event, err) < 0)
		return -1;
	if (event.type == EVENT_FORMAT_DESCRIPTION) {
		if (seen->open) /* the server crashed inside it: it never happened */
			seen->end = TRX_ROLLBACK;
		return 0;
	}
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2 ||
	    event.type == EVENT_ROTATE)
		return 0; /* of the dump, not of the group: the stream does not number them either */
	if (!seen->open) {
		if (event.type != EVENT_GTID_MARIADB && event.type != EVENT_GTID_MYSQL &&
		    event.type != EVENT_ANONYMOUS_GTID)
			return 0;
		if (event_gtid_parse(&event, &gtid, err) < 0)
			return -1;
		if (gtid.gtid.seq != stream->group.gtid.gtid.seq)
			return err_set(err, ERR_INTERNAL,
				       "reading ahead began at another transaction");
		trx_open(seen, &gtid);
		return 0;
	}
	return trx_event(seen, &event, &cursor->format, err);
}

static int read_ahead(struct stream *stream, struct dump *dump, struct cursor *cursor,
		      struct err *err)
{
	struct trx *seen = &stream->ahead;
	struct slice packet;
	int rc;
	while (seen->end == TRX_OPEN) {
		if (lane_stopping(&stream->lane))
			return err_retry(err, ERR_SOURCE, "stopped while reading ahead");
		rc = dump_read(dump, &packet, err);
		if (rc < 0)
			return stream_lost(stream, err);
		if (rc == 0)
			return err_retry(err, ERR_SOURCE, "the binlog ended inside a transaction");
		if (look(stream, packet, cursor, seen, err) < 0)
			return -1;
	}
	return 0;
}

int stream_foresee(struct stream *stream, struct err *err)
{
	const struct sync_config *config = stream->lane.sync->config; /* see run_wake */
	char name[80];
	struct dump_options options = {.sync_name = name, .heartbeat_ms = 500};
	struct dump *dump;
	struct cursor cursor;
	int rc;
	snprintf(name, sizeof(name), "%s/ahead", config->name);
	log_debug("transaction at %s:%" PRIu64
		  " is larger than %d bytes: reading ahead for its end",
		  stream->read.file, stream->read.offset, TRANSACTION_HOLD);
	dump = dump_open(&config->source, &stream->read, &options, err);
	if (dump == NULL)
		return stream_lost(stream, err);
	trx_reset(&stream->ahead);
	cursor_init(&cursor, false);
	cursor_begin(&cursor, slice_str(stream->read.file), stream->read.offset);
	rc = read_ahead(stream, dump, &cursor, err);
	cursor_fini(&cursor);
	dump_free(dump);
	return rc;
}
