/* retention: sees to it that the binlog which is still needed outlives its use (consistency rule: retention-watch): a full sync that
 * comes near the server's retention is a warning, a purged binlog an error before hours are wasted.
 * It has a connection of its own, since what is saved must not wait for an answer longer than half a minute.
 * Thread: the sync's own. Owner: retention_fini. */
#ifndef TIDEWAY_RETENTION_H
#define TIDEWAY_RETENTION_H

#include "engine/state/sync_events.h"
#include "model/position.h"
#include "source/conn.h"

struct retention {
	struct source *source;
	struct sync_events *events; /* get the warning */
	struct conn *conn;          /* NULL: not open, or lost */
	uint64_t retention_s;       /* 0: the server does not purge by age */
	int64_t looked_ms;          /* monotonic, of the last look */
	bool warned;                /* the warning at 80 % was emitted */
};

void retention_init(struct retention *retention, struct source *source, struct sync_events *events);
void retention_fini(struct retention *retention);
/* Looks every ten seconds. needed: the oldest position that is still to be read; needed_ms: wall time of its commit,
 * 0: now. A connection that has gone away is not an error. */
int retention_tick(struct retention *retention, const struct position *needed, int64_t needed_ms,
		   struct err *err) MUST_CHECK;

#endif
