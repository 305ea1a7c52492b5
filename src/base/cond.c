#include "base/cond.h"

#include "base/simulated.h"

#include <errno.h>
#include <time.h>

void cond_init(struct cond *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cond->cond, &attr);
	pthread_condattr_destroy(&attr);
}

void cond_fini(struct cond *cond)
{
	pthread_cond_destroy(&cond->cond);
}

static bool wait_simulated(const struct cond *cond, pthread_mutex_t *lock, int64_t deadline_ms)
{
	bool woken;
	pthread_mutex_unlock(lock);
	woken = simulated->wait(cond, deadline_ms < 0 ? INT64_MAX : deadline_ms * 1000000);
	pthread_mutex_lock(lock);
	return woken;
}

bool cond_wait(struct cond *cond, pthread_mutex_t *lock, int64_t deadline_ms)
{
	struct timespec at = {.tv_sec = deadline_ms / 1000,
			      .tv_nsec = (deadline_ms % 1000) * 1000000};
	if (simulated)
		return wait_simulated(cond, lock, deadline_ms);
	if (deadline_ms < 0)
		return pthread_cond_wait(&cond->cond, lock) == 0;
	return pthread_cond_timedwait(&cond->cond, lock, &at) != ETIMEDOUT;
}

void cond_signal(struct cond *cond)
{
	if (simulated)
		simulated->wake(cond);
	else
		pthread_cond_signal(&cond->cond);
}

void cond_broadcast(struct cond *cond)
{
	if (simulated)
		simulated->wake(cond);
	else
		pthread_cond_broadcast(&cond->cond);
}
