/* source_priv: what a connection registers with its source.
 * Thread: any. Owner: the connection. */
#ifndef TIDEWAY_SOURCE_PRIV_H
#define TIDEWAY_SOURCE_PRIV_H

#include "source/source.h"

#include <stdatomic.h>
#include <stdint.h>

/* The socket of a connection, for source_shutdown. */
struct source_socket {
	/* ends what a thread waits for; any thread. NULL: fd is shut down */
	void (*end)(struct source_socket *socket);
	/* a duplicate: libmariadb closes its own after an error, and another file may have its
	 * number by the time of the shutdown. -1: not connected */
	int fd;
	bool holds_lock; /* must outlast the other connections */
	/* monotonic time when the running query was sent; 0: none runs */
	_Atomic int64_t asked_ms;
	struct source_socket *next; /* guarded by the source's lock */
};

/* Adds a connected socket to the source. */
void source_add_socket(struct source *source, struct source_socket *socket);
/* Ends what a thread waits for on the socket. Thread: any. */
void source_end_socket(struct source_socket *socket);
/* Removes the socket if it was added. */
void source_remove_socket(struct source *source, const struct source_socket *socket);

/* Records that a connection to the host has been opened. host: -1 for a source without hosts. */
void source_set_reached(struct source *source, int host);
/* Returns whether a connection to the host has ever been opened. */
bool source_was_reached(const struct source *source, int host);

#endif
