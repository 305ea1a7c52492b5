/* pace: the size of the queue of a sink with a lease. librdkafka drops a message that is older than
 * the lease, and then the lane restarts. So the queue must not hold more than the brokers accept
 * in a part of that time. It starts small, grows while acknowledgements come early, and shrinks
 * when they come late. Time is counted in spans: each message carries the span in which it was
 * sent.
 * Thread: the sink's. Owner: the sink. */
#ifndef TIDEWAY_PACE_H
#define TIDEWAY_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_SPANS = 256,           /* number of distinct spans */
	PACE_FIRST_BYTES = 1 << 18, /* first size of the queue */
};

struct pace {
	int64_t span_ms;             /* length of a span */
	int64_t now;                 /* the current span, at the last pace_tick */
	int64_t oldest;              /* no message in flight is of an earlier span */
	unsigned on_way[PACE_SPANS]; /* messages in flight, by span modulo PACE_SPANS */
	size_t bytes;                /* size of the queue now */
	size_t most;                 /* largest size of the queue */
	bool late;                   /* a message is late, and the queue has shrunk for it */
};

/* late_ms: a message in flight for longer is late; most: the largest size of the queue, in
 * bytes. */
void pace_init(struct pace *pace, int64_t late_ms, size_t most);
/* Set the current time. Call this before any other function. */
void pace_tick(struct pace *pace, int64_t now_ms);
/* Return the current span. The caller passes it to pace_reported for each message sent now. */
unsigned pace_span(const struct pace *pace);
/* Count a message that was sent. While a message is late, none may be sent. */
void pace_sent(struct pace *pace);
/* Count a delivery report. span: of the message; bytes: its size in the queue; queued: the bytes in
 * the queue before the report. */
void pace_reported(struct pace *pace, unsigned span, size_t bytes, size_t queued);
/* Return whether the oldest message in flight is late. */
bool pace_is_late(struct pace *pace);

#endif
