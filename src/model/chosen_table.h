/* chosen_table: a table that a command has added to a sync or removed from it, or that the sync itself has put into quarantine,
 * whatever the patterns of the script select.
 * Thread: any. */
#ifndef TIDEWAY_CHOSEN_TABLE_H
#define TIDEWAY_CHOSEN_TABLE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Why nothing of a table is sent any more. */
struct quarantine {
	int code;          /* of the error: 721 */
	struct slice text; /* of the error */
	struct slice
		position; /* nothing of the table is sent from here on: "mysql-bin.000003:4, GTID 0-1-17" */
	int64_t since_ms; /* wall time */
	bool by_command;  /* a command had added the table, and the script does not select it */
};

struct chosen_table {
	struct slice db, name;
	bool removed;                        /* false: added */
	const struct quarantine *quarantine; /* NULL: a command has chosen the table */
};

#endif
