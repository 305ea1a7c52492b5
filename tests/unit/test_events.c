/* How the stream handles events between rows: server heartbeats and rotations. */
#include "unit.h"

#include "events.h"

#include "base/clock.h"
#include "binlog/trx_reader.h"
#include "engine/state/binlog_clock.h"
#include "engine/stream/stream.h"
#include "engine/stream/stream_priv.h"
#include "sink/sink.h"
#include "sink/store/store.h"

struct fixture {
	struct sync sync;
	struct sync_config config;
	struct stream *stream;
	struct lane_metrics metrics;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct position start;
	struct commit_meaning meaning;
	position_init(&start);
	sync_init(&f->sync, NULL, 0, &f->config);
	f->stream =
		stream_new(&f->sync, &(struct stream_start){.position = &start}, NULL, &f->metrics);
	arena_init(&f->stream->lane.texts, 0);
	f->config.sink.kind = SINK_DISCARD;
	f->stream->lane.sink = sink_new(&f->config.sink, "test", 0, NULL, NULL, &f->err);
	assert_non_null(f->stream->lane.sink);
	checkpoint_init(&f->sync.checkpoint, store_open_memory(), "test");
	meaning = stream_meaning(f->stream);
	f->stream->lane.commit =
		commit_post_new(&f->sync, f->stream->lane.sink, f->stream->lane.halt, &meaning);
	f->stream->cursor.file = f->stream->files.read = "bin.000001";
	strcpy(f->stream->read.file, f->stream->cursor.file);
	f->stream->cursor.verify = false; /* heartbeats made here have no checksum */
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sink_free(f->stream->lane.sink);
	commit_free(f->stream->lane.commit);
	checkpoint_fini(&f->sync.checkpoint);
	arena_fini(&f->stream->lane.texts);
	stream_free(f->stream);
	sync_fini(&f->sync);
	test_free(f);
	return 0;
}

static void packet(struct fixture *f, struct slice bytes)
{
	trx_reader_put(&f->stream->reader, bytes);
	if (stream_process_packet(f->stream, &f->err) < 0)
		fail_msg("%s", f->err.text);
}

/* Makes a server heartbeat at an offset of the file, with room for the checksum of the captured format. */
static struct slice heartbeat_at(uint8_t *bytes, uint32_t offset, bool checksum)
{
	const char file[] = "bin.000001";
	uint32_t size = EVENT_HEADER_SIZE + sizeof(file) - 1 + (checksum ? 4 : 0);
	memset(bytes, 0, size);
	bytes[4] = EVENT_HEARTBEAT;
	memcpy(bytes + 9, &size, sizeof(size));
	memcpy(bytes + 13, &offset, sizeof(offset));
	memcpy(bytes + EVENT_HEADER_SIZE, file, sizeof(file) - 1);
	return slice_of(bytes, size);
}

static void quiet(struct fixture *f, uint32_t offset)
{
	uint8_t bytes[64];
	packet(f, heartbeat_at(bytes, offset, f->stream->cursor.format.checksum));
}

static bool drained(const struct fixture *f)
{
	assert_int_equal(f->stream->idle.drained, atomic_load(&f->metrics.drained));
	return f->stream->idle.drained;
}

/* Rule: commit-time. Drained is two server heartbeats at the same position with no event between, on this connection, and
 * what the terminal shows as lag follows it in both directions. */
static void drained_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	unsigned at = 0;
	packet(f, events_next(true, "rows", EVENT_FORMAT_DESCRIPTION, &at)->packet);
	quiet(f, 500);
	assert_false(drained(f));
	quiet(f, 600); /* MySQL sends some while it skips transactions */
	assert_false(drained(f));
	quiet(f, 600);
	assert_true(drained(f));
	packet(f, events_next(true, "rows", EVENT_GTID_MARIADB, &at)->packet);
	assert_false(drained(f));
	quiet(f, 600); /* the first after an event */
	assert_false(drained(f));
	quiet(f, 600);
	assert_true(drained(f));
	stream_rewind(f->stream); /* another connection */
	assert_false(drained(f));
	quiet(f, 600);
	assert_false(drained(f));
}

static void reading(struct fixture *f, int64_t server_ms, uint64_t offset)
{
	f->stream->clock.next = (struct binlog_reading){.server_ms = server_ms, .offset = offset};
	strcpy(f->stream->clock.next.file, "bin.000001");
}

static int64_t watermark(struct fixture *f)
{
	assert_int_equal(stream_tick(f->stream, &f->err), 0);
	return f->stream->clock.watermark;
}

