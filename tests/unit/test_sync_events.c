/* Events of a sync: their readers, and the log line of each. */
#include "unit.h"

#include "engine/state/sync.h"

#include <stdio.h>

static const struct sync_config config = {.name = "shop"};

struct seen {
	unsigned n;
	enum sync_event_kind kinds[8];
	char sync[16];
	char cause[32];
};

static void note(void *arg, const struct sync_event *event)
{
	struct seen *seen = arg;
	seen->kinds[seen->n++] = event->kind;
	snprintf(seen->sync, sizeof(seen->sync), "%s", event->sync);
	assert_true(event->time_ms > 0);
	if (event->kind == SYNC_EVENT_KAFKA_LOST)
		snprintf(seen->cause, sizeof(seen->cause), "%s", event->kafka.cause);
}

/* Each reader gets each event, with the name of the sync. */
static void readers_get_every_event(void **state)
{
	struct sync_events events;
	struct seen first = {0}, second = {0};
	(void)state;
	sync_events_init(&events, "shop");
	sync_events_read(&events, note, &first);
	sync_events_emit_kind(&events, SYNC_EVENT_STARTED);
	sync_events_read(&events, note, &second);
	sync_events_emit_duration(&events, SYNC_EVENT_COPY_DONE, 1500);
	assert_int_equal(first.n, 2);
	assert_int_equal(first.kinds[0], SYNC_EVENT_STARTED);
	assert_int_equal(first.kinds[1], SYNC_EVENT_COPY_DONE);
	assert_int_equal(second.n, 1);
	assert_string_equal(second.sync, "shop");
	sync_events_fini(&events);
}

/* An outage that the sink reports is an event of the sync. */
static void outages_become_events(void **state)
{
	const struct kafka_outage lost = {.cluster = "Kafka k:9092", .cause = "refused"};
	const struct kafka_outage back = {.cluster = "Kafka k:9092", .is_over = true, .ms = 2500};
	struct seen seen = {0};
	struct sync sync;
	(void)state;
	sync_init(&sync, NULL, 0, &config);
	assert_ptr_equal(sync.sink.outages, &sync.outages);
	sync_events_read(&sync.events, note, &seen);
	sync.outages.read(sync.outages.arg, &lost);
	sync.outages.read(sync.outages.arg, &back);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.kinds[0], SYNC_EVENT_KAFKA_LOST);
	assert_int_equal(seen.kinds[1], SYNC_EVENT_KAFKA_BACK);
	assert_string_equal(seen.cause, "refused");
	sync_fini(&sync);
}

static void assert_line(struct sync_event event, const char *line)
{
	struct buf out;
	buf_init(&out);
	sync_event_print(&event, &out);
	assert_string_equal(buf_cstr(&out), line);
	buf_fini(&out);
}

