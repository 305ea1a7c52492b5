/* lock: named locks of a server (GET_LOCK), and which start of it they belong to.
 * Thread: the owner of the connection. */
#ifndef TIDEWAY_SOURCE_LOCK_H
#define TIDEWAY_SOURCE_LOCK_H

#include "source/conn.h"

/* Waits for the lock at most wait_s. Returns 1: this connection has it; 0: *holder, the number of another connection, has it; -1 on
 * error, which is not retriable where the server has no such locks (some proxies and clusters). */
int lock_take(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
	      struct err *err) MUST_CHECK;
/* Returns 1: this connection has the lock; 0: it does not; -1 on error. */
int lock_is_held(struct conn *conn, const char *name, struct err *err) MUST_CHECK;
/* Sets *started_s to the unix time at which the server was started. A lock ends with the server. */
int lock_server_started(struct conn *conn, int64_t *started_s, struct err *err) MUST_CHECK;

#endif
