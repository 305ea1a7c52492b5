/* checkpoint: the durable position and what belongs to it. Lanes post, the sync's own thread saves.
 * A position and the records that came with it are saved together or not at all, so that the catalog that is
 * read back is the one of that position.
 * Thread: checkpoint_post any lane; everything else the sync's own thread (the store is its).
 * Owner: the sync. */
#ifndef TIDEWAY_CHECKPOINT_H
#define TIDEWAY_CHECKPOINT_H

#include "base/arena.h"
#include "base/map.h"
#include "engine/state/record_batch.h"
#include "model/position.h"
#include "sink/lease.h"

#include <pthread.h>

struct cJSON;
struct store;
struct store_record;

/* The record of the process that took the checkpoint over last, and the begin of the names of what else is known of it
 * (engine/sync/handover.h). They are there before there is a position. */
#define RECORD_PROCESS SLICE("process")

struct checkpoint {
	struct store *store;
	const char *sync;     /* the sync's name: prefix of every record */
	pthread_mutex_t lock; /* guards records, position, failed */
	void (*on_posted)(
		void *arg); /* called after something was posted, by any lane; NULL: nothing */
	void *on_posted_arg;
	struct map records;  /* the newest record of each name to save -> struct batch_record */
	struct buf position; /* JSON of the newest position; empty: none since the last save */
	int64_t saved_ms;    /* monotonic time of the last save */
	struct lease lease;  /* renewed by each save */
	bool failed; /* a save failed: nothing is taken until checkpoint_discard; under the lock */
};

/* The checkpoint takes the store. */
void checkpoint_init(struct checkpoint *checkpoint, struct store *store, const char *sync);
void checkpoint_fini(struct checkpoint *checkpoint);
/* Hands over records (the list is emptied) and, unless NULL, the position they belong to. */
void checkpoint_post(struct checkpoint *checkpoint, struct record_batch *records,
		     const struct position *position);
/* Whether checkpoint_save has something to do now: something was posted and a second has passed since
 * the last save, or five seconds passed (a fenced producer learns it only by saving, and the lease must be renewed). */
bool checkpoint_due(struct checkpoint *checkpoint, int64_t now_ms);
/* What the stream may send under; NULL: nobody can take this checkpoint over while this process has it. */
const struct lease *checkpoint_lease(const struct checkpoint *checkpoint);
/* Forgets what was posted and not saved: what comes next begins at the saved position again. */
void checkpoint_discard(struct checkpoint *checkpoint);
/* Saves what was posted, durably. */
int checkpoint_save(struct checkpoint *checkpoint, struct err *err) MUST_CHECK;
/* Saves one record (name without prefix) by itself, now, whatever was posted. */
int checkpoint_put(struct checkpoint *checkpoint, struct slice name, struct slice value,
		   struct err *err) MUST_CHECK;
/* *found: there is a position. ERR_INTERNAL when it cannot be read, or is missing while other records are there. */
int checkpoint_load(struct checkpoint *checkpoint, struct position *position, bool *found,
		    struct err *err) MUST_CHECK;
/* Value of one record by name without prefix; ptr NULL: none. */
struct slice checkpoint_get(struct checkpoint *checkpoint, struct slice name);
/* Walks the records whose name (without the sync's prefix) begins with `prefix`. */
bool checkpoint_next(struct checkpoint *checkpoint, size_t *at, struct slice prefix,
		     struct slice *name, struct slice *value);

/* The position's format, version 1 from the first release on. */
void position_to_json(const struct position *position, struct buf *out);
int position_from_json(struct position *position, struct slice json, struct err *err) MUST_CHECK;
/* The same, of a document that is parsed already. */
int position_from_item(struct position *position, const struct cJSON *json,
		       struct err *err) MUST_CHECK;

#endif
