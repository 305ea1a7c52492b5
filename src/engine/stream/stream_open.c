/* stream_open: what the stream opens before it reads: its topics and its packets. */
#include "engine/state/identity.h"
#include "engine/stream/stream_priv.h"
#include "script/script.h"
#include "sink/sink.h"

#include <stdio.h>

enum { DUMP_HEARTBEAT_MS = 500 }; /* the longest interval; a heartbeat wakes a quiet lane */

unsigned stream_dump_heartbeat_ms(double heartbeat_s)
{
	unsigned quarter_ms = (unsigned)(heartbeat_s * 1000 / 4);
	return heartbeat_s > 0 && quarter_ms < DUMP_HEARTBEAT_MS ? quarter_ms : DUMP_HEARTBEAT_MS;
}

/* Open the dump where the stream reads on. By the last transaction that was read, a server is recognised that has not committed it yet. */
static struct dump *dump_from_read(const struct stream *stream, const struct dump_options *options,
				   struct err *err)
{
	const struct stream_previous *previous = &stream->current.previous;
	struct position from;
	struct dump *dump;
	position_init(&from);
	position_copy(&from, &stream->read);
	if (previous->file) {
		snprintf(from.identity.file, sizeof(from.identity.file), "%s", previous->file);
		from.identity.gtid = previous->gtid;
		from.identity.offset = previous->begin;
	}
	dump = dump_open(stream->lane.sync->source, &from, options, err);
	position_fini(&from);
	return dump;
}

static int open_dump(struct stream *stream, struct err *err)
{
	const struct sync_config *config = stream->lane.sync->config;
	struct dump_options options = {
		.server_id = config->source.server_id,
		.sync_name = config->name,
		.heartbeat_ms = stream_dump_heartbeat_ms(config->heartbeat_s),
		.from_now_end = stream->options.until_end,
	};
	const struct server *server;
	struct dump *dump = dump_from_read(stream, &options, err);
	if (dump == NULL)
		return -1;
	stream->connection.dump = dump;
	stream->connection.packets = dump_packets(dump);
	server = dump_server(dump);
	stream->connection.row_metadata_full = server->row_metadata_full;
	if (sync_check_server(stream->lane.sync, &stream->read, server->identity, err) < 0 ||
	    identity_check(stream->lane.sync, &stream->acked.position, err) < 0)
		return -1;
	stream_clock_start(stream);
	return 0;
}

int stream_open_packets(struct stream *stream, struct err *err)
{
	const struct stream_options *options = &stream->options;
	if (options->open_packets == NULL)
		return open_dump(stream, err);
	stream->connection.packets = options->open_packets(options->open_arg, &stream->read, err);
	return stream->connection.packets ? 0 : -1;
}

void stream_close_packets(struct stream *stream)
{
	packet_source_free(stream->connection.packets);
	stream->connection.packets = NULL;
	stream->connection.dump = NULL;
}

/* Open the topics of the tables that the start has checked. *lossy: a topic is compacted now, and rows of some of these tables would
 * be lost there. */
static int open_checked(struct stream *stream, bool *lossy, struct err *err)
{
	const struct stream_checked *checked = &stream->ddl.checked;
	*lossy = false;
	for (unsigned i = 0; i < checked->ntopics; i++) {
		const struct constant_topic *topic = &checked->topics[i];
		struct destination *destination;
		if (lane_destination(&stream->lane, topic->name, topic->keyed, NULL, &destination,
				     err) < 0)
			return -1;
		*lossy |= topic->not_compacted && sink_topic_info(destination->topic)->compacted;
	}
	return 0;
}

/* Open the topics of constant rules, so that they exist and get heartbeats before the first row. If the start has checked every
 * definition, plans are made when rows come. */
static int open_constant(struct stream *stream, struct err *err)
{
	bool lossy, defers;
	if (open_checked(stream, &lossy, err) < 0)
		return -1;
	defers = !lossy && stream_has_checked(stream, stream->catalog) &&
		 stream_has_checked(stream, stream->catalog_pending);
	stream->ddl.checked.deferred = defers;
	if (stream_try_plans(stream, stream->catalog, false, err) < 0 ||
	    stream_try_plans(stream, stream->catalog_pending, false, err) < 0)
		return -1;
	return defers ? 0 : stream_try_plans(stream, stream->catalog, true, err);
}

/* Add the tables of a catalog, by their full names. */
static void list_tables(const struct catalog *catalog, struct map *tables)
{
	const struct table *table;
	size_t at = 0;
	while (catalog && (table = catalog_next(catalog, &at)))
		if (map_get(tables, table->full_name) == NULL)
			map_set(tables, table->full_name, (void *)(uintptr_t)table);
}

/* Return whether the function of an existing table returned the topic. */
static bool any_followed(const struct stream *stream, const struct map *tables,
			 const struct pin *pin)
{
	for (size_t i = 0; i < pin->tables.cap; i++) {
		const struct table *table = NULL;
		if (pin->tables.slots[i].value)
			table = map_get(tables, pin->tables.slots[i].key);
		if (table && script_wants(stream->lane.script, stream->lane.sync->index, table->db,
					  table->name))
			return true;
	}
	return false;
}

/* Open the topics that functions have returned in earlier runs. */
static int open_returned(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct destination *destination;
	struct map tables;
	const struct pin *pin;
	size_t at = 0;
	int rc = 0;
	map_init(&tables);
	list_tables(stream->catalog, &tables);
	list_tables(stream->catalog_pending, &tables);
	while (rc == 0 && (pin = pins_next(&lane->sync->pins, &at)))
		if (any_followed(stream, &tables, pin))
			rc = lane_destination(lane, pin->name, true, NULL, &destination, err);
	map_fini(&tables);
	return rc;
}

static int open_ddl_topic(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct destination *destination;
	if (lane->config->ddl_topic == NULL)
		return 0;
	lane->destinations.uncounted++;
	return lane_destination(lane, slice_str(lane->config->ddl_topic), false, NULL, &destination,
				err);
}

int stream_open_topics(struct stream *stream, struct err *err)
{
	if (open_ddl_topic(stream, err) < 0)
		return -1;
	if (open_constant(stream, err) < 0)
		return -1;
	return open_returned(stream, err);
}

void stream_begin_cursor(struct stream *stream)
{
	cursor_begin(&stream->cursor, slice_str(stream->read.file), stream->read.offset);
	stream->files.read = stream->cursor.file;
}

void stream_rewind(struct stream *stream)
{
	stream_close_packets(stream);
	stream_backfill_lost(stream);
	trx_reader_rewind(&stream->reader);
	stream_begin_cursor(stream);
	stream_set_drained(stream, false);
	buf_clear(&stream->idle.quiet_at);
}
