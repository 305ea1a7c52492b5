/* host_selection: which of several hosts of the source an attempt uses: the first that can serve the saved position
 * (docs/decisions/0010).
 * Thread: the sync's own, while no lane runs. */
#ifndef TIDEWAY_HOST_SELECTION_H
#define TIDEWAY_HOST_SELECTION_H

#include "engine/state/sync.h"
#include "source/conn.h"

/* A control connection to the first host that has what a stream needs and, unless NULL, the position and all after it. It
 * is the one that every other connection of the sync goes to from now on. Hosts that are passed over are named in the
 * log. NULL: none; retriable when one of them may serve later. Without hosts: to the one server, which may not have the
 * position. */
struct conn *host_select(struct sync *sync, const struct position *position, struct err *err);
/* The position of another server as one of this server, by GTID alone; sequenceIds continue above all that were given. */
void host_move_position(struct position *position, const struct conn *conn);

#endif
