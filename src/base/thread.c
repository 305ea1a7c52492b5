#include "base/thread.h"

#include "base/simulated.h"

#include <stdlib.h>

void thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	if (simulated) {
		simulated->start(thread, name, run, arg);
		return;
	}
	if (pthread_create(thread, NULL, run, arg) != 0)
		abort();
	(void)pthread_setname_np(*thread, name);
}

void thread_join(pthread_t thread)
{
	if (simulated)
		simulated->join(thread);
	else
		pthread_join(thread, NULL);
}
