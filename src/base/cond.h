/* cond: a condition variable whose deadlines are times of clock_mono_ms.
 * Thread: any; the waiting thread holds the mutex. Owner: the caller; cond_init / cond_fini. */
#ifndef TIDEWAY_COND_H
#define TIDEWAY_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { COND_FOR_EVER = -1 }; /* a deadline that never passes */

struct cond {
	pthread_cond_t cond;
};

void cond_init(struct cond *cond);
void cond_fini(struct cond *cond);
/* Waits for a signal; may return without one. Returns false when the deadline has passed. */
bool cond_wait(struct cond *cond, pthread_mutex_t *lock, int64_t deadline_ms);
void cond_signal(struct cond *cond);
void cond_broadcast(struct cond *cond);

#endif
