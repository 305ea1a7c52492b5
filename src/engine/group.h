/* group: holds the events of one binlog group (a transaction) as raw packets until its end is seen, so that
 * rolled-back work is never written (consistency rule 6). A group is: a GTID event, then either one Query
 * event (DDL) or BEGIN, rows ..., and an end: Xid, COMMIT, ROLLBACK, XA PREPARE.
 * Thread: the stream lane. Owner: the lane; group_fini. */
#ifndef TIDEWAY_GROUP_H
#define TIDEWAY_GROUP_H

#include "base/buf.h"
#include "decode/event.h"
#include "decode/statement.h"

/* How a group ended. */
enum group_end {
	GROUP_OPEN,
	GROUP_COMMIT,
	GROUP_ROLLBACK, /* nothing of it happened */
	GROUP_PREPARE,  /* XA PREPARE: not decided yet */
};

/* Where a savepoint was set. */
struct savepoint {
	struct slice name; /* in the group's names */
	uint32_t event;    /* number of the event in the group */
};

/* Events [first, last) were rolled back. */
struct undone {
	uint32_t first, last;
};

struct group {
	bool open;  /* a GTID event was seen and no end yet */
	bool begun; /* BEGIN (or XA START) was seen: an end event will come */
	enum group_end end;
	int64_t logged_ms; /* when the Query event that ends it was written; 0: another event ends it */
	struct event_gtid gtid; /* of the GTID event; xid points into `xid` */
	struct buf xid;         /* the XA id, as statements write it */
	enum statement_kind
		decides;   /* STATEMENT_XA_COMMIT or _ROLLBACK of a prepared transaction */
	struct buf events; /* held packets: length(4) end offset(8) packet, one after the other */
	uint32_t nevents;  /* seen in this group, held or not */
	struct savepoint *savepoints;
	size_t nsavepoints, savepoints_cap;
	struct buf names;      /* savepoint names; slices are made when compared */
	struct undone *undone; /* ascending */
	size_t nundone, undone_cap;
};

void group_init(struct group *group);
void group_fini(struct group *group);
/* Starts a new group at this GTID event. */
void group_open(struct group *group, const struct event_gtid *gtid);
/* Looks at one event of the open group: follows savepoints, sets group->end when it is the last. It does not hold
 * it. Statements outside BEGIN (DDL) end the group at once, as GROUP_COMMIT. */
int group_event(struct group *group, const struct event *event, const struct event_format *format,
		struct err *err) MUST_CHECK;
/* Holds the raw packet of the event that group_event has just seen. */
void group_hold(struct group *group, struct slice packet, uint64_t end_offset);
/* Whether event number n was rolled back. */
bool group_undone(const struct group *group, uint32_t n);
/* Walks held packets: start with *at = 0; false at the end. */
bool group_next(const struct group *group, size_t *at, struct slice *packet, uint64_t *end_offset);
/* Empties it for the next group; gives big buffers back. */
void group_reset(struct group *group);

#endif
