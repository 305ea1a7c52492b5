/* A supervisor whose source is away: its states, its events, and how it stops. Needs no server. */
#include "script_fixture.h"

#include "base/fault.h"
#include "base/thread.h"
#include "engine/sync/supervisor.h"

#include <poll.h>
#include <stdatomic.h>

enum { SEEN_MAX = 64, WAIT_MS = 30000 };

struct run {
	struct fixture f;
	struct script_options script;
	struct supervisor *supervisor;
	pthread_t thread;
	struct err err;
	int rc;
	/* written by the supervisor's thread */
	char seen[SEEN_MAX][40]; /* kinds of events, states as "=state" */
	_Atomic unsigned nseen;
};

static void note(void *arg, const struct sync_event *event)
{
	struct run *run = arg;
	unsigned n = atomic_load(&run->nseen);
	if (n == SEEN_MAX)
		return;
	if (event->kind == SYNC_EVENT_STATE_CHANGED)
		snprintf(run->seen[n], sizeof(run->seen[n]), "=%s",
			 sync_state_name(event->state.to));
	else
		snprintf(run->seen[n], sizeof(run->seen[n]), "%s", sync_event_name(event->kind));
	atomic_store(&run->nseen, n + 1);
}

static void *run_main(void *arg)
{
	struct run *run = arg;
	run->rc = supervisor_run(run->supervisor, &run->err);
	return NULL;
}

/* Make the supervisor, which does not run yet. more: further options of sync.run. */
static void prepare(struct run *run, const char *more)
{
	struct supervisor_options options = {.script = &run->script};
	char text[1000];
	memset(run, 0, sizeof(*run));
	fixture_init(&run->f);
	snprintf(text, sizeof(text),
		 "local sync, source, kafka = require 'tideway.sync', require 'tideway.source', "
		 "require 'tideway.kafka'\n"
		 "sync.run { name = 's', source = source.mysql { host = '127.0.0.1', port = 1, "
		 "user = 'u', tables = 'a.b' }, sink = kafka.lines { file = 'out' }, %s }\n",
		 more);
	fixture_write(run->f.folder, "sync.lua", text);
	run->script = fixture_options(&run->f);
	run->supervisor = supervisor_new(&options, &run->f.err);
	if (run->supervisor == NULL)
		fail_msg("%s", run->f.err.text);
	sync_events_read(supervisor_events(run->supervisor), note, run);
}

static void begin(struct run *run, const char *more)
{
	prepare(run, more);
	thread_start(&run->thread, "sync", run_main, run);
}

static int end(struct run *run)
{
	pthread_join(run->thread, NULL);
	supervisor_free(run->supervisor);
	fixture_fini(&run->f);
	return run->rc;
}

/* Waits until `times` events of the kind were seen. */
static void wait_seen(struct run *run, const char *what, unsigned times)
{
	for (int ms = 0; ms < WAIT_MS; ms += 10, (void)poll(NULL, 0, 10)) {
		unsigned found = 0;
		for (unsigned i = 0; i < atomic_load(&run->nseen); i++)
			found += strcmp(run->seen[i], what) == 0;
		if (found >= times)
			return;
	}
	fail_msg("no %s", what);
}

static void assert_seen(const struct run *run, unsigned from, const char *const *expected)
{
	for (unsigned i = 0; expected[i]; i++)
		assert_string_equal(run->seen[from + i], expected[i]);
}

/* The supervisor retries a source that is away. A stop while it waits ends the sync without an error. */
static void attempts_follow_each_other(void **state)
{
	static const char *const expected[] = {"started",  "source_away", "attempt_failed",
					       "=waiting", "=starting",   "attempt_failed",
					       "=waiting", NULL};
	struct run run;
	struct sync_status status;
	unsigned n;
	(void)state;
	begin(&run, "mode = 'stream'");
	wait_seen(&run, "=waiting", 2);
	supervisor_status(run.supervisor, &status);
	assert_true(status.state == SYNC_WAITING || status.state == SYNC_STARTING);
	assert_int_equal(status.rows, 0);
	assert_int_equal(status.lag_ms, -1);
	supervisor_stop(run.supervisor);
	pthread_join(run.thread, NULL);
	n = run.nseen;
	supervisor_status(run.supervisor, &status);
	assert_int_equal(status.state, SYNC_STOPPED);
	assert_seen(&run, 0, expected);
	assert_string_equal(run.seen[n - 2], "=stopped");
	assert_string_equal(run.seen[n - 1], "stopped");
	assert_int_equal(run.rc, 0);
	supervisor_free(run.supervisor);
	fixture_fini(&run.f);
}

