/* sync: what the lanes of one running sync share.
 * Thread: read-only once lanes run, but for the atomics, the checkpoint's posts and the full-sync queue.
 * Owner: engine/run.c. */
#ifndef TIDEWAY_SYNC_H
#define TIDEWAY_SYNC_H

#include "base/map.h"
#include "engine/checkpoint.h"
#include "model/config.h"

#include <stdatomic.h>

struct script_options;

/* A topic as the checkpoint knows it. */
struct pin {
	struct slice name; /* of the topic */
	int partitions;    /* pinned count */
	unsigned ntables;
	struct slice *tables; /* "db.table" of the tables whose function has returned it */
};

/* Where a table's own events begin to count: those at or before the point are in its full sync. */
struct point {
	struct slice table; /* "db.table" */
	struct position position;
};

struct sync {
	const struct script_options *script; /* how each lane loads its own state */
	unsigned index;                      /* which sync.run of the script */
	const struct sync_config *config;
	struct checkpoint checkpoint;
	struct map pins;    /* topic -> struct pin */
	struct map points;  /* "db.table" -> struct point; only those that differ from the start */
	int64_t start_ms;   /* wall time of the start: EXECUTE_TIME in full sync */
	_Atomic bool stop;  /* finish cleanly, now */
	_Atomic bool abort; /* another lane failed: stop without draining */
	bool dry_run;       /* nothing is written */
	size_t queue_bytes; /* memory.queue, shared by all producers at a time */
};

#endif
