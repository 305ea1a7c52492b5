/* trx_reader: converts binlog packets to transactions. Parses each event once and gives it out once: BEGIN, then the
 * events as soon as it is known how the transaction ends and which of them were rolled back (rule: outcome-known), then
 * END. A small transaction is held until its end is read. For a larger one a second packet source reads ahead to its
 * outcome, and its events are returned as they are read, so that memory stays constant. A server that crashes inside a
 * transaction leaves it without an end: it changed nothing.
 *     while (packet_source_next(source, &packet, err) > 0) {
 *             trx_reader_put(&reader, packet);
 *             while ((rc = trx_reader_next(&reader, &item, err)) > 0)
 *                     ...
 * Thread: the one that reads. Owner: trx_reader_fini. */
#ifndef TIDEWAY_TRX_READER_H
#define TIDEWAY_TRX_READER_H

#include "binlog/cursor.h"
#include "binlog/held_events.h"
#include "binlog/packet_source.h"
#include "binlog/table_ids.h"
#include "binlog/trx.h"

enum trx_item_kind {
	TRX_ITEM_OTHER, /* an event outside of transactions: format description, heartbeat, rotate ... */
	TRX_ITEM_BEGIN,   /* the GTID event of a transaction */
	TRX_ITEM_HELD,    /* one of its events was read and is held */
	TRX_ITEM_OUTCOME, /* its outcome is known (trx_reader_outcome); its events follow */
	TRX_ITEM_EVENT,   /* one of its events */
	TRX_ITEM_END,     /* its end */
};

struct trx_item {
	enum trx_item_kind kind;
	struct slice packet;       /* the packet that was read for this item; ptr NULL: none */
	const struct event *event; /* the item's event, or the last event read */
	uint64_t start, end;       /* offsets of the event */

	/* the members below are set for TRX_ITEM_EVENT only */
	bool undone;        /* it was rolled back */
	bool again;         /* it was returned before, on a lost connection */
	uint64_t row_bytes; /* of the transaction's rows before it (rule: sequence-id) */
	struct rows *rows;  /* NULL: not an event with rows */
	void *table; /* of the rows, from trx_reader_announce; NULL: an event that only ends a statement */
	const struct event_query *
		statement; /* a statement that does not control the transaction; NULL: another event */
};

struct trx_reader_owner {
	/* Opens a second packet source at the start of the current transaction, which is too large to hold. Returns NULL
	 * on error. */
	struct packet_source *(*open_ahead)(void *arg, struct err *err);
	/* Returns whether reading ahead must end. NULL: never. */
	bool (*is_stopping)(const void *arg);
	void *arg;
	size_t hold_max; /* maximum bytes of a transaction that is held */
};

struct trx_reader {
	struct cursor *cursor; /* the owner's */
	struct trx_reader_owner owner;
	struct slice packet; /* the packet to read; ptr NULL: none */
	struct event event;  /* the last event read */
	bool lost;           /* the error of trx_reader_next is from the second packet source */

	/* the current transaction; `reset` clears it */
	struct trx trx;
	struct trx ahead;       /* of a large one: the result of reading ahead */
	bool is_large;          /* its events are returned as they are read */
	const char *begin_file; /* file where it begins */
	uint64_t begin_offset;
	struct held_events held;
	size_t given;         /* held events returned so far */
	uint32_t number;      /* number of the next event to return */
	uint64_t row_bytes;   /* row bytes of the events returned so far */
	struct rows rows;     /* of the last event */
	struct table_ids ids; /* of the current statement */
	enum { TRX_READ, TRX_GIVE, TRX_FINISH, TRX_OVER } step; /* what trx_reader_next does next */

	/* the transaction that was being returned when the connection was lost: it is read again from its start
	 * (rule: transaction-start). */
	struct gtid again;
	uint64_t again_bytes; /* row_bytes of it that were returned; 0: none */
};

void trx_reader_init(struct trx_reader *reader, struct cursor *cursor,
		     const struct trx_reader_owner *owner);
void trx_reader_fini(struct trx_reader *reader);
/* Prepares for a new connection, which begins at the current transaction, or else after the last one. The owner sets the
 * cursor. */
void trx_reader_rewind(struct trx_reader *reader);
/* Passes in the next packet, after trx_reader_next has returned 0. The packet is borrowed until it does so again. */
void trx_reader_put(struct trx_reader *reader, struct slice packet);
/* Makes the next item. Call trx_reader_next, which tests first whether there may be one. */
int trx_reader_step(struct trx_reader *reader, struct trx_item *item, struct err *err) MUST_CHECK;

/* Returns 1 for an item, which is valid until the next call, 0 when the packet is used up, -1 on error. */
static inline int trx_reader_next(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	if (reader->packet.ptr == NULL && reader->step == TRX_READ)
		return 0; /* after every packet */
	return trx_reader_step(reader, item, err);
}

/* After TRX_ITEM_OUTCOME: skips the held events. TRX_ITEM_END comes next. */
void trx_reader_skip(struct trx_reader *reader);
/* Returns what is known of the outcome of the current transaction. */
const struct trx *trx_reader_outcome(const struct trx_reader *reader);
/* Sets the table of a TABLE_MAP event that was returned. Not NULL. It becomes `table` of the rows events that follow. */
void trx_reader_announce(struct trx_reader *reader, uint64_t id, void *table);
/* Removes a table that no longer exists. */
void trx_reader_forget(struct trx_reader *reader, const void *table);

#endif
