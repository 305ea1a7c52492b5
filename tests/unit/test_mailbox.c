#include "unit.h"

#include "base/mailbox.h"

#include "base/clock.h"

enum { LETTERS = 20000 };

static int letters[LETTERS];

static void keeps_order_and_refuses_when_full(void **state)
{
	(void)state;
	struct mailbox box;
	mailbox_init(&box, 3);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 3; i++)
			assert_true(mailbox_put(&box, &letters[i], 0));
		assert_false(mailbox_put(&box, &letters[3], 0));
		assert_false(mailbox_put(&box, &letters[3], 1));
		for (unsigned i = 0; i < 3; i++)
			assert_ptr_equal(mailbox_take(&box, 0), &letters[i]);
		assert_null(mailbox_take(&box, 0));
	}
	mailbox_fini(&box);
}

static void take_gives_up_after_its_time(void **state)
{
	(void)state;
	struct mailbox box;
	mailbox_init(&box, 1);
	int64_t before = clock_mono_ms();
	assert_null(mailbox_take(&box, 20));
	assert_true(clock_mono_ms() - before >= 19);
	mailbox_fini(&box);
}

static void closed_box_drains(void **state)
{
	(void)state;
	struct mailbox box;
	mailbox_init(&box, 2);
	assert_true(mailbox_put(&box, &letters[0], -1));
	mailbox_close(&box);
	assert_false(mailbox_put(&box, &letters[1], -1));
	assert_ptr_equal(mailbox_take(&box, -1), &letters[0]);
	assert_null(mailbox_take(&box, -1));
	mailbox_fini(&box);
}

static void *take_until_closed(void *arg)
{
	struct mailbox *box = arg;
	uintptr_t sum = 0;
	for (int *letter; (letter = mailbox_take(box, -1)) != NULL;)
		sum += (uintptr_t)(letter - letters) + 1;
	return (void *)sum;
}

static void *put_half(void *arg)
{
	struct mailbox *box = arg;
	for (unsigned i = 0; i < LETTERS / 2; i++)
		if (!mailbox_put(box, &letters[i], -1))
			return box;
	return NULL;
}

/* Two senders, two receivers, a small ring: every letter arrives once. */
static void nothing_is_lost_between_threads(void **state)
{
	(void)state;
	struct mailbox box;
	pthread_t senders[2], receivers[2];
	void *result;
	uintptr_t sum = 0;
	mailbox_init(&box, 4);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&receivers[i], NULL, take_until_closed, &box), 0);
		assert_int_equal(pthread_create(&senders[i], NULL, put_half, &box), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(senders[i], &result);
		assert_null(result);
	}
	mailbox_close(&box);
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(receivers[i], &result);
		sum += (uintptr_t)result;
	}
	assert_int_equal(sum, (uintptr_t)(LETTERS / 2) * (LETTERS / 2 + 1));
	mailbox_fini(&box);
}

static void close_wakes_a_waiting_taker(void **state)
{
	(void)state;
	struct mailbox box;
	pthread_t taker;
	void *result;
	mailbox_init(&box, 1);
	assert_int_equal(pthread_create(&taker, NULL, take_until_closed, &box), 0);
	mailbox_close(&box);
	pthread_join(taker, &result);
	assert_null(result);
	mailbox_fini(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_refuses_when_full),
		cmocka_unit_test(take_gives_up_after_its_time),
		cmocka_unit_test(closed_box_drains),
		cmocka_unit_test(nothing_is_lost_between_threads),
		cmocka_unit_test(close_wakes_a_waiting_taker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
