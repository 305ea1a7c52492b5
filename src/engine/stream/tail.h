/* tail: the binlog as an iterator of changes, for `tideway exec`: no sync, no checkpoint, one transaction held in memory at a
 * time. Every row of every table comes out, or an error that names what cannot be read and where; nothing comes after an error.
 * Definitions are those of now: a row from before a statement that changed its table is an error, unless the binlog names the
 * columns (binlog_row_metadata = FULL). Thread: one. Owner: tail_new / tail_free. */
#ifndef TIDEWAY_TAIL_H
#define TIDEWAY_TAIL_H

#include "model/change.h"
#include "source/source.h"

struct tail;

/* start: "now", "earliest", or "file:offset". */
struct tail *tail_new(struct source *source, const char *start, struct err *err);
void tail_free(struct tail *tail);
/* 1: a change, valid until the next call; 0: the end of the binlog was reached and the time is over (negative: never); -1. */
int tail_next(struct tail *tail, double seconds, struct change **change,
	      struct err *err) MUST_CHECK;

#endif
