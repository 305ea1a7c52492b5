/* identity: whether the binlog on a server is the one that a position was read from. After RESET MASTER (MySQL: RESET BINARY LOGS
 * AND GTIDS) or a restore another history grows files of the same names, offsets and GTIDs
 * (docs/decisions/0017-binlog-identity-and-clock.md).
 * Thread: any; each call opens a connection of its own. */
#ifndef TIDEWAY_IDENTITY_H
#define TIDEWAY_IDENTITY_H

#include "engine/state/sync.h"
#include "source/conn.h"

/* ERR_POSITION, with both sides named, when the server has the file of position->identity with another content. 0 also where that
 * cannot be known: the position has no identity, is of another server, or the file was purged (whether the rest is still there, the
 * position's own checks find out). */
int identity_check(const struct sync *sync, const struct position *position,
		   struct err *err) MUST_CHECK;
/* Fills position->identity of a position that no stream has read yet. */
int identity_take(const struct sync *sync, struct conn *conn, struct position *position,
		  struct err *err) MUST_CHECK;

#endif
