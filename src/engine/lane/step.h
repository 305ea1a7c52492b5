/* step: a lane is a state machine. Each step does a bounded amount of work and returns what the lane waits for; a thread only
 * repeats steps and waits (lane_run). Therefore a test can drive several lanes by hand in one thread.
 * A step itself waits only where it cannot stop: while it connects or sends a statement, while the rest of a packet arrives, and
 * while the sink has no room for the rest of a change.
 * Thread: the lane's. Owner: whoever opened the lane. */
#ifndef TIDEWAY_STEP_H
#define TIDEWAY_STEP_H

#include "base/wait.h"
#include "engine/lane/lane.h"

/* The result of a step; -1: the lane has failed. */
enum lane_progress {
	LANE_DONE,     /* the lane has ended */
	LANE_PROGRESS, /* there is more to do now */
	LANE_WAIT,     /* there is nothing to do before the wait is over */
};

enum { LANE_POLL_MS = 100 }; /* the longest wait without a descriptor */

/* Do the next piece of work. If the result is LANE_WAIT, set *wait; the next step may be made earlier. After LANE_DONE or -1,
 * which sets *err, the lane is closed. */
static inline int MUST_CHECK lane_step(struct lane *lane, struct wait *wait, struct err *err)
{
	return lane->step(lane, wait, err);
}

/* Step and wait until the lane has ended (0) or failed (-1). A halt of the sync ends the wait: it shuts down the connections to
 * the source, and all other waits take at most LANE_POLL_MS. */
int lane_run(struct lane *lane, struct err *err) MUST_CHECK;

/* Return whether the lane must not take another change: the sink or the commit has no room. */
bool lane_is_full(struct lane *lane);
/* Do the step of a full lane: serve delivery reports, make finished marks durable, and wait while there is no room. */
int lane_wait_for_room(struct lane *lane, struct wait *wait, struct err *err) MUST_CHECK;
/* Set *wait to a wait for delivery reports of the sink, which has no descriptor. Return LANE_WAIT. The waits become longer, up to
 * LANE_POLL_MS, until there is room. */
int lane_wait_for_reports(struct lane *lane, struct wait *wait);

#endif
