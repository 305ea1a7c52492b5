/* step: a lane is a state machine. Each step does a bounded amount of work and returns what the lane waits for; a thread only
 * repeats steps and waits (lane_run). So a test can drive lanes by hand, several in one thread.
 * A step waits in itself only where it must not end: while it connects or sends a statement, while the rest of a packet
 * arrives whose first bytes are there, and while the sink has no room for the rest of a change.
 * Thread: the lane's. Owner: whoever opened the lane. */
#ifndef TIDEWAY_STEP_H
#define TIDEWAY_STEP_H

#include "base/wait.h"
#include "engine/lane/lane.h"

/* What a step returns; -1: the lane has failed. */
enum lane_progress {
	LANE_DONE,     /* the lane has ended */
	LANE_PROGRESS, /* there is more to do now */
	LANE_WAIT,     /* there is nothing to do before the wait is over */
};

enum { LANE_POLL_MS = 100 }; /* the longest wait without a descriptor */

/* Does what comes next. *wait is set when that is to wait; the next step may come earlier. After LANE_DONE or -1, which
 * sets *err, the lane is closed. */
static inline int MUST_CHECK lane_step(struct lane *lane, struct wait *wait, struct err *err)
{
	return lane->step(lane, wait, err);
}

/* Steps and waits until the lane has ended (0) or failed (-1). A halt of the sync ends a wait: it shuts down the connections
 * to the source, and other waits take at most LANE_POLL_MS. */
int lane_run(struct lane *lane, struct err *err) MUST_CHECK;

/* Returns whether the lane must not take another change: the sink or the commit has no room. */
bool lane_is_full(struct lane *lane);
/* The step of a full lane: serves reports and what they finish, and waits while there is no room. */
int lane_wait_for_room(struct lane *lane, struct wait *wait, struct err *err) MUST_CHECK;
/* Sets *wait to a wait for reports of the sink, which has no descriptor. Returns LANE_WAIT. The waits become longer, up to
 * LANE_POLL_MS, until there is room. */
int lane_wait_for_reports(struct lane *lane, struct wait *wait);

#endif
