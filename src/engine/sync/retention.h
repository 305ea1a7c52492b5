/* retention: watch that the binlog which is still needed is not purged (rule: retention-watch). A
 * full sync or a pause that approaches the server's retention leads to a warning, a purged binlog to an early
 * error. The watcher has a connection of its own, since saving must not wait longer than half a
 * minute for an answer.
 * Thread: the sync's own. Owner: retention_init / retention_fini. */
#ifndef TIDEWAY_RETENTION_H
#define TIDEWAY_RETENTION_H

#include "engine/state/sync_events.h"
#include "model/position.h"
#include "source/conn.h"

struct retention {
	struct source *source;
	struct sync_events *events; /* receive the warning */
	struct conn *conn;          /* NULL: not open, or lost */
	uint64_t retention_s;       /* 0: the server does not purge by age */
	int64_t looked_ms;          /* monotonic time of the last check */
	bool warned;                /* the warning at 80 % was emitted */
	int64_t unread_bytes; /* of the binlog after the needed position, at the last check; -1: unknown */
};

void retention_init(struct retention *retention, struct source *source, struct sync_events *events);
void retention_fini(struct retention *retention);
/* Check every ten seconds. needed: the oldest position that must still be read. A lost connection is
 * not an error. */
int retention_tick(struct retention *retention, const struct position *needed,
		   struct err *err) MUST_CHECK;

#endif
