/* gtid_scan: the GTID state of MariaDB at a place in its binlog, from the binlog itself. The function BINLOG_GTID_POS gives NULL
 * for each place after an event that is larger than max_allowed_packet, since it reads the file with that limit; a dump has no
 * such limit.
 * Thread: the owner of the connection. */
#ifndef TIDEWAY_GTID_SCAN_H
#define TIDEWAY_GTID_SCAN_H

#include "model/position.h"
#include "source/conn.h"

/* Fills position->gtids from its file, read from the beginning up to its offset by a second connection like conn. */
int gtid_scan(struct conn *conn, struct position *position, struct err *err) MUST_CHECK;

#endif
