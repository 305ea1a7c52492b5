#include "unit.h"

#include "binlog/held_events.h"

#include <stdio.h>

/* Enough for every buffer to move several times. */
enum { EVENTS = 1000 };

static const struct event *get(struct held_events *held, size_t n, uint64_t *end)
{
	const struct event_query *query;
	const struct event *event = held_events_get(held, n, end, &query);
	assert_null(query);
	return event;
}

static void held_events_come_back(void **state)
{
	(void)state;
	struct held_events held;
	uint64_t end;
	char body[32];
	held_events_init(&held);
	for (uint32_t i = 0; i < EVENTS; i++) {
		int len = snprintf(body, sizeof(body), "body %u", i);
		const struct event event = {
			.type = EVENT_XID, .size = i, .body = slice_of(body, (size_t)len)};
		held_events_add(&held, &event, (UINT64_C(1) << 40) + i, NULL);
	}
	assert_int_equal(held.n, EVENTS);
	for (size_t i = EVENTS; i-- > 0;) {
		const struct event *event = get(&held, i, &end);
		snprintf(body, sizeof(body), "body %zu", i);
		assert_slice(event->body, body);
		assert_int_equal(event->size, i);
		assert_int_equal(end, (UINT64_C(1) << 40) + i);
	}
	assert_true(held_events_size(&held) > EVENTS * strlen("body 1"));
	held_events_clear(&held);
	assert_int_equal(held.n, 0);
	assert_int_equal(held_events_size(&held), 0);
	held_events_fini(&held);
}

/* The result of parsing a Query event points into the copy of its body. */
static void statements_come_back(void **state)
{
	(void)state;
	struct held_events held;
	char body[] = "shop\0ALTER TABLE t ADD a INT";
	const struct event event = {.type = EVENT_QUERY, .body = slice_of(body, sizeof(body) - 1)};
	struct event_query query = {.db = slice_of(body, 4),
				    .sql = slice_of(body + 5, sizeof(body) - 6),
				    .sql_mode = 4};
	held_events_init(&held);
	for (unsigned i = 0; i < EVENTS; i++)
		held_events_add(&held, &event, i, i % 2 ? &query : NULL);
	memset(body, 'x', sizeof(body));
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < EVENTS; i++) {
			const struct event_query *got;
			uint64_t end;
			const struct event *back = held_events_get(&held, i, &end, &got);
			assert_int_equal(got != NULL, i % 2);
			if (got == NULL)
				continue;
			assert_slice(got->db, "shop");
			assert_slice(got->sql, "ALTER TABLE t ADD a INT");
			assert_int_equal(got->sql_mode, 4);
			assert_ptr_equal(got->db.ptr, back->body.ptr);
		}
	held_events_fini(&held);
}

/* The memory of one large transaction is freed. */
static void large_buffers_are_given_back(void **state)
{
	(void)state;
	struct held_events held;
	static char body[1024 * 1024];
	const struct event event = {.type = EVENT_XID, .body = slice_of(body, sizeof(body))};
	held_events_init(&held);
	held_events_add(&held, &event, 0, NULL);
	assert_true(held.bodies.cap >= sizeof(body));
	held_events_clear(&held);
	assert_int_equal(held.bodies.cap, 0);
	for (unsigned i = 0; i < 100000; i++)
		held_events_add(&held, &(struct event){.body = SLICE("")}, i, NULL);
	held_events_clear(&held);
	assert_true(held.cap * sizeof(*held.events) <= 256 * 1024);
	held_events_fini(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_events_come_back),
		cmocka_unit_test(statements_come_back),
		cmocka_unit_test(large_buffers_are_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
