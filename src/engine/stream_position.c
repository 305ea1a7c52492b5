/* stream_position: how far the stream has read and how much of that is acknowledged: from groups through the window to the
 * checkpoint (consistency rules 22, 26). */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/stream_priv.h"

#include <stdio.h>
#include <stdlib.h>

struct attached *stream_attached(struct stream *stream)
{
	if (stream->current.attached == NULL) {
		stream->current.attached = mem_array(1, sizeof(*stream->current.attached));
		position_init(&stream->current.attached->xa);
	}
	return stream->current.attached;
}

void stream_drop_attached(void *arg)
{
	struct attached *attached = arg;
	if (attached == NULL)
		return;
	record_batch_fini(&attached->records);
	position_fini(&attached->xa);
	free(attached);
}

void stream_detach(struct stream *stream)
{
	stream_drop_attached(stream->current.attached);
	stream->current.attached = NULL;
}

static void take_attached(struct stream *stream, struct attached *attached)
{
	for (size_t i = 0; i < attached->xa.npending; i++) {
		const struct pending *pending = &attached->xa.pending[i];
		if (attached->prepared)
			position_pending_add(&stream->acked.position, pending);
		else
			position_pending_remove(&stream->acked.position, false, pending->id);
	}
	record_batch_move(&stream->lane.records, &attached->records);
	stream_drop_attached(attached);
}

/* A file that has just begun is not known before its first event: until then the file before it proves the same. */
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
	/* a server may get GTIDs while it is followed by file */
	if (mark->gtid.flavour == GTID_NONE ||
	    mark->gtid.flavour != stream->acked.position.gtids.flavour)
		return;
	identity->gtid = mark->gtid;
	identity->offset = mark->begin;
}

static void take_mark(struct stream *stream, const struct mark *mark)
{
	struct position *acked = &stream->acked.position;
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
	if (mark->attached)
		take_attached(stream, mark->attached);
	stream->acked.moved = true;
}

void stream_post(struct stream *stream, bool now)
{
	int64_t mono = clock_mono_ms();
	struct mark mark;
	while (window_take(&stream->lane.window, &mark))
		take_mark(stream, &mark);
	pins_post(&stream->lane.sync->pins, &stream->lane.sync->checkpoint);
	if (!stream->acked.moved && stream->lane.records.first == NULL)
		return;
	if (!now && mono - stream->acked.posted_ms < POST_MS)
		return;
	lane_note_ends(&stream->lane);
	checkpoint_post(&stream->lane.sync->checkpoint, &stream->lane.records,
			stream->acked.moved ? &stream->acked.position : NULL);
	stream->acked.moved = false;
	stream->acked.posted_ms = mono;
}

void stream_take_marks(void *owner)
{
	stream_post(owner, false);
}

/* What is read next begins at this offset of the current file. */
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
	if (stream->current.slot_open) /* of a group that is read again */
		return 0;
	/* stream_tick polls the sink: here only a full window needs that */
	if (window_full(&stream->lane.window) && lane_room(&stream->lane, err) < 0)
		return -1;
	stream->lane.token = window_open(&stream->lane.window);
	stream->current.slot_open = true;
	return 0;
}

/* Nothing comes from the server: what it has written that is no transaction (a new file above all) moves the position, too,
 * or the file where the last one stands would be purged under it (rule 26). By GTID a dump begins at the start of a file,
 * which is no way back. */
int stream_advance_quietly(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct mark mark;
	if (stream->reader.trx.open || stream->current.slot_open ||
	    stream->reader.again_bytes > 0 ||
	    position_compare_files(stream->cursor.file, stream->cursor.offset, stream->read.file,
				   stream->read.offset) <= 0)
		return 0;
	if (lane_room(lane, err) < 0)
		return -1;
	stream_set_read(stream, stream->cursor.offset);
	mark = stream_read_mark(stream);
	window_close(&lane->window, window_open(&lane->window), &mark);
	return 0;
}
