/* identity: whether the binlog of a server is the one to which a position belongs. After RESET
 * MASTER (MySQL: RESET BINARY LOGS AND GTIDS) or a restore, another history may have the same file
 * names, offsets and GTIDs (docs/decisions/0017-binlog-identity-and-clock.md).
 * Thread: any; each call opens a connection of its own. */
#ifndef TIDEWAY_IDENTITY_H
#define TIDEWAY_IDENTITY_H

#include "engine/state/sync.h"
#include "source/conn.h"

/* Fail with ERR_POSITION, which names both identities, if the server's file of position->identity
 * has other content. Return 0 also if that cannot be known: the position has no identity, is of
 * another server, or the file was purged. The checks of the position find out whether the rest
 * still exists. */
int identity_check(const struct sync *sync, const struct position *position,
		   struct err *err) MUST_CHECK;
/* Fill position->identity of a position that no stream has read yet. */
int identity_take(const struct sync *sync, struct conn *conn, struct position *position,
		  struct err *err) MUST_CHECK;

#endif
