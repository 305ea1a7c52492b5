/* lease: how long the stream may send after its checkpoint was last saved (docs/decisions/0019). A process that another one
 * has displaced learns it only when it saves. Until it has saved again it must not send, or what it sends could follow newer
 * messages of the other one.
 * All times are those of CLOCK_BOOTTIME, which runs on while the process is stopped and while the machine is suspended.
 * Thread: lease_renew and lease_init the sync's own; the rest any. */
#ifndef TIDEWAY_LEASE_H
#define TIDEWAY_LEASE_H

#include <stdatomic.h>
#include <stdint.h>

/* In milliseconds. A message is handed over at most SEND after the begin of the last successful save, and librdkafka drops
 * it at most OVER later: SEND + OVER, and a second for its scan, must be less than HANDOVER. */
#define LEASE_TIMES(X)                                                                             \
	X(SAVE, 5000)      /* an idle checkpoint is saved so often */                              \
	X(ACKED, 5000)     /* nothing is sent while an older message is not acknowledged */        \
	X(SEND, 8000)      /* nothing is sent when the lease is older */                           \
	X(OVER, 20000)     /* then it ends, and so does each message that was not acknowledged */  \
	X(HANDOVER, 30000) /* how long a new process waits where its predecessor may run */

enum lease_time {
#define X(id, ms) LEASE_##id,
	LEASE_TIMES(X)
#undef X
		LEASE_COUNT
};

struct lease {
	_Atomic int64_t since_ms; /* when the last successful save began; 0: there was none */
	int64_t times[LEASE_COUNT];
};

/* HOOK_LEASE_MS sets how long OVER is; the other times keep their proportion to it. */
void lease_init(struct lease *lease);
/* A save that began then has succeeded. */
void lease_renew(struct lease *lease, int64_t began_ms);
int64_t lease_age_ms(const struct lease *lease, int64_t now_ms);

#endif
