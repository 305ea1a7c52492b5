/* backoff: how long to wait before a retry: half a second, doubled with each failure, at most thirty seconds. A minute
 * without failure starts it again. Thread: one at a time. Owner: plain data. */
#ifndef TIDEWAY_BACKOFF_H
#define TIDEWAY_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t wait_ms; /* of the last failure; 0: none yet */
};

/* Returns the wait after a failure in milliseconds. worked_ms: how long it had worked before. */
int64_t backoff_next(struct backoff *backoff, int64_t worked_ms);

#endif
