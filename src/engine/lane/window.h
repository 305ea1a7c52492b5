/* window: what is in flight, in source order, and how much of it Kafka has acknowledged.
 * A slot is a transaction (stream) or a key range (full sync). Slots are opened in order; a slot is finished
 * when it is closed and each of its messages is acknowledged; marks are given out gap-free from the front.
 * Thread: the lane. Owner: the lane; window_fini. A mark owns its records and its XA
 * transaction: mark_fini. The window owns the marks of closed slots, and a taker the mark that it has taken. */
#ifndef TIDEWAY_WINDOW_H
#define TIDEWAY_WINDOW_H

#include "engine/state/record_batch.h"
#include "model/position.h"

#include <stdint.h>

struct full_range;

/* What is known when everything up to here is acknowledged. */
struct mark {
	struct gtid gtid; /* of the transaction; GTID_NONE: none */
	uint64_t begin;   /* where the transaction begins */
	const char *file; /* where the next transaction begins; interned by the lane */
	const char *born; /* struct binlog_identity, of that file; NULL: not known yet */
	uint64_t offset;
	uint64_t sequence; /* sequenceId base of the next transaction */
	int64_t commit_ms; /* highest commit time so far */
	int64_t watermark_ms; /* everything that the server wrote before this is up to here; 0: not known */
	struct record_batch records; /* saved with this position */
	struct mark_xa *xa; /* what the transaction was to an XA transaction; NULL: nothing */
	struct full_range
		*range; /* of a copy lane: what is acknowledged; NULL: another lane's mark */
};

/* A transaction has prepared an XA transaction, or decided one. */
struct mark_xa {
	struct position pending; /* it alone is in the list of pending ones */
	bool prepared;           /* false: decided */
};

/* The XA transaction of the mark, made when there is none. */
struct mark_xa *mark_set_xa(struct mark *mark);
void mark_fini(struct mark *mark);

struct window_slot;

struct window {
	struct window_slot *slots; /* ring */
	uint64_t first;            /* token of the oldest slot */
	uint64_t next;             /* token of the next slot to open */
	size_t cap;                /* slots in the ring, a power of two */
};

enum { WINDOW_SLOTS_MAX = 1 << 16 };

void window_init(struct window *window);
/* Drops the marks of slots that are closed, finished or not. */
void window_fini(struct window *window);
/* No room for another slot: wait for acknowledgements first. */
bool window_full(const struct window *window);
/* Opens a slot and returns its token. */
uint64_t window_open(struct window *window);
/* n more messages were handed to the sink for this open slot. */
void window_sent(struct window *window, uint64_t token, unsigned n);
/* Everything of this slot was handed over. The window takes what the mark owns. */
void window_close(struct window *window, uint64_t token, const struct mark *mark);
/* n of its messages were acknowledged. */
void window_ack(struct window *window, uint64_t token, unsigned n);
/* Takes the mark of the oldest slot when it is finished; call until it returns false. */
bool window_take(struct window *window, struct mark *mark);
bool window_empty(const struct window *window);

#endif
