#include "base/mailbox.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

void mailbox_init(struct mailbox *box, size_t cap)
{
	assert(cap > 0);
	*box = (struct mailbox){.cap = cap};
	box->items = mem_array(cap, sizeof(*box->items));
	pthread_mutex_init(&box->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&box->room, &attr);
	pthread_cond_init(&box->mail, &attr);
	pthread_condattr_destroy(&attr);
}

void mailbox_fini(struct mailbox *box)
{
	assert(box->count == 0);
	pthread_cond_destroy(&box->mail);
	pthread_cond_destroy(&box->room);
	pthread_mutex_destroy(&box->lock);
	free(box->items);
	box->items = NULL;
}

static struct timespec deadline_after(int timeout_ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += timeout_ms / 1000;
	at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Waits for a signal. Returns false when the deadline has passed. A NULL deadline never passes. */
static bool wait_until(struct mailbox *box, pthread_cond_t *cond, const struct timespec *deadline)
{
	if (deadline == NULL)
		return pthread_cond_wait(cond, &box->lock) == 0;
	return pthread_cond_timedwait(cond, &box->lock, deadline) != ETIMEDOUT;
}

bool mailbox_put(struct mailbox *box, void *item, int timeout_ms)
{
	assert(item != NULL);
	struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
	pthread_mutex_lock(&box->lock);
	bool waiting = timeout_ms != 0;
	while (waiting && box->count == box->cap && !box->closed)
		waiting = wait_until(box, &box->room, timeout_ms < 0 ? NULL : &deadline);
	bool fits = box->count < box->cap && !box->closed;
	if (fits) {
		box->items[(box->head + box->count) % box->cap] = item;
		box->count++;
		pthread_cond_signal(&box->mail);
	}
	pthread_mutex_unlock(&box->lock);
	return fits;
}

void *mailbox_take(struct mailbox *box, int timeout_ms)
{
	struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
	void *item = NULL;
	pthread_mutex_lock(&box->lock);
	bool waiting = timeout_ms != 0;
	while (waiting && box->count == 0 && !box->closed)
		waiting = wait_until(box, &box->mail, timeout_ms < 0 ? NULL : &deadline);
	if (box->count > 0) {
		item = box->items[box->head];
		box->head = (box->head + 1) % box->cap;
		box->count--;
		pthread_cond_signal(&box->room);
	}
	pthread_mutex_unlock(&box->lock);
	return item;
}

void mailbox_close(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	box->closed = true;
	pthread_cond_broadcast(&box->room);
	pthread_cond_broadcast(&box->mail);
	pthread_mutex_unlock(&box->lock);
}
