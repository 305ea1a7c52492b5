/* start_priv: what start.c (looking at checkpoint and source), changed.c (that it still holds) and reads.c (what is read)
 * share.
 * Thread: the sync's own. */
#ifndef TIDEWAY_START_PRIV_H
#define TIDEWAY_START_PRIV_H

#include "engine/start.h"

/* The definitions as they are now, of every database that the patterns can name, into start->catalog_now. */
int start_load_now(struct start *start, struct err *err) MUST_CHECK;
/* Whether a statement in the binlog may have changed one of those definitions between that look and the position: 1, 0, -1. */
int start_changed(struct start *start, const struct position *until, struct err *err) MUST_CHECK;
/* start->selected: the tables of start->catalog_now that the script wants. */
void start_select(struct start *start);
void start_free_reads(struct full_table *reads, unsigned n);

/* reads.c; declared for unit tests */
/* Rounds in which a table's rows may be of another definition. */
enum { READ_MISMATCHES_MAX = 3 };
/* Prepare a table for the next round, in which it has this definition. Fail when its rows did not fit the same definition
 * in the last rounds. */
int start_renew_read(struct full_table *read, const struct table *table,
		     struct err *err) MUST_CHECK;
/* Refuse tables without a key if the snapshot may contain transactions after its position: their replay writes the rows
 * again, and only a key makes that converge (rule: one-shared-point). */
int start_check_exact(struct start *start, struct err *err) MUST_CHECK;

#endif
