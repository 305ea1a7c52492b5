/* records: what the checkpoint contains beside the position, one record for each table, database or topic: their names
 * and, where more than one place writes them, their values. Thread: the one that holds the list. */
#ifndef TIDEWAY_RECORDS_H
#define TIDEWAY_RECORDS_H

#include "base/arena.h"
#include "engine/state/record_batch.h"
#include "engine/state/sync.h"
#include "engine/state/table_record.h"
#include "schema/catalog.h"

/* "full/shop.orders", "adopted/shop" ... in the arena. */
struct slice record_name(struct arena *arena, const char *kind, struct slice name);
/* How far a table has come, `full/<db.table>`. */
void record_progress(struct record_batch *records, struct slice full_name,
		     const struct table_record *record);
/* The copy of a table is done. */
void record_copied(struct record_batch *records, const struct table_state *state);
/* A record with a phase and nothing else; TABLE_NEW: remove the record. */
void record_phase(struct record_batch *records, struct slice full_name, enum table_phase phase);
/* A table's definition, `catalog/<db.table>/<version>`; not present: the record goes. */
void record_table(struct record_batch *records, const struct table *table, bool present);
/* `doubt/<file:offset>`: {"db":..,"table":..}; and back. `at`: its name after the prefix; made in the arena. */
/* A statement that may have changed tables and that the catalog could not follow. It was passed over because of row metadata FULL
 * (rule: plan-key), which the rows after it must have. */
struct doubt {
	struct slice db, table; /* empty: all */
	const char *at;         /* the place of the statement: "file:offset" */
	struct doubt *next;
};
void record_doubt(struct record_batch *records, const struct doubt *doubt);
struct doubt *record_read_doubt(struct slice at, struct slice json, struct arena *arena);
/* `database/<db>`, without its tables; the record goes when the catalog does not follow the database. */
void record_database(struct record_batch *records, const struct catalog *catalog, struct slice db);

#endif
