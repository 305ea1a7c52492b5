/* bootstrap_priv: what bootstrap.c (checkpoint and source), bootstrap_saved.c (whether the saved definitions are those of the source),
 * bootstrap_changes.c (whether definitions changed meanwhile), bootstrap_reads.c (the tables to read), bootstrap_start.c (where a stream
 * without a copy begins), bootstrap_ranges.c (what of the tables is finished), bootstrap_backfill.c (the tables that are copied beside the
 * stream) and bootstrap_pending.c (definitions that the stream gets later) share.
 * Thread: the sync's own. */
#ifndef TIDEWAY_BOOTSTRAP_PRIV_H
#define TIDEWAY_BOOTSTRAP_PRIV_H

#include "binlog/cursor.h"
#include "engine/sync/bootstrap.h"

/* Load the present definitions of every database that the patterns can match into
 * bootstrap->catalog_now. */
int bootstrap_load_now(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Return whether a statement in the binlog may have changed one of these definitions between that
 * load and the position: 1, 0, -1. */
int bootstrap_changed(struct bootstrap *bootstrap, const struct position *until,
		      struct err *err) MUST_CHECK;
/* Take the name of a table that a statement may have changed; without a table: all tables of the database; empty: all tables.
 * cursor: at the statement. Return whether the scan ends. */
typedef bool bootstrap_named(void *arg, const struct ddl_name *name, const struct cursor *cursor);
/* Report what the statements in the binlog between two positions name, both before the present definitions were loaded. Return 1 if a
 * report ended the scan, or if the server no longer has the first position. */
int bootstrap_scan(struct bootstrap *bootstrap, const struct position *from,
		   const struct position *until, bootstrap_named *named, void *arg,
		   struct err *err) MUST_CHECK;
/* Return whether a statement between the saved position and binlog_end_at_load may have changed one of the definitions of catalog_now:
 * 1, also if there is too much to read; 0; -1. */
int bootstrap_changed_since(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;

/* bootstrap_saved.c */
/* Load the definitions of the checkpoint into catalog_at_position. */
int bootstrap_load_saved(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Take the definitions of the checkpoint for those that the source has at binlog_end_at_load or later, if they certainly are: fill
 * catalog_now with them (docs/decisions/0039). Return 1 if that is done, 0 if they must be loaded from the source, -1. */
int bootstrap_use_saved(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Of the tables to read, keep the finished ranges that are still valid at the open snapshot (bootstrap_ranges.c). */
int bootstrap_keep_ranges(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* When the stream's position is known: pass the captured tables to the lanes, check the script's columns against them, and post a
 * position of another host. */
int bootstrap_settle(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Set bootstrap->selected to the tables of bootstrap->catalog_now that the script selects. */
void bootstrap_select(struct bootstrap *bootstrap);
void bootstrap_free_reads(struct full_table *reads, unsigned n);

/* bootstrap_backfill.c */
/* Return whether the table is copied beside the stream. */
bool bootstrap_backfill(struct bootstrap *bootstrap, const struct table *table);
/* Return why the table cannot be copied beside a stream; NULL: it can, as far as its definition shows. */
const char *bootstrap_backfill_obstacle(const struct table *table);
/* Return why another copy of the table can never continue; NULL: it can, now or later. */
const char *bootstrap_again_obstacle(const struct bootstrap *bootstrap, const struct table *table);
/* Take the copies that commands have chosen into the records of their tables. */
void bootstrap_take_copies(struct bootstrap *bootstrap);
/* If the table, which is copied, is to be copied again, begin or continue that beside the stream. */
void bootstrap_backfill_again(struct bootstrap *bootstrap, const struct table *table);
/* Let the events of the tables that are copied for the first time count from `now` on, unless they were begun before, and post their records. */
void bootstrap_place_backfills(struct bootstrap *bootstrap, const struct position *now);

/* bootstrap_copies.c */
/* Apply full.where and full.order to the tables that are copied, in a round or beside the stream. Fail if the source does not
 * accept a condition. */
int bootstrap_set_copies(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Return whether the table is not copied for the first time (full.skip): 1, 0, -1. */
int bootstrap_skips(struct bootstrap *bootstrap, const struct table *table, struct err *err);
/* Return whether any of the tables that are not copied has no record of that. */
bool bootstrap_any_skipped(const struct bootstrap *bootstrap);
/* Let the changes of the tables that are not copied count from `now` on, and add records of that. */
void bootstrap_place_skipped(struct bootstrap *bootstrap, const struct position *now,
			     struct record_batch *records);

/* bootstrap_pending.c */
/* Add the records of a database and its tables. */
void bootstrap_save_database(struct record_batch *records, const struct catalog *catalog,
			     struct slice db);
/* Let the stream have this definition of a table, and its database, from the position `at` on, at which they were loaded. The start
 * position of the table is set already: `at`, or none if the stream begins after it. Add the records of that. */
void bootstrap_keep_definition(struct bootstrap *bootstrap, struct record_batch *records,
			       struct table_state *state, const struct table *table,
			       const struct position *at);
/* The same for the definition in the record of the table, which an earlier start has kept. */
void bootstrap_load_definition(struct bootstrap *bootstrap, struct table_state *state);

/* bootstrap_start.c */
/* Return whether the definitions that were loaded before the position was taken are not those of the position (rule: ddl-while-copying):
 * 1, 0, -1. The present ones must equal them. They are loaded again. */
int bootstrap_differs(struct bootstrap *bootstrap, const struct position *at,
		      struct err *err) MUST_CHECK;
/* Take the present position, with the definitions at that moment, which bootstrap->catalog_now has then. */
int bootstrap_position_now(struct bootstrap *bootstrap, struct position *now,
			   struct err *err) MUST_CHECK;
/* Find the place where a stream without a copy begins (the option start), and select the tables as they are there: their present
 * definitions hold from that place on. Fail if a later statement has changed one. */
int bootstrap_find_start(struct bootstrap *bootstrap, struct position *start,
			 struct err *err) MUST_CHECK;

/* bootstrap_reads.c; declared for unit tests */
/* Let the stream begin here, with the present catalog, and add the records of its definitions. */
int bootstrap_begin(struct bootstrap *bootstrap, const struct position *at,
		    struct record_batch *records, struct err *err) MUST_CHECK;
/* Consecutive rounds in which the rows of a table may differ from its definition. */
enum { READ_MISMATCHES_MAX = 3 };
/* Prepare a table for the next round, in which it has this definition. Fail when its rows did not fit the same definition
 * in the last rounds. */
int bootstrap_renew_read(struct full_table *read, const struct table *table,
			 struct err *err) MUST_CHECK;
/* Refuse tables without a key if the snapshot may contain transactions after its position: their replay writes the rows
 * again, and only a key makes that converge (rule: one-shared-point). */
int bootstrap_check_exact(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;

#endif
