/* supervisor: runs one sync: opens the checkpoint, starts the copy and the stream as children,
 * saves what they post, and starts another attempt after a failure. It is an actor: what others
 * want of it arrives in its mailbox, and it alone changes the state of the sync. What happens is
 * emitted as events (engine/sync_events.h).
 * Thread: supervisor_run in the sync's own; supervisor_stop, supervisor_wake, supervisor_status and
 * supervisor_events any; the others before supervisor_run. Owner: supervisor_new / supervisor_free. */
#ifndef TIDEWAY_SUPERVISOR_H
#define TIDEWAY_SUPERVISOR_H

#include "base/err.h"
#include "engine/state/sync.h"
#include "engine/state/sync_events.h"
#include "engine/sync/sync_status.h"
#include "model/config.h"
#include "script/script.h"

struct source_ops;
struct sink_opener;
struct store;
struct supervisor;
struct watermarks;

/* What a simulated sync has in place of a server, brokers and a store. */
struct sync_world {
	const struct source_ops *source;
	const struct sink_opener *sink;
	struct store *(*open_store)(void *arg, struct err *err);
	void *arg; /* of source and open_store */
};

struct supervisor_options {
	const struct script_options *script; /* borrowed until supervisor_free */
	unsigned index;                      /* which sync.run of the script */
	bool several; /* other syncs run beside it: its log lines begin with its name */
	struct sync_output output;
	const struct sync_world *world; /* borrowed likewise; NULL: the real one */
};

struct supervisor *supervisor_new(const struct supervisor_options *options, struct err *err);
void supervisor_free(struct supervisor *supervisor);
const struct sync_config *supervisor_config(const struct supervisor *supervisor);
/* Shares the watermarks of a list of sources with the sync. Borrowed. */
void supervisor_share(struct supervisor *supervisor, struct watermarks *watermarks);
/* Returns what its log lines begin with; NULL: nothing, because no other sync runs. */
const char *supervisor_label(const struct supervisor *supervisor);
struct sync_events *supervisor_events(struct supervisor *supervisor);
/* Returns 0 when the sync has stopped as asked, or everything that was asked for is done. */
int supervisor_run(struct supervisor *supervisor, struct err *err) MUST_CHECK;
/* Returns the monotonic time of the failure, once supervisor_run has returned -1. */
int64_t supervisor_failed_ms(const struct supervisor *supervisor);
/* Asks the sync to stop. Asked again, it does not wait for acknowledgements any longer. */
void supervisor_stop(struct supervisor *supervisor);
/* Ends every wait for the source. Call it again and again between supervisor_stop and the end of
 * supervisor_run: connections that are opened in between are not shut down by the call before. */
void supervisor_wake(struct supervisor *supervisor);
void supervisor_status(struct supervisor *supervisor, struct sync_status *status);

#endif
