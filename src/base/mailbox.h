/* mailbox: a bounded queue of pointers between threads, with an eventfd-free wait.
 * Thread: any number of senders and receivers. Owner: what is inside belongs to the mailbox until
 * taken; mailbox_fini asserts that it is empty. */
#ifndef TIDEWAY_MAILBOX_H
#define TIDEWAY_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t room;  /* signalled when something was taken */
	pthread_cond_t mail;  /* signalled when something was put */
	void **items;         /* ring of cap pointers */
	size_t cap;           /* pointers */
	size_t head;          /* next to take */
	size_t count;         /* pointers inside */
	bool closed;          /* no more puts; takes drain what is left */
};

void mailbox_init(struct mailbox *box, size_t cap);
void mailbox_fini(struct mailbox *box);
/* Waits for room at most timeout_ms (-1: for ever, 0: not at all); false: no room or closed. */
bool mailbox_put(struct mailbox *box, void *item, int timeout_ms);
/* Waits for mail likewise; NULL: none, or closed and empty. */
void *mailbox_take(struct mailbox *box, int timeout_ms);
void mailbox_close(struct mailbox *box);

#endif
