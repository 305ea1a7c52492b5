/* stream_clock: the server's clock. A heartbeat may carry a time only when everything that the server wrote before that time
 * is sent. Silence proves nothing, since packets may be late (rule: commit-time, docs/decisions/0017). */
#include "base/clock.h"
#include "engine/stream/stream_priv.h"

#include <stdio.h>

enum {
	INTERVAL_MS = 1000,       /* the longest time between two readings ... */
	QUIET_INTERVAL_MS = 5000, /* ... and the same without heartbeats */
	INTERVAL_MIN_MS = 20,
	FRESH_MS =
		3000, /* the status shows "at the end of the binlog" for a reading up to this age */
	TOLERANCE_MS = 1000, /* clocks do not run at the same speed */
};

static int64_t interval_ms(const struct stream *stream)
{
	int64_t quarter_ms = (int64_t)(stream->lane.sync->config->heartbeat_s * 1000 / 4);
	if (quarter_ms <= 0)
		return QUIET_INTERVAL_MS;
	if (quarter_ms < INTERVAL_MIN_MS)
		return INTERVAL_MIN_MS;
	return quarter_ms < INTERVAL_MS ? quarter_ms : INTERVAL_MS;
}

void stream_clock_start(struct stream *stream)
{
	const struct sync *sync = stream->lane.sync;
	struct stream_clock *clock = &stream->clock;
	if (clock->asks == NULL)
		clock->asks = binlog_clock_start(sync->source, interval_ms(stream), sync->label);
	else
		binlog_clock_hurry(clock->asks);
	clock->next.file[0] = '\0';
	clock->seen_file = NULL;
}

void stream_clock_end(struct stream *stream)
{
	binlog_clock_end(stream->clock.asks);
	stream->clock.asks = NULL;
}

void stream_clock_seen(struct stream *stream, struct slice file, uint64_t offset)
{
	struct stream_clock *clock = &stream->clock;
	bool current = stream->cursor.file && slice_equal(slice_str(stream->cursor.file), file);
	clock->seen_file = current ? stream->cursor.file : NULL;
	clock->seen_offset = offset;
}

bool stream_clock_may_be(const struct stream *stream, int64_t ms)
{
	const struct stream_clock *clock = &stream->clock;
	int64_t limit_ms = ms - clock->ahead_ms - TOLERANCE_MS;
	/* the time at which the transaction was read is nearly always enough */
	return !clock->is_set || limit_ms <= stream->current.read_ms || limit_ms <= clock_mono_ms();
}

bool stream_clock_is_fresh(const struct stream *stream)
{
	const struct stream_clock *clock = &stream->clock;
	return !clock->is_set ||
	       clock_mono_ms() - clock->passed_asked_ms < FRESH_MS + 2 * interval_ms(stream);
}

static bool reaches(const char *file, uint64_t offset, const char *end_file, uint64_t end_offset)
{
	return file && position_compare_files(file, offset, end_file, end_offset) >= 0;
}

/* An open transaction was not sent. The offset of a server heartbeat has 32 bits. */
bool stream_has_passed(const struct stream *stream, const char *file, uint64_t offset)
{
	const struct stream_clock *clock = &stream->clock;
	if (stream->reader.trx.open || stream->current.slot_open)
		return reaches(stream->files.read, stream->read.offset, file, offset);
	if (reaches(stream->cursor.file, stream->cursor.offset, file, offset))
		return true;
	return offset <= UINT32_MAX && reaches(clock->seen_file, clock->seen_offset, file, offset);
}

int64_t stream_clock_lag_ms(const struct stream *stream)
{
	const struct stream_clock *clock = &stream->clock;
	int64_t since_ms = clock->passed_asked_ms;
	if (clock->asks == NULL)
		return 0;
	if (since_ms < stream->steps.connect_ms)
		since_ms = stream->steps.connect_ms;
	return clock_mono_ms() - since_ms;
}

int64_t stream_clock_lag_bytes(const struct stream *stream)
{
	const struct stream_clock *clock = &stream->clock;
	const char *file = stream->cursor.file;
	uint64_t at = stream->cursor.offset, end = clock->end_offset;
	if (clock->end_file[0] == '\0' || file == NULL)
		return -1;
	if (stream_has_passed(stream, clock->end_file, clock->end_offset))
		return 0;
	if (strcmp(file, clock->end_from) == 0)
		end += clock->end_between;
	else if (strcmp(file, clock->end_file) != 0)
		return -1;
	return end > at ? (int64_t)(end - at) : 0;
}

/* Forget the old clock: the new connection may lead to another server, if the name has several addresses. */
static bool is_of_dump(const struct stream *stream, const struct binlog_reading *reading)
{
	return stream->connection.dump &&
	       strcmp(reading->server, dump_server(stream->connection.dump)->identity) == 0;
}

/* A binlog that became shorter is another one. Its end proves nothing about the binlog that is being read. */
static bool is_shorter(const struct stream_clock *clock, const struct binlog_reading *reading)
{
	return clock->end_file[0] != '\0' &&
	       position_compare_files(reading->file, reading->offset, clock->end_file,
				      clock->end_offset) < 0;
}

static void take_reading(struct stream *stream)
{
	struct stream_clock *clock = &stream->clock;
	struct binlog_reading reading;
	if (clock->asks == NULL || !binlog_clock_take(clock->asks, stream->cursor.file, &reading) ||
	    !is_of_dump(stream, &reading) || is_shorter(clock, &reading))
		return;
	snprintf(clock->end_file, sizeof(clock->end_file), "%s", reading.file);
	clock->end_offset = reading.offset;
	snprintf(clock->end_from, sizeof(clock->end_from), "%s", reading.from);
	clock->end_between = reading.between;
	clock->ahead_ms = reading.server_ms - reading.asked_ms;
	clock->is_set = true;
	if (clock->next.file[0] == '\0')
		clock->next = reading;
}

static void pass_reading(struct stream *stream)
{
	struct stream_clock *clock = &stream->clock;
	if (clock->next.file[0] == '\0' ||
	    !stream_has_passed(stream, clock->next.file, clock->next.offset))
		return;
	if (clock->next.server_ms > clock->passed_ms)
		clock->passed_ms = clock->next.server_ms;
	clock->passed_asked_ms = clock->next.asked_ms;
	clock->next.file[0] = '\0';
}

/* Return the higher of two times up to which everything is sent: that of the last reading whose end was passed, and that of
 * the last transaction. */
void stream_clock_tick(struct stream *stream)
{
	const struct stream_clock *clock = &stream->clock;
	int64_t watermark = stream->read.commit_ms;
	take_reading(stream);
	pass_reading(stream);
	if (clock->passed_ms > watermark)
		watermark = clock->passed_ms;
	if (watermark > stream->clock.watermark)
		stream->clock.watermark = watermark;
}
