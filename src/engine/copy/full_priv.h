/* full_priv: the structs of the full sync, for full*.c and unit tests only.
 * Thread: a lane belongs to its thread; full->lock guards the queue and the first failure. */
#ifndef TIDEWAY_FULL_PRIV_H
#define TIDEWAY_FULL_PRIV_H

#include "engine/copy/full.h"
#include "source/chunk.h"

/* A part of a table, read in one go by one lane. */
struct full_range {
	struct full_range *next; /* in the queue */
	struct full_table *table;
	struct key_range bounds;
	bool first_lane_only;
	uint64_t rows; /* that were read */
};

struct full_lane {
	struct lane lane; /* first: a step gets it */
	struct full *full;
	unsigned number;
	char label[16];
	struct conn *conn;
	pthread_t thread;

	/* what the next step does (full_lane.c) */
	enum {
		FULL_NEXT, /* begins a range */
		FULL_ROWS, /* reads rows of it */
		FULL_DRAIN /* waits for acknowledgements, then ends */
	} phase;
	struct full_range *range; /* the current range, its plan and its rows */
	struct plan *plan;
	struct chunk chunk;
	unsigned rows_since_tick;
	int64_t ticked_ms;   /* monotonic */
	uint64_t paced_rows; /* rows since paced_ms, for rows_per_second */
	int64_t paced_ms;    /* monotonic */
};

/* full_ranges.c */
bool full_table_changed(const struct conn *conn, const struct err *err);
/* Report that the table changed. Clears *err. */
void full_note_changed(struct full *full, struct full_table *table, struct err *err);
/* Cut the tables into the ranges of the queue, in the arena. Uses connection 0. */
int full_cut_tables(struct full *full, struct arena *arena, struct err *err) MUST_CHECK;
/* Take the next range for this lane; NULL: none is left. */
struct full_range *full_take_range(struct full *full, unsigned lane);
/* Keep the first error of all lanes, and end the other lanes. */
void full_fail(struct full *full, const struct err *err);

/* full_lane.c */
/* Open the lane. Its steps (engine/lane/step.h) read ranges until none is left. Close it in any case. */
int full_lane_open(struct full_lane *lane, struct err *err) MUST_CHECK;
/* rc: the result of the last step, or of full_lane_open. If it is -1, *err is the reason. */
void full_lane_close(struct full_lane *lane, int rc, const struct err *err);

#endif
