/* raw: packets of the client/server protocol through libmariadb, not copied. Only raw.c calls
 * libmariadb's table of functions. A packet is valid until the next call on the connection.
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

/* Send a command. Do not wait for an answer. */
int raw_send(struct conn *conn, enum raw_command command, struct slice body,
	     struct err *err) MUST_CHECK;
/* Read one packet, joined if it is larger than 16 MiB. Return -1 and set conn_errno for an error
 * packet of the server. doing: the operation, for the error text. */
int raw_read(struct conn *conn, struct slice *packet, const char *doing,
	     struct err *err) MUST_CHECK;
/* Returns whether bytes of the next packet have arrived, so that raw_read waits at most for the rest of it. Call it after
 * a packet was read whole. If not, poll the connection's conn_fd for input. */
bool raw_ready(struct conn *conn);
/* Return whether the packet is EOF: fe, in less than 9 bytes. */
bool raw_is_eof(struct slice packet);

#endif
