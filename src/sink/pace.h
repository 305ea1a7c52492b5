/* pace: how much a sink with a lease has on its way, and for how long. librdkafka drops a message that is older than the
 * lease, which makes the stream start again. So the queue must not hold more than the brokers take in a part of that time:
 * it starts small, grows while acknowledgements come soon, and shrinks when they come late.
 * Time is counted in spans: each message carries the span in which it was sent.
 * Thread: the sink's. Owner: the sink. */
#ifndef TIDEWAY_PACE_H
#define TIDEWAY_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_SPANS = 256,           /* that are told apart */
	PACE_FIRST_BYTES = 1 << 18, /* the queue starts with so much */
};

struct pace {
	int64_t span_ms;             /* length of a span */
	int64_t now;                 /* the current span, as of pace_tick */
	int64_t oldest;              /* no message on its way is of an earlier span */
	unsigned on_way[PACE_SPANS]; /* messages of each span, by its number modulo PACE_SPANS */
	size_t bytes;                /* the queue may hold so much now ... */
	size_t most;                 /* ... and this at most */
	bool late;                   /* a message is late, and the queue was made smaller for it */
};

/* A message that is older than late_ms is late; the queue holds `most` bytes at most. */
void pace_init(struct pace *pace, int64_t late_ms, size_t most);
/* What the time is; before any of the others. */
void pace_tick(struct pace *pace, int64_t now_ms);
/* The current span, as pace_reported is to be given it for a message that is sent now. */
unsigned pace_span(const struct pace *pace);
/* A message was sent, which may not be while one is late. */
void pace_sent(struct pace *pace);
/* A message was reported. It took so many bytes of the queue, which held `queued` until now. */
void pace_reported(struct pace *pace, unsigned span, size_t bytes, size_t queued);
/* Whether the oldest message on its way is late. */
bool pace_is_late(struct pace *pace);

#endif
