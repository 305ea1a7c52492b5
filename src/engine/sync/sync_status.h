/* sync_status: the numbers of a running sync, as data. Texts for people are made where they are
 * shown.
 * Thread: sync_numbers_select, _round, _backfill, _forget, _saved and _unread: the supervisor's; sync_numbers_read, _tables, _position and _jump: any.
 * Owner: sync_numbers_init / sync_numbers_fini. */
#ifndef TIDEWAY_SYNC_STATUS_H
#define TIDEWAY_SYNC_STATUS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "engine/lane/backfill_link.h"
#include "engine/state/sync_state.h"
#include "engine/sync/pause.h"
#include "model/metrics.h"

#include <pthread.h>
#include <stdbool.h>

struct backfill;
struct full;
struct table;

enum {
	STATUS_TABLES = 8,      /* further tables are only counted */
	STATUS_NAME_SIZE = 400, /* longer names are cut */
};

/* How far a table has come. */
enum table_step {
	STEP_STRUCTURE, /* its definition is known; no row of it is read yet */
	STEP_COPY,      /* its rows are being read */
	STEP_STREAM,    /* its rows are copied, or need no copy */
};

struct table_progress {
	char name[STATUS_NAME_SIZE];
	enum table_step step;
	uint64_t rows, estimate; /* read so far, and the estimated total; estimate >= rows */
	uint64_t rows_before;    /* of rows, those that an earlier attempt or process has read */
	int64_t reading_ms;      /* since its first range was taken; 0: it is not being read */
	bool beside_stream;      /* it is read, or waits to be read, while the stream runs */
};

/* How far the copy of several tables has come. */
struct copy_progress {
	unsigned tables, tables_done;
	uint64_t rows, estimate; /* estimate >= rows */
	uint64_t rows_before;    /* of rows, those that an earlier attempt or process has read */
	int64_t reading_ms;      /* since the first table was begun; 0: none was, or unknown */
};

struct sync_status {
	enum sync_state state;
	uint64_t rows, messages, bytes; /* since the start of the process */
	struct copy_progress copy;      /* of all rounds */
	struct copy_progress
		backfill; /* of the tables that are copied while the stream runs; zero: there are none */
	enum backfill_wait waits;                    /* of that backfill */
	unsigned ntables;                            /* in tables */
	struct table_progress tables[STATUS_TABLES]; /* that are being read */
	int64_t lag_ms;       /* of the stream; 0 when drained; -1: unknown */
	int64_t lag_bytes;    /* of the binlog, that the stream has yet to read; -1: unknown */
	int64_t paused_ms;    /* wall time since when it is paused; 0: it is not */
	enum pause_wish wish; /* of a command, not fulfilled yet */
	int64_t ack_ms;       /* wall time of the last acknowledgement; 0: none yet */
};

struct sync_numbers {
	unsigned nlanes;
	struct lane_metrics stream;
	struct lane_metrics *copy; /* nlanes of them */
	pthread_mutex_t lock;      /* guards the members below */
	const struct full *round;  /* the round of the copy that runs; NULL: none */
	const struct backfill
		*backfill;    /* the tables that are copied while the stream runs; NULL: none */
	unsigned tables_done; /* of earlier rounds */
	uint64_t rows_done;   /* of those tables */
	struct map tables;    /* "db.table" -> struct table_count of each captured table */
	struct arena arena;   /* of tables */
	struct buf position;  /* JSON of the saved position; empty: none */
	struct buf jump;      /* JSON of the record of the last jump; empty: there was none */
	int64_t saved_ms;     /* wall time of the last save; 0: none */
};

/* nlanes: of the copy. */
void sync_numbers_init(struct sync_numbers *numbers, unsigned nlanes);
void sync_numbers_fini(struct sync_numbers *numbers);
/* Set the captured tables, which are copied. */
void sync_numbers_select(struct sync_numbers *numbers, const struct table *const *tables,
			 unsigned n);
/* Set the current round of the copy; NULL: the last one has ended. It is read until the next call. */
void sync_numbers_round(struct sync_numbers *numbers, const struct full *round);
/* Set the tables that are copied while the stream runs, before it starts; NULL: none. They are read until the next call. */
void sync_numbers_backfill(struct sync_numbers *numbers, const struct backfill *backfill);
/* Forget the earlier rounds: the copy begins again. */
void sync_numbers_forget(struct sync_numbers *numbers);
/* Note that the checkpoint was saved, with this position and this record of the last jump. Empty: none. */
void sync_numbers_saved(struct sync_numbers *numbers, struct slice position, struct slice jump);
/* Note how many bytes of the binlog follow the position, while no stream runs; -1: unknown. */
void sync_numbers_unread(struct sync_numbers *numbers, int64_t bytes);
/* Return the rows of all lanes since the start of the process. */
uint64_t sync_numbers_rows(const struct sync_numbers *numbers);
/* Fill everything except the state and the pause. */
void sync_numbers_read(struct sync_numbers *numbers, struct sync_status *status);
/* Call `each` for each captured table, in no particular order. It must not call functions of sync_numbers. */
void sync_numbers_tables(struct sync_numbers *numbers,
			 void (*each)(void *arg, const struct table_progress *table), void *arg);
/* Append the JSON of the saved position, or nothing. Set the wall time of the last save; 0: none. */
void sync_numbers_position(struct sync_numbers *numbers, struct buf *out, int64_t *saved_ms);
/* Append the JSON of the record of the last jump, or nothing. */
void sync_numbers_jump(struct sync_numbers *numbers, struct buf *out);

#endif
