/* ddl_scan: searches binlog packets up to a place for statements that may change definitions.
 * Thread: the caller's. */
#ifndef TIDEWAY_DDL_SCAN_H
#define TIDEWAY_DDL_SCAN_H

#include "binlog/cursor.h"
#include "binlog/packet_source.h"
#include "model/ddl.h"
#include "model/position.h"

#include <stdatomic.h>

/* Visits one statement. steps: in the arena; NULL: the text cannot be read. Returns 0, 1 to end the scan, or -1. */
typedef int ddl_scan_visit(void *arg, const struct ddl_step *steps, unsigned nsteps,
			   struct arena *arena, struct err *err);

struct ddl_scan {
	struct cursor *
		cursor; /* the caller's, at the first packet; afterwards at the place that was reached */
	const struct position *until; /* end of the scan; it has a file */
	const atomic_bool *halt;      /* ends the scan early; NULL: nothing does */
	size_t bytes_max; /* of packets to read, after which the scan ends as if by a visit; 0: no limit */
	ddl_scan_visit *visit;
	void *arg;
};

/* Returns whether a statement of this kind may change the definition of a table or the defaults of a database. */
bool ddl_scan_matters(enum ddl_step_kind kind);
/* Returns whether the cursor is at the end already. */
bool ddl_scan_is_over(const struct ddl_scan *scan);
/* Returns 0 when everything up to the end was read, 1 if a visit or the limit ended the scan, -1 on error. Packets that end before it
 * are an error: a server whose dump is killed sends what it sends at the end of the binlog. A heartbeat shows that everything
 * before its place was read, even if the server has left the last events out. */
int ddl_scan_run(const struct ddl_scan *scan, struct packet_source *source,
		 struct err *err) MUST_CHECK;

#endif
