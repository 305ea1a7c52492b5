/* Alerts of a sync: which events begin a condition and which end it, and that each is reported once. */
#include "unit.h"

#include "control/alerts.h"

#include <stdio.h>
#include <stdlib.h>

static const struct err away = {
	.code = ERR_SOURCE, .id = E_CONNECT, .retriable = true, .text = "source db: gone"};
static const struct err refused = {.code = ERR_KAFKA,
				   .id = E_NOT_ACKNOWLEDGED,
				   .retriable = true,
				   .text = "table shop.t: not acknowledged",
				   .table = "shop.t"};

struct run {
	struct sync_events events;
	struct alerts *alerts;
	unsigned wakes;
};

static void count_wake(void *arg)
{
	struct run *run = arg;
	run->wakes++;
}

/* minute: instead of the minute, in ms. */
static void begin(struct run *run, const char *minute)
{
	*run = (struct run){.wakes = 0};
	setenv("TIDEWAY_ALERT_MS", minute, 1);
	sync_events_init(&run->events, "shop");
	run->alerts = alerts_new(&run->events, count_wake, run);
	unsetenv("TIDEWAY_ALERT_MS");
}

static void end(struct run *run)
{
	alerts_free(run->alerts);
	sync_events_fini(&run->events);
}

static void emit(struct run *run, enum sync_event_kind kind)
{
	sync_events_emit_kind(&run->events, kind);
}

static void emit_failure(struct run *run, enum sync_event_kind kind, const struct err *why)
{
	sync_events_emit_failure(&run->events, kind, why, 500);
}

static void emit_kafka(struct run *run, bool is_over)
{
	const struct kafka_outage outage = {
		.is_over = is_over, .cluster = "Kafka k:9092", .cause = "refused"};
	sync_events_emit(&run->events,
			 (struct sync_event){
				 .kind = is_over ? SYNC_EVENT_KAFKA_BACK : SYNC_EVENT_KAFKA_LOST,
				 .kafka = outage,
			 });
}

/* Takes everything that is due, as "kind! other. " with ! for a beginning and . for an end. */
static const char *taken(struct run *run)
{
	static char text[200];
	struct alert alert;
	int64_t wait_ms;
	size_t at = 0;
	text[0] = '\0';
	while (alerts_take(run->alerts, &alert, &wait_ms))
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%s", at ? " " : "",
				       alert_name(alert.kind), alert.is_resolved ? "." : "!");
	return text;
}

static void take(struct run *run, struct alert *alert)
{
	int64_t wait_ms;
	assert_true(alerts_take(run->alerts, alert, &wait_ms));
}

static void assert_nothing(struct run *run, bool later)
{
	struct alert alert;
	int64_t wait_ms = 0;
	assert_false(alerts_take(run->alerts, &alert, &wait_ms));
	if (later)
		assert_in_range(wait_ms, 1, 60000);
	else
		assert_true(wait_ms == -1);
}

/* One alert for all attempts that fail, and one when the stream works again. */
static void a_failing_sync_is_reported_once(void **state)
{
	struct alert alert;
	struct run run;
	(void)state;
	begin(&run, "0");
	assert_nothing(&run, false);
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	assert_int_equal(run.wakes, 1);
	take(&run, &alert);
	assert_int_equal(alert.kind, ALERT_RETRYING);
	assert_string_equal(alert_severity_name(alert.kind), "warning");
	assert_false(alert.is_resolved);
	assert_string_equal(alert.sync, "shop");
	assert_int_equal(alert.code, E_NOT_ACKNOWLEDGED);
	assert_string_equal(alert.table, "shop.t");
	assert_string_equal(alert.text, "table shop.t: not acknowledged; starting again from the "
					"checkpoint in 0.5 s");
	assert_true(alert.since_ms > 0 && alert.time_ms >= alert.since_ms);
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	assert_nothing(&run, false);
	emit(&run, SYNC_EVENT_STREAM_BEGUN);
	take(&run, &alert);
	assert_int_equal(alert.kind, ALERT_RETRYING);
	assert_true(alert.is_resolved);
	assert_non_null(strstr(alert.text, "the sync works again after "));
	assert_nothing(&run, false);
	end(&run);
}

