/* What the events of a sync mean for its status. */
#include "unit.h"

#include "control/sync_journal.h"

#include <stdio.h>

struct fixture {
	struct sync_events events;
	struct sync_journal *journal;
	struct journal_entry entry;
};

static void begin(struct fixture *f)
{
	sync_events_init(&f->events, "shop");
	f->journal = sync_journal_new(&f->events);
}

static void end(struct fixture *f)
{
	sync_journal_free(f->journal);
	sync_events_fini(&f->events);
}

static const struct journal_entry *read_entry(struct fixture *f, uint64_t rows)
{
	sync_journal_read(f->journal, rows, &f->entry);
	return &f->entry;
}

static void emit_kafka(struct fixture *f, bool is_over)
{
	const struct kafka_outage outage = {
		.cluster = "Kafka k:9092", .cause = "refused", .is_over = is_over};
	sync_events_emit(&f->events, (struct sync_event){.kind = is_over ? SYNC_EVENT_KAFKA_BACK
									 : SYNC_EVENT_KAFKA_LOST,
							 .kafka = outage});
}

/* A problem has the code and text of its error. It is over when the sync works again. */
static void a_problem_holds_until_the_sync_works(void **state)
{
	struct err why = {.code = ERR_SOURCE, .id = E_CONNECT, .text = "source db: gone"};
	struct position position;
	struct fixture f;
	(void)state;
	position_init(&position);
	begin(&f);
	assert_int_equal(read_entry(&f, 0)->nproblems, 0);
	sync_events_emit_failure(&f.events, SYNC_EVENT_ATTEMPT_FAILED, &why, 1500);
	assert_int_equal(read_entry(&f, 0)->nproblems, 1);
	assert_int_equal(f.entry.restarts, 1);
	assert_int_equal(f.entry.problems[0].id, E_CONNECT);
	assert_string_equal(f.entry.problems[0].text, "source db: gone");
	assert_int_equal(f.entry.problems[0].retry_ms - f.entry.problems[0].since_ms, 1500);
	sync_events_emit_failure(&f.events, SYNC_EVENT_ATTEMPT_FAILED, &why, 0);
	assert_int_equal(read_entry(&f, 0)->restarts, 2);
	assert_int_equal(f.entry.problems[0].retry_ms, 0);
	sync_events_emit_position(&f.events, SYNC_EVENT_STREAM_BEGUN, &position);
	assert_int_equal(read_entry(&f, 0)->nproblems, 0);
	assert_int_equal(f.entry.restarts, 2);
	end(&f);
}

/* The outage of Kafka is a problem of its own. The clients that reported it may be closed before they report its end. */
static void kafka_is_away_beside_it(void **state)
{
	struct err why = {.code = ERR_KAFKA, .id = E_NOT_ACKNOWLEDGED, .text = "too late"};
	struct fixture f;
	(void)state;
	begin(&f);
	emit_kafka(&f, false);
	assert_int_equal(read_entry(&f, 0)->nproblems, 1);
	assert_int_equal(f.entry.problems[0].id, E_BROKER_AWAY);
	assert_non_null(strstr(f.entry.problems[0].text, "Kafka k:9092"));
	emit_kafka(&f, true);
	assert_int_equal(read_entry(&f, 0)->nproblems, 0);
	emit_kafka(&f, false);
	sync_events_emit_failure(&f.events, SYNC_EVENT_ATTEMPT_FAILED, &why, 500);
	assert_int_equal(read_entry(&f, 0)->nproblems, 2);
	sync_events_emit(&f.events,
			 (struct sync_event){.kind = SYNC_EVENT_COPY_BEGUN, .copy = {1, 1, 1}});
	assert_int_equal(read_entry(&f, 0)->nproblems, 0);
	end(&f);
}

/* A warning about the retention of the binlog holds until the binlog is not needed any more. */
static void retention_is_a_problem(void **state)
{
	const struct sync_event low = {.kind = SYNC_EVENT_RETENTION_LOW, .retention = {90, 100}};
	struct fixture f;
	(void)state;
	begin(&f);
	sync_events_emit(&f.events, low);
	assert_int_equal(read_entry(&f, 0)->nproblems, 1);
	assert_int_equal(f.entry.problems[0].id, E_BINLOG_NEEDED);
	assert_non_null(strstr(f.entry.problems[0].text, "keeps it for 100 s"));
	sync_events_emit_kind(&f.events, SYNC_EVENT_RESUMED);
	assert_int_equal(read_entry(&f, 0)->nproblems, 0);
	end(&f);
}

static void a_state_has_a_beginning(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f);
	assert_int_equal(read_entry(&f, 0)->state_ms, 0);
	assert_string_equal(f.entry.host, "");
	sync_events_emit(&f.events, (struct sync_event){.kind = SYNC_EVENT_STATE_CHANGED,
							.state = {SYNC_STARTING, SYNC_COPYING}});
	sync_events_emit(&f.events, (struct sync_event){.kind = SYNC_EVENT_HOST_CHANGED,
							.host = {"db2:3306", "db1:3306"}});
	assert_true(read_entry(&f, 0)->state_ms > 0);
	assert_string_equal(f.entry.host, "db2:3306");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_problem_holds_until_the_sync_works),
		cmocka_unit_test(kafka_is_away_beside_it),
		cmocka_unit_test(retention_is_a_problem),
		cmocka_unit_test(a_state_has_a_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
