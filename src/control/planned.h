/* planned: a table as `tideway plan` shows it: what the script makes of it, what the broker reported about its topic, and what its copy
 * will take. plan_text.c and plan_json.c show it.
 * Thread: main. */
#ifndef TIDEWAY_PLANNED_H
#define TIDEWAY_PLANNED_H

#include "control/estimate.h"
#include "engine/lane/plan.h"

struct planned {
	const struct plan *plan;
	bool asked; /* the broker answered */
	bool exists;
	int partitions;
	struct slice collides; /* the existing topic that it collides with; ptr NULL: none */
	const struct sync_config *config;
	bool by_command; /* a command has added it, and the script does not select it */
	const struct estimate *estimate;     /* of the sync */
	const struct table_estimate *copied; /* of this table */
};

/* Return the column as it is written; NULL if it is dropped. */
const struct out_column *planned_column(const struct mapping *mapping, unsigned column);
/* Return the type of a column or field in the messages. */
const char *planned_type(const struct plan *plan, unsigned i);
/* Return the mask of a column; "" if it has none. */
const char *planned_mask(const struct mapping *mapping, unsigned column);
/* Return whether the type of a field is known only when its function returns a value. */
bool planned_is_untyped(const struct out_field *field);
/* Append the warning about the topic that the table's topic collides with. */
void planned_put_collision(const struct planned *planned, struct buf *out);

/* plan_text.c: print the table, or what the whole copy of the sync takes, on stdout. */
void planned_print(const struct planned *planned);
void planned_print_copy(const struct estimate *estimate);
/* plan_json.c: append the table as an object. */
void planned_put_json(const struct planned *planned, struct buf *out);

#endif