/* Rule: commit-time (docs/messages.md, "Heartbeats"). The watermark is the highest commit time of finished
 * transactions, or a time of the server before it wrote what is sent. It is never the time at which packets arrive, and it
 * never decreases. */
static void the_watermark_of_heartbeats(void **state)
{
	struct fixture *f = *state;
	struct stream *stream = f->stream;
	unsigned at = 0;
	stream->lane.config = &f->config;
	stream->lane.metrics = &f->metrics;
	packet(f, events_next(true, "rows", EVENT_FORMAT_DESCRIPTION, &at)->packet);
	assert_int_equal(watermark(f), 0); /* unknown: no heartbeat */
	stream->read.commit_ms = 1000;
	assert_int_equal(watermark(f), 1000);
	stream->cursor.offset = stream->read.offset = 500;
	stream_set_drained(stream, true); /* from server heartbeats, which may be old */
	assert_int_equal(watermark(f), 1000);
	reading(f, 5000, 501);
	assert_int_equal(watermark(f), 1000);
	quiet(f, 500);
	assert_int_equal(watermark(f), 1000);
	quiet(f, 501); /* the server has nothing more before that place */
	assert_int_equal(watermark(f), 5000);
	reading(f, 6000, 700);
	stream->cursor.offset = 700;
	stream->reader.trx.open = true; /* begins at 500; its rows are not sent yet */
	assert_int_equal(watermark(f), 5000);
	stream->reader.trx.open = false;
	assert_int_equal(watermark(f), 6000);
	reading(f, 4000, 700); /* the server's clock was set back */
	assert_int_equal(watermark(f), 6000);
	stream->read.commit_ms = 6005;
	assert_int_equal(watermark(f), 6005);
}

/* A session may set its own `timestamp`: a time in the future is not from the server's clock. */
static void a_time_to_come_is_no_watermark(void **state)
{
	struct fixture *f = *state;
	struct stream *stream = f->stream;
	stream->clock.ahead_ms = 1000000 - clock_mono_ms();
	stream->clock.is_set = true;
	assert_true(stream_clock_may_be(stream, 1000000));
	assert_false(stream_clock_may_be(stream, 1100000));
}

/* Rule: always-advance. What the server writes outside transactions moves the position when nothing more arrives,
 * only forward, and not inside a transaction. */
static void a_quiet_server_moves_the_position(void **state)
{
	struct fixture *f = *state;
	struct stream *stream = f->stream;
	unsigned at = 0;
	stream->read.offset = stream->cursor.offset = 300;
	packet(f, events_next(true, "rows", EVENT_FORMAT_DESCRIPTION, &at)->packet);
	stream->cursor.offset = 500;
	quiet(f, 500);
	assert_int_equal(stream->read.offset, 300);
	quiet(f, 500);
	assert_int_equal(stream->read.offset, 500);
	commit_serve(stream->lane.commit, true);
	assert_int_equal(stream->acked.position.offset, 500);
	assert_string_equal(stream->acked.position.file, "bin.000001");
	stream->cursor.offset = 4; /* a dump by GTID has begun at the start of the file */
	quiet(f, 500);
	assert_int_equal(stream->read.offset, 500);
	stream->cursor.file = "bin.000002";
	quiet(f, 500);
	assert_string_equal(stream->read.file, "bin.000002");
	assert_int_equal(stream->read.offset, 4);
	packet(f, events_next(true, "rows", EVENT_GTID_MARIADB, &at)->packet);
	stream->cursor.offset += 1000;
	quiet(f, 600);
	quiet(f, 600);
	assert_true(stream->idle.drained);
	assert_true(stream->read.offset < stream->cursor.offset);
}

/* Rule: long-sessions. Min(500 ms, heartbeat / 4). */
static void the_server_says_often_enough_that_it_is_there(void **state)
{
	(void)state;
	assert_int_equal(stream_dump_heartbeat_ms(0), 500); /* none of ours */
	assert_int_equal(stream_dump_heartbeat_ms(5), 500);
	assert_int_equal(stream_dump_heartbeat_ms(2), 500);
	assert_int_equal(stream_dump_heartbeat_ms(1), 250);
	assert_int_equal(stream_dump_heartbeat_ms(0.1), 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(drained_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_watermark_of_heartbeats, setup, teardown),
		cmocka_unit_test_setup_teardown(a_time_to_come_is_no_watermark, setup, teardown),
		cmocka_unit_test_setup_teardown(a_quiet_server_moves_the_position, setup, teardown),
		cmocka_unit_test(the_server_says_often_enough_that_it_is_there),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
