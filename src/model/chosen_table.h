/* chosen_table: a table that a command has added to a sync or removed from it, whatever the patterns of the script select.
 * Thread: any. */
#ifndef TIDEWAY_CHOSEN_TABLE_H
#define TIDEWAY_CHOSEN_TABLE_H

#include "base/slice.h"

#include <stdbool.h>

struct chosen_table {
	struct slice db, name;
	bool removed; /* false: added */
};

#endif
