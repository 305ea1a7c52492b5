/* process_status: what a running process reports about itself and its syncs, as JSON (docs/admin.md).
 * Thread: any, from the start of the syncs until after their end; they only read. Owner: the registry. */
#ifndef TIDEWAY_PROCESS_STATUS_H
#define TIDEWAY_PROCESS_STATUS_H

#include "control/sync_journal.h"
#include "engine/sync/supervisor.h"

/* One sync of the process. */
struct watched_sync {
	struct supervisor *supervisor;
	struct sync_journal *journal;
};

/* The process. */
struct watched_process {
	const char *script;         /* absolute path */
	int64_t started_ms;         /* wall time */
	struct watched_sync *syncs; /* in the order of the script */
	unsigned nsyncs;
};

/* Appends {"process":{..},"syncs":[..],"metrics":[..]}. */
void process_status(const struct watched_process *process, struct buf *out);
/* Appends the object of one sync. */
void process_status_sync(const struct watched_sync *sync, struct buf *out);
/* Appends the object of one command for tables; null if it is too old. */
void process_status_request(const struct watched_sync *sync, int64_t id, struct buf *out);
/* Appends {"sync":"..","tables":[..]}, sorted by name. */
void process_status_tables(const struct watched_sync *sync, struct buf *out);

#endif