/* A stream that begins and fails at once, again and again, is one condition: it is over when the
 * stream has worked for a minute. */
static void a_failing_stream_does_not_repeat_itself(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "60000");
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	assert_string_equal(taken(&run), "retrying!");
	for (int i = 0; i < 3; i++) {
		emit(&run, SYNC_EVENT_STREAM_BEGUN);
		assert_nothing(&run, true);
		emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
		assert_nothing(&run, false);
	}
	end(&run);
}

/* A short outage raises no alert. A longer one does, and so does its end. */
static void an_outage_is_reported_when_it_lasts(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "60000");
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	emit_kafka(&run, false);
	assert_nothing(&run, true);
	emit_kafka(&run, true);
	emit(&run, SYNC_EVENT_SOURCE_BACK);
	assert_nothing(&run, false);
	end(&run);
	begin(&run, "0");
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	emit_kafka(&run, false);
	assert_string_equal(taken(&run), "source_away! kafka_away!");
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	assert_nothing(&run, false);
	emit(&run, SYNC_EVENT_SOURCE_BACK);
	emit_kafka(&run, true);
	assert_string_equal(taken(&run), "source_away. kafka_away.");
	end(&run);
}

/* An attempt that fails because the source is away counts as an outage; the next attempt that has
 * looked at the source ends it. A broker's clients of the failed attempt do not report any more. */
static void the_next_attempt_ends_outages(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "0");
	emit_kafka(&run, false);
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &away);
	assert_string_equal(taken(&run), "retrying! source_away! kafka_away!");
	sync_events_emit(&run.events,
			 (struct sync_event){.kind = SYNC_EVENT_COPY_BEGUN, .copy = {1, 1, 1}});
	assert_string_equal(taken(&run), "source_away. kafka_away.");
	sync_events_emit(&run.events, (struct sync_event){.kind = SYNC_EVENT_TABLE_COPIED,
							  .table = {.name = SLICE("shop.t")}});
	assert_string_equal(taken(&run), "retrying.");
	end(&run);
}

/* While Kafka is away, a stream that has begun again does not yet work. */
static void an_outage_delays_the_end_of_another(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "0");
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	assert_string_equal(taken(&run), "retrying!");
	emit(&run, SYNC_EVENT_STREAM_BEGUN);
	emit_kafka(&run, false);
	assert_string_equal(taken(&run), "kafka_away!");
	emit_kafka(&run, true);
	assert_string_equal(taken(&run), "retrying. kafka_away.");
	end(&run);
}

/* What was over before anybody took it is still reported, and merges with what follows. */
static void a_slow_reader_loses_no_condition(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "0");
	for (int i = 0; i < 3; i++) {
		emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
		emit(&run, SYNC_EVENT_STREAM_BEGUN);
	}
	assert_string_equal(taken(&run), "retrying! retrying.");
	assert_nothing(&run, false);
	end(&run);
}

/* An error that ends the sync is the last alert, and nothing is over after it. */
static void a_failure_is_the_last(void **state)
{
	const struct err why = {
		.code = ERR_DATA, .id = E_FUNCTION, .text = "sync.lua:7: oh", .table = "shop.t"};
	struct alert alert;
	struct run run;
	(void)state;
	begin(&run, "60000");
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	emit_failure(&run, SYNC_EVENT_ATTEMPT_FAILED, &refused);
	emit_failure(&run, SYNC_EVENT_FAILED, &why);
	assert_string_equal(taken(&run), "retrying! failed!");
	end(&run);
	begin(&run, "60000");
	emit_failure(&run, SYNC_EVENT_FAILED, &why);
	take(&run, &alert);
	assert_string_equal(alert_severity_name(alert.kind), "critical");
	assert_string_equal(alert.text, "sync.lua:7: oh");
	assert_int_equal(alert.code, E_FUNCTION);
	assert_nothing(&run, false);
	end(&run);
	begin(&run, "0");
	emit_failure(&run, SYNC_EVENT_SOURCE_LOST, &away);
	assert_string_equal(taken(&run), "source_away!");
	emit(&run, SYNC_EVENT_STOPPED);
	assert_nothing(&run, false);
	end(&run);
}

