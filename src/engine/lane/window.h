/* window: the messages in flight, in source order, and which of them Kafka has acknowledged. A slot
 * is a transaction (stream) or a key range (full sync). Slots are opened in order. A slot is
 * finished when it is closed and each of its messages is acknowledged. Marks of finished slots are
 * taken from the front, without a gap.
 * Thread: the lane. Owner: the lane; window_fini. A mark owns its records and its XA transaction
 * (mark_fini). The window owns the marks of closed slots; window_take passes a mark to its
 * caller. */
#ifndef TIDEWAY_WINDOW_H
#define TIDEWAY_WINDOW_H

#include "engine/state/record_batch.h"
#include "model/position.h"

#include <stdint.h>

struct backfill_pace;
struct backfill_table;
struct full_range;

/* What holds when everything up to here is acknowledged. */
struct mark {
	struct gtid gtid; /* of the transaction; GTID_NONE: none */
	uint64_t begin;   /* where the transaction begins */
	const char *file; /* where the next transaction begins; interned by the lane */
	const char *born; /* struct binlog_identity, of that file; NULL: not known yet */
	uint64_t offset;
	uint64_t sequence; /* sequenceId base of the next transaction */
	int64_t commit_ms; /* highest commit time so far */
	int64_t watermark_ms; /* everything that the server wrote before this time is before the mark; 0: unknown */
	struct record_batch records; /* saved with this position */
	struct mark_xa *xa; /* how the transaction affects an XA transaction; NULL: not at all */
	struct full_range
		*range; /* of a copy lane: what is acknowledged; NULL: another lane's mark */
	/* the table whose rows are all acknowledged with this, by a backfill; NULL: none */
	struct backfill_table *copied;
	/* set when the mark is reached; NULL: nobody waits for it */
	bool *reached;
	struct backfill_pace *pace; /* of a slice of a backfill; NULL: another mark */
	size_t slice_bytes;
	int64_t slice_ns; /* when the slice was sent, monotonic */
};

/* An XA transaction that was prepared or decided. */
struct mark_xa {
	struct position pending; /* its list of pending transactions contains only this one */
	bool prepared;           /* false: decided */
};

/* Return the XA transaction of the mark. Make it if there is none. */
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
/* Free the marks of closed slots, finished or not. */
void window_fini(struct window *window);
/* Return whether there is no room for another slot until acknowledgements arrive. */
bool window_full(const struct window *window);
/* Open a slot and return its token. */
uint64_t window_open(struct window *window);
/* Count n messages that were sent in this open slot. */
void window_sent(struct window *window, uint64_t token, unsigned n);
/* Close the slot: all its messages have been sent. The window takes what the mark owns. */
void window_close(struct window *window, uint64_t token, const struct mark *mark);
/* Count n messages of the slot as acknowledged. */
void window_ack(struct window *window, uint64_t token, unsigned n);
/* Take the mark of the oldest slot if it is finished. Call it until it returns false. */
bool window_take(struct window *window, struct mark *mark);
bool window_empty(const struct window *window);

#endif
