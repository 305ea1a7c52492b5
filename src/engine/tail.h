/* tail: the binlog as an iterator of changes, for `tideway exec`: no sync, no checkpoint, one transaction held in
 * memory at a time. Definitions are the ones of now: a change from before an ALTER that moved columns is an error,
 * unless the source has binlog_row_metadata = FULL. Thread: one. Owner: tail_new / tail_free. */
#ifndef TIDEWAY_TAIL_H
#define TIDEWAY_TAIL_H

#include "model/change.h"
#include "model/config.h"

struct tail;

/* start: "now", "earliest", or "file:offset". */
struct tail *tail_new(const struct source_config *config, const char *start, struct err *err);
void tail_free(struct tail *tail);
/* 1: a change, valid until the next call; 0: none within the time; -1. */
int tail_next(struct tail *tail, double seconds, struct change **change,
	      struct err *err) MUST_CHECK;

#endif
