/* stream_position: how far the stream has read, and how much of that is acknowledged: from transactions through the window to the
 * checkpoint (rules: transaction-start, always-advance). */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/lane/backfill_link.h"
#include "engine/lane/backfill_pace.h"
#include "engine/stream/stream_priv.h"

#include <stdio.h>
#include <stdlib.h>

static void take_xa(struct stream *stream, const struct mark_xa *xa)
{
	for (size_t i = 0; i < xa->pending.npending; i++) {
		const struct pending *pending = &xa->pending.pending[i];
		if (xa->prepared)
			position_pending_add(&stream->acked.position, pending);
		else
			position_pending_remove(&stream->acked.position, false, pending->id);
	}
}

/* Set the identity of the binlog. A new file has none before its first event; until then the identity of the file before it
 * holds. */
static void set_identity(struct stream *stream, const struct mark *mark)
{
	struct binlog_identity *identity = &stream->acked.position.identity;
	if (mark->born == NULL)
		return;
	if (stream->acked.born != mark->born) {
		if (strcmp(identity->file, mark->file) != 0)
			*identity = (struct binlog_identity){.offset = 0};
		snprintf(identity->file, sizeof(identity->file), "%s", mark->file);
		snprintf(identity->born, sizeof(identity->born), "%s", mark->born);
		stream->acked.born = mark->born;
	}
	/* GTIDs may be switched on while the stream follows by file */
	if (mark->gtid.flavour == GTID_NONE ||
	    mark->gtid.flavour != stream->acked.position.gtids.flavour)
		return;
	identity->gtid = mark->gtid;
	identity->offset = mark->begin;
}

/* The last rows of the table are acknowledged. */
static void note_copied(const struct stream *stream, struct backfill_table *table)
{
	atomic_store(&table->metrics.done, true);
	sync_events_emit(&stream->lane.sync->events,
			 (struct sync_event){.kind = SYNC_EVENT_TABLE_COPIED,
					     .table = {.name = table->full_name,
						       .rows = atomic_load(&table->metrics.rows)}});
}

/* Take a mark: everything up to it is in Kafka. */
static void mark_reached(void *arg, const struct mark *mark, struct record_batch *batch)
{
	struct stream *stream = arg;
	struct position *acked = &stream->acked.position;
	(void)batch; /* the stream adds no records to the mark's own */
	set_identity(stream, mark);
	if (stream->acked.file != mark->file)
		snprintf(acked->file, sizeof(acked->file), "%s", mark->file);
	stream->acked.file = mark->file;
	acked->offset = mark->offset;
	acked->sequence = mark->sequence;
	acked->commit_ms = mark->commit_ms;
	if (mark->watermark_ms > acked->watermark_ms)
		acked->watermark_ms = mark->watermark_ms;
	if (mark->gtid.flavour != GTID_NONE && mark->gtid.flavour == acked->gtids.flavour)
		gtid_set_add(&acked->gtids, &mark->gtid);
	if (mark->xa)
		take_xa(stream, mark->xa);
	if (mark->pace)
		backfill_pace_acked(mark->pace, mark->slice_bytes, mark->slice_ns, clock_mono_ns());
	if (mark->copied)
		note_copied(stream, mark->copied);
	if (mark->reached)
		*mark->reached = true;
	stream->acked.moved = true;
}

/* Return the acknowledged position if it is newer than the last one returned; otherwise NULL. */
static const struct position *take_position(void *arg)
{
	struct stream *stream = arg;
	bool moved = stream->acked.moved;
	stream->acked.moved = false;
	stream->acked.posted_ms = clock_mono_ms();
	return moved ? &stream->acked.position : NULL;
}

struct commit_meaning stream_meaning(struct stream *stream)
{
	return (struct commit_meaning){.reached = mark_reached,
				       .position = take_position,
				       .arg = stream,
				       .interval_ms = POST_MS};
}

/* Set where the next transaction begins: at this offset of the current file. */
void stream_set_read(struct stream *stream, uint64_t offset)
{
	if (stream->files.read != stream->cursor.file)
		snprintf(stream->read.file, sizeof(stream->read.file), "%s", stream->cursor.file);
	stream->files.read = stream->cursor.file;
	stream->files.read_born = stream->files.born;
	stream->read.offset = offset;
}

struct mark stream_read_mark(const struct stream *stream)
{
	return (struct mark){.file = stream->files.read,
			     .born = stream->files.read_born,
			     .offset = stream->read.offset,
			     .sequence = stream->read.sequence,
			     .commit_ms = stream->read.commit_ms};
}

int stream_open_slot(struct stream *stream, struct err *err)
{
	if (stream->current.slot_open) /* the slot of a transaction that is read again */
		return 0;
	if (commit_begin(stream->lane.commit, err) < 0)
		return -1;
	stream->current.slot_open = true;
	return 0;
}

/* The server is idle: move the position over what it has written that is not a transaction, above all a new file. Otherwise the
 * server would purge the file of the last transaction (rule: always-advance). By GTID a dump begins at the start of a file: never
 * move back to that. */
int stream_advance_quietly(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct mark mark;
	if (stream->reader.trx.open || stream->current.slot_open ||
	    stream->reader.again_bytes > 0 ||
	    position_compare_files(stream->cursor.file, stream->cursor.offset, stream->read.file,
				   stream->read.offset) <= 0)
		return 0;
	if (commit_begin(lane->commit, err) < 0)
		return -1;
	stream_set_read(stream, stream->cursor.offset);
	mark = stream_read_mark(stream);
	commit_done(lane->commit, &mark);
	return 0;
}

int stream_at(struct stream *stream, uint64_t start, struct slice table, struct err *err)
{
	err_table(err, table);
	return cursor_wrap(&stream->cursor, "binlog event", start, err);
}

struct trx_place stream_place(const struct stream *stream)
{
	return (struct trx_place){&stream->reader.trx.gtid.gtid, stream->read.server,
				  stream->read.file, stream->read.offset};
}

enum trx_end stream_outcome(const struct stream *stream)
{
	return trx_reader_outcome(&stream->reader)->end;
}
