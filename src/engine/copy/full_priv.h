/* full_priv: the structs of the full sync, for full*.c and unit tests only.
 * Thread: a lane belongs to its thread; full->lock guards the queue and the first failure. */
#ifndef TIDEWAY_FULL_PRIV_H
#define TIDEWAY_FULL_PRIV_H

#include "engine/copy/chunk_size.h"
#include "engine/copy/full.h"
#include "source/chunk.h"

/* How a table is divided into chunks. full->lock guards it. */
struct full_cut {
	struct arena arena;   /* contains the key */
	struct chunk_key key; /* if loaded */
	bool loaded, loading;
	unsigned chunks; /* taken so far */
	struct chunk_size size;
};

/* A part of a table that is still to be divided. The lane that takes it limits it to the chunk that it reads. */
struct full_range {
	struct full_range *next; /* in the queue */
	struct full_table *table;
	struct key_range bounds;
	bool first_lane_only;
	unsigned number; /* of the chunk, from 1 */
	/* of its lane: what was read, since when (monotonic) */
	uint64_t rows, bytes;
	int64_t began_ms;
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
	int64_t waits_ms; /* monotonic, since when another lane divides the last range; 0: none does */
	int64_t ticked_ms;   /* monotonic */
	uint64_t paced_rows; /* rows since paced_ms, for rows_per_second */
	int64_t paced_ms;    /* monotonic */
};

/* full_ranges.c */
bool full_table_changed(const struct conn *conn, const struct err *err);
/* Report that the table changed. Clears *err. */
void full_note_changed(struct full *full, struct full_table *table, struct err *err);
void full_free_ranges(struct full *full);
/* Fill the queue with the tables. Uses connection 0. */
int full_queue_tables(struct full *full, struct err *err) MUST_CHECK;
/* Take the next range for this lane; NULL: none is left, or, if *later is set, another lane is dividing one. */
struct full_range *full_take_range(struct full *full, unsigned lane, bool *later);
/* Limit the range that a lane has taken to one chunk and open it. The rest returns to the queue. */
int full_open_range(struct full_lane *lane, struct err *err) MUST_CHECK;
/* Leave a range that was taken, because its table has changed. */
void full_drop_range(struct full *full, struct full_range *range);
/* Note how long a chunk took, for the size of the next ones. */
void full_note_chunk(struct full *full, const struct full_range *range);
/* Keep the first error of all lanes, and end the other lanes. */
void full_fail(struct full *full, const struct err *err);

/* full_lane.c */
/* Open the lane. Its steps (engine/lane/step.h) read ranges until none is left. Close it in any case. */
int full_lane_open(struct full_lane *lane, struct err *err) MUST_CHECK;
/* rc: the result of the last step, or of full_lane_open. If it is -1, *err is the reason. */
void full_lane_close(struct full_lane *lane, int rc, const struct err *err);

#endif
