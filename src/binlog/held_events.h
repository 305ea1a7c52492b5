/* held_events: the events of a transaction that are kept until its outcome is known: parsed, with a copy of their bodies.
 * Thread: the one that reads. Owner: held_events_fini. */
#ifndef TIDEWAY_HELD_EVENTS_H
#define TIDEWAY_HELD_EVENTS_H

#include "base/buf.h"
#include "decode/event.h"

/* One event. Its slices are offsets into `bodies`, which moves when it grows. */
struct held_event {
	struct event event;
	size_t body_at;
	uint64_t end;   /* offset in the binlog file, after it */
	uint32_t query; /* 1: the first of `queries`; 0: none */
};

struct held_events {
	struct buf bodies;
	struct held_event *events;
	size_t n, cap;
	struct event_query *queries; /* of the few events that have one */
	size_t nqueries, queries_cap;
	struct event_query query; /* the last that held_events_get gave */
};

void held_events_init(struct held_events *held);
void held_events_fini(struct held_events *held);
/* Forgets all of them; gives big buffers back. */
void held_events_clear(struct held_events *held);
/* query: what event_query_parse has made of the event; NULL: nothing. */
void held_events_add(struct held_events *held, const struct event *event, uint64_t end,
		     const struct event_query *query);
/* Event number n, valid until the next call. *query: NULL when it was added without one. */
const struct event *held_events_get(struct held_events *held, size_t n, uint64_t *end,
				    const struct event_query **query);
/* The memory that they use. */
size_t held_events_size(const struct held_events *held);

#endif
