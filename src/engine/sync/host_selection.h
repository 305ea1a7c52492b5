/* host_selection: choose the host of the source that an attempt uses: the first that can serve the
 * saved position (docs/decisions/0010).
 * Thread: the sync's own, while no lane runs. */
#ifndef TIDEWAY_HOST_SELECTION_H
#define TIDEWAY_HOST_SELECTION_H

#include "engine/state/sync.h"
#include "source/conn.h"

/* Open a control connection to the first host that has what a stream needs and, unless NULL, the
 * position and everything after it. From now on, every other connection of the sync goes to that
 * host. Log the hosts that are skipped. Return NULL if there is none; retriable if one of them may
 * serve later. Without a list of hosts, connect to the one server, which may not have the
 * position. */
struct conn *host_select(struct sync *sync, const struct position *position, struct err *err);
/* As host_select, for a stream that continues at the end of the binlog: a host may have purged what is after the position, but
 * must contain everything before it. */
struct conn *host_select_jump(struct sync *sync, const struct position *position, struct err *err);
/* Return a sequence above all that may have been given since the position with this one was saved. */
uint64_t host_sequence_beyond(uint64_t sequence);
/* Convert the position of another server to one of this server, by GTID alone. sequenceIds continue
 * above all earlier ones. */
void host_move_position(struct position *position, const struct conn *conn);

#endif
