/* inspect: checks a server's privileges and settings for `check`, `plan` and the start of `run`.
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
	/* "SET GLOBAL binlog_format = 'ROW'; reconnect the writers"; empty if OK */
	struct slice remedy;
};

/* Runs all checks: privileges (SELECT, REPLICATION SLAVE, REPLICATION CLIENT, RELOAD ...), log_bin,
 * binlog_format, binlog_row_image, row value options, compression (binlog_transaction_compression,
 * log_bin_compress), row metadata, GTID mode, retention, server version, time zone,
 * max_allowed_packet, XA. Sets *findings to *n findings in the arena. */
int inspect_source(struct conn *conn, struct arena *arena, struct finding **findings, unsigned *n,
		   struct err *err) MUST_CHECK;
/* Runs the checks without which a stream is impossible (log_bin, binlog_format, privileges), at the
 * start of `run`. Fails with an ERR_SOURCE that contains the first failure and its remedy. */
int inspect_required(struct conn *conn, struct err *err) MUST_CHECK;

/* Checks that the position is of this server and still available, as far as possible without
 * reading the binlog. Fails with ERR_POSITION if not. */
int source_has_position(struct conn *conn, const struct position *position,
			struct err *err) MUST_CHECK;
/* Sets *position to the end of the binlog. Changes that become visible to a SELECT after this call
 * are after the position, except those that MySQL without GTIDs is committing at that moment. */
int source_binlog_end(struct conn *conn, struct position *position, struct err *err) MUST_CHECK;
/* Reads the server's clock (ms since 1970), then the end of its binlog. Everything after that end
 * was written after that time. */
int source_clock(struct conn *conn, int64_t *clock_ms, struct position *end,
		 struct err *err) MUST_CHECK;
/* Appends the name of the oldest binlog that the server still has (rule: retention-watch). */
int source_oldest_binlog(struct conn *conn, struct buf *file, struct err *err) MUST_CHECK;
/* Sets *bytes to the size of the binlog files from `from` on, without `to` and the later ones. Returns 1, or 0 if the server does
 * not have `from`, or -1. */
int source_binlog_between(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			  struct err *err) MUST_CHECK;
/* Sets *seconds to the age at which the server purges a binlog; 0: it does not purge by age. */
int source_retention(struct conn *conn, uint64_t *seconds, struct err *err) MUST_CHECK;

#endif
