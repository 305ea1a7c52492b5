#include "unit.h"

#include "base/clock.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_is_now),
		cmocka_unit_test(mono_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
