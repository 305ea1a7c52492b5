/* How much of a backfill may be on its way (src/engine/lane/backfill_pace.h), against a broker that takes so many bytes a second. */
#include "unit.h"

#include "engine/lane/backfill_pace.h"

#define MS INT64_C(1000000)

enum { SLICE = 64 << 10, SLICES_MAX = 1024 };

/* A queue that is emptied at a constant rate. */
struct broker {
	struct backfill_pace pace;
	int64_t now_ns, free_ns; /* when the broker has taken everything */
	int64_t base_ns;         /* the time of an acknowledgement if the queue is empty */
	int64_t byte_ns;
	struct {
		size_t bytes;
		int64_t sent_ns, acked_ns;
	} slices[SLICES_MAX];
	unsigned first, next;
	int64_t longest_ns; /* that a slice has taken since this was set to 0 */
	uint64_t acked;     /* bytes */
};

static struct broker broker_of(int64_t base_ns, int64_t byte_ns)
{
	struct broker broker = {.base_ns = base_ns, .byte_ns = byte_ns};
	backfill_pace_init(&broker.pace);
	return broker;
}

static void send_slice(struct broker *broker)
{
	size_t bytes = backfill_pace_may_send(&broker->pace);
	unsigned i = broker->next++ % SLICES_MAX;
	if (bytes > SLICE)
		bytes = SLICE;
	if (broker->free_ns < broker->now_ns)
		broker->free_ns = broker->now_ns;
	broker->free_ns += (int64_t)bytes * broker->byte_ns;
	broker->slices[i].bytes = bytes;
	broker->slices[i].sent_ns = broker->now_ns;
	broker->slices[i].acked_ns = broker->free_ns + broker->base_ns;
	backfill_pace_sent(&broker->pace, bytes);
}

static void take_acks(struct broker *broker)
{
	while (broker->first < broker->next &&
	       broker->slices[broker->first % SLICES_MAX].acked_ns <= broker->now_ns) {
		unsigned i = broker->first++ % SLICES_MAX;
		int64_t took_ns = broker->now_ns - broker->slices[i].sent_ns;
		backfill_pace_acked(&broker->pace, broker->slices[i].bytes,
				    broker->slices[i].sent_ns, broker->now_ns);
		broker->acked += broker->slices[i].bytes;
		if (took_ns > broker->longest_ns)
			broker->longest_ns = took_ns;
	}
}

/* Send whatever may be sent, one slice in half a millisecond. */
static void run(struct broker *broker, int64_t ms)
{
	for (int64_t end_ns = broker->now_ns + ms * MS; broker->now_ns < end_ns;
	     broker->now_ns += MS / 2) {
		take_acks(broker);
		if (backfill_pace_may_send(&broker->pace) > 0)
			send_slice(broker);
	}
}

/* A broker that is faster than the backfill does not hold it up. */
static void fast_broker(void **state)
{
	struct broker broker = broker_of(3 * MS, 1);
	(void)state;
	run(&broker, 500);
	broker.acked = 0;
	run(&broker, 1000);
	assert_true(broker.acked > UINT64_C(9) * 2000 * SLICE / 10);
}

/* What waits in the queue of a slow broker takes it little longer than the 10 ms that are allowed, and it never waits. */
static void slow_broker(void **state)
{
	struct broker broker = broker_of(3 * MS, 50); /* 20 MB/s */
	(void)state;
	run(&broker, 1000);
	broker.longest_ns = 0;
	broker.acked = 0;
	run(&broker, 5000);
	assert_true(broker.longest_ns < 3 * MS + 25 * MS);
	assert_true(broker.acked > UINT64_C(8) * 5 * 20000000 / 10);
}

/* A broker that becomes slow, and fast again. */
static void broker_changes(void **state)
{
	struct broker broker = broker_of(2 * MS, 2);
	(void)state;
	run(&broker, 2000);
	broker.byte_ns = 100; /* 10 MB/s */
	run(&broker, 2000);
	broker.longest_ns = 0;
	run(&broker, 1000);
	assert_true(broker.longest_ns < 2 * MS + 30 * MS);
	broker.byte_ns = 2;
	run(&broker, 1000);
	broker.acked = 0;
	run(&broker, 1000);
	assert_true(broker.acked > UINT64_C(8) * 2000 * SLICE / 10);
}

/* A broker whose acknowledgements take longer from now on, whatever is sent, holds the backfill up for a few seconds only. */
static void slower_for_good(void **state)
{
	struct broker broker = broker_of(2 * MS, 1);
	(void)state;
	run(&broker, 1000);
	broker.base_ns = 50 * MS;
	run(&broker, 21000);
	broker.acked = 0;
	run(&broker, 1000);
	assert_true(broker.acked > UINT64_C(5) * 2000 * SLICE / 10);
}

/* A backfill that sends less than it may does not get more room. */
static void unused_room(void **state)
{
	struct backfill_pace pace;
	size_t room;
	(void)state;
	backfill_pace_init(&pace);
	room = backfill_pace_may_send(&pace);
	for (int i = 0; i < 100; i++) {
		backfill_pace_sent(&pace, room / 4);
		backfill_pace_acked(&pace, room / 4, i * MS, i * MS + MS);
	}
	assert_int_equal(backfill_pace_may_send(&pace), room);
}

/* A little is sent even if all acknowledgements are late; and the room has an end. */
static void limits(void **state)
{
	struct backfill_pace pace;
	int64_t now_ns = 1;
	(void)state;
	backfill_pace_init(&pace);
	backfill_pace_sent(&pace, 100);
	backfill_pace_acked(&pace, 100, now_ns, now_ns + MS);
	for (int i = 0; i < 20; i++) {
		now_ns += 200 * MS;
		backfill_pace_sent(&pace, 100);
		backfill_pace_acked(&pace, 100, now_ns - 100 * MS, now_ns);
	}
	assert_int_equal(backfill_pace_may_send(&pace), BACKFILL_PACE_MIN);
	for (int i = 0; i < 1000; i++) {
		size_t all = backfill_pace_may_send(&pace);
		backfill_pace_sent(&pace, all);
		backfill_pace_acked(&pace, all, now_ns, now_ns + MS);
	}
	assert_int_equal(backfill_pace_may_send(&pace), BACKFILL_PACE_MAX);
	backfill_pace_sent(&pace, BACKFILL_PACE_MAX + 1);
	assert_int_equal(backfill_pace_may_send(&pace), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fast_broker),    cmocka_unit_test(slow_broker),
		cmocka_unit_test(broker_changes), cmocka_unit_test(slower_for_good),
		cmocka_unit_test(unused_room),    cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
