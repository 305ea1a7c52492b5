/* stream_step: the stream lane as a state machine (engine/lane/step.h):
 *     begin ─► connect ─► follow ─► drain        any failure: ─► drain, if what was sent still counts
 *                 ▲          │
 *                 └── away ◄─┘  the connection is lost
 * A step waits in itself while it connects, and at most DRAIN_STEP_MS for acknowledgements at the end. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/lane/backfill_link.h"
#include "engine/lane/step.h"
#include "engine/stream/stream_priv.h"
#include "script/script.h"
#include "sink/sink.h"

enum {
	DRAIN_MS = 10000, /* how long a stop waits for acknowledgements, */
	DRAIN_STEP_MS =
		100, /* and one step of it. It flushes, so librdkafka does not wait for linger.ms */
	EVENTS_PER_TICK = 64, /* and at most in one step */
	LARGE_PACKET = 4096,
	REPORTS_MS = 2, /* time between two looks for acknowledgements that a backfill waits for */
	AWAY_MS = 3000, /* how long to wait for a server if there are other hosts */
};

static struct stream *of(struct lane *lane)
{
	return (struct stream *)lane;
}

static void begin_drain(struct stream *stream)
{
	stream->steps.phase = STREAM_DRAIN;
	stream->steps.until_ms = stream->options.until_end ? INT64_MAX : clock_mono_ms() + DRAIN_MS;
}

/* ---- begin, connect ---- */

static int step_begin(struct stream *stream, struct err *err)
{
	if (FAULT(STREAM_START))
		return err_retry(err, E_FAULT, "before the stream: fault injected");
	if (stream_open_topics(stream, err) < 0)
		return -1;
	script_collect(stream->lane.script);
	mem_trim();
	stream->steps.phase = STREAM_CONNECT;
	return LANE_PROGRESS;
}

static void emit_begun(struct stream *stream)
{
	struct sync_events *events = &stream->lane.sync->events;
	int64_t *lost_ms = &stream->steps.lost_ms;
	if (*lost_ms > 0)
		sync_events_emit_duration(events, SYNC_EVENT_SOURCE_BACK,
					  clock_mono_ms() - *lost_ms);
	*lost_ms = 0;
	sync_events_emit_position(events, SYNC_EVENT_STREAM_BEGUN, &stream->read);
}

static int step_connect(struct stream *stream, struct err *err)
{
	stream->connection.lost = false;
	stream->steps.connect_ms = clock_mono_ms();
	if (stream_open_packets(stream, err) < 0)
		return stream_lost(stream, err);
	emit_begun(stream);
	if (stream_tick(stream, err) < 0)
		return -1;
	stream->steps.phase = STREAM_FOLLOW;
	return LANE_PROGRESS;
}

/* ---- follow ---- */

/* Return whether to read the clock. That takes as long as parsing a small event, and the events of a transaction follow each
 * other closely. */
static bool needs_time(const struct stream *stream, struct slice packet)
{
	return !stream->reader.trx.open || packet.len >= LARGE_PACKET;
}

static bool is_tick_due(struct stream *stream, struct slice packet)
{
	return ++stream->steps.events % EVENTS_PER_TICK == 0 ||
	       (uint8_t)packet.ptr[4] == EVENT_HEARTBEAT ||
	       stream->current.read_ms - stream->acked.posted_ms > POST_MS;
}

/* Return how long the stream may wait for a packet before it serves acknowledgements, heartbeats and the checkpoint. */
static int64_t tick_interval_ms(const struct stream *stream)
{
	const struct lane *lane = &stream->lane;
	if (commit_is_idle(lane->commit))
		return stream_dump_heartbeat_ms(lane->sync->config->heartbeat_s);
	return stream_backfill_waits_for_reports(stream) ? REPORTS_MS : LANE_POLL_MS;
}

/* Wait for the next packet, at most until the next tick. */
static int wait_for_packet(struct stream *stream, struct wait *wait, struct err *err)
{
	int64_t tick_ms = stream->steps.ticked_ms + tick_interval_ms(stream);
	if (clock_mono_ms() >= tick_ms)
		return stream_tick(stream, err) < 0 ? -1 : LANE_PROGRESS;
	if (tick_ms < wait->until_ms)
		wait->until_ms = tick_ms;
	return LANE_WAIT;
}

