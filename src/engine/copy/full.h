/* full: full sync. N lanes share one queue of key ranges; each reads by the binary protocol and writes through
 * the same path as the stream. A table is done when each message of each of its ranges is acknowledged.
 * Thread: full_run in a thread of the copy, which starts and joins the lanes. Owner: the supervisor. */
#ifndef TIDEWAY_FULL_H
#define TIDEWAY_FULL_H

#include "base/mailbox.h"
#include "engine/lane/lane.h"
#include "model/table.h"

struct chunk;
struct conn;
struct plan;
struct table_state;

/* A table to read. */
struct full_table {
	const struct table *table; /* lives until full_run has returned */
	_Atomic uint64_t estimate; /* rows, as information_schema guesses */
	_Atomic uint64_t rows;     /* read so far */
	_Atomic int ranges_left;   /* not acknowledged yet */
	_Atomic int64_t
		begun_ms;     /* monotonic, when a lane took the first range of it; 0: none has */
	_Atomic bool changed; /* its definition changed while it was read: another round */
	_Atomic bool done;    /* everything acknowledged and on the way into the checkpoint */
	const struct table_state *state; /* its record is saved when it is done */
	bool untouched;                  /* none of its rows has been written in an earlier round */
	struct err *mismatch; /* heap: how its rows are not of its definition; NULL: they are */
	unsigned mismatches;  /* rounds that ended so, one after the other */
};

struct full {
	struct sync *sync;
	struct full_table *tables;
	unsigned ntables;
	unsigned nlanes;
	struct conn **conns; /* one for each lane, inside the snapshot; full_run takes them */
	const struct position *place; /* of the snapshot; NULL: unknown */
	bool lowest;                  /* connections differ: tables without key belong to lane 0 */
	struct lane_metrics *metrics; /* nlanes of them */
	int64_t started_ms;           /* monotonic */
	int64_t begin_ms;         /* begin no table after this time; 0: read each in this round */
	struct mailbox ended;     /* gets each lane that has ended */
	pthread_mutex_t lock;     /* guards the next four, and the tables' `mismatch` */
	bool under_way;           /* a table has been begun */
	struct full_range *queue; /* ranges nobody has taken */
	int result;               /* -1: a lane failed, *error says how */
	struct err error;
};

/* Cuts the tables into ranges (connection 0), and reads them all. Tables that are not `done` then need another round.
 * Returns an error soon after the sync, or its copy alone, was ended. */
int full_run(struct full *full, struct err *err) MUST_CHECK;
/* Gives the plan the layout of the rows that an open chunk sends; ERR_DATA: they are not of the plan's definition. */
int full_layout(struct plan *plan, const struct chunk *chunk, struct err *err) MUST_CHECK;

#endif
