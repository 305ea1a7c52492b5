/* The states of a sync, and which may follow which. */
#include "unit.h"

#include "engine/state/sync_state.h"

/* From each state: the states that may follow. */
static const char *const following[SYNC_STATE_COUNT] = {
	[SYNC_STARTING] = "copying streaming waiting paused stopping stopped failed",
	[SYNC_COPYING] = "starting streaming waiting pausing stopping stopped failed",
	[SYNC_STREAMING] = "starting waiting pausing stopping stopped failed",
	[SYNC_WAITING] = "starting stopped",
	[SYNC_PAUSING] = "starting stopping stopped failed",
	[SYNC_PAUSED] = "starting waiting stopped failed",
	[SYNC_STOPPING] = "stopped failed",
	[SYNC_STOPPED] = "",
	[SYNC_FAILED] = "",
};

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

static void every_pair(void **state)
{
	(void)state;
	for (int from = 0; from < SYNC_STATE_COUNT; from++)
		for (int to = 0; to < SYNC_STATE_COUNT; to++)
			assert_int_equal(
				sync_state_may_follow((enum sync_state)from, (enum sync_state)to),
				listed(following[from], sync_state_name((enum sync_state)to)));
}

/* Two states are final. A stop can end a sync in every other one. */
static void every_sync_can_end(void **state)
{
	(void)state;
	for (int from = 0; from < SYNC_STATE_COUNT; from++) {
		enum sync_state one = (enum sync_state)from;
		bool final = one == SYNC_STOPPED || one == SYNC_FAILED;
		assert_int_equal(sync_state_is_final(one), final);
		if (!final)
			assert_true(sync_state_may_follow(one, SYNC_STOPPED));
	}
	assert_true(sync_state_may_follow(SYNC_STARTING, SYNC_FAILED));
	assert_true(sync_state_may_follow(SYNC_STOPPING, SYNC_FAILED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(every_sync_can_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
