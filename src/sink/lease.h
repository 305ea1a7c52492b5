/* lease: how long a sync may send after its last save of the checkpoint (docs/decisions/0019).
 * A process that a newer one has fenced notices it only at its next save. So when the lease has
 * ended, it must not send before it has saved again: its messages could follow those of the newer
 * process.
 * All times are of CLOCK_BOOTTIME, which advances while the process is stopped and while the
 * machine is suspended.
 * Thread: lease_renew and lease_init: the sync's own; the others: any. */
#ifndef TIDEWAY_LEASE_H
#define TIDEWAY_LEASE_H

#include <stdatomic.h>
#include <stdint.h>

/* Times in milliseconds. A message is queued at most SEND after the start of the last successful
 * save, and librdkafka drops it at most OVER later. SEND + OVER, and a second for librdkafka's
 * scan, must be less than HANDOVER. */
#define LEASE_TIMES(X)                                                                             \
	X(SAVE, 5000)  /* interval in which an idle sync saves the checkpoint */                   \
	X(ACKED, 5000) /* send nothing while a message has not been acknowledged for this time */  \
	X(SEND, 8000)  /* send nothing when the last save is older */                              \
	X(OVER, 20000) /* the lease ends, and librdkafka drops an unacknowledged message */        \
	X(HANDOVER, 30000) /* wait of a new process when the older one may still run */

enum lease_time {
#define X(id, ms) LEASE_##id,
	LEASE_TIMES(X)
#undef X
		LEASE_COUNT
};

struct lease {
	_Atomic int64_t since_ms; /* start of the last successful save; 0: none yet */
	int64_t times[LEASE_COUNT];
};

/* HOOK_LEASE_MS sets OVER, and the other times in proportion. */
void lease_init(struct lease *lease);
/* Record that the save that began at began_ms has succeeded. */
void lease_renew(struct lease *lease, int64_t began_ms);
/* Return the time since the last successful save began. */
int64_t lease_age_ms(const struct lease *lease, int64_t now_ms);

#endif
