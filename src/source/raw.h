/* raw: packets of the client/server protocol through libmariadb with no copy; the only file that calls
 * its method table. A packet lives until the next call on the connection.
 * Thread: the owner of the connection. Owner: libmariadb owns the bytes. */
#ifndef TIDEWAY_RAW_H
#define TIDEWAY_RAW_H

#include "base/slice.h"
#include "source/conn.h"

enum raw_command {
	RAW_BINLOG_DUMP = 0x12,
	RAW_STMT_PREPARE = 0x16,
	RAW_STMT_EXECUTE = 0x17,
	RAW_STMT_CLOSE = 0x19,
	RAW_BINLOG_DUMP_GTID = 0x1e,
};

/* Sends a command and does not wait for an answer. */
int raw_send(struct conn *conn, enum raw_command command, struct slice body,
	     struct err *err) MUST_CHECK;
/* One packet, big ones put together. An error packet of the server is -1 with conn_errno; `doing` says
 * what was being done, for the text. */
int raw_read(struct conn *conn, struct slice *packet, const char *doing,
	     struct err *err) MUST_CHECK;
/* Returns whether bytes of the next packet have arrived, so that raw_read waits at most for the rest of it. Call it after
 * a packet was read whole. If not, poll the connection's conn_fd for input. */
bool raw_ready(struct conn *conn);
/* EOF: fe in a packet of less than 9 bytes. */
bool raw_is_eof(struct slice packet);

#endif
