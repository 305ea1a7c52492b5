/* trx: one source transaction: how it ends, and which of its events were rolled back, as far as the events so far show
 * (rule: outcome-known). In the binlog a transaction is a GTID event, then either one Query event (DDL) or BEGIN, rows ...,
 * and an end: Xid, COMMIT, ROLLBACK or XA PREPARE.
 * Thread: the one that reads the binlog. Owner: trx_fini. */
#ifndef TIDEWAY_TRX_H
#define TIDEWAY_TRX_H

#include "base/buf.h"
#include "decode/event.h"
#include "schema/statement.h"

/* How a transaction ended. */
enum trx_end {
	TRX_OPEN,
	TRX_COMMIT,
	TRX_ROLLBACK, /* it changed nothing */
	TRX_PREPARE,  /* XA PREPARE: undecided */
};

/* A savepoint. */
struct savepoint {
	struct slice name; /* offset and length in the transaction's names */
	uint32_t event;    /* number of the next event in the transaction when it was set */
};

/* Events [first, last) were rolled back. */
struct undone {
	uint32_t first, last;
};

struct trx {
	bool open;  /* a GTID event was read, but no end so far */
	bool begun; /* BEGIN (or XA START) was read: an end event will come */
	enum trx_end end;
	int64_t logged_ms; /* time when the Query event that ends it was written; 0: another event ends it */
	struct event_gtid gtid; /* of the GTID event; xid points into `xid` */
	struct buf xid;         /* the XA id, as statements write it */
	enum statement_kind
		decides;          /* STATEMENT_XA_COMMIT or _ROLLBACK of a prepared transaction */
	bool has_rows;            /* events with rows were read */
	uint32_t nevents;         /* events read after the GTID event */
	struct event_query query; /* of the last Query event */
	const struct event_query *
		statement; /* `query` if the last event is a statement that does not control the transaction; else NULL */
	struct savepoint *savepoints;
	size_t nsavepoints, savepoints_cap;
	struct buf names;      /* savepoint names; slices are made when compared */
	struct undone *undone; /* ascending */
	size_t nundone, undone_cap;
};

void trx_init(struct trx *trx);
void trx_fini(struct trx *trx);
/* Starts a new transaction at this GTID event. */
void trx_open(struct trx *trx, const struct event_gtid *gtid);
/* Processes one event of the open transaction: follows savepoints, and sets trx->end at the last event. A statement
 * outside BEGIN (DDL) ends the transaction at once, as TRX_COMMIT. */
int trx_event(struct trx *trx, const struct event *event, const struct event_format *format,
	      struct err *err) MUST_CHECK;
/* Returns whether event n was rolled back. */
bool trx_undone(const struct trx *trx, uint32_t n);
/* Empties it for the next transaction. */
void trx_reset(struct trx *trx);

#endif
