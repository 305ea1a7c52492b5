#include "engine/stream/stream.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/stream/stream_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	AHEAD_HEARTBEAT_MS = 500,
};

/* Open a second connection, which reads ahead in a transaction that is too large to hold. */
static struct packet_source *open_ahead(void *arg, struct err *err)
{
	struct stream *stream = arg;
	char name[80];
	const struct dump_options options = {.sync_name = name, .heartbeat_ms = AHEAD_HEARTBEAT_MS};
	struct dump *dump;
	log_debug("transaction at %s:%" PRIu64
		  " is larger than %zu bytes: reading ahead for its end",
		  stream->read.file, stream->read.offset, stream->reader.owner.hold_max);
	if (stream->options.open_packets)
		return stream->options.open_packets(stream->options.open_arg, &stream->read, err);
	snprintf(name, sizeof(name), "%s/ahead", stream->lane.sync->config->name);
	dump = dump_open(stream->lane.sync->source, &stream->read, &options, err);
	return dump ? dump_packets(dump) : NULL;
}

static bool is_stopping(const void *arg)
{
	const struct stream *stream = arg;
	return lane_stopping(&stream->lane);
}

struct stream *stream_new(struct sync *sync, const struct stream_start *start,
			  const struct stream_options *options, struct lane_metrics *metrics)
{
	struct stream *stream = mem_array(1, sizeof(*stream));
	stream->lane.sync = sync;
	stream->lane.metrics = metrics;
	stream->catalog = start->catalog;
	stream->catalog_pending = start->pending;
	stream->ddl.checked.catalog = start->checked;
	stream->ddl.checked.topics = start->topics;
	stream->ddl.checked.ntopics = start->ntopics;
	stream->ddl.doubts = start->doubts;
	stream->ddl.catalog_now = start->catalog_now;
	stream->ddl.binlog_end_at_load = start->binlog_end_at_load;
	if (options)
		stream->options = *options;
	stream->backfill = stream_backfill_new(stream->options.backfill);
	position_init(&stream->read);
	position_init(&stream->acked.position);
	position_copy(&stream->read, start->position);
	position_copy(&stream->acked.position, start->position);
	stream->acked.begun = start->position->sequence;
	stream->clock.watermark = position_watermark(start->position);
	cursor_init(&stream->cursor, true);
	trx_reader_init(&stream->reader, &stream->cursor,
			&(struct trx_reader_owner){.open_ahead = open_ahead,
						   .is_stopping = is_stopping,
						   .arg = stream,
						   .hold_max = stream->options.hold_max
								       ? stream->options.hold_max
								       : TRANSACTION_HOLD});
	arena_init(&stream->statement, 0);
	buf_init(&stream->idle.quiet_at);
	return stream;
}

void stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	stream_backfill_free(stream->backfill);
	map_fini(&stream->copies.tables);
	heartbeat_fini(&stream->heartbeat);
	buf_fini(&stream->idle.quiet_at);
	arena_fini(&stream->statement);
	mark_fini(&stream->current.durable);
	map_fini(&stream->ddl.made);
	trx_reader_fini(&stream->reader);
	position_fini(&stream->acked.position);
	position_fini(&stream->read);
	cursor_fini(&stream->cursor);
	catalog_free(stream->catalog_pending);
	catalog_free(stream->catalog);
	free(stream);
}

/* ---- transactions ---- */

