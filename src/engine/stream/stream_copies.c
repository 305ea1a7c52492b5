/* stream_copies: what the topics say about copies of tables that run beside the stream (docs/messages.md): markers at the begin and
 * the end of another copy of a table, and a header of the heartbeats. */
#include "engine/lane/loop.h"
#include "engine/lane/send.h"
#include "engine/stream/stream_priv.h"
#include "sink/sink.h"

#include <inttypes.h>

/* ---- markers ---- */

/* A marker that is being made. */
struct marker {
	struct stream *stream;
	struct format_ddl ddl;
	struct header header;
	struct slice value;
	struct message_batch *batch; /* gets the messages */
	struct arena *arena;
};

static struct slice marker_key(const struct marker *marker, const struct destination *destination)
{
	bool compacted = sink_topic_info(destination->topic)->compacted;
	struct slice key = {NULL, 0};
	struct buf text;
	buf_init(&text);
	if (marker->stream->lane.format->ddl_key(&marker->ddl, compacted, &text))
		key = arena_copy(marker->arena, buf_slice(&text));
	buf_fini(&text);
	return key;
}

static struct slice marker_value(const struct marker *marker)
{
	struct slice value;
	struct buf text;
	buf_init(&text);
	marker->stream->lane.format->ddl(&marker->ddl, &text);
	value = arena_copy(marker->arena, buf_slice(&text));
	buf_fini(&text);
	return value;
}

/* Add the marker of each partition that has rows. */
static void mark_topic(const struct marker *marker, struct destination *destination)
{
	struct message message = {
		.topic = destination->name,
		.key = marker_key(marker, destination),
		.value = marker->value,
		.op = marker->stream->lane.format->ddl_op(&marker->ddl),
		.headers = &marker->header,
		.nheaders = 1,
		.destination = destination,
	};
	for (int n = sink_topic_info(destination->topic)->partitions; message.partition < n;
	     message.partition++)
		message_batch_add(marker->batch, &message);
}

/* Send the messages, or give them to the script's own loop. */
static int send_marker(const struct marker *marker, struct err *err)
{
	struct lane *lane = &marker->stream->lane;
	const struct loop_item item = {
		.kind = LOOP_DDL,
		.text = marker->ddl.text,
		.time_ms = lane->now_ms,
		.db = marker->ddl.effect->db,
		.table = marker->ddl.effect->table,
	};
	if (!lane->config->has_loop)
		return send_batch(lane, marker->batch, err);
	return marker->batch->n > 0 ? loop_item(lane, &item, marker->batch, err) : 0;
}

static int mark_with(struct stream *stream, const struct plan *plan, int64_t id, bool ends,
		     struct arena *arena, struct err *err)
{
	const struct ddl_effect effect = {
		.op = DDL_QUERY,
		.db = plan->table->db,
		.table = plan->table->name,
		.before = plan->table,
		.after = plan->table,
	};
	const struct gtid none = {.flavour = GTID_NONE};
	struct destination *destination;
	struct marker marker = {
		.stream = stream,
		.ddl = {.sync = &plan->format_sync,
			.effect = &effect,
			.prepared = plan->prepared,
			.text = arena_printf(arena, "copy %" PRId64 " %s", id,
					     ends ? "ends" : "begins"),
			.marker = ends ? "end" : "begin",
			.file = stream->read.file,
			.offset = stream->read.offset,
			.gtid = &none,
			.sequence = UINT64_MAX, /* -1, as the rows of a copy have it */
			.commit_ms = -1,
			.now_ms = stream->lane.now_ms},
		.header = {SLICE(HEADER_COPY), arena_printf(arena, "%" PRId64, id)},
		.batch = &stream->lane.batch,
		.arena = arena,
	};
	size_t at = 0;
	marker.value = marker_value(&marker);
	message_batch_clear(marker.batch);
	while ((destination = plan_next_destination(&stream->lane, plan, &at)))
		mark_topic(&marker, destination);
	return send_marker(&marker, err);
}

int stream_mark_copy(struct stream *stream, const struct plan *plan, int64_t id, bool ends,
		     struct err *err)
{
	struct arena arena;
	int rc;
	if (!plan->mapping.wanted || stream->lane.format->ddl_to_sync_topic)
		return 0;
	arena_init(&arena, 0);
	rc = mark_with(stream, plan, id, ends, &arena, err);
	message_batch_clear(&stream->lane.batch);
	arena_fini(&arena);
	return rc;
}

/* ---- the header of heartbeats ---- */

/* Where the rows of a table go that is copied beside the stream. */
struct copied_table {
	struct destination *topic; /* NULL: where its function returned */
};

void stream_note_topic(struct stream *stream, const struct plan *plan)
{
	const struct table_state *state = plan->state;
	struct copied_table *table;
	if (state == NULL || !state->backfilled)
		return;
	table = ARENA_NEW(&stream->lane.texts, struct copied_table);
	table->topic = plan->mapping.topic_function ? NULL : plan->destination;
	map_set(&stream->copies.tables, state->name, table);
}

/* Count the table for the heartbeats of its topics. */
static void count_table(struct stream *stream, const struct table_state *state)
{
	const struct copied_table *table = map_get(&stream->copies.tables, state->name);
	if (table == NULL)
		return;
	for (struct destination *d = stream->lane.destinations.first; d; d = d->next)
		if (table->topic ? table->topic == d : map_get(&d->tables, state->name) != NULL)
			copying_set(&d->copying, d->copying.tables + 1);
}

void stream_count_copies(struct stream *stream)
{
	const struct table_state *state;
	unsigned tables = 0;
	size_t at = 0;
	if (stream->copies.are_counted || stream->copies.tables.count == 0)
		return;
	stream->copies.are_counted = true;
	for (struct destination *d = stream->lane.destinations.first; d; d = d->next)
		copying_set(&d->copying, 0);
	while ((state = map_next(&stream->lane.sync->states.tables, &at))) {
		if (!state->backfilled)
			continue;
		count_table(stream, state);
		tables++;
	}
	copying_set(&stream->heartbeat.copying, tables);
}
