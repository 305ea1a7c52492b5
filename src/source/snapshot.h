/* snapshot: one consistent point for N connections (consistency rules 1, 2, 5, 7).
 * Thread: the one that opens it; until it is closed each connection belongs to the lane that reads from it.
 * Owner: snapshot_fini ends the connections. */
#ifndef TIDEWAY_SNAPSHOT_H
#define TIDEWAY_SNAPSHOT_H

#include "model/position.h"
#include "source/conn.h"

enum snapshot_way {
	SNAPSHOT_LOCK,   /* FLUSH TABLES WITH READ LOCK around opening, milliseconds */
	SNAPSHOT_EQUAL,  /* retried until every connection has the same position */
	SNAPSHOT_LOWEST, /* start from the lowest position; the overlap is replayed */
};

struct snapshot {
	enum snapshot_way way;
	bool exact;   /* no transaction is both in a snapshot and behind its position: false with
	                                SNAPSHOT_LOWEST on MySQL, and with SNAPSHOT_EQUAL there when commits
	                                never paused; a table without a key then needs another way (rule 2) */
	char how[80]; /* "a lock of 3 ms", for the log */
	struct position position; /* where the stream goes on; the lowest of all */
	unsigned nconns;
	struct conn **conns; /* START TRANSACTION WITH CONSISTENT SNAPSHOT done on each */
	struct position
		*positions; /* of each connection (equal to position but with SNAPSHOT_LOWEST) */
};

/* between(arg) is called (may be NULL) when the snapshot is open: the caller loads the catalog before
 * and again after, and asks for another try by returning 1 (rule 7); -1 is an error.
 * Takes server facts (identity) into the position. Fails with the remedy when the server allows no
 * exact way (MySQL without GTID and RELOAD), or when XA transactions stay prepared (names the xids). */
int snapshot_open(const struct source_config *config, unsigned nconns, struct snapshot *snapshot,
		  int (*between)(void *arg, struct err *err), void *arg,
		  struct err *err) MUST_CHECK;
void snapshot_fini(struct snapshot *snapshot);
/* "a lock" or the like; snapshot.how says more. */
const char *snapshot_way_text(enum snapshot_way way);
/* A rule-1 position now, without a snapshot kept (for mode stream, start = now): waits for prepared XA transactions only.
 * On MySQL without GTIDs and without RELOAD it may be ahead of what a SELECT sees: right for a stream that
 * begins there, no low watermark. position must be initialised. */
int snapshot_position_now(const struct source_config *config, struct position *position,
			  struct err *err) MUST_CHECK;

#endif
