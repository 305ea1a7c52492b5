/* ddl_scan: reads the binlog between two places, by a connection of its own, for statements that may change definitions.
 * Thread: the caller's. */
#ifndef TIDEWAY_DDL_SCAN_H
#define TIDEWAY_DDL_SCAN_H

#include "binlog/cursor.h"
#include "model/config.h"
#include "model/ddl.h"
#include "model/position.h"

#include <stdatomic.h>

/* One statement. steps: NULL when its text cannot be read; in the arena. Returns 0; 1 to end the scan; -1. */
typedef int ddl_scan_visit(void *arg, const struct ddl_step *steps, unsigned nsteps,
			   struct arena *arena, struct err *err);

struct ddl_scan {
	const struct source_config *config;
	const char *
		name; /* of the connection: another one than the stream's, whose dump it would end */
	const struct position *from;
	const struct position *until; /* without a file: the end of the binlog */
	const atomic_bool *halt;      /* NULL: nothing ends it early */
	ddl_scan_visit *visit;
	void *arg;
	struct cursor
		*cursor; /* the caller's, initialised; afterwards the place that was reached */
};

/* Whether a statement of this kind may change the definition of a table or the defaults of a database. */
bool ddl_scan_matters(enum ddl_step_kind kind);
/* 0: read until the end; 1: a visit ended it; -1. ERR_POSITION: the server no longer has the beginning. */
int ddl_scan_run(const struct ddl_scan *scan, struct err *err) MUST_CHECK;

#endif
