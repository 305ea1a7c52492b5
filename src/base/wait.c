#include "base/wait.h"

#include "base/clock.h"
#include "base/wakeup.h"

#include <limits.h>

void wait_for(const struct wait *wait, const struct wakeup *wakeup)
{
	struct pollfd fds[] = {{wait->fd, POLLIN, 0}, {wakeup ? wakeup->fd : -1, POLLIN, 0}};
	int64_t left_ms = wait->until_ms - clock_mono_ms();
	if (left_ms > 0)
		(void)clock_poll(fds, wakeup ? 2 : 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
}
