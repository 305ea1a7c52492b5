/* dump_priv: the part of a dump that every implementation of source_ops has, and what a dump of a server waits for.
 * Thread: as dump.h. */
#ifndef TIDEWAY_DUMP_PRIV_H
#define TIDEWAY_DUMP_PRIV_H

#include "source/dump.h"

struct dump {
	struct packet_source packets; /* first: the table of functions */
	struct conn *conn;            /* owned */
};

/* Return whether the server sends events of this type before it searches for the position: ROTATE,
 * FORMAT_DESCRIPTION, PREVIOUS_GTIDS, BINLOG_CHECKPOINT, GTID_LIST, START_ENCRYPTION. */
bool dump_is_preamble(uint8_t type);
/* Returns the read deadline for this interval of heartbeats, in seconds. */
unsigned dump_deadline_s(unsigned heartbeat_ms);

#endif
