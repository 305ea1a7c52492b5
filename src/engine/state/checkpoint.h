/* checkpoint: the durable position and what belongs to it. Lanes post, the sync's own thread saves.
 * A position and the records that were posted with it are saved together or not at all. The catalog that is
 * read back is therefore that of the position.
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

/* The record of the process that took the checkpoint over last. The names of its other records begin with this, too
 * (engine/sync/handover.h). These records exist before there is a position. */
#define RECORD_PROCESS SLICE("process")
/* The record of a pause (engine/sync/pause.h). It may also exist before there is a position. */
#define RECORD_PAUSED SLICE("paused")
/* The record of the tables that commands have added and removed (engine/state/selection.h). Likewise. */
#define RECORD_SELECTION SLICE("selection")
/* The record of the last jump over a missing part of the binlog (engine/sync/bootstrap_jump.c):
 *   {"time":"1764600000000","code":401,"from":{position},"to":{position}} */
#define RECORD_JUMP SLICE("jump")

struct checkpoint {
	struct store *store;
	const char *sync;     /* name of the sync: prefix of every record */
	pthread_mutex_t lock; /* guards records, position, failed */
	void (*on_posted)(
		void *arg); /* called after something was posted, by any lane; NULL: nothing */
	void *on_posted_arg;
	/* called after each save, with the JSON of the saved position; ptr NULL: there is none.
	 * NULL: nothing */
	void (*on_saved)(void *arg, struct slice position);
	void *on_saved_arg;
	struct map records;  /* newest value of each record to save: name -> struct batch_record */
	struct buf position; /* JSON of the newest position; empty: none since the last save */
	int64_t saved_ms;    /* monotonic time of the last save */
	struct lease lease;  /* renewed by each save */
	bool failed; /* a save failed: posts are ignored until checkpoint_discard; guarded by the lock */
};

/* The checkpoint takes ownership of the store. */
void checkpoint_init(struct checkpoint *checkpoint, struct store *store, const char *sync);
void checkpoint_fini(struct checkpoint *checkpoint);
/* Post records (the list is emptied) and, unless NULL, the position that they belong to. */
void checkpoint_post(struct checkpoint *checkpoint, struct record_batch *records,
		     const struct position *position);
/* Return whether checkpoint_save has something to do now: something was posted and the last save is
 * a second old, or the last save is five seconds old. A fenced producer notices the fence only when
 * it saves, and each save renews the lease. */
bool checkpoint_due(struct checkpoint *checkpoint, int64_t now_ms);
/* Return in how many milliseconds that is so if nothing more is posted; 0: now. */
int64_t checkpoint_due_ms(struct checkpoint *checkpoint, int64_t now_ms);
/* Return the lease under which lanes may send; NULL: no other process can take this checkpoint
 * over. */
const struct lease *checkpoint_lease(const struct checkpoint *checkpoint);
/* Forget what was posted and not saved. The next attempt begins at the saved position. */
void checkpoint_discard(struct checkpoint *checkpoint);
/* Save what was posted. It is durable on return. */
int checkpoint_save(struct checkpoint *checkpoint, struct err *err) MUST_CHECK;
/* Save one record (name without the sync's prefix) at once, without what was posted. */
int checkpoint_put(struct checkpoint *checkpoint, struct slice name, struct slice value,
		   struct err *err) MUST_CHECK;
/* Load the position. *found: there is one. Fail with ERR_INTERNAL if it cannot be read, or if it is
 * missing although there are other records. */
int checkpoint_load(struct checkpoint *checkpoint, struct position *position, bool *found,
		    struct err *err) MUST_CHECK;
/* Return the value of a record (name without the sync's prefix); ptr NULL: none. */
struct slice checkpoint_get(struct checkpoint *checkpoint, struct slice name);
/* Iterate over the records whose name, without the sync's prefix, begins with `prefix`. */
bool checkpoint_next(struct checkpoint *checkpoint, size_t *at, struct slice prefix,
		     struct slice *name, struct slice *value);

/* Write the position as JSON. The format has been version 1 since the first release. */
void position_to_json(const struct position *position, struct buf *out);
int position_from_json(struct position *position, struct slice json, struct err *err) MUST_CHECK;
/* As position_from_json, for a parsed document. */
int position_from_item(struct position *position, const struct cJSON *json,
		       struct err *err) MUST_CHECK;

#endif
