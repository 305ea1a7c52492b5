/* wait: what a step of a state machine waits for (engine/lane/step.h).
 * Thread: any. */
#ifndef TIDEWAY_WAIT_H
#define TIDEWAY_WAIT_H

#include <stdint.h>

/* Over as soon as one of the two has happened. */
struct wait {
	int fd;           /* is readable, or closed; -1: only the time counts */
	int64_t until_ms; /* this time of clock_mono_ms has come */
};

struct wakeup;

/* Blocks until the wait is over, or the signal is set (NULL: none). May return early. */
void wait_for(const struct wait *wait, const struct wakeup *wakeup);

#endif
