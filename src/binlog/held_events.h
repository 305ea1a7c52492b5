/* held_events: the parsed events of a transaction, with copies of their bodies, kept until its outcome is known.
 * Thread: the one that reads. Owner: held_events_fini. */
#ifndef TIDEWAY_HELD_EVENTS_H
#define TIDEWAY_HELD_EVENTS_H

#include "base/buf.h"
#include "decode/event.h"

/* One event. Its slices are offsets into `bodies`, which moves when it grows. */
struct held_event {
	struct event event;
	size_t body_at;
	uint64_t end;   /* offset after it in the binlog file */
	uint32_t query; /* index in `queries` + 1; 0: none */
};

struct held_events {
	struct buf bodies;
	struct held_event *events;
	size_t n, cap;
	struct event_query *queries; /* of the few Query events */
	size_t nqueries, queries_cap;
	struct event_query query; /* the one that held_events_get returned last */
};

void held_events_init(struct held_events *held);
void held_events_fini(struct held_events *held);
/* Removes all events, and frees large buffers. */
void held_events_clear(struct held_events *held);
/* Adds a copy of the event. query: the result of event_query_parse; NULL: it is not a Query event. */
void held_events_add(struct held_events *held, const struct event *event, uint64_t end,
		     const struct event_query *query);
/* Returns event n, valid until the next call. Sets *query to NULL if the event was added without one. */
const struct event *held_events_get(struct held_events *held, size_t n, uint64_t *end,
				    const struct event_query **query);
/* Returns the bytes of memory in use. */
size_t held_events_size(const struct held_events *held);

#endif
