/* sync_status: the numbers of a running sync, as data. Texts for people are made where they are
 * shown.
 * Thread: sync_numbers_round and sync_numbers_forget: the supervisor's; sync_numbers_read: any.
 * Owner: sync_numbers_init / sync_numbers_fini. */
#ifndef TIDEWAY_SYNC_STATUS_H
#define TIDEWAY_SYNC_STATUS_H

#include "engine/state/sync_state.h"
#include "model/metrics.h"

#include <pthread.h>
#include <stdbool.h>

struct full;

enum {
	STATUS_TABLES = 8,      /* further tables are only counted */
	STATUS_NAME_SIZE = 400, /* longer names are cut */
};

/* A table that is being read. */
struct table_progress {
	char name[STATUS_NAME_SIZE];
	uint64_t rows, estimate; /* read so far, and the estimated total; estimate >= rows */
	int64_t reading_ms;      /* since its first range was taken */
};

struct sync_status {
	enum sync_state state;
	uint64_t rows, messages, bytes;         /* since the start of the process */
	uint64_t full_rows, full_estimate;      /* of all rounds of the copy */
	unsigned full_tables, full_tables_done; /* likewise */
	unsigned ntables;                       /* in tables */
	struct table_progress tables[STATUS_TABLES];
	int64_t lag_ms; /* of the stream; 0 when drained; -1: unknown */
};

struct sync_numbers {
	unsigned nlanes;
	struct lane_metrics stream;
	struct lane_metrics *copy; /* nlanes of them */
	pthread_mutex_t lock;      /* guards the members below */
	const struct full *round;  /* the round of the copy that runs; NULL: none */
	unsigned tables_done;      /* of earlier rounds */
	uint64_t rows_done;        /* of those tables */
};

/* nlanes: of the copy. */
void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes);
void sync_numbers_fini(struct sync_numbers *numbers);
/* Set the current round of the copy; NULL: the last one has ended. It is read until the next call. */
void sync_numbers_round(struct sync_numbers *numbers, const struct full *round);
/* Forget the earlier rounds: the copy begins again. */
void sync_numbers_forget(struct sync_numbers *numbers);
/* Fill everything except the state. */
void sync_numbers_read(struct sync_numbers *numbers, struct sync_status *status);

#endif