static void each_has_its_line(void **state)
{
	const struct err why = {
		.code = ERR_SOURCE, .id = 301, .retriable = true, .text = "source db: gone"};
	const struct kafka_outage lost = {.cluster = "Kafka k:9092", .cause = "refused"};
	const struct kafka_outage back = {.cluster = "Kafka k:9092", .is_over = true, .ms = 2500};
	struct position position;
	(void)state;
	position_init(&position);
	snprintf(position.file, sizeof(position.file), "bin.000007");
	position.offset = 4;
	assert_line((struct sync_event){.kind = SYNC_EVENT_STARTED}, "");
	assert_line((struct sync_event){.kind = SYNC_EVENT_STATE_CHANGED,
					.state = {SYNC_STARTING, SYNC_COPYING}},
		    "state: copying, was starting");
	assert_line((struct sync_event){.kind = SYNC_EVENT_CHECKPOINT_FOUND, .position = &position},
		    "checkpoint: found, resuming at bin.000007:4");
	assert_line((struct sync_event){.kind = SYNC_EVENT_STREAM_BEGUN, .position = &position},
		    "stream: reading the binlog from bin.000007:4");
	assert_line((struct sync_event){.kind = SYNC_EVENT_HOST_CHANGED,
					.host = {"db2:3306", "db1:3306"}},
		    "source: using db2:3306");
	assert_line((struct sync_event){.kind = SYNC_EVENT_RETENTION_LOW, .retention = {90, 100}},
		    "the full sync needs the binlog of the last 90 s, and the server keeps it for "
		    "100 s: raise binlog_expire_logs_seconds before the server purges it");
	assert_line((struct sync_event){.kind = SYNC_EVENT_JUMPED,
					.jump = {&position, &position, &why}},
		    "jumped over a part of the binlog, whose changes are not sent: from "
		    "bin.000007:4 to bin.000007:4 (on_purged = \"jump\", E-301)");
	assert_line((struct sync_event){.kind = SYNC_EVENT_COPY_BEGUN, .copy = {2, 3, 4}},
		    "full sync: 2 of 3 tables to read, 4 lanes");
	assert_line((struct sync_event){.kind = SYNC_EVENT_TABLE_COPIED,
					.table = {.name = SLICE("a.b"), .rows = 7}},
		    "full sync: table a.b done, 7 rows");
	assert_line((struct sync_event){.kind = SYNC_EVENT_BACKFILL_BEGUN, .copy = {1, 3, 1}},
		    "backfill: 1 of 3 tables to read beside the stream");
	assert_line((struct sync_event){.kind = SYNC_EVENT_BACKFILL_DONE, .copy = {1, 3, 1}},
		    "backfill: 1 table done");
	assert_line((struct sync_event){.kind = SYNC_EVENT_COPY_NOT_NEEDED},
		    "full sync: every table has been copied already");
	assert_line((struct sync_event){.kind = SYNC_EVENT_COPY_DONE, .duration = {1500}},
		    "full sync: done in 1.5 s");
	assert_line((struct sync_event){.kind = SYNC_EVENT_SOURCE_LOST, .failure = {&why, 500}},
		    "source db: gone; connecting again in 0.5 s");
	assert_line((struct sync_event){.kind = SYNC_EVENT_ATTEMPT_FAILED, .failure = {&why, 500}},
		    "source db: gone; starting again from the checkpoint in 0.5 s");
	assert_line((struct sync_event){.kind = SYNC_EVENT_FAILED, .failure = {&why}},
		    "E-301: source db: gone");
	assert_line((struct sync_event){.kind = SYNC_EVENT_FAILED, .failure = {&why, 0, true}},
		    "E-301: source db: gone; only this sync ends (on_failure = \"isolate\")");
	assert_line((struct sync_event){.kind = SYNC_EVENT_CALLBACK_FAILED,
					.callback = {"every", &why}},
		    "E-301: every: source db: gone");
	assert_line((struct sync_event){.kind = SYNC_EVENT_KAFKA_LOST, .kafka = lost},
		    "Kafka k:9092: no broker can be reached: refused; waiting, nothing is lost");
	assert_line((struct sync_event){.kind = SYNC_EVENT_KAFKA_BACK, .kafka = back},
		    "Kafka k:9092: reachable again after 2.5 s");
	assert_line((struct sync_event){.kind = SYNC_EVENT_PAUSED, .position = &position},
		    "paused, also after a restart, until 'tideway resume'; the position waits at "
		    "bin.000007:4");
	position.file[0] = '\0';
	assert_line((struct sync_event){.kind = SYNC_EVENT_PAUSED, .position = &position},
		    "paused, also after a restart, until 'tideway resume'");
	assert_line((struct sync_event){.kind = SYNC_EVENT_RESUMED}, "the pause has ended");
	position_fini(&position);
}

static void a_statement_has_its_line(void **state)
{
	(void)state;
	assert_line((struct sync_event){.kind = SYNC_EVENT_STATEMENT_HELD_BACK,
					.statement = {"drop_table", SLICE("a.t"),
						      SLICE("DROP TABLE t"), "bin.000007", 4}},
		    "a statement at bin.000007:4 is not written to Kafka (ddl.drop_table = "
		    "\"alert\"): DROP TABLE t");
}

/* Each kind has its own name, by which readers outside of the program know it. */
static void names_are_unique(void **state)
{
	(void)state;
	for (int a = 0; a < SYNC_EVENT_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(sync_event_name((enum sync_event_kind)a),
						sync_event_name((enum sync_event_kind)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_get_every_event),
		cmocka_unit_test(outages_become_events),
		cmocka_unit_test(each_has_its_line),
		cmocka_unit_test(a_statement_has_its_line),
		cmocka_unit_test(names_are_unique),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
