/* ddl_scan: reads binlog packets up to a place, for statements that may change definitions.
 * Thread: the caller's. */
#ifndef TIDEWAY_DDL_SCAN_H
#define TIDEWAY_DDL_SCAN_H

#include "binlog/cursor.h"
#include "binlog/packet_source.h"
#include "model/ddl.h"
#include "model/position.h"

#include <stdatomic.h>

/* One statement. steps: NULL when its text cannot be read; in the arena. Returns 0; 1 to end the scan; -1. */
typedef int ddl_scan_visit(void *arg, const struct ddl_step *steps, unsigned nsteps,
			   struct arena *arena, struct err *err);

struct ddl_scan {
	struct cursor *
		cursor; /* the caller's, where the packets begin; afterwards the place that was reached */
	const struct position *until; /* without a file: the end of the packets */
	const atomic_bool *halt;      /* NULL: nothing ends it early */
	ddl_scan_visit *visit;
	void *arg;
};

/* Whether a statement of this kind may change the definition of a table or the defaults of a database. */
bool ddl_scan_matters(enum ddl_step_kind kind);
/* Whether the cursor is at the end already. */
bool ddl_scan_is_over(const struct ddl_scan *scan);
/* 0: read until the end; 1: a visit ended it; -1. */
int ddl_scan_run(const struct ddl_scan *scan, struct packet_source *source,
		 struct err *err) MUST_CHECK;

#endif
