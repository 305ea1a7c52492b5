/* trx_reader: binlog packets in, transactions out, each event once and parsed once: BEGIN, then its events when it is known how the
 * transaction ends and which of them were rolled back (rule: outcome-known), then END. A small transaction is held until its end is
 * there. Through a larger one a second packet source reads ahead for its outcome, and its events are given out as they come, so that
 * memory stays constant. A server that crashes inside a transaction leaves it without an end: it never happened.
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
	TRX_ITEM_OTHER, /* an event that belongs to no transaction: format description, heartbeat, rotate ... */
	TRX_ITEM_BEGIN,   /* the GTID event of a transaction */
	TRX_ITEM_HELD,    /* one of its events was read, and is held */
	TRX_ITEM_OUTCOME, /* how it ends is known (trx_reader_outcome): its events follow */
	TRX_ITEM_EVENT,   /* one of its events */
	TRX_ITEM_END,     /* it is over */
};

struct trx_item {
	enum trx_item_kind kind;
	struct slice packet;       /* that was read for this item; ptr NULL: none was */
	const struct event *event; /* the event of the item, or the last one that was read */
	uint64_t start, end;       /* its offsets */

	/* of TRX_ITEM_EVENT only; not set otherwise */
	bool undone;        /* it was rolled back */
	bool again;         /* it was given out before the connection was lost */
	uint64_t row_bytes; /* of the transaction's rows before it (rule: sequence-id) */
	struct rows *rows;  /* NULL: not an event with rows */
	void *table; /* of the rows, as trx_reader_announce has it; NULL: an event that only ends a statement */
	const struct event_query
		*statement; /* one that is not about the transaction itself; NULL: another event */
};

struct trx_reader_owner {
	/* Opens a second packet source at the begin of the current transaction, which is larger than what is held. NULL:
	 * an error. */
	struct packet_source *(*open_ahead)(void *arg, struct err *err);
	/* Whether reading ahead is to end; NULL: never. */
	bool (*is_stopping)(const void *arg);
	void *arg;
	size_t hold_max; /* bytes of a transaction that are held */
};

struct trx_reader {
	struct cursor *cursor; /* the owner's */
	struct trx_reader_owner owner;
	struct slice packet; /* to be read; ptr NULL: none */
	struct event event;  /* the last one */
	bool lost;           /* the error of trx_reader_next is one of the second packet source */

	/* the current transaction: trx_reader_reset clears it */
	struct trx trx;
	struct trx ahead;       /* of a large one: what was seen of it ahead */
	bool is_large;          /* its events are given out as they come */
	const char *begin_file; /* where it begins */
	uint64_t begin_offset;
	struct held_events held;
	size_t given;         /* of the held events */
	uint32_t number;      /* of the next event that is given out */
	uint64_t row_bytes;   /* of the events that were given out */
	struct rows rows;     /* of the last event */
	struct table_ids ids; /* of the current statement */
	enum { TRX_READ, TRX_GIVE, TRX_FINISH, TRX_OVER } step; /* what trx_reader_next does next */

	/* The transaction that was being given out when the connection was lost is read again from its begin
	 * (rule: transaction-start). */
	struct gtid again;
	uint64_t again_bytes; /* row_bytes that were given out; 0: there is none */
};

void trx_reader_init(struct trx_reader *reader, struct cursor *cursor,
		     const struct trx_reader_owner *owner);
void trx_reader_fini(struct trx_reader *reader);
/* A new connection begins where the current transaction does, or after the last one. The cursor is the owner's to set. */
void trx_reader_rewind(struct trx_reader *reader);
/* The next packet, when trx_reader_next has nothing more of the last one. It is borrowed until then. */
void trx_reader_put(struct trx_reader *reader, struct slice packet);
/* What comes next: trx_reader_next has asked whether there may be something. */
int trx_reader_step(struct trx_reader *reader, struct trx_item *item, struct err *err) MUST_CHECK;

/* 1: an item, valid until the next call; 0: the packet is used up; -1. */
static inline int trx_reader_next(struct trx_reader *reader, struct trx_item *item, struct err *err)
{
	if (reader->packet.ptr == NULL && reader->step == TRX_READ)
		return 0; /* after every packet */
	return trx_reader_step(reader, item, err);
}

/* After TRX_ITEM_OUTCOME: no events that are held are wanted; TRX_ITEM_END comes next. */
void trx_reader_skip(struct trx_reader *reader);
/* What is known of how the current transaction ends. */
const struct trx *trx_reader_outcome(const struct trx_reader *reader);
/* The table of a TABLE_MAP event that was given out (not NULL): `table` of the rows events that follow. */
void trx_reader_announce(struct trx_reader *reader, uint64_t id, void *table);
/* The table is gone. */
void trx_reader_forget(struct trx_reader *reader, const void *table);

#endif
