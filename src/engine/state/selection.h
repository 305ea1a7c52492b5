/* selection: the tables that commands have added to a sync or removed from it. The record `selection` of the checkpoint keeps them
 * (docs/decisions/0035):
 *   {"added":[{"db":"shop","table":"users"}],"removed":[]}
 * Without such tables there is no record. Older versions ignore it.
 * Thread: one at a time. Owner: selection_init / selection_fini. */
#ifndef TIDEWAY_SELECTION_H
#define TIDEWAY_SELECTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/state/checkpoint.h"
#include "model/chosen_table.h"

struct selection {
	struct chosen_table *tables; /* each once */
	unsigned n, cap;
	struct arena arena; /* of the names */
};

void selection_init(struct selection *selection);
void selection_fini(struct selection *selection);
void selection_clear(struct selection *selection);
void selection_copy(struct selection *to, const struct selection *from);
/* Return the entry of a table; NULL: none. */
const struct chosen_table *selection_find(const struct selection *selection, struct slice db,
					  struct slice name);
/* Set the entry of a table. */
void selection_put(struct selection *selection, struct slice db, struct slice name, bool removed);
/* Remove the entry of a table, if there is one. */
void selection_drop(struct selection *selection, struct slice db, struct slice name);

/* Return the name as it is written in source.tables, "shop.users", in the arena. */
struct slice chosen_table_print(const struct chosen_table *table, struct arena *arena);
/* Read such a name, without wildcards. *table refers to the text. Return false if it names no single table. */
bool chosen_table_parse(struct slice text, struct chosen_table *table);

/* Append the JSON of the record. */
void selection_write(const struct selection *selection, struct buf *out);
/* Replace everything by what the checkpoint, which must be open, has saved. */
int selection_load(struct selection *selection, struct checkpoint *checkpoint,
		   struct err *err) MUST_CHECK;
/* Post the record, or its removal. */
void selection_post(const struct selection *selection, struct checkpoint *checkpoint);

#endif
