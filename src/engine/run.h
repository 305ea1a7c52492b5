/* run: one sync from start to stop: checkpoint, full sync, stream, and starting again with back-off.
 * Thread: run_loop in a thread of the sync's own; run_stop and run_status any thread.
 * Owner: run_new / run_free. */
#ifndef TIDEWAY_RUN_H
#define TIDEWAY_RUN_H

#include "base/err.h"
#include "model/config.h"
#include "script/script.h"

struct run;
struct watermarks;

struct run_options {
	const struct script_options *script; /* borrowed for as long as the run */
	unsigned index;                      /* which sync.run of the script */
	bool several; /* other syncs run beside it: what it logs has its name in front */
	bool dry_run; /* no topic is made, nothing is written, no checkpoint is read or saved */
	bool prints;  /* dry_run: messages are written to stdout */
	bool raw;     /* messages on a terminal are written as JSON */
};

enum run_state { RUN_STARTING, RUN_FULL, RUN_STREAM, RUN_WAITING /* to start again */, RUN_ENDED };

/* Numbers for the progress line; texts are copies. */
struct run_status {
	enum run_state state;
	uint64_t rows, messages, bytes;         /* since the start of the process */
	uint64_t full_rows, full_estimate;      /* of all rounds */
	unsigned full_tables, full_tables_done; /* likewise */
	char tables
		[400];  /* those of the full sync being read: "shop.orders 40 % (12 s left), ..." */
	int64_t lag_ms; /* of the stream; 0 when drained; -1: not known yet */
};

struct run *run_new(const struct run_options *options, struct err *err);
void run_free(struct run *run);
const struct sync_config *run_config(const struct run *run);
/* Before run_loop: the watermarks that this run's source has with the others of its list. Borrowed. */
void run_share(struct run *run, struct watermarks *watermarks);
/* 0: stopped cleanly, or everything that was asked for is done. */
int run_loop(struct run *run, struct err *err) MUST_CHECK;
/* Finish cleanly; a second call stops without waiting for acknowledgements. */
void run_stop(struct run *run);
/* After run_stop, again and again until it has ended: what still waits for the source does not. */
void run_wake(struct run *run);
void run_status(struct run *run, struct run_status *status);

#endif
