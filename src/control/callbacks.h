/* callbacks: calls the script's functions outside of the lanes: on_start, on_stop and every. They
 * have one Lua state and one thread, for all syncs of the process; a call takes 5 s at most. What
 * fails is an event of its sync.
 * Thread: main. Owner: callbacks_new / callbacks_free. */
#ifndef TIDEWAY_CALLBACKS_H
#define TIDEWAY_CALLBACKS_H

#include "engine/sync/supervisor.h"

struct callbacks;

/* Takes the script. supervisors: of its nsyncs syncs; borrowed until callbacks_free. */
struct callbacks *callbacks_new(struct script *script, struct supervisor *const *supervisors,
				unsigned nsyncs);
/* Makes the calls that were asked for, and waits for their end. */
void callbacks_free(struct callbacks *callbacks);
/* Calls on_start of each sync. Then the timers begin. Returns -1 at the first that fails. */
int callbacks_start(struct callbacks *callbacks, struct err *err) MUST_CHECK;
/* Asks for the call of on_stop of a sync. Its timers end. reason: "stopped", "finished" or "failed",
 * a constant; message: of the failure, copied; NULL: none. */
void callbacks_stop(struct callbacks *callbacks, unsigned sync, const char *reason,
		    const char *message);

#endif
