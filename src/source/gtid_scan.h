/* gtid_scan: reads the GTID state of MariaDB at a place of its binlog from the binlog itself. The
 * function BINLOG_GTID_POS returns NULL for places after an event that is larger than
 * max_allowed_packet, because it reads the file with that limit. A dump does not have the limit.
 * Thread: the owner of the connection. */
#ifndef TIDEWAY_GTID_SCAN_H
#define TIDEWAY_GTID_SCAN_H

#include "model/position.h"
#include "source/conn.h"

/* Sets position->gtids. Reads the position's file from its start to the position's offset by a
 * second connection. */
int gtid_scan(struct conn *conn, struct position *position, struct err *err) MUST_CHECK;

#endif
