/* simulated: time and threads of a simulator in place of the machine's, for tests. Its threads run one at a time: another one runs
 * while one waits, and time passes only while all of them wait.
 * Thread: set while only one thread runs. Owner: the simulator. */
#ifndef TIDEWAY_SIMULATED_H
#define TIDEWAY_SIMULATED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct simulated {
	int64_t (*now_ns)(bool wall); /* wall: since 1970-01-01 UTC; else monotonic */
	/* Waits until the key is woken or this monotonic time. Returns false if the time has come. */
	bool (*wait)(const void *key, int64_t until_ns);
	void (*wake)(const void *key); /* every thread that waits for the key */
	void (*start)(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);
	void (*join)(pthread_t thread);
};

/* NULL: the machine's. Read by clock.c, cond.c and thread.c. */
extern const struct simulated *simulated;

#endif