/* No packet has arrived: this is the time of a backfill. */
static int do_without_packet(struct stream *stream, struct wait *wait, struct err *err)
{
	int rc = stream_backfill_serve(stream, true, err);
	if (rc == 0)
		return wait_for_packet(stream, wait, err);
	return rc < 0 || stream_tick(stream, err) < 0 ? -1 : LANE_PROGRESS;
}

/* Process the packets that have arrived, up to the next tick. A halt shuts the connection down, so that reading fails. */
static int step_follow(struct stream *stream, struct wait *wait, struct err *err)
{
	struct packet_source *packets = stream->connection.packets;
	struct lane *lane = &stream->lane;
	struct slice packet;
	bool timed;
	int rc = 0;
	if (!lane_stopping(lane) && lane_is_full(lane))
		return lane_wait_for_room(lane, wait, err);
	if (!lane_stopping(lane) && stream_backfill_serve(stream, false, err) < 0)
		return -1;
	while (!lane_stopping(lane)) {
		rc = packet_source_ready(packets, wait, err);
		if (rc == 0)
			return do_without_packet(stream, wait, err);
		if (rc < 0 || (rc = packet_source_next(packets, &packet, err)) <= 0)
			break;
		timed = needs_time(stream, packet);
		if (timed)
			stream->current.read_ms = clock_mono_ms();
		trx_reader_put(&stream->reader, packet);
		if (stream_process_packet(stream, err) < 0)
			return -1;
		if (is_tick_due(stream, packet))
			return stream_tick(stream, err) < 0 ? -1 : LANE_PROGRESS;
		if (timed && lane_is_full(lane))
			return LANE_PROGRESS;
	}
	if (rc < 0 && !lane_stopping(lane))
		return stream_lost(stream, err);
	begin_drain(stream);
	return LANE_PROGRESS;
}

/* ---- away ---- */

/* Return whether the server has been away for so long that the sync must try another host. */
static bool gives_up(struct stream *stream)
{
	int64_t now_ms = clock_mono_ms();
	if (stream->connection.away_ms == 0)
		stream->connection.away_ms = now_ms;
	return stream->lane.sync->config->source.nhosts > 1 &&
	       now_ms - stream->connection.away_ms > AWAY_MS;
}

static void begin_away(struct stream *stream, struct err *why)
{
	struct stream_steps *steps = &stream->steps;
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = backoff_next(&steps->backoff, now_ms - steps->connect_ms);
	if (steps->lost_ms == 0)
		steps->lost_ms = now_ms;
	if (!lane_stopping(&stream->lane))
		sync_events_emit_failure(&stream->lane.sync->events, SYNC_EVENT_SOURCE_LOST, why,
					 wait_ms);
	*why = (struct err)ERR_INIT;
	stream_rewind(stream);
	steps->phase = STREAM_AWAY;
	steps->until_ms = now_ms + wait_ms;
}

/* Wait to connect again. Serve acknowledgements, heartbeats and the checkpoint meanwhile. */
static int step_away(struct stream *stream, struct wait *wait, struct err *err)
{
	int64_t now_ms = clock_mono_ms(), until_ms = stream->steps.until_ms;
	if (lane_stopping(&stream->lane)) {
		begin_drain(stream);
		return LANE_PROGRESS;
	}
	if (now_ms >= until_ms) {
		stream->steps.phase = STREAM_CONNECT;
		return LANE_PROGRESS;
	}
	if (stream_tick(stream, err) < 0)
		return -1;
	*wait = (struct wait){-1,
			      until_ms < now_ms + LANE_POLL_MS ? until_ms : now_ms + LANE_POLL_MS};
	return LANE_WAIT;
}

/* ---- the end ---- */

static int end_failed(struct stream *stream, struct err *err)
{
	lane_purge(&stream->lane);
	*err = stream->steps.why;
	return -1;
}

