/* The identities that the stream has touched: recorded once, found, and given up when there are too many. */
#include "unit.h"

#include "engine/lane/backfill_window.h"

#include <stdio.h>

static void what_is_added_is_found(void **state)
{
	struct backfill_window window;
	(void)state;
	backfill_window_init(&window, BACKFILL_WINDOW_BYTES);
	assert_true(backfill_window_is_empty(&window));
	backfill_window_add(&window, SLICE("a"));
	backfill_window_add(&window, SLICE("b"));
	assert_true(backfill_window_has(&window, SLICE("a")));
	assert_true(backfill_window_has(&window, SLICE("b")));
	assert_false(backfill_window_has(&window, SLICE("c")));
	assert_false(backfill_window_is_empty(&window));
	backfill_window_clear(&window);
	assert_false(backfill_window_has(&window, SLICE("a")));
	assert_true(backfill_window_is_empty(&window));
	backfill_window_fini(&window);
}

static void the_same_key_takes_room_once(void **state)
{
	struct backfill_window window;
	size_t once;
	(void)state;
	backfill_window_init(&window, BACKFILL_WINDOW_BYTES);
	backfill_window_add(&window, SLICE("a"));
	once = window.bytes;
	for (int i = 0; i < 1000; i++)
		backfill_window_add(&window, SLICE("a"));
	assert_int_equal(window.bytes, once);
	backfill_window_fini(&window);
}

static void a_full_window_gives_up(void **state)
{
	struct backfill_window window;
	char key[24];
	(void)state;
	backfill_window_init(&window, 10000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		backfill_window_add(&window, slice_str(key));
	}
	assert_true(window.is_full);
	assert_true(backfill_window_is_empty(&window));
	backfill_window_clear(&window);
	assert_false(window.is_full);
	backfill_window_add(&window, SLICE("a"));
	assert_true(backfill_window_has(&window, SLICE("a")));
	backfill_window_fini(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_found),
		cmocka_unit_test(the_same_key_takes_room_once),
		cmocka_unit_test(a_full_window_gives_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
