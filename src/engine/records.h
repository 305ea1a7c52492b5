/* records: what stands in the checkpoint beside the position, one record for each table, database or topic: their names
 * and, where more than one place writes them, their values. Thread: the one that holds the list. */
#ifndef TIDEWAY_RECORDS_H
#define TIDEWAY_RECORDS_H

#include "base/arena.h"
#include "engine/saves.h"
#include "engine/sync.h"
#include "schema/catalog.h"

struct cJSON;

#define RECORD_FULL_DONE SLICE("{\"state\":\"done\"}")
#define RECORD_FULL_READING SLICE("{\"state\":\"reading\"}")

/* "full/shop.orders", "adopted/shop" ... in the arena. */
struct slice record_name(struct arena *arena, const char *kind, struct slice name);
/* The position that a record of the checkpoint has under this key, into one that is initialised: 1; 0: it has none; -1. */
int record_position(const struct cJSON *record, const char *key, struct position *position,
		    struct err *err) MUST_CHECK;
/* A table's definition, `catalog/<db.table>/<version>`; not present: the record goes. */
void record_table(struct saves *saves, const struct table *table, bool present);
/* `doubt/<file:offset>`: {"db":..,"table":..}; and back: `at` is its name behind the prefix, it is made in the arena. */
void record_doubt(struct saves *saves, const struct doubt *doubt);
struct doubt *record_read_doubt(struct slice at, struct slice json, struct arena *arena);
/* `database/<db>`, without its tables; the record goes when the catalog does not follow the database. */
void record_database(struct saves *saves, const struct catalog *catalog, struct slice db);

#endif
