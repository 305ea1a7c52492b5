#include "base/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

void wakeup_init(struct wakeup *wakeup)
{
	wakeup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wakeup->fd >= 0)
		return;
	fprintf(stderr, "tideway: cannot create an event descriptor: %s\n", strerror(errno));
	abort();
}

void wakeup_fini(struct wakeup *wakeup)
{
	close(wakeup->fd);
	wakeup->fd = -1;
}

void wakeup_set(const struct wakeup *wakeup)
{
	uint64_t one = 1;
	ssize_t written = write(wakeup->fd, &one, sizeof(one));
	(void)written; /* the counter is full: it is set already */
}

void wakeup_clear(const struct wakeup *wakeup)
{
	uint64_t count;
	ssize_t got = read(wakeup->fd, &count, sizeof(count));
	(void)got; /* nothing to read: it was not set */
}
