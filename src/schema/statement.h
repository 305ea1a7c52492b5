/* statement: classifies the text of a Query event by its effect on the transaction. Reads only the
 * first words. Pure functions. Thread: any. */
#ifndef TIDEWAY_STATEMENT_H
#define TIDEWAY_STATEMENT_H

#include "base/slice.h"

enum statement_kind {
	STATEMENT_OTHER, /* DDL, or a statement that is none of the others */
	STATEMENT_BEGIN, /* BEGIN, START TRANSACTION */
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,    /* the whole transaction */
	STATEMENT_SAVEPOINT,   /* name */
	STATEMENT_ROLLBACK_TO, /* name */
	STATEMENT_RELEASE,     /* name */
	/* XA START 'xid', which begins a MySQL transaction; name is the xid's text */
	STATEMENT_XA_START,
	STATEMENT_XA_END,
	STATEMENT_XA_PREPARE,
	STATEMENT_XA_COMMIT, /* name is the xid's text as written: X'..',X'..',n */
	STATEMENT_XA_ROLLBACK,
};

/* Returns the kind of a statement. Skips comments and white space. Sets *name for savepoints,
 * without backquotes, and for XA statements; otherwise its ptr is NULL. */
enum statement_kind statement_parse(struct slice sql, struct slice *name);

#endif
