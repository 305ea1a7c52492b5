/* instance_lock: GET_LOCK of the sync's name on the source: a second process of the name waits
 * until this one has ended (rule: one-process, docs/decisions/0006). The lock has a connection of
 * its own, which is open as long as messages may be in flight, and runs no other queries: on a
 * connection with such a lock, MariaDB's information_schema omits tables that a statement has
 * locked (warning 1684) instead of waiting for them.
 * Thread: the sync's own. Owner: instance_lock_free releases the lock. */
#ifndef TIDEWAY_INSTANCE_LOCK_H
#define TIDEWAY_INSTANCE_LOCK_H

#include "base/err.h"

#include <stdint.h>

struct conn;
struct sync;

/* Where a lock is held: a server, until its next restart. */
struct lock_place {
	char server[64];   /* identity of struct server; "": the lock is not held */
	int64_t started_s; /* when the server started, unix time */
};

struct instance_lock {
	const struct sync *sync;
	struct conn *conn; /* NULL: not taken, or a run that saves nothing */
	int64_t look_ms;   /* monotonic time of the next check */
	struct lock_place place;
};

void instance_lock_init(struct instance_lock *lock, const struct sync *sync);
void instance_lock_free(struct instance_lock *lock);
/* Wait for another process of the name, for at most half a minute. */
int instance_lock_take(struct instance_lock *lock, struct err *err) MUST_CHECK;
/* Check every ten seconds, while lanes run, that the connection works and has the lock. */
void instance_lock_keep(struct instance_lock *lock);

#endif
