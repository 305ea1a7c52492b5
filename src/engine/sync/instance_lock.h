/* instance_lock: GET_LOCK of the sync's name on the source (consistency rule: one-process, docs/decisions/0006): a
 * second process of the name waits for it until this one has ended. It has a connection of its own, which lasts as long
 * as messages may be on their way, and on which nothing else is asked: MariaDB's information_schema leaves tables out
 * that a statement holds (warning 1684) instead of waiting for them where the connection has such a lock.
 * Thread: the sync's own. Owner: instance_lock_free gives the lock back. */
#ifndef TIDEWAY_INSTANCE_LOCK_H
#define TIDEWAY_INSTANCE_LOCK_H

#include "base/err.h"

#include <stdint.h>

struct conn;
struct sync;

/* Where a lock is held: a server, from one of its starts to the next. */
struct lock_place {
	char server[64];   /* identity of struct server; "": the lock is not held */
	int64_t started_s; /* when the server was started, unix time */
};

struct instance_lock {
	const struct sync *sync;
	struct conn *conn; /* NULL: not taken, or of a run whose work is not kept */
	int64_t look_ms;   /* monotonic, when it is looked after next */
	struct lock_place place;
};

void instance_lock_init(struct instance_lock *lock, const struct sync *sync);
void instance_lock_free(struct instance_lock *lock);
/* Waits for another process of the name, half a minute at most. */
int instance_lock_take(struct instance_lock *lock, struct err *err) MUST_CHECK;
/* While lanes run: sees to it, every ten seconds, that the connection lives and has the lock. */
void instance_lock_keep(struct instance_lock *lock);

#endif
