/* backfill_pace: how much of a backfill may be on its way to Kafka at a time. Messages of the stream that come after it wait for
 * it in the queue of the producer. So the backfill sends as much as Kafka acknowledges about as fast as if the queue were empty:
 * what is on its way may grow while acknowledgements take little longer than the fastest, and shrinks when they take longer.
 * Thread: the stream lane. Owner: the caller. Times are monotonic, in ns. */
#ifndef TIDEWAY_BACKFILL_PACE_H
#define TIDEWAY_BACKFILL_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BACKFILL_PACE_MIN = 64 << 10, /* bytes that may be on their way in any case */
	BACKFILL_PACE_MAX = 8 << 20,
};

struct backfill_pace {
	size_t room;      /* bytes that may be on their way */
	size_t in_flight; /* bytes that are */
	/* the shortest time of an acknowledgement in this period and in the one before it; 0: none yet */
	int64_t fastest_ns, fastest_before_ns;
	int64_t period_ns; /* when this period began */
	int64_t shrunk_ns; /* when the room shrank last */
};

void backfill_pace_init(struct backfill_pace *pace);
/* Return how many bytes may be sent now; 0: wait for acknowledgements. */
size_t backfill_pace_may_send(const struct backfill_pace *pace);
/* Count bytes that were sent. */
void backfill_pace_sent(struct backfill_pace *pace, size_t bytes);
/* Count bytes that were acknowledged now, after they were sent at sent_ns. */
void backfill_pace_acked(struct backfill_pace *pace, size_t bytes, int64_t sent_ns, int64_t now_ns);

#endif