/* Return whether the stream shall end, and has not failed. It may wait for Kafka at that time, which then ends with an error. */
static bool shall_end(const struct stream *stream)
{
	const struct sync *sync = stream->lane.sync;
	return atomic_load(&sync->flags.stop) || sync_part_is_stopped(sync, SYNC_STREAM);
}

/* End with an error. What was sent before an error of the source or of a row, or before a stop or a pause, still counts. */
static int fail(struct stream *stream, struct err *err)
{
	bool counts = err->code != ERR_KAFKA || shall_end(stream);
	stream->steps.failed = true;
	stream->steps.why = *err;
	stream_close_packets(stream);
	stream_clock_end(stream);
	if (!counts || err->code == ERR_DISPLACED)
		return end_failed(stream, err);
	begin_drain(stream);
	return LANE_PROGRESS;
}

/* Wait a bounded time for acknowledgements, then post the position that they reach. */
static int step_drain(struct stream *stream, struct err *err)
{
	const _Atomic bool *abort = &stream->lane.sync->flags.abort;
	int rc = 0;
	if (!atomic_load(abort))
		rc = sink_drain(stream->lane.sink, DRAIN_STEP_MS, abort, err);
	if (rc < 0)
		return -1;
	if (rc > 0 && !atomic_load(abort) && clock_mono_ms() < stream->steps.until_ms)
		return LANE_PROGRESS;
	commit_serve(stream->lane.commit, true);
	return stream->steps.failed ? end_failed(stream, err) : LANE_DONE;
}

/* ---- all phases ---- */

static int step_phase(struct stream *stream, struct wait *wait, struct err *err)
{
	switch (stream->steps.phase) {
	case STREAM_BEGIN:
		return step_begin(stream, err);
	case STREAM_CONNECT:
		return step_connect(stream, err);
	case STREAM_FOLLOW:
		return step_follow(stream, wait, err);
	case STREAM_AWAY:
		return step_away(stream, wait, err);
	case STREAM_DRAIN:
		break;
	}
	return step_drain(stream, err);
}

static int on_error(struct stream *stream, struct err *err)
{
	struct stream_steps *steps = &stream->steps;
	bool reads = steps->phase == STREAM_CONNECT || steps->phase == STREAM_FOLLOW;
	if (reads && stream->connection.lost && !gives_up(stream)) {
		begin_away(stream, err);
		return LANE_PROGRESS;
	}
	if (steps->phase != STREAM_DRAIN)
		return fail(stream, err);
	if (steps->failed)
		log_debug("stream: %s", err->text);
	else
		steps->why = *err;
	return end_failed(stream, err);
}

static int step(struct lane *lane, struct wait *wait, struct err *err)
{
	int rc;
	stream_backfill_listen(of(lane));
	rc = step_phase(of(lane), wait, err);
	return rc < 0 ? on_error(of(lane), err) : rc;
}

int stream_open(struct stream *stream, struct lane **lane, struct err *err)
{
	struct sync *sync = stream->lane.sync;
	const struct commit_meaning meaning = stream_meaning(stream);
	*lane = &stream->lane;
	if (lane_open(&stream->lane, sync, SYNC_STREAM, "stream", sync->queue_bytes,
		      checkpoint_lease(&sync->checkpoint), &meaning, stream->lane.metrics, err) < 0)
		return -1;
	stream->lane.step = step;
	if (stream->options.backfill)
		stream->lane.wakeup = &stream->options.backfill->wakeup;
	heartbeat_init(&stream->heartbeat, stream->lane.config);
	stream_begin_cursor(stream);
	return 0;
}

void stream_close(struct stream *stream, int rc)
{
	stream_close_packets(stream);
	stream_clock_end(stream);
	stream_backfill_close(stream);
	atomic_store(&stream->lane.metrics->lag_bytes, -1);
	if (rc < 0)
		lane_note_failure(&stream->lane);
	lane_close(&stream->lane);
}

int stream_run(struct stream *stream, struct err *err)
{
	struct lane *lane;
	int rc = stream_open(stream, &lane, err);
	if (rc == 0)
		rc = lane_run(lane, err);
	stream_close(stream, rc);
	return rc;
}
