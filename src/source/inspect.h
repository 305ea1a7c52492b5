/* inspect: what a server allows and how it is set, for `check`, `plan` and the start of `run`.
 * Thread: the control thread. */
#ifndef TIDEWAY_INSPECT_H
#define TIDEWAY_INSPECT_H

#include "base/arena.h"
#include "model/config.h"
#include "model/position.h"
#include "source/conn.h"

struct finding {
	enum { FINDING_OK, FINDING_WARN, FINDING_FAIL } level;
	struct slice what;  /* "binlog_format" */
	struct slice found; /* "STATEMENT" */
	struct slice
		remedy; /* empty when OK: "SET GLOBAL binlog_format = 'ROW'; reconnect the writers" */
};

/* Every point: privileges (SELECT, REPLICATION SLAVE, REPLICATION CLIENT, RELOAD ...), log_bin, binlog_format,
 * binlog_row_image, row value options, compression (binlog_transaction_compression, log_bin_compress),
 * row metadata, GTID mode, retention, server version, time zone, max_allowed_packet, XA. Arena owns texts. */
int inspect_source(struct conn *conn, struct arena *arena, struct finding **findings, unsigned *n,
		   struct err *err) MUST_CHECK;
/* What makes a stream impossible (log_bin off, binlog_format not ROW, no privilege): first failure as an
 * ERR_SOURCE with its remedy, for the start of `run`. */
int inspect_required(struct conn *conn, struct err *err) MUST_CHECK;

/* Whether the position is of this server and still there, as far as can be told without asking for the binlog itself:
 * ERR_POSITION when not. */
int source_has_position(struct conn *conn, const struct position *position,
			struct err *err) MUST_CHECK;
/* Where the binlog ends: what a look at the source from now on can show and could not before lies behind it (but for what MySQL
 * without GTIDs is committing at this very moment). */
int source_binlog_end(struct conn *conn, struct position *position, struct err *err) MUST_CHECK;
/* The server's clock (ms since 1970), and after that where its binlog ends: what lies after that end was written after that time. */
int source_clock(struct conn *conn, int64_t *clock_ms, struct position *end,
		 struct err *err) MUST_CHECK;
/* Appends the name of the oldest binlog that the server still has (rule 10). */
int source_oldest_binlog(struct conn *conn, struct buf *file, struct err *err) MUST_CHECK;
/* After how many seconds the server purges a binlog; 0: never by age. */
int source_retention(struct conn *conn, uint64_t *seconds, struct err *err) MUST_CHECK;

#endif
