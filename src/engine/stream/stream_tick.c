/* stream_tick: what the stream does besides reading: acknowledgements, the checkpoint, the clock and heartbeats. */
#include "base/clock.h"
#include "engine/lane/loop.h"
#include "engine/state/watermarks.h"
#include "engine/stream/stream_priv.h"
#include "sink/sink.h"

/* Give a heartbeat to the script's own loop. records() returns its messages. */
static int beat_in_loop(struct stream *stream, int64_t watermark, const struct mark *mark,
			struct err *err)
{
	struct lane *lane = &stream->lane;
	struct loop_item item = {.kind = LOOP_HEARTBEAT, .time_ms = watermark};
	int rc;
	if (stream->current.slot_open)
		return 0; /* the loop may be inside a change; a later tick sends the heartbeat */
	message_batch_clear(&lane->batch);
	rc = heartbeat_add(&stream->heartbeat, lane, watermark, &lane->batch, err);
	if (rc == 0 && lane->batch.n > 0) {
		if (stream_open_slot(stream, err) < 0)
			return -1;
		rc = loop_item(lane, &item, &lane->batch, err);
		commit_done(lane->commit, mark);
		stream->current.slot_open = false;
	}
	arena_reset(&lane->arena);
	return rc;
}

/* Set the time of a heartbeat: the lowest acknowledged time of all sources. Return false if one source has none yet; then
 * there is no heartbeat. */
static bool shared_watermark(struct stream *stream, int64_t *watermark)
{
	struct watermarks *watermarks = stream->lane.sync->watermarks;
	int64_t own = position_watermark(&stream->acked.position);
	*watermark = stream->clock.watermark;
	if (watermarks == NULL)
		return *watermark > 0;
	if (commit_is_idle(stream->lane.commit))
		own = stream->clock.watermark;
	if (own > 0)
		watermarks_raise(watermarks, stream->lane.sync->config->source_number, own);
	return watermarks_lowest(watermarks, watermark);
}

/* Two server heartbeats at one place may be old ones that arrive late. */
static void show_drained(struct stream *stream)
{
	atomic_store_explicit(&stream->lane.metrics->drained,
			      stream->idle.drained && stream_clock_is_fresh(stream),
			      memory_order_relaxed);
}

/* While the stream reads a file that is neither the last one nor the one that was measured, keep the earlier value. */
static void show_lag(struct stream *stream)
{
	int64_t bytes = stream_clock_lag_bytes(stream);
	if (bytes >= 0)
		atomic_store_explicit(&stream->lane.metrics->lag_bytes, bytes,
				      memory_order_relaxed);
}

int stream_tick(struct stream *stream, struct err *err)
{
	struct lane *lane = &stream->lane;
	int64_t watermark;
	struct mark mark;
	stream->steps.rows_since_poll = 0;
	stream->steps.ticked_ms = clock_mono_ms();
	lane->now_ms = clock_wall_ms();
	atomic_store_explicit(&lane->metrics->event_ms, lane->now_ms, memory_order_relaxed);
	if (sink_poll(lane->sink, 0, err) < 0)
		return -1;
	commit_serve(lane->commit, false);
	stream_clock_tick(stream);
	show_drained(stream);
	show_lag(stream);
	if (!shared_watermark(stream, &watermark))
		return 0;
	stream_count_copies(stream);
	mark = stream_read_mark(stream);
	mark.watermark_ms = stream->clock.watermark;
	if (lane->config->has_loop)
		return beat_in_loop(stream, watermark, &mark, err);
	return heartbeat_tick(&stream->heartbeat, lane, watermark, stream->current.slot_open, &mark,
			      err);
}

void stream_set_drained(struct stream *stream, bool drained)
{
	stream->idle.drained = drained;
	stream->idle.caught_up |= drained;
	show_drained(stream);
}
