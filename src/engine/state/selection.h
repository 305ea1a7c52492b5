/* selection: what commands have chosen for tables (docs/decisions/0035, 0036, 0041), and the tables that are in quarantine because of
 * an error (docs/decisions/0038). The record `selection` of the checkpoint keeps it:
 *   {"added":[{"db":"shop","table":"users"}],"removed":[],"again":[{"db":"shop","table":"orders","id":5,"where":"v > 5"}],
 *    "quarantined":[{"db":"shop","table":"t","code":721,"error":"...","position":"...","since":"1764600000000"}],
 *    "paused":[{"db":"shop","table":"u","position":"...","since":"1764600000000","added":true}]}
 * `added` and `removed` are the tables that commands have added to the sync or removed from it. `again`, which is absent without any,
 * are those to copy again; with "cancel":true, the copy ends; with "deletes":true, rows that are only
 * in the topic are deleted there. The next attempt moves them into the records of the tables.
 * `quarantined` and `paused` are absent without any, too. A table that a command had added has "added":true there. Without such
 * tables there is no record. Older versions ignore it.
 * Thread: one at a time. Owner: selection_init / selection_fini. */
#ifndef TIDEWAY_SELECTION_H
#define TIDEWAY_SELECTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/state/checkpoint.h"
#include "model/chosen_table.h"

/* A table that a command lets be copied again, or whose copy it ends. */
struct chosen_copy {
	struct slice db, name;
	struct slice where; /* a condition in SQL; ptr NULL: all rows */
	int64_t id;
	bool cancelled; /* the copy ends */
	bool deletes;   /* rows that are only in the topic are deleted there */
};

struct selection {
	struct chosen_table *tables; /* each once */
	unsigned n, cap;
	struct chosen_copy *copies; /* each table once */
	unsigned ncopies;
	struct arena arena; /* of the names and conditions */
};

void selection_init(struct selection *selection);
void selection_fini(struct selection *selection);
void selection_clear(struct selection *selection);
void selection_copy(struct selection *to, const struct selection *from);
bool selection_is_empty(const struct selection *selection);
/* Return the entry of a table; NULL: none. */
const struct chosen_table *selection_find(const struct selection *selection, struct slice db,
					  struct slice name);
/* Send nothing of a table until it is copied again. */
void selection_hold(struct selection *selection, struct slice db, struct slice name,
		    const struct table_hold *hold);
/* Set the entry of a table. That ends its hold. */
void selection_put(struct selection *selection, struct slice db, struct slice name, bool removed);
/* Remove the entry of a table, if there is one. */
void selection_drop(struct selection *selection, struct slice db, struct slice name);

/* Return the copy of a table; NULL: none. */
const struct chosen_copy *selection_find_copy(const struct selection *selection, struct slice db,
					      struct slice name);
/* Set the copy of a table. */
void selection_put_copy(struct selection *selection, const struct chosen_copy *copy);
/* Remove all copies. */
void selection_drop_copies(struct selection *selection);

/* Return the name as it is written in source.tables, "shop.users", in the arena. */
struct slice chosen_table_print(const struct chosen_table *table, struct arena *arena);
/* Read such a name, without wildcards. *table refers to the text. Return false if it names no single table. */
bool chosen_table_parse(struct slice text, struct chosen_table *table);

/* Append {"added":[..],"removed":[..]}, what commands have chosen. */
void selection_write_commands(const struct selection *selection, struct buf *out);
/* Append the tables on hold, for the status: "quarantined":[{"name":..,"code":"E-721","message":..,"position":..,
 * "since_ms":..}],"paused_tables":[..]. */
void selection_show_held(const struct selection *selection, struct buf *out);
/* Append the JSON of the record. */
void selection_write(const struct selection *selection, struct buf *out);
/* Replace everything by what the checkpoint, which must be open, has saved. */
int selection_load(struct selection *selection, struct checkpoint *checkpoint,
		   struct err *err) MUST_CHECK;
/* Post the record, or its removal. */
void selection_post(const struct selection *selection, struct checkpoint *checkpoint);

#endif
