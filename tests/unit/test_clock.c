#include "unit.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/mailbox.h"
#include "base/simulated.h"
#include "base/thread.h"

#include <time.h>

static void wall_is_now(void **state)
{
	(void)state;
	int64_t before = (int64_t)time(NULL) * 1000;
	int64_t now = clock_wall_ms();
	int64_t after = ((int64_t)time(NULL) + 1) * 1000;
	assert_true(before - 1 <= now && now <= after);
}

static void mono_never_goes_back(void **state)
{
	(void)state;
	int64_t last = clock_mono_ns();
	for (unsigned i = 0; i < 10000; i++) {
		int64_t now = clock_mono_ns();
		assert_true(now >= last);
		last = now;
	}
	int64_t ms = clock_mono_ms();
	assert_true(ms >= last / 1000000 && ms < last / 1000000 + 60000);
}

/* ---- a simulator with one thread ---- */

enum { DAY_MS = 24 * 3600 * 1000 };

static int64_t virtual_ns;
static const void *woken;

static int64_t virtual_now(bool wall)
{
	return virtual_ns + (wall ? 1000LL * DAY_MS * 1000000 : 0);
}

static bool virtual_wait(const void *key, int64_t until_ns)
{
	if (key && key == woken) {
		woken = NULL;
		return true;
	}
	if (until_ns > virtual_ns)
		virtual_ns = until_ns;
	return false;
}

static void virtual_wake(const void *key)
{
	woken = key;
}

static void virtual_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	(void)thread, (void)name;
	run(arg);
}

static void virtual_join(pthread_t thread)
{
	(void)thread;
}

static const struct simulated virtual_time = {virtual_now, virtual_wait, virtual_wake,
					      virtual_start, virtual_join};

static int simulate(void **state)
{
	(void)state;
	virtual_ns = 5000000;
	woken = NULL;
	simulated = &virtual_time;
	return 0;
}

static int stop_simulating(void **state)
{
	(void)state;
	simulated = NULL;
	return 0;
}

static void simulated_time_moves_by_waiting(void **state)
{
	(void)state;
	assert_int_equal(clock_mono_ms(), 5);
	assert_int_equal(clock_boot_ms(), 5);
	assert_int_equal(clock_mono_ns(), 5000000);
	assert_int_equal(clock_wall_ms(), 1000LL * DAY_MS + 5);
	clock_pause(DAY_MS);
	assert_int_equal(clock_mono_ms(), DAY_MS + 5);
	clock_pause(0);
	clock_pause(-1);
	assert_int_equal(clock_poll(NULL, 0, 7), 0);
	assert_int_equal(clock_mono_ms(), DAY_MS + 12);
}

static void simulated_deadlines(void **state)
{
	struct mailbox box;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct cond cond;
	(void)state;
	mailbox_init(&box, 1);
	assert_null(mailbox_take(&box, DAY_MS));
	assert_int_equal(clock_mono_ms(), DAY_MS + 5);
	assert_true(mailbox_put(&box, &box, DAY_MS));
	assert_false(mailbox_put(&box, &lock, 1));
	assert_int_equal(clock_mono_ms(), DAY_MS + 6);
	assert_ptr_equal(mailbox_take(&box, DAY_MS), &box);
	mailbox_fini(&box);

	cond_init(&cond);
	pthread_mutex_lock(&lock);
	assert_false(cond_wait(&cond, &lock, DAY_MS + 10));
	assert_int_equal(clock_mono_ms(), DAY_MS + 10);
	cond_signal(&cond);
	assert_true(cond_wait(&cond, &lock, COND_FOR_EVER));
	assert_int_equal(clock_mono_ms(), DAY_MS + 10);
	pthread_mutex_unlock(&lock);
	cond_fini(&cond);
}

static void *pause_an_hour(void *arg)
{
	(void)arg;
	clock_pause(DAY_MS / 24);
	return NULL;
}

static void simulated_threads(void **state)
{
	pthread_t thread = pthread_self();
	(void)state;
	thread_start(&thread, "test", pause_an_hour, NULL);
	thread_join(thread);
	assert_int_equal(clock_mono_ms(), DAY_MS / 24 + 5);
}

/* ---- the machine's again ---- */

static void a_deadline_of_the_machine(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int64_t until_ms = clock_mono_ms() + 20;
	struct cond cond;
	(void)state;
	cond_init(&cond);
	pthread_mutex_lock(&lock);
	while (cond_wait(&cond, &lock, until_ms))
		;
	pthread_mutex_unlock(&lock);
	assert_true(clock_mono_ms() >= until_ms);
	cond_fini(&cond);
}

#define SIMULATED(name) cmocka_unit_test_setup_teardown(name, simulate, stop_simulating)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_is_now),
		cmocka_unit_test(mono_never_goes_back),
		SIMULATED(simulated_time_moves_by_waiting),
		SIMULATED(simulated_deadlines),
		SIMULATED(simulated_threads),
		cmocka_unit_test(a_deadline_of_the_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
