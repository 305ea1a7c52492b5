/* full: read the rows of tables that earlier attempts have not finished. N lanes take key ranges from one queue. Each lane reads
 * with the binary protocol and writes as the stream does. A range is finished when every message of it is acknowledged: the
 * next start does not read it again. A table is done when all of its ranges are finished.
 * Thread: full_run in a thread of the copy, which starts and joins the lanes. Owner: the
 * supervisor. */
#ifndef TIDEWAY_FULL_H
#define TIDEWAY_FULL_H

#include "base/arena.h"
#include "base/mailbox.h"
#include "engine/lane/lane.h"
#include "model/metrics.h"
#include "model/table.h"

struct chunk;
struct conn;
struct plan;
struct table_state;

/* A table to read. */
struct full_table {
	const struct table *table; /* valid until full_run has returned */
	struct table_metrics
		metrics; /* done: everything is acknowledged, and its record is posted to the checkpoint */
	_Atomic int ranges_left; /* ranges that are not acknowledged yet */
	_Atomic bool changed; /* its definition changed while it was read: it needs another round */
	struct table_state *state; /* the lock of the copy guards its finished ranges */
	bool untouched;       /* none of its rows has been written in an earlier round or attempt */
	struct full_cut *cut; /* while a round reads it */
	struct err *mismatch; /* heap: why its rows do not fit its definition; NULL: they fit */
	unsigned mismatches;  /* consecutive rounds that ended with a mismatch */
};

struct full {
	struct sync *sync;
	struct full_table *tables;
	unsigned ntables;
	unsigned nlanes;
	struct conn **conns; /* one for each lane, inside the snapshot; full_run takes ownership */
	const struct position *place; /* of the snapshot; NULL: unknown */
	bool lowest; /* the connections see different rows: lane 0 reads the tables without a key */
	struct lane_metrics *metrics; /* nlanes of them */
	int64_t started_ms;           /* monotonic */
	int64_t begin_ms;     /* begin no table after this time; 0: read each table in this round */
	struct mailbox ended; /* receives each lane that has ended */
	pthread_mutex_t order; /* held until the record of a table is posted; taken before `lock` */
	pthread_mutex_t
		lock; /* guards the next six, and of the tables `mismatch`, `cut` and the finished ranges */
	struct arena arena;       /* contains ranges and cuts */
	unsigned cutting;         /* lanes that divide a range */
	bool under_way;           /* a table has been begun */
	struct full_range *queue; /* ranges that no lane has taken */
	int result;               /* -1: a lane failed, with *error */
	struct err error;
};

/* Cut the tables into ranges, with connection 0, and read them all. A table that is not `done` then
 * needs another round. Returns an error soon after the sync, or its copy alone, was ended. */
int full_run(struct full *full, struct err *err) MUST_CHECK;
/* Set the layout of the plan to that of the rows from an open chunk. Fail with ERR_DATA if the rows
 * do not fit the definition of the plan. */
int full_layout(struct plan *plan, const struct chunk *chunk, struct err *err) MUST_CHECK;

#endif
