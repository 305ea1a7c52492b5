/* message: one message on its way to or from Kafka, and the batch of messages that one change or statement becomes.
 * Thread: one at a time. Owner: a message borrows its texts; a batch owns its array and buffers, which are reused: in
 * steady state nothing is allocated. A batch of zeros is empty. */
#ifndef TIDEWAY_MESSAGE_H
#define TIDEWAY_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

struct destination;

enum { MESSAGE_BY_KEY = -1 }; /* instead of a partition: murmur2 of the key */

/* The headers that Tideway itself sets: the id of another copy of a table, on its rows and markers; and on heartbeats, how many tables
 * of the topic are copied. */
#define HEADER_COPY "tideway-copy"
#define HEADER_COPYING "tideway-copying"

struct header {
	struct slice name;
	struct slice value; /* ptr NULL: null */
};

struct message {
	struct slice topic;
	struct slice key;   /* ptr NULL: null key */
	struct slice value; /* ptr NULL: tombstone */
	struct slice op;    /* "INSERT" ...; empty: a script made the message */
	const struct header *headers;
	unsigned nheaders;
	int partition;                   /* or MESSAGE_BY_KEY */
	bool mapped_key;                 /* the sync's options made the key from the row */
	struct destination *destination; /* of the lane that sends it, once it is found */
	int64_t offset;                  /* of a message that was read */
	int64_t time_ms;                 /* likewise; -1: it has none */
};

struct message_batch {
	struct message *messages; /* in the order in which they are sent */
	unsigned n, cap;
	struct buf key[2];   /* of the image before and after */
	struct buf value[2]; /* of the records that were written */
	unsigned nvalues;
};

void message_batch_fini(struct message_batch *batch);
/* Empties the batch and keeps its memory. */
void message_batch_clear(struct message_batch *batch);
/* Does the same, but frees each buffer of more than `keep` bytes. */
void message_batch_shrink(struct message_batch *batch, size_t keep);
/* Adds a message for the caller to fill. Returns its address, which is valid until the next one is added. */
struct message *message_batch_next(struct message_batch *batch);
void message_batch_add(struct message_batch *batch, const struct message *message);
/* Returns an empty buffer for the next value. There are two. Their bytes live until the batch is emptied. */
struct buf *message_batch_value(struct message_batch *batch);
/* Copies the texts of a message, or of all messages, into the arena. */
void message_keep(struct message *message, struct arena *arena);
void message_batch_keep(struct message_batch *batch, struct arena *arena);

#endif
