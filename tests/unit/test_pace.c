/* pace: how many bytes a sink with a lease has in flight; also the times of the lease. */
#include "unit.h"

#include "sink/lease.h"
#include "sink/kafka/pace.h"

enum { LATE_MS = 4000, MOST = 8 << 20 };

static struct pace pace;

static int setup(void **state)
{
	(void)state;
	pace_init(&pace, LATE_MS, MOST);
	pace_tick(&pace, INT64_C(1234567890));
	return 0;
}

static void pass(int64_t ms)
{
	pace_tick(&pace, pace.now * pace.span_ms + ms);
}

static unsigned send_one(void)
{
	unsigned span = pace_span(&pace);
	pace_sent(&pace);
	return span;
}

/* The age is that of the oldest message without a report, in any order of the reports. */
static void the_oldest_counts(void **state)
{
	unsigned first, second, third;
	(void)state;
	first = send_one();
	pass(LATE_MS / 2);
	second = send_one();
	pass(LATE_MS / 2);
	third = send_one();
	assert_false(pace_is_late(&pace));
	pace_reported(&pace, second, 1, 0);
	pass(2 * pace.span_ms);
	assert_true(pace_is_late(&pace));
	pace_reported(&pace, first, 1, 0);
	pass(0);
	assert_false(pace_is_late(&pace));
	pass(LATE_MS);
	assert_true(pace_is_late(&pace));
	pace_reported(&pace, third, 1, 0);
	pass(0);
	assert_false(pace_is_late(&pace));
}

/* Spans are distinguished by their number modulo PACE_SPANS: a pause does not make them old. */
static void a_pause(void **state)
{
	(void)state;
	pace_reported(&pace, send_one(), 1, 0);
	pass(3 * PACE_SPANS * pace.span_ms);
	assert_false(pace_is_late(&pace));
	(void)send_one();
	pass(pace.span_ms);
	assert_false(pace_is_late(&pace));
	pass(LATE_MS);
	assert_true(pace_is_late(&pace));
}

static void it_grows_while_it_is_used(void **state)
{
	unsigned span;
	(void)state;
	assert_int_equal(pace.bytes, PACE_FIRST_BYTES);
	pace_reported(&pace, send_one(), 1000, 1000);
	assert_int_equal(pace.bytes, PACE_FIRST_BYTES); /* the queue is not in use */
	pace_reported(&pace, send_one(), 1000, PACE_FIRST_BYTES);
	assert_int_equal(pace.bytes, PACE_FIRST_BYTES + 1000);
	span = send_one();
	pass(LATE_MS * 3 / 4);
	pace_reported(&pace, span, 1000, PACE_FIRST_BYTES);
	assert_int_equal(pace.bytes, PACE_FIRST_BYTES + 1000); /* too soon to grow again */
	for (int i = 0; i < 100; i++)
		pace_reported(&pace, send_one(), 1 << 20, MOST);
	assert_int_equal(pace.bytes, MOST);
}

/* The pace shrinks once for each late report. */
static void it_shrinks_when_it_is_late(void **state)
{
	unsigned span = send_one();
	(void)state;
	for (int i = 0; i < 100; i++)
		pace_reported(&pace, send_one(), 1 << 20, MOST);
	pass(LATE_MS + 2 * pace.span_ms);
	assert_true(pace_is_late(&pace));
	assert_true(pace_is_late(&pace));
	assert_int_equal(pace.bytes, MOST / 2);
	pace_reported(&pace, span, 1, MOST);
	for (int i = 0; i < 10; i++) {
		span = send_one();
		pass(LATE_MS + 2 * pace.span_ms);
		assert_true(pace_is_late(&pace));
		pace_reported(&pace, span, 1, MOST);
		pass(0);
		assert_false(pace_is_late(&pace));
	}
	assert_int_equal(pace.bytes, PACE_FIRST_BYTES);
}

static void a_small_queue(void **state)
{
	(void)state;
	pace_init(&pace, LATE_MS, 1000);
	assert_int_equal(pace.bytes, 1000);
}

/* The last message that a process may send arrives before its successor begins (docs/decisions/0019). */
static void the_times_fit_together(void **state)
{
	enum {
		SCAN_MS = 1000
	}; /* interval at which librdkafka looks for messages that are too old */
	struct lease lease;
	(void)state;
	unsetenv("TIDEWAY_LEASE_MS");
	lease_init(&lease);
	assert_int_equal(lease.times[LEASE_OVER], 20000);
	assert_int_equal(lease.times[LEASE_HANDOVER], 30000);
	assert_true(lease.times[LEASE_SEND] + lease.times[LEASE_OVER] + SCAN_MS <
		    lease.times[LEASE_HANDOVER]);
	assert_true(lease.times[LEASE_SAVE] < lease.times[LEASE_SEND]);
	assert_true(lease.times[LEASE_ACKED] < lease.times[LEASE_OVER]);
	lease_renew(&lease, 1000);
	assert_int_equal(lease_age_ms(&lease, 1500), 500);
	setenv("TIDEWAY_LEASE_MS", "2000", 1);
	lease_init(&lease);
	unsetenv("TIDEWAY_LEASE_MS");
	assert_int_equal(lease.times[LEASE_OVER], 2000);
	assert_int_equal(lease.times[LEASE_SEND], 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_oldest_counts, setup),
		cmocka_unit_test_setup(a_pause, setup),
		cmocka_unit_test_setup(it_grows_while_it_is_used, setup),
		cmocka_unit_test_setup(it_shrinks_when_it_is_late, setup),
		cmocka_unit_test_setup(a_small_queue, setup),
		cmocka_unit_test_setup(the_times_fit_together, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