/* End the transaction. The next one begins after it. */
static void close_group(struct stream *stream, uint64_t end_offset)
{
	struct lane *lane = &stream->lane;
	struct position *read = &stream->read;
	const struct gtid *gtid = &stream->reader.trx.gtid.gtid;
	uint64_t begin = read->offset;
	struct mark mark;
	stream_set_read(stream, end_offset);
	read->sequence += stream->reader.row_bytes + 1;
	if (gtid->flavour != GTID_NONE && gtid->flavour == read->gtids.flavour)
		gtid_set_add(&read->gtids, gtid);
	if (stream->reader.trx.gtid.written_ms > read->commit_ms &&
	    stream_clock_may_be(stream, stream->reader.trx.gtid.written_ms))
		read->commit_ms = stream->reader.trx.gtid.written_ms;
	mark = (struct mark){.gtid = *gtid,
			     .begin = begin,
			     .file = stream->cursor.file,
			     .born = stream->files.born,
			     .offset = end_offset,
			     .sequence = read->sequence,
			     .commit_ms = read->commit_ms,
			     .watermark_ms = 0,
			     .records = stream->current.durable.records,
			     .xa = stream->current.durable.xa,
			     .range = NULL};
	stream->current.durable.records = (struct record_batch){NULL, NULL};
	stream->current.durable.xa = NULL;
	commit_done(lane->commit, &mark);
	stream->current.slot_open = false;
	stream->current.previous = (struct stream_previous){*gtid, stream->cursor.file, begin};
	metric_add(&lane->metrics->transactions, 1);
	atomic_store_explicit(&lane->metrics->commit_ms, read->commit_ms, memory_order_relaxed);
}

/* Process one event of a transaction whose outcome is known. */
static int process(struct stream *stream, const struct trx_item *item, struct err *err)
{
	stream->current.at = item->start;
	if (item->rows)
		return stream_rows(stream, item, err);
	if (item->event->type == EVENT_TABLE_MAP)
		return stream_table_map(stream, item->event, err);
	if (item->statement && !item->again)
		return stream_ddl(stream, item->statement, err);
	return 0;
}

/* Take the commit time, now that the end of the transaction is known. MariaDB writes it only in a Query event at the end.
 * Otherwise take the time at which the committing statement began, but never one before an earlier commit of the binlog. */
static void set_times(struct stream *stream)
{
	struct event_gtid *gtid = &stream->reader.trx.gtid;
	int64_t logged_ms = trx_reader_outcome(&stream->reader)->logged_ms;
	if (gtid->gtid.flavour != GTID_MARIADB)
		return;
	if (logged_ms > 0)
		gtid->written_ms = logged_ms;
	gtid->commit_ms = gtid->written_ms;
	if (gtid->commit_ms < stream->read.commit_ms)
		gtid->commit_ms = stream->read.commit_ms;
}

static void begin_group(struct stream *stream, uint64_t start)
{
	stream->connection.away_ms = 0;
	stream->current.skipped_rows = false;
	stream_set_read(stream, start);
	if (table_states_has_pending(&stream->lane.sync->states))
		stream_take_pending(stream);
}

static int end_group(struct stream *stream, struct err *err)
{
	if (stream_xa_end(stream, err) < 0)
		return -1;
	close_group(stream, stream->cursor.offset);
	return 0;
}

/* ---- events ---- */

static void on_rotate(struct stream *stream, const struct event *event)
{
	if (stream->files.born_of != stream->cursor.file)
		stream->files.born = NULL;
	if (!stream->reader.trx.open && !(event->flags & EVENT_FLAG_ARTIFICIAL))
		stream_set_read(stream, stream->cursor.offset);
}

static int on_heartbeat(struct stream *stream, const struct event *event, struct err *err)
{
	struct event_heartbeat heartbeat;
	struct buf at;
	if (event_heartbeat_parse(event, &heartbeat, err) < 0)
		return -1;
	stream_clock_seen(stream, heartbeat.file, heartbeat.offset);
	buf_init(&at);
	buf_printf(&at, "%.*s:%" PRIu64, SLICE_FMT(heartbeat.file), heartbeat.offset);
	stream_set_drained(stream, slice_equal(buf_slice(&at), buf_slice(&stream->idle.quiet_at)));
	buf_fini(&stream->idle.quiet_at);
	stream->idle.quiet_at = at;
	return stream->idle.drained ? stream_advance_quietly(stream, err) : 0;
}

