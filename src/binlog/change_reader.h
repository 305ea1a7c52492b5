/* change_reader: binlog packets in, the rows of committed transactions out, one change at a time. Every row of every table comes
 * out, or an error that names what cannot be read and where. It needs no server: definitions come from its owner.
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
	struct slice identity; /* of the TABLE_MAP its layout came from; empty: to be made again */
	const char *refused;   /* why its rows cannot be read; NULL: they can */
	bool ignored;          /* a sequence: its rows are not a table's */
	struct row before, after;
};

void change_table_free(struct change_table *table);

/* The definitions. */
struct change_tables {
	/* The table of a TABLE_MAP event, at this place. One whose rows cannot be read has `refused`. *replaced: a table of the
	 * same name that is gone now, for the caller to free; NULL: none. */
	int (*find)(void *arg, const struct event *event, const struct cursor *cursor,
		    uint64_t offset, struct change_table **table, struct change_table **replaced,
		    struct err *err);
	/* A statement that may have changed definitions, or rows. */
	int (*follow)(void *arg, const struct event_query *query, const struct event_format *format,
		      struct err *err);
	void *arg;
};

struct change_reader {
	struct cursor cursor;
	struct trx_reader transactions;
	struct change_tables tables;
	struct map xids;     /* prepared XA transactions without rows: xid -> the key itself */
	struct buf quiet_at; /* place of the last server heartbeat; empty: an event came after it */
	bool is_idle;        /* two heartbeats at one place: nothing comes after it */
	struct change_table *table; /* whose rows are given out; NULL: none */
	struct rows rows;
	uint64_t rows_start; /* where their event begins */
	struct change change;
};

/* A transaction of more than hold_max bytes is an error. */
void change_reader_init(struct change_reader *reader, const struct change_tables *tables,
			size_t hold_max);
void change_reader_fini(struct change_reader *reader);
/* The next packet, when change_reader_next has nothing more of the last one. It is borrowed until then. */
void change_reader_put(struct change_reader *reader, struct slice packet);
/* 1: a change, valid until the next call; 0: the packet is used up; -1. */
int change_reader_next(struct change_reader *reader, struct change **change,
		       struct err *err) MUST_CHECK;

#endif
