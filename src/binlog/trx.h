/* trx: one source transaction: what its events say about how it ends, and which of them were rolled back (rule:
 * outcome-known). In the binlog a transaction is a GTID event, then either one Query event (DDL) or BEGIN, rows ...,
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
	TRX_ROLLBACK, /* nothing of it happened */
	TRX_PREPARE,  /* XA PREPARE: not decided yet */
};

/* Where a savepoint was set. */
struct savepoint {
	struct slice name; /* in the transaction's names */
	uint32_t event;    /* number of the event in the transaction */
};

/* Events [first, last) were rolled back. */
struct undone {
	uint32_t first, last;
};

struct trx {
	bool open;  /* a GTID event was seen and no end yet */
	bool begun; /* BEGIN (or XA START) was seen: an end event will come */
	enum trx_end end;
	int64_t logged_ms; /* when the Query event that ends it was written; 0: another event ends it */
	struct event_gtid gtid; /* of the GTID event; xid points into `xid` */
	struct buf xid;         /* the XA id, as statements write it */
	enum statement_kind
		decides;          /* STATEMENT_XA_COMMIT or _ROLLBACK of a prepared transaction */
	bool has_rows;            /* events with rows were seen */
	uint32_t nevents;         /* seen after the GTID event */
	struct event_query query; /* of the last Query event */
	const struct event_query *
		statement; /* `query`, when the last event is a statement that is not about the transaction; else NULL */
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
/* Looks at one event of the open transaction: follows savepoints, sets trx->end at the last one. A statement outside BEGIN (DDL)
 * ends the transaction at once, as TRX_COMMIT. */
int trx_event(struct trx *trx, const struct event *event, const struct event_format *format,
	      struct err *err) MUST_CHECK;
/* Whether event number n was rolled back. */
bool trx_undone(const struct trx *trx, uint32_t n);
/* Empties it for the next transaction. */
void trx_reset(struct trx *trx);

#endif
