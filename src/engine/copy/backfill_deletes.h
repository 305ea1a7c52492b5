/* backfill_deletes: finds rows that are only in the topic, after another copy of a table, and lets the stream lane delete them there
 * (docs/decisions/0040). All rows of the table have been sent since the begin marker of the copy. So a key whose last message is before
 * the marker is that of no row.
 * Thread: the reader of the backfill. */
#ifndef TIDEWAY_BACKFILL_DELETES_H
#define TIDEWAY_BACKFILL_DELETES_H

#include "engine/copy/backfill.h"

/* The lane has answered BEGIN with COPIED: compare the keys of all partitions. Return 0 if BEGIN follows, since the copy continues,
 * or its definition has changed; 1 if the copy has ended; -1. */
int backfill_deletes(struct backfill *backfill, struct err *err) MUST_CHECK;

#endif
