/* registry: the syncs that this process runs, each in a thread of its own, and what the end of one
 * means for the others.
 * Thread: main. Owner: registry_new / registry_free. */
#ifndef TIDEWAY_REGISTRY_H
#define TIDEWAY_REGISTRY_H

#include "control/command.h"
#include "engine/sync/supervisor.h"

struct registry;

/* Makes a supervisor for each sync of the script, which is borrowed. Starts none. */
struct registry *registry_new(const struct script_options *script,
			      const struct arguments *arguments, struct err *err);
/* When every sync has ended, or none was started. Waits for on_stop. */
void registry_free(struct registry *registry);
/* Returns -1 if on_start of a sync fails; then none was started. */
int registry_start(struct registry *registry, struct err *err) MUST_CHECK;
/* Asks every sync to stop; again: without waiting for acknowledgements. */
void registry_stop(struct registry *registry);
/* Handles the ends of syncs since the last call: a failure stops the others, unless the option
 * on_failure of the failed sync isolates it. Returns whether every sync has ended. Call it ten
 * times a second. */
bool registry_poll(struct registry *registry);
/* Shows the progress of each sync. turn: counts up; on a terminal the syncs take turns. */
void registry_show(struct registry *registry, unsigned turn);
/* When every sync has ended: returns the failure that came first; 0 if there was none. */
int registry_result(const struct registry *registry, struct err *err) MUST_CHECK;

#endif
