/* backfill_link: how the reader of a backfill and the stream lane work together (docs/decisions/0033). One chunk goes back and forth
 * between the two: whoever has it may use it. The reader asks, the lane answers:
 *     BEGIN ─► the lane records which rows the stream sends from now on, and says what it has processed
 *     GIVE_UP ─► the copy of the table ends
 *     SEND  ─► the rows in the chunk wait until the lane has processed `high`; then it sends those that it did not record
 * When all rows are sent, and rows that are only in the topic are to be deleted there (docs/decisions/0040), the lane answers BEGIN
 * with COPIED. Then the reader compares keys of the topic:
 *     AWAIT ─► the lane records which keys it sends from now on, and answers when everything before is acknowledged
 *     DELETE ─► the lane sends the DELETEs in the chunk, without those whose key it recorded
 *     FINISH ─► the copy of the table ends, with its end marker
 * Thread: the reader, and the stream lane; each function names its own. Owner: the supervisor, which outlives both. */
#ifndef TIDEWAY_BACKFILL_LINK_H
#define TIDEWAY_BACKFILL_LINK_H

#include "base/buf.h"
#include "base/mailbox.h"
#include "base/wakeup.h"
#include "model/key_range.h"
#include "model/metrics.h"
#include "model/position.h"
#include "model/row.h"

#include <stdatomic.h>

struct format;
struct format_key_rule;

/* A table whose rows a backfill sends. */
struct backfill_table {
	struct slice db, name, full_name;
	const char *where; /* of its rows, a condition in SQL (full.where); NULL: all rows */
	struct table_metrics metrics; /* rows: sent so far, or left to the stream */
};

/* What keeps a backfill from sending rows, apart from reading them. */
enum backfill_wait {
	BACKFILL_WAITS_NOT,
	BACKFILL_WAITS_STREAM, /* the stream is further back than full.yield_lag_s */
	BACKFILL_WAITS_PACE,   /* full.rows_per_second */
	BACKFILL_WAITS_VISIBLE, /* a transaction that the stream has sent, and the server does not show yet */
	BACKFILL_WAITS_CHANGE, /* a statement that the stream has not reached yet */
	BACKFILL_WAITS_PREPARED, /* an XA transaction that was prepared before the first chunk, and is not decided */
	BACKFILL_WAITS_SOURCE, /* the server cannot be reached */
	BACKFILL_WAITS_TOPIC,  /* the keys of a topic are compared */
};

enum backfill_message {
	/* of the reader */
	BACKFILL_BEGIN,   /* sets table */
	BACKFILL_SEND,    /* sets the rows, their range, signature and high */
	BACKFILL_GIVE_UP, /* another copy cannot be read; sets why */
	BACKFILL_AWAIT,   /* sets nothing */
	BACKFILL_DELETE,  /* sets the rows and deletes.partition */
	BACKFILL_FINISH,  /* sets nothing */
	/* of the lane */
	BACKFILL_BEGUN, /* it records; sets definition, processed, copy, optional, where, range (what is missing) and signature */
	BACKFILL_COPIED,    /* all rows are sent; sets definition, copy, optional and deletes */
	BACKFILL_SENT,      /* rows are sent; those that it has dropped are in the stream */
	BACKFILL_DISCARDED, /* the rows must be read again: the table has changed, or the lane could not record all. After AWAIT: BEGIN follows */
	BACKFILL_ENDED, /* no rows of the table are missing any more: all are sent and acknowledged, it is gone, or its copy is given up */
};

/* What the reader must know of a table to find its deleted rows by the keys of its topic. */
struct backfill_deletes {
	const struct format *format;
	const struct format_key_rule *rule;
	struct slice topic;
	int partitions;              /* by which keys are distributed */
	const struct slice *columns; /* struct format_delete */
	unsigned ncolumns;
	int partition; /* of the rows in the chunk */
};

struct backfill_chunk {
	enum backfill_message message;
	struct backfill_table *table;
	struct arena arena; /* of the members below; the reader resets it before it begins */
	const struct table *definition; /* at `processed` */
	struct position processed;      /* everything before it is sent */
	struct position low;            /* the snapshot contains everything before it */
	struct position high; /* file and offset: everything in the snapshot is before it */
	const struct row_layout *layout;
	struct slice copy; /* id of another copy of the table; ptr NULL: it is the first one */
	bool optional;     /* the table is complete without this copy, which may be given up */
	const char *
		where; /* of its rows, a condition in SQL: that of the table, and that of this copy; NULL: all rows */
	const char *why;        /* it is given up */
	struct key_range range; /* that the rows are from */
	struct slice signature; /* what the bounds of the range depend on; empty: they are open */
	struct backfill_deletes deletes;
	uint64_t nrows;
	/* each: size in 4 bytes, row of the binary protocol. For DELETE: of the key in 4 bytes, the key, the value of the message */
	struct buf rows;
};

struct backfill_link {
	struct backfill_chunk chunk;
	struct mailbox to_lane, to_reader;
	struct wakeup wakeup;     /* of the lane */
	_Atomic bool is_posted;   /* the lane has not looked into its mailbox since */
	const _Atomic bool *halt; /* of the reader */
	_Atomic int waits;        /* enum backfill_wait; set by whoever has the chunk */
};

/* halt: ends the waits of the reader. */
void backfill_link_init(struct backfill_link *link, const _Atomic bool *halt);
/* Called when both have ended. */
void backfill_link_fini(struct backfill_link *link);

/* The reader: passes the chunk to the lane with this message, and waits for the answer. Fails when the reader must stop. */
int backfill_ask(struct backfill_link *link, enum backfill_message message,
		 struct err *err) MUST_CHECK;
/* The reader: adds a row to the chunk. */
void backfill_chunk_add(struct backfill_chunk *chunk, struct slice packet);

/* The lane: takes the chunk. NULL: the reader has it. */
struct backfill_chunk *backfill_take(struct backfill_link *link);
/* The lane: passes the chunk back. */
void backfill_answer(struct backfill_link *link, enum backfill_message message);
/* The lane: returns the row at this offset in the chunk's rows, and moves the offset to the next. */
struct slice backfill_chunk_next(const struct backfill_chunk *chunk, size_t *at);

#endif
