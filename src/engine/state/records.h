/* records: the names, and some values, of the records that the checkpoint contains beside the
 * position: one for each table, database or topic.
 * Thread: the owner of the list. */
#ifndef TIDEWAY_RECORDS_H
#define TIDEWAY_RECORDS_H

#include "base/arena.h"
#include "engine/state/record_batch.h"
#include "engine/state/sync.h"
#include "engine/state/table_record.h"
#include "schema/catalog.h"

/* Make a name such as "full/shop.orders" or "adopted/shop" in the arena. */
struct slice record_name(struct arena *arena, const char *kind, struct slice name);
/* Add the progress of a table, `full/<db.table>`. */
void record_progress(struct record_batch *records, struct slice full_name,
		     const struct table_record *record);
/* Add the record of a table that is being copied, with its finished ranges. */
void record_copying(struct record_batch *records, const struct table_state *state);
/* Add the record of a table that is copied. */
void record_copied(struct record_batch *records, const struct table_state *state);
/* Add a record that contains only a phase. TABLE_NEW: remove the record. */
void record_phase(struct record_batch *records, struct slice full_name, enum table_phase phase);
/* Add a definition, `catalog/<db.table>/<version>`. Not present: remove the record. */
void record_table(struct record_batch *records, const struct table *table, bool present);
/* A statement that may have changed tables and that the catalog could not follow. It was skipped
 * because of row metadata FULL (rule: plan-key), which the rows after it must have. */
struct doubt {
	struct slice db, table; /* empty: all */
	const char *at;         /* the place of the statement: "file:offset" */
	struct doubt *next;
};
/* Add `doubt/<file:offset>`, {"db":..,"table":..}, and read it. at: the name of the record after its
 * prefix. The doubt is made in the arena. */
void record_doubt(struct record_batch *records, const struct doubt *doubt);
struct doubt *record_read_doubt(struct slice at, struct slice json, struct arena *arena);
/* Add `database/<db>`, without its tables. Remove the record if the catalog does not have the
 * database. */
void record_database(struct record_batch *records, const struct catalog *catalog, struct slice db);
/* Append the saved position as text; nothing if there is none. */
int record_print_position(struct checkpoint *checkpoint, struct buf *out,
			  struct err *err) MUST_CHECK;

#endif
