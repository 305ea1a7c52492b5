/* The lowest of several sources. */
#include "unit.h"

#include "engine/state/watermarks.h"

static void the_lowest_of_all(void **state)
{
	struct watermarks *watermarks = watermarks_new(3);
	int64_t ms = -1;
	(void)state;
	watermarks_raise(watermarks, 0, 300);
	watermarks_raise(watermarks, 1, 200);
	assert_false(watermarks_lowest(watermarks, &ms)); /* the third is unknown */
	assert_int_equal(ms, -1);
	watermarks_raise(watermarks, 2, 250);
	assert_true(watermarks_lowest(watermarks, &ms));
	assert_int_equal(ms, 200);
	watermarks_raise(watermarks, 1, 400);
	assert_true(watermarks_lowest(watermarks, &ms));
	assert_int_equal(ms, 250);
	watermarks_free(watermarks);
}

/* A stream that starts again at its checkpoint begins with watermarks that were acknowledged before. */
static void it_never_goes_back(void **state)
{
	struct watermarks *watermarks = watermarks_new(2);
	int64_t ms = 0;
	(void)state;
	watermarks_raise(watermarks, 0, 600);
	watermarks_raise(watermarks, 1, 500);
	watermarks_raise(watermarks, 1, 400);
	assert_true(watermarks_lowest(watermarks, &ms));
	assert_int_equal(ms, 500);
	watermarks_hold(watermarks, 1);
	assert_false(watermarks_lowest(watermarks, &ms));
	watermarks_raise(watermarks, 1, 450);
	assert_true(watermarks_lowest(watermarks, &ms));
	assert_int_equal(ms, 500);
	watermarks_free(watermarks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_of_all),
		cmocka_unit_test(it_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
