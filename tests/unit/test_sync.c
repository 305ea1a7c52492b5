/* How a sync is asked to end. */
#include "unit.h"

#include "engine/state/sync.h"

static const struct sync_config config;

static bool told(const struct sync *sync, bool stop, bool abort)
{
	return atomic_load(&sync->flags.stop) == stop && atomic_load(&sync->flags.abort) == abort &&
	       atomic_load(&sync->flags.halt) == (stop || abort);
}

/* An abort ends one attempt, a stop ends them all. Code that waits looks at one flag for both. */
static void a_stop_stays_and_an_abort_passes(void **state)
{
	struct sync sync;
	(void)state;
	sync_init(&sync, NULL, 0, &config);
	assert_true(told(&sync, false, false));
	sync_abort(&sync);
	assert_true(told(&sync, false, true));
	sync_again(&sync);
	assert_true(told(&sync, false, false));
	sync_stop(&sync);
	assert_true(told(&sync, true, false));
	sync_abort(&sync);
	assert_true(told(&sync, true, true));
	sync_again(&sync);
	assert_true(told(&sync, true, false));
	sync_fini(&sync);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_stays_and_an_abort_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
