/* registry: the syncs that this process runs, each in a thread of its own, and what the end of one
 * means for the others.
 * Thread: main. Owner: registry_new / registry_free. */
#ifndef TIDEWAY_REGISTRY_H
#define TIDEWAY_REGISTRY_H

#include "control/command.h"
#include "control/process_status.h"

#include <signal.h>

struct registry;

/* The process gets it when a sync has ended. Block it before the first thread starts. */
#define REGISTRY_SIGNAL SIGCHLD

/* Make a supervisor for each sync of the script, which is borrowed. Start none. */
struct registry *registry_new(const struct script_options *script,
			      const struct arguments *arguments, struct err *err);
/* Free. Call it when every sync has ended or none was started. Waits for on_stop. */
void registry_free(struct registry *registry);
/* Start every sync. Return -1 if on_start of a sync fails; then none is started. */
int registry_start(struct registry *registry, struct err *err) MUST_CHECK;
/* Return what the process reports about itself, valid until registry_free. */
const struct watched_process *registry_process(const struct registry *registry);
/* Ask every sync to stop. A second call makes them stop without waiting for acknowledgements. */
void registry_stop(struct registry *registry);
/* Handle the syncs that have ended since the last call: a failure stops the others, unless the
 * option on_failure of the failed sync isolates it. Return whether every sync has ended. Call it
 * after registry_turn_ms, and when the process gets REGISTRY_SIGNAL. */
bool registry_poll(struct registry *registry);
/* Return how long to wait for the next call of registry_poll. */
int registry_turn_ms(const struct registry *registry);
/* Show the progress of each sync. turn: a counter; on a terminal the syncs take turns by it. */
void registry_show(struct registry *registry, unsigned turn);
/* Return 0 if no sync has failed, else the failure that happened first. Call it when every sync has
 * ended. */
int registry_result(const struct registry *registry, struct err *err) MUST_CHECK;

#endif
