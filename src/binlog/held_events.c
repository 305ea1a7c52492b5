#include "binlog/held_events.h"

#include "base/mem.h"

#include <stdlib.h>

enum { KEEP_BYTES = 256 * 1024, KEEP_EVENTS = KEEP_BYTES / sizeof(struct held_event) };

void held_events_init(struct held_events *held)
{
	*held = (struct held_events){.n = 0};
	buf_init(&held->bodies);
}

void held_events_fini(struct held_events *held)
{
	buf_fini(&held->bodies);
	free(held->events);
	free(held->queries);
}

void held_events_clear(struct held_events *held)
{
	buf_clear(&held->bodies);
	buf_shrink(&held->bodies, KEEP_BYTES);
	held->n = held->nqueries = 0;
	if (held->cap > KEEP_EVENTS) {
		held->cap = KEEP_EVENTS;
		held->events = mem_resize(held->events, held->cap, sizeof(*held->events));
	}
}

/* Returns the part with an offset into the body instead of a pointer. */
static struct slice detach(struct slice part, struct slice body)
{
	return (struct slice){(const char *)(part.ptr - body.ptr), part.len};
}

static struct slice attach(struct slice part, struct slice body)
{
	return slice_of(body.ptr + (size_t)part.ptr, part.len);
}

static uint32_t add_query(struct held_events *held, const struct event_query *query,
			  struct slice body)
{
	struct event_query *copy;
	if (held->nqueries == held->queries_cap) {
		held->queries_cap = held->queries_cap ? 2 * held->queries_cap : 4;
		held->queries =
			mem_resize(held->queries, held->queries_cap, sizeof(*held->queries));
	}
	copy = &held->queries[held->nqueries++];
	*copy = *query;
	copy->db = detach(query->db, body);
	copy->sql = detach(query->sql, body);
	return (uint32_t)held->nqueries;
}

void held_events_add(struct held_events *held, const struct event *event, uint64_t end,
		     const struct event_query *query)
{
	if (held->n == held->cap) {
		held->cap = held->cap ? 2 * held->cap : 16;
		held->events = mem_resize(held->events, held->cap, sizeof(*held->events));
	}
	held->events[held->n++] =
		(struct held_event){.event = *event,
				    .body_at = held->bodies.len,
				    .end = end,
				    .query = query ? add_query(held, query, event->body) : 0};
	buf_put(&held->bodies, event->body);
}

const struct event *held_events_get(struct held_events *held, size_t n, uint64_t *end,
				    const struct event_query **query)
{
	struct held_event *found = &held->events[n];
	found->event.body = slice_of(held->bodies.ptr + found->body_at, found->event.body.len);
	*end = found->end;
	*query = NULL;
	if (found->query > 0) {
		held->query = held->queries[found->query - 1];
		held->query.db = attach(held->query.db, found->event.body);
		held->query.sql = attach(held->query.sql, found->event.body);
		*query = &held->query;
	}
	return &found->event;
}

size_t held_events_size(const struct held_events *held)
{
	return held->bodies.len + held->n * sizeof(*held->events) +
	       held->nqueries * sizeof(*held->queries);
}