/* Retention, failover and a jump. The first host of a process is not a failover. */
static void other_kinds(void **state)
{
	const struct err gone = {.id = E_BINLOG_PURGED, .code = ERR_POSITION, .text = "gone"};
	struct position from, to;
	struct alert alert;
	struct run run;
	(void)state;
	begin(&run, "60000");
	sync_events_emit(&run.events, (struct sync_event){.kind = SYNC_EVENT_HOST_CHANGED,
							  .host = {"db1:1", NULL}});
	assert_nothing(&run, false);
	sync_events_emit(&run.events, (struct sync_event){.kind = SYNC_EVENT_HOST_CHANGED,
							  .host = {"db2:1", "db1:1"}});
	take(&run, &alert);
	assert_int_equal(alert.kind, ALERT_FAILOVER);
	assert_string_equal(alert.text, "source: using db2:1 instead of db1:1");
	assert_int_equal(alert.code, E_NONE);
	assert_nothing(&run, false);
	for (int i = 0; i < 2; i++)
		sync_events_emit(&run.events, (struct sync_event){.kind = SYNC_EVENT_RETENTION_LOW,
								  .retention = {90, 100}});
	assert_string_equal(taken(&run), "retention!");
	sync_events_emit_duration(&run.events, SYNC_EVENT_COPY_DONE, 1);
	assert_string_equal(taken(&run), "retention.");
	position_init(&from);
	position_init(&to);
	sync_events_emit(&run.events, (struct sync_event){.kind = SYNC_EVENT_JUMPED,
							  .jump = {&from, &to, &gone}});
	take(&run, &alert);
	assert_int_equal(alert.kind, ALERT_JUMP);
	assert_int_equal(alert.code, E_BINLOG_PURGED);
	assert_non_null(strstr(alert.text, "jumped over a part of the binlog"));
	assert_nothing(&run, false); /* it has no end */
	end(&run);
}

static void held_back(struct run *run, const char *text, const char *table)
{
	sync_events_emit(&run->events,
			 (struct sync_event){.kind = SYNC_EVENT_STATEMENT_HELD_BACK,
					     .statement = {"other", slice_str(table),
							   slice_str(text), "bin.1", 4}});
}

/* Each statement is an alert. Those that nobody has taken become one, which counts them. */
static void statements(void **state)
{
	struct alert alert;
	struct run run;
	(void)state;
	begin(&run, "60000");
	for (unsigned i = 0; i < 2; i++) {
		held_back(&run, "DROP TABLE t", "a.t");
		take(&run, &alert);
		assert_int_equal(alert.kind, ALERT_DDL);
		assert_string_equal(alert.table, "a.t");
		assert_string_equal(alert.text,
				    "a statement at bin.1:4 is not written to Kafka (ddl.other = "
				    "\"alert\"): DROP TABLE t");
	}
	held_back(&run, "DROP TABLE t", "a.t");
	held_back(&run, "DROP TABLE u", "a.u");
	held_back(&run, "DROP VIEW v", "");
	take(&run, &alert);
	assert_string_equal(alert.table, "");
	assert_string_equal(
		alert.text,
		"2 more statements before this one, see the log; a statement at bin.1:4 is "
		"not written to Kafka (ddl.other = \"alert\"): DROP VIEW v");
	assert_nothing(&run, false);
	end(&run);
}

/* No two kinds have one name: scripts know them by it. */
static void names_are_unique(void **state)
{
	(void)state;
	for (int a = 0; a < ALERT_KIND_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(alert_name((enum alert_kind)a),
						alert_name((enum alert_kind)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_sync_is_reported_once),
		cmocka_unit_test(a_failing_stream_does_not_repeat_itself),
		cmocka_unit_test(an_outage_is_reported_when_it_lasts),
		cmocka_unit_test(the_next_attempt_ends_outages),
		cmocka_unit_test(an_outage_delays_the_end_of_another),
		cmocka_unit_test(a_slow_reader_loses_no_condition),
		cmocka_unit_test(a_failure_is_the_last),
		cmocka_unit_test(other_kinds),
		cmocka_unit_test(statements),
		cmocka_unit_test(names_are_unique),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
