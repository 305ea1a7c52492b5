#include "base/thread.h"

#include <stdlib.h>

void thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	if (pthread_create(thread, NULL, run, arg) != 0)
		abort();
	(void)pthread_setname_np(*thread, name);
}
