/* copy_lanes: full.parallel = "auto", and the cores that it counts. */
#include "unit.h"

#include "base/cores.h"
#include "engine/sync/copy_lanes.h"

static unsigned within(unsigned cores, unsigned connections, uint64_t parts)
{
	return copy_lanes_within(&(struct copy_room){cores, connections, parts});
}

static void the_scarcest_decides(void **state)
{
	(void)state;
	assert_int_equal(within(2, 100, 100), 2);
	assert_int_equal(within(6, 100, 3), 3);
	assert_int_equal(within(6, 8, 100), 4);
	assert_int_equal(within(64, 1000, 1000), COPY_LANES_MAX);
}

static void there_is_always_one(void **state)
{
	(void)state;
	assert_int_equal(within(1, 100, 100), 1);
	assert_int_equal(within(4, 0, 100), 1);
	assert_int_equal(within(4, 1, 100), 1);
	assert_int_equal(within(4, 100, 0), 1);
	assert_int_equal(within(4, 100, UINT64_MAX), 4);
}

static void the_option_wins(void **state)
{
	(void)state;
	assert_int_equal(copy_lanes_most(&(struct sync_config){.full_parallel = 0}),
			 COPY_LANES_MAX);
	assert_int_equal(copy_lanes_most(&(struct sync_config){.full_parallel = 20}), 20);
	assert_int_equal(
		copy_lanes_most(&(struct sync_config){.full_parallel = 20, .has_loop = true}), 1);
}

static void a_quota_is_rounded_up(void **state)
{
	(void)state;
	assert_int_equal(cores_of_quota(SLICE("200000 100000\n")), 2);
	assert_int_equal(cores_of_quota(SLICE("150000 100000\n")), 2);
	assert_int_equal(cores_of_quota(SLICE("20000 100000")), 1);
	assert_int_equal(cores_of_quota(SLICE("max 100000\n")), 0);
	assert_int_equal(cores_of_quota(SLICE("")), 0);
	assert_int_equal(cores_of_quota(SLICE("200000\n")), 0);
	assert_int_equal(cores_of_quota(SLICE("200000 0\n")), 0);
	assert_true(cores_available() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scarcest_decides),
		cmocka_unit_test(there_is_always_one),
		cmocka_unit_test(the_option_wins),
		cmocka_unit_test(a_quota_is_rounded_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
