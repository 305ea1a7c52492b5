/* chosen_table: a table that a command has added to a sync, removed from it or paused, or that the sync itself has put into quarantine,
 * whatever the patterns of the script select.
 * Thread: any. */
#ifndef TIDEWAY_CHOSEN_TABLE_H
#define TIDEWAY_CHOSEN_TABLE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Why nothing of a table is sent until it is copied again. */
struct table_hold {
	int code; /* of the error that has put it into quarantine: 721; 0: a command has paused it */
	struct slice text; /* of the error */
	struct slice
		position; /* nothing of the table is sent from here on: "mysql-bin.000003:4, GTID 0-1-17" */
	int64_t since_ms; /* wall time */
	bool is_added;    /* by a command: the script does not select the table */
};

struct chosen_table {
	struct slice db, name;
	bool removed;                  /* false: added */
	const struct table_hold *hold; /* NULL: a command has added or removed the table */
};

#endif
