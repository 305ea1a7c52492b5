/* callbacks: call the script's functions outside the lanes: on_start, on_stop, on_alert and every. They
 * share one Lua state and one thread for all syncs of the process. A call takes 5 s at most. A failure
 * is an event of its sync.
 * Thread: main. Owner: callbacks_new / callbacks_free. */
#ifndef TIDEWAY_CALLBACKS_H
#define TIDEWAY_CALLBACKS_H

#include "engine/sync/supervisor.h"

struct callbacks;

/* Take ownership of the script. supervisors: one for each of its nsyncs syncs; borrowed until
 * callbacks_free. */
struct callbacks *callbacks_new(struct script *script, struct supervisor *const *supervisors,
				unsigned nsyncs);
/* Make the calls that were asked for, wait until they return, and free. */
void callbacks_free(struct callbacks *callbacks);
/* Call on_start of each sync, then start the timers. Return -1 at the first on_start that fails. */
int callbacks_start(struct callbacks *callbacks, struct err *err) MUST_CHECK;
/* Ask for a call of on_stop of a sync, and end its timers. reason: "stopped", "finished" or
 * "failed", a constant. message: of the failure, copied; NULL: none. */
void callbacks_stop(struct callbacks *callbacks, unsigned sync, const char *reason,
		    const char *message);

#endif
