/* backoff: how long to wait before the same thing is tried again: half a second, doubled each time, up to thirty; anew
 * when it has worked for a minute. Thread: one at a time. Owner: plain data. */
#ifndef TIDEWAY_BACKOFF_H
#define TIDEWAY_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t wait_ms; /* of the last failure; 0: none yet */
};

/* The wait after a failure; worked_ms: how long it had worked before. */
int64_t backoff_next(struct backoff *backoff, int64_t worked_ms);

#endif
