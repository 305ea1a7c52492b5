#include "base/clock.h"

#include "base/simulated.h"

#include <time.h>

static int64_t now_ns(clockid_t id)
{
	struct timespec t;
	if (__builtin_expect(simulated != NULL, 0))
		return simulated->now_ns(id == CLOCK_REALTIME);
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_wall_ms(void)
{
	return now_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_mono_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_boot_ms(void)
{
	return now_ns(CLOCK_BOOTTIME) / 1000000;
}

int64_t clock_mono_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

void clock_pause(int64_t ms)
{
	if (ms > 0)
		(void)clock_poll(NULL, 0, (int)ms);
}

int clock_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int ready;
	if (simulated == NULL)
		return poll(fds, n, timeout_ms);
	ready = n > 0 ? poll(fds, n, 0) : 0;
	if (ready != 0 || timeout_ms == 0)
		return ready;
	(void)simulated->wait(fds, timeout_ms < 0 ? INT64_MAX
						  : clock_mono_ns() + timeout_ms * 1000000LL);
	return n > 0 ? poll(fds, n, 0) : 0;
}
