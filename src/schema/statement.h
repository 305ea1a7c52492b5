/* statement: what a Query event's text does to the transaction, by its first words. Pure.
 * Thread: any. */
#ifndef TIDEWAY_STATEMENT_H
#define TIDEWAY_STATEMENT_H

#include "base/slice.h"

enum statement_kind {
	STATEMENT_OTHER, /* DDL or anything that is not below */
	STATEMENT_BEGIN, /* BEGIN, START TRANSACTION */
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,    /* the whole transaction */
	STATEMENT_SAVEPOINT,   /* name */
	STATEMENT_ROLLBACK_TO, /* name */
	STATEMENT_RELEASE,     /* name */
	STATEMENT_XA_START, /* XA START 'xid' (MySQL groups begin with it); name is the xid text */
	STATEMENT_XA_END,
	STATEMENT_XA_PREPARE,
	STATEMENT_XA_COMMIT, /* name is the xid text as written: X'..',X'..',n */
	STATEMENT_XA_ROLLBACK,
};

/* Comments and white space are skipped; `name` is unquoted (backquotes) for savepoints. */
enum statement_kind statement_parse(struct slice sql, struct slice *name);

#endif
