/* backfill: reads tables beside the stream, one after another, in chunks that the stream lane sends (engine/lane/backfill_link.h,
 * docs/decisions/0033).
 * Thread: backfill_run in a thread of its own. The others: the supervisor's, while neither that thread nor the stream runs.
 * Owner: the supervisor. */
#ifndef TIDEWAY_BACKFILL_H
#define TIDEWAY_BACKFILL_H

#include "engine/lane/backfill_link.h"
#include "engine/state/sync.h"
#include "model/table.h"

struct backfill {
	struct sync *sync;
	struct backfill_table *tables;
	unsigned ntables;
	struct arena arena;        /* names of the tables */
	struct backfill_link link; /* to the stream lane */
};

/* Take the tables: their names are copied. */
void backfill_init(struct backfill *backfill, struct sync *sync, const struct table *const *tables,
		   unsigned ntables);
void backfill_fini(struct backfill *backfill);
/* Read all tables. Fail with an error that does not pass; or when the copy part of the sync must end. */
int backfill_run(struct backfill *backfill, struct err *err) MUST_CHECK;

#endif
