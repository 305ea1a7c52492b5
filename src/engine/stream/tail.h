/* tail: the binlog as an iterator of changes, for `tideway exec`: no sync, no checkpoint, one
 * transaction in memory at a time. It returns every row of every table, or an error that names what
 * cannot be read and where; after an error it returns nothing. It uses the present definitions: a
 * row from before a statement that changed its table is an error, unless the binlog names the
 * columns (binlog_row_metadata = FULL).
 * Thread: one. Owner: tail_new / tail_free. */
#ifndef TIDEWAY_TAIL_H
#define TIDEWAY_TAIL_H

#include "model/change.h"
#include "source/source.h"

struct tail;

/* start: "now", "earliest", or "file:offset". */
struct tail *tail_new(struct source *source, const char *start, struct err *err);
void tail_free(struct tail *tail);
/* Return 1 with a change, which is valid until the next call; 0 if the end of the binlog is reached
 * and the time has passed (negative: no limit); -1. */
int tail_next(struct tail *tail, double seconds, struct change **change,
	      struct err *err) MUST_CHECK;

#endif
