#include "unit.h"

#include "engine/lane/window.h"

static struct window window;

static int setup(void **state)
{
	(void)state;
	window_init(&window);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	window_fini(&window);
	return 0;
}

static uint64_t open_and_close(unsigned messages, uint64_t offset)
{
	uint64_t token = window_open(&window);
	window_sent(&window, token, messages);
	window_close(&window, token, &(struct mark){.offset = offset});
	return token;
}

static void expect_mark(uint64_t offset)
{
	struct mark mark;
	assert_true(window_take(&window, &mark));
	assert_int_equal(mark.offset, offset);
}

static void expect_none(void)
{
	struct mark mark;
	assert_false(window_take(&window, &mark));
}

/* A checkpoint moves only over a gap-free prefix of acknowledged transactions. */
static void marks_come_without_gaps(void **state)
{
	(void)state;
	uint64_t a = open_and_close(2, 10), b = open_and_close(1, 20), c = open_and_close(1, 30);
	window_ack(&window, c, 1);
	window_ack(&window, b, 1);
	expect_none();
	window_ack(&window, a, 1);
	expect_none();
	window_ack(&window, a, 1);
	expect_mark(10);
	expect_mark(20);
	expect_mark(30);
	expect_none();
	assert_true(window_empty(&window));
}

static void an_open_slot_is_never_taken(void **state)
{
	(void)state;
	uint64_t token = window_open(&window);
	window_sent(&window, token, 1);
	window_ack(&window, token, 1);
	expect_none();
	window_close(&window, token, &(struct mark){.offset = 7});
	expect_mark(7);
}

/* Rule: always-advance. Filtered and empty transactions advance the window too. */
static void empty_transactions_advance(void **state)
{
	(void)state;
	open_and_close(0, 1);
	expect_mark(1);
	uint64_t busy = open_and_close(1, 2);
	open_and_close(0, 3);
	expect_none();
	window_ack(&window, busy, 1);
	expect_mark(2);
	expect_mark(3);
}

/* A lane that ends frees the records of its marks, acknowledged or not. The sanitizer reports leaks. */
static void what_is_left_is_dropped(void **state)
{
	(void)state;
	struct mark marks[2] = {{.offset = 1}, {.offset = 2}};
	for (int i = 0; i < 2; i++) {
		record_batch_add(&marks[i].records, SLICE("full/shop.a"), SLICE("{}"));
		mark_set_xa(&marks[i])->prepared = true;
		uint64_t token = window_open(&window);
		window_sent(&window, token, (unsigned)i);
		window_close(&window, token, &marks[i]);
	}
	window_open(&window); /* an open slot has no mark */
	window_fini(&window);
	assert_true(window_empty(&window));
}

static void it_grows_to_its_limit(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < WINDOW_SLOTS_MAX; i++) {
		assert_false(window_full(&window));
		open_and_close(1, i);
	}
	assert_true(window_full(&window));
	for (uint64_t token = window.next; token-- > 1;)
		window_ack(&window, token, 1);
	for (uint64_t i = 0; i < WINDOW_SLOTS_MAX; i++)
		expect_mark(i);
	expect_none();
	assert_true(window_empty(&window));
}

/* Compares with a model: random opens, closes and acknowledgements. */
static void any_order_of_acknowledgements(void **state)
{
	(void)state;
	enum { SLOTS = 2000 };
	static unsigned left[SLOTS];
	uint64_t seed = 42, taken = 0, opened = 0;
	while (taken < SLOTS) {
		struct mark mark;
		uint64_t pick = unit_random(&seed);
		if (opened < SLOTS && pick % 3 == 0) {
			left[opened] = (unsigned)(unit_random(&seed) % 4);
			open_and_close(left[opened], opened);
			opened++;
		} else if (opened > taken) {
			uint64_t i = taken + unit_random(&seed) % (opened - taken);
			if (left[i] > 0) {
				window_ack(&window, i + 1, 1);
				left[i]--;
			}
		}
		while (window_take(&window, &mark)) {
			assert_int_equal(mark.offset, taken);
			assert_int_equal(left[taken], 0);
			taken++;
		}
		assert_true(taken == opened || left[taken] > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(marks_come_without_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(an_open_slot_is_never_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_transactions_advance, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_left_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(it_grows_to_its_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(any_order_of_acknowledgements, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
