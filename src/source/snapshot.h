/* snapshot: connections that see the same rows, and the position where they see them (consistency
 * rules: start-under-lock, one-shared-point, xa-prepared, ddl-while-copying).
 * Thread: the one that opens it; each connection belongs to the lane that reads from it until
 * snapshot_fini. Owner: the caller; snapshot_fini closes the connections. */
#ifndef TIDEWAY_SNAPSHOT_H
#define TIDEWAY_SNAPSHOT_H

#include "model/position.h"
#include "source/conn.h"

enum snapshot_way {
	SNAPSHOT_LOCK,   /* FLUSH TABLES WITH READ LOCK for milliseconds while opening */
	SNAPSHOT_EQUAL,  /* opened again until every connection has the same position */
	SNAPSHOT_LOWEST, /* the stream starts from the lowest position and repeats the overlap */
};

struct snapshot {
	enum snapshot_way way;
	/* No transaction is both in a snapshot and after its position. False on MySQL with
	 * SNAPSHOT_LOWEST, and with SNAPSHOT_EQUAL if commits never paused. A table without a key
	 * then needs another way (rule: one-shared-point). */
	bool exact;
	char how[80];             /* "a lock of 3 ms", for the log */
	struct position position; /* where the stream continues: the lowest of all positions */
	unsigned nconns;
	struct conn **conns; /* each has run START TRANSACTION WITH CONSISTENT SNAPSHOT */
	/* of each connection; different only with SNAPSHOT_LOWEST */
	struct position *positions;
};

/* Opens nconns connections with snapshots. Calls between(arg), if not NULL, when the snapshots are
 * open. The caller loads the catalog before and again there, and returns 1 for another try (rule:
 * ddl-while-copying), or -1 for an error. Sets the server's identity in the position. Fails with a
 * remedy if the server offers no way (MySQL with neither GTIDs nor RELOAD), or if XA transactions
 * stay prepared (the error lists the xids). */
int snapshot_open(struct source *source, unsigned nconns, struct snapshot *snapshot,
		  int (*between)(void *arg, struct err *err), void *arg,
		  struct err *err) MUST_CHECK;
void snapshot_fini(struct snapshot *snapshot);
/* Replaces the snapshot of a CONN_READER by one of now. Sets *low, which must be initialised, to a position that the snapshot
 * contains: of this snapshot on MariaDB, in GTIDs on MySQL (rule: start-under-lock). MySQL without GTIDs gives none without a
 * lock: fails. The snapshot may contain transactions after *low. */
int snapshot_renew(struct conn *conn, struct position *low, struct err *err) MUST_CHECK;
/* Ends the snapshot, and with it the metadata locks of the tables that were read in it. */
int snapshot_end(struct conn *conn, struct err *err) MUST_CHECK;
/* Returns "a lock" and the like. snapshot.how contains details. */
const char *snapshot_way_text(enum snapshot_way way);
/* Sets *position, which must be initialised, to the present position by rule: start-under-lock, without a snapshot
 * (mode stream with start = now). Waits only until no XA transaction is prepared. On MySQL with
 * neither GTIDs nor RELOAD, a SELECT may not yet see everything before the position. That is right
 * for a stream that starts there, but not for a low watermark. */
int snapshot_position_now(struct source *source, struct position *position,
			  struct err *err) MUST_CHECK;

#endif
