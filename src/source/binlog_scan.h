/* binlog_scan: scan a server's binlog for statements that may change definitions
 * (binlog/ddl_scan.h), by a connection of its own.
 * Thread: the caller's. */
#ifndef TIDEWAY_BINLOG_SCAN_H
#define TIDEWAY_BINLOG_SCAN_H

#include "binlog/ddl_scan.h"
#include "source/source.h"

/* Scan from this position on: the scan's cursor is set to it. name: of the connection; it must
 * differ from the stream's, whose dump the server would end. Return and fail as ddl_scan_run does;
 * ERR_POSITION: the server no longer has the start position. */
int binlog_scan(struct source *source, const char *name, const struct position *from,
		const struct ddl_scan *scan, struct err *err) MUST_CHECK;

#endif
