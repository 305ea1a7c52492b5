/* stream_open: what the stream opens before it reads: its topics and its packets. */
#include "engine/state/identity.h"
#include "engine/stream/stream_priv.h"
#include "script/script.h"

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

/* Open the topics of constant rules, so that they exist and get heartbeats before the first row. */
static int open_constant(struct stream *stream, const struct catalog *catalog, struct err *err)
{
	struct lane *lane = &stream->lane;
	const struct table *table;
	size_t at = 0;
	while ((table = catalog_next(catalog, &at))) {
		struct plan *plan;
		if (!script_wants(lane->script, lane->sync->index, table->db, table->name))
			continue;
		plan = plan_new(lane, table, err);
		if (plan == NULL)
			return -1;
		if (plan->mapping.wanted)
			stream_note_topic(stream, plan);
		plan_free(lane, plan);
	}
	return 0;
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

int stream_open_topics(struct stream *stream, struct err *err)
{
	if (open_constant(stream, stream->catalog, err) < 0 ||
	    (stream->catalog_pending && open_constant(stream, stream->catalog_pending, err) < 0))
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
