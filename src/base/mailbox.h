/* mailbox: a bounded queue of pointers between threads. Waiting uses condition variables.
 * Thread: any number of senders and receivers. Owner: the mailbox owns an item until it is taken;
 * mailbox_fini asserts that the mailbox is empty. */
#ifndef TIDEWAY_MAILBOX_H
#define TIDEWAY_MAILBOX_H

#include "base/cond.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox {
	pthread_mutex_t lock; /* guards all members below */
	struct cond room;     /* signalled after an item was taken */
	struct cond mail;     /* signalled after an item was put */
	void **items;         /* ring buffer of cap pointers */
	size_t cap;           /* items that fit */
	size_t head;          /* index of the next item to take */
	size_t count;         /* items in the ring */
	bool closed;          /* mailbox_put fails; mailbox_take returns the items that are left */
};

void mailbox_init(struct mailbox *box, size_t cap);
void mailbox_fini(struct mailbox *box);
/* Puts an item. Waits for room at most timeout_ms (-1: for ever, 0: not at all). Returns false if
 * there was no room or the mailbox is closed. */
bool mailbox_put(struct mailbox *box, void *item, int timeout_ms);
/* Takes the oldest item. Waits for one like mailbox_put. Returns NULL if there was none. A closed
 * mailbox does not wait. */
void *mailbox_take(struct mailbox *box, int timeout_ms);
/* Closes the mailbox and wakes all waiting threads. */
void mailbox_close(struct mailbox *box);

#endif
