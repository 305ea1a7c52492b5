#include "base/mailbox.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

void mailbox_init(struct mailbox *box, size_t cap)
{
	assert(cap > 0);
	*box = (struct mailbox){.cap = cap};
	box->items = mem_array(cap, sizeof(*box->items));
	pthread_mutex_init(&box->lock, NULL);
	cond_init(&box->room);
	cond_init(&box->mail);
}

void mailbox_fini(struct mailbox *box)
{
	assert(box->count == 0);
	cond_fini(&box->mail);
	cond_fini(&box->room);
	pthread_mutex_destroy(&box->lock);
	free(box->items);
	box->items = NULL;
}

static int64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? COND_FOR_EVER : clock_mono_ms() + timeout_ms;
}

bool mailbox_put(struct mailbox *box, void *item, int timeout_ms)
{
	assert(item != NULL);
	int64_t deadline_ms = deadline_after(timeout_ms);
	pthread_mutex_lock(&box->lock);
	bool waiting = timeout_ms != 0;
	while (waiting && box->count == box->cap && !box->closed)
		waiting = cond_wait(&box->room, &box->lock, deadline_ms);
	bool fits = box->count < box->cap && !box->closed;
	if (fits) {
		box->items[(box->head + box->count) % box->cap] = item;
		box->count++;
		cond_signal(&box->mail);
	}
	pthread_mutex_unlock(&box->lock);
	return fits;
}

void *mailbox_take(struct mailbox *box, int timeout_ms)
{
	int64_t deadline_ms = deadline_after(timeout_ms);
	void *item = NULL;
	pthread_mutex_lock(&box->lock);
	bool waiting = timeout_ms != 0;
	while (waiting && box->count == 0 && !box->closed)
		waiting = cond_wait(&box->mail, &box->lock, deadline_ms);
	if (box->count > 0) {
		item = box->items[box->head];
		box->head = (box->head + 1) % box->cap;
		box->count--;
		cond_signal(&box->room);
	}
	pthread_mutex_unlock(&box->lock);
	return item;
}

void mailbox_close(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	box->closed = true;
	cond_broadcast(&box->room);
	cond_broadcast(&box->mail);
	pthread_mutex_unlock(&box->lock);
}