static void set_born(struct stream *stream, struct slice packet)
{
	char born[EVENT_BORN_SIZE];
	event_format_born(packet, born);
	if (stream->files.born == NULL || strcmp(stream->files.born, born) != 0)
		stream->files.born = arena_cstr(&stream->lane.texts, slice_str(born));
	stream->files.born_of = stream->cursor.file;
}

/* Forget the open transaction: the server crashed inside it, so it was never committed. */
static void on_format(struct stream *stream, struct slice packet)
{
	if (stream->current.slot_open && stream->reader.again_bytes == 0) {
		const struct mark mark = stream_read_mark(stream);
		commit_done(stream->lane.commit, &mark);
		stream->current.slot_open = false;
	}
	set_born(stream, packet);
}

static int refuse_compressed(const struct stream *stream, uint64_t start, struct err *err)
{
	err_set(err, E_EVENT_COMPRESSED,
		"a compressed statement cannot be read in this version. " REMEDY_LOG_BIN_COMPRESS
		". " REMEDY_NEW_NAME_AFTER);
	return cursor_wrap(&stream->cursor, "binlog event", start, err);
}

/* Return whether the event was written by a transaction or statement, so the server is not idle. */
static int on_written(struct stream *stream, const struct trx_item *item, struct err *err)
{
	if (stream->idle.drained)
		stream_set_drained(stream, false);
	buf_clear(&stream->idle.quiet_at);
	stream->clock.seen_file = NULL;
	if (item->event->type == EVENT_QUERY_COMPRESSED)
		return refuse_compressed(stream, item->start, err);
	return 0;
}

/* Process an event outside of transactions. */
static int on_other(struct stream *stream, const struct trx_item *item, struct err *err)
{
	switch (item->event->type) {
	case EVENT_FORMAT_DESCRIPTION:
		on_format(stream, item->packet);
		return 0;
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
		stream->connection.away_ms = 0;
		return on_heartbeat(stream, item->event, err);
	case EVENT_ROTATE:
		on_rotate(stream, item->event);
		return 0;
	default:
		return on_written(stream, item, err);
	}
}

static int on_item(struct stream *stream, const struct trx_item *item, struct err *err)
{
	if (item->kind == TRX_ITEM_OTHER)
		return on_other(stream, item, err);
	if (item->packet.ptr && on_written(stream, item, err) < 0)
		return -1;
	switch (item->kind) {
	case TRX_ITEM_BEGIN:
		begin_group(stream, item->start);
		return 0;
	case TRX_ITEM_OUTCOME:
		set_times(stream);
		return stream_open_slot(stream, err);
	case TRX_ITEM_EVENT:
		return process(stream, item, err);
	case TRX_ITEM_END:
		return end_group(stream, err);
	case TRX_ITEM_HELD:
	case TRX_ITEM_OTHER:
		break;
	}
	return 0;
}

int stream_process_packet(struct stream *stream, struct err *err)
{
	struct trx_item item;
	int rc;
	metric_add(&stream->lane.metrics->events, 1);
	while ((rc = trx_reader_next(&stream->reader, &item, err)) > 0)
		if (on_item(stream, &item, err) < 0)
			return -1;
	return rc < 0 && stream->reader.lost ? stream_lost(stream, err) : rc;
}

/* ---- the end ---- */

int stream_lost(struct stream *stream, struct err *err)
{
	stream->connection.lost = err->code == ERR_SOURCE && err->retriable;
	if (stream->lane.sync->config->source.nhosts > 0 &&
	    (err->code == ERR_SOURCE || err->code == ERR_POSITION)) {
		stream->connection.refused = !err->retriable;
		err->retriable = true;
	}
	return -1;
}

bool stream_was_refused(const struct stream *stream)
{
	return stream->connection.refused;
}

bool stream_went_on(const struct stream *stream)
{
	return stream->acked.position.sequence != stream->acked.begun || stream->idle.caught_up;
}
