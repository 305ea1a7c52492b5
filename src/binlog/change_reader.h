/* change_reader: converts binlog packets to the rows of committed transactions, one change at a time. It returns every
 * row of every table, or an error that names what cannot be read and where. It needs no server: its owner has the
 * definitions.
 *     while (packet_source_next(source, &packet, err) > 0) {
 *             change_reader_put(&reader, packet);
 *             while ((rc = change_reader_next(&reader, &change, err)) > 0)
 *                     ...
 * Thread: the one that reads. Owner: change_reader_fini. */
#ifndef TIDEWAY_CHANGE_READER_H
#define TIDEWAY_CHANGE_READER_H

#include "base/map.h"
#include "binlog/trx_reader.h"
#include "model/change.h"

/* A table of the binlog, and its rows. */
struct change_table {
	struct arena arena; /* everything below */
	const char *name;   /* "db.table" */
	const struct table *table;
	struct slice
		identity; /* of the TABLE_MAP that the layout was made from; empty: make it again */
	const char *refused; /* why its rows cannot be read; NULL: they can */
	bool ignored;        /* a sequence: its rows are not rows of a table */
	struct row before, after;
};

void change_table_free(struct change_table *table);

/* The definitions. */
struct change_tables {
	/* Finds the table of a TABLE_MAP event at this place. Sets `refused` if its rows cannot be read. *replaced: a superseded
	 * table of the same name, which the caller frees; NULL: none. */
	int (*find)(void *arg, const struct event *event, const struct cursor *cursor,
		    uint64_t offset, struct change_table **table, struct change_table **replaced,
		    struct err *err);
	/* Follows a statement that may have changed definitions or rows. */
	int (*follow)(void *arg, const struct event_query *query, const struct event_format *format,
		      struct err *err);
	void *arg;
};

struct change_reader {
	struct cursor cursor;
	struct trx_reader transactions;
	struct change_tables tables;
	struct map xids; /* prepared XA transactions without rows: xid -> the key itself */
	struct buf
		quiet_at; /* position of the last server heartbeat; empty: an event came after it */
	bool is_idle;     /* two heartbeats at one position: the end is reached */
	struct change_table *table; /* the table whose rows are being returned; NULL: none */
	struct rows rows;
	uint64_t rows_start; /* offset of their event */
	struct change change;
};

/* hold_max: maximum bytes of a transaction; a larger one is an error. */
void change_reader_init(struct change_reader *reader, const struct change_tables *tables,
			size_t hold_max);
void change_reader_fini(struct change_reader *reader);
/* Passes in the next packet, after change_reader_next has returned 0. The packet is borrowed until it does so again. */
void change_reader_put(struct change_reader *reader, struct slice packet);
/* Returns 1 for a change, which is valid until the next call, 0 when the packet is used up, -1 on error. */
int change_reader_next(struct change_reader *reader, struct change **change,
		       struct err *err) MUST_CHECK;

#endif
