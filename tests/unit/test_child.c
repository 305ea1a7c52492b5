/* Two children of one sync, each with a lane that works until it is to stop: one is stopped alone, the sync stops both. */
#include "unit.h"

#include "engine/lane/lane.h"
#include "engine/sync/child.h"

#include <poll.h>

enum { WAIT_MS = 30000 };

static const struct sync_config config;

struct worker {
	struct lane lane; /* not open: only what lane_stopping looks at */
	struct child child;
	_Atomic unsigned turns;
	_Atomic bool ends; /* on_end was called */
};

static int work(void *arg, struct err *err)
{
	struct worker *worker = arg;
	while (!lane_stopping(&worker->lane)) {
		atomic_fetch_add(&worker->turns, 1);
		(void)poll(NULL, 0, 1);
	}
	return err_retry(err, E_STOPPED_COPY, "stopped after work");
}

static void on_end(void *arg)
{
	struct worker *worker = arg;
	atomic_store(&worker->ends, true);
}

static void start(struct worker *worker, struct sync *sync, enum sync_part part)
{
	*worker = (struct worker){
		.lane = {.sync = sync, .halt = &sync->flags.parts[part]},
		.child = {.name = "worker", .run = work, .on_end = on_end, .arg = worker},
	};
	sync_start_part(sync, part);
	child_start(&worker->child);
}

static void wait_turns(struct worker *worker, unsigned more)
{
	unsigned from = atomic_load(&worker->turns);
	for (int ms = 0; ms < WAIT_MS; ms++, (void)poll(NULL, 0, 1))
		if (atomic_load(&worker->turns) - from >= more)
			return;
	fail_msg("the child does not work");
}

static void wait_end(struct worker *worker)
{
	for (int ms = 0; ms < WAIT_MS; ms++, (void)poll(NULL, 0, 1))
		if (child_has_ended(&worker->child))
			return;
	fail_msg("the child does not end");
}

static void join(struct worker *worker)
{
	struct err err = ERR_INIT;
	assert_int_equal(child_join(&worker->child, &err), -1);
	assert_int_equal(err.id, E_STOPPED_COPY);
	assert_true(atomic_load(&worker->ends));
	assert_false(worker->child.is_started);
}

/* The other one works on, and the stopped one can be started again beside it. */
static void one_child_is_stopped_alone(void **state)
{
	struct worker copy, stream;
	struct sync sync;
	(void)state;
	sync_init(&sync, NULL, 0, &config);
	start(&copy, &sync, SYNC_COPY);
	start(&stream, &sync, SYNC_STREAM);
	wait_turns(&copy, 3);
	sync_stop_part(&sync, SYNC_COPY);
	wait_end(&copy);
	assert_true(sync_part_is_stopped(&sync, SYNC_COPY));
	assert_false(sync_part_is_stopped(&sync, SYNC_STREAM));
	join(&copy);
	wait_turns(&stream, 3);
	assert_false(child_has_ended(&stream.child));
	start(&copy, &sync, SYNC_COPY);
	wait_turns(&copy, 3);
	sync_stop_part(&sync, SYNC_STREAM);
	wait_end(&stream);
	join(&stream);
	wait_turns(&copy, 3);
	sync_stop(&sync);
	wait_end(&copy);
	join(&copy);
	sync_fini(&sync);
}

/* A stop and an abort of the sync end both, also one that is started afterwards. */
static void the_sync_ends_both(void **state)
{
	(void)state;
	for (int stops = 0; stops < 2; stops++) {
		struct worker copy, stream;
		struct sync sync;
		sync_init(&sync, NULL, 0, &config);
		start(&copy, &sync, SYNC_COPY);
		start(&stream, &sync, SYNC_STREAM);
		wait_turns(&copy, 1);
		wait_turns(&stream, 1);
		if (stops)
			sync_stop(&sync);
		else
			sync_abort(&sync);
		join(&copy);
		join(&stream);
		assert_false(sync_part_is_stopped(&sync, SYNC_COPY));
		start(&copy, &sync, SYNC_COPY);
		join(&copy);
		sync_again(&sync);
		assert_true(atomic_load(&sync.flags.parts[SYNC_COPY]) == (stops == 1));
		sync_fini(&sync);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_child_is_stopped_alone),
		cmocka_unit_test(the_sync_ends_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