/* A stop before supervisor_run, and one after its end, are not lost and do no harm. */
static void a_stop_may_come_at_any_time(void **state)
{
	struct run run;
	(void)state;
	begin(&run, "mode = 'stream'");
	supervisor_stop(run.supervisor);
	supervisor_stop(run.supervisor);
	wait_seen(&run, "stopped", 1);
	supervisor_stop(run.supervisor);
	supervisor_wake(run.supervisor);
	assert_int_equal(end(&run), 0);
}

/* A sync that waits for its source can be paused and resumed. It stops without an error while it is paused. */
static void a_pause_holds_until_it_is_ended(void **state)
{
	struct run run;
	struct sync_status status;
	(void)state;
	begin(&run, "mode = 'stream', checkpoint = { file = 'checkpoint' }");
	wait_seen(&run, "=waiting", 1);
	supervisor_pause(run.supervisor);
	wait_seen(&run, "paused", 1);
	supervisor_status(run.supervisor, &status);
	assert_int_equal(status.state, SYNC_PAUSED);
	assert_true(status.paused_ms > 0);
	supervisor_resume(run.supervisor);
	wait_seen(&run, "resumed", 1);
	wait_seen(&run, "=waiting", 2);
	supervisor_status(run.supervisor, &status);
	assert_int_equal(status.paused_ms, 0);
	assert_int_equal(status.wish, PAUSE_KEEP);
	supervisor_pause(run.supervisor);
	wait_seen(&run, "paused", 2);
	supervisor_stop(run.supervisor);
	assert_int_equal(end(&run), 0);
}

/* The begin of a pause, and then its end, cannot be saved at first: the next try saves them. */
static void a_pause_survives_saves_that_fail(void **state)
{
	static const char *const expected[] = {"started",  "source_away", "attempt_failed",
					       "=waiting", "=starting",   "=paused",
					       "paused",   NULL};
	struct run run;
	struct sync_status status;
	(void)state;
	setenv("TIDEWAY_FAULT", "save:1,save:3", 1);
	fault_init();
	prepare(&run, "mode = 'stream', checkpoint = { file = 'checkpoint' }");
	supervisor_pause(run.supervisor);
	thread_start(&run.thread, "sync", run_main, &run);
	wait_seen(&run, "paused", 1);
	assert_seen(&run, 0, expected);
	supervisor_resume(run.supervisor);
	wait_seen(&run, "resumed", 1);
	supervisor_status(run.supervisor, &status);
	assert_int_equal(status.paused_ms, 0);
	assert_int_equal(status.wish, PAUSE_KEEP);
	supervisor_stop(run.supervisor);
	assert_int_equal(end(&run), 0);
	unsetenv("TIDEWAY_FAULT");
	fault_init();
}

/* A permanent error fails the sync at once: here the checkpoint cannot be opened. */
static void a_failure_is_final(void **state)
{
	static const char *const expected[] = {"started", "source_away", "=failed", "failed", NULL};
	struct run run;
	(void)state;
	begin(&run, "checkpoint = { file = 'missing/folder/checkpoint' }");
	pthread_join(run.thread, NULL);
	assert_int_equal(run.rc, -1);
	assert_false(run.err.retriable);
	assert_non_null(strstr(run.err.text, "missing/folder"));
	assert_int_equal(run.nseen, 4);
	assert_seen(&run, 0, expected);
	supervisor_free(run.supervisor);
	fixture_fini(&run.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attempts_follow_each_other),
		cmocka_unit_test(a_stop_may_come_at_any_time),
		cmocka_unit_test(a_pause_holds_until_it_is_ended),
		cmocka_unit_test(a_pause_survives_saves_that_fail),
		cmocka_unit_test(a_failure_is_final),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
