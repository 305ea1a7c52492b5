/* child: work that a supervisor starts in a thread of its own, and its result.
 * Thread: the supervisor's; child_has_ended any. Owner: the supervisor, which joins what it
 * starts. */
#ifndef TIDEWAY_CHILD_H
#define TIDEWAY_CHILD_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>

struct child {
	const char *name;                       /* of the thread */
	int (*run)(void *arg, struct err *err); /* the work */
	void (*on_end)(void *arg);              /* called in the child's thread after the work */
	void *arg;
	pthread_t thread;
	bool is_started; /* and not joined */
	_Atomic bool has_ended;
	int rc; /* of run; valid when it has ended, with err */
	struct err err;
};

/* Starts the work. name, run, on_end and arg are set. */
void child_start(struct child *child);
/* Returns whether it was started, is not joined and has ended: then child_join does not wait. */
bool child_has_ended(const struct child *child);
/* Waits for the end. Returns the result of the work. */
int child_join(struct child *child, struct err *err) MUST_CHECK;

#endif
