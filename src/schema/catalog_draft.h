/* catalog_draft: a table definition under construction, with keys that name their columns. The way
 * from information_schema, from DDL and from JSON to a struct table is the same: fill a draft, finish it.
 * Thread: the owner of the catalog. Owner: everything lives in the draft's arena. */
#ifndef TIDEWAY_CATALOG_DRAFT_H
#define TIDEWAY_CATALOG_DRAFT_H

#include "base/arena.h"
#include "model/ddl.h"
#include "model/table.h"

struct draft_column {
	struct column column;
	struct slice old;         /* its name before the statement; ptr NULL: a new column */
	bool changed;             /* the statement names it in a MODIFY, CHANGE or ALTER COLUMN */
	bool fresh;               /* the statement gives its type */
	bool was_text_blob;       /* a fresh one had a TEXT type before, */
	enum charset was_charset; /* of this character set */
	bool row_end;             /* GENERATED ALWAYS AS ROW END, in this statement */
};

struct draft_key {
	enum ddl_key_kind kind;
	struct slice name; /* empty: made up by draft_name_keys */
	struct slice old;  /* its name before the statement; ptr NULL: a new key */
	bool generated, hash;
	unsigned nparts;
	struct ddl_key_part *parts; /* column ptr NULL: an expression */
};

struct draft {
	struct arena *arena;
	struct slice db, name, engine;
	enum charset charset;
	enum ident_rules idents;    /* how its names compare */
	bool versioned;             /* MariaDB: WITH SYSTEM VERSIONING */
	const struct table *before; /* the table that it was made from; NULL: a new one */
	struct draft_column *columns;
	unsigned ncolumns, column_cap;
	struct draft_key *keys;
	unsigned nkeys, key_cap;
};

/* The names of columns and keys compare by IDENT_UNICODE_3 until draft->idents says otherwise. */
void draft_init(struct draft *draft, struct arena *arena, struct slice db, struct slice name);
/* Everything of an existing table; names of columns and keys are borrowed from it. */
void draft_from_table(struct draft *draft, struct arena *arena, const struct table *table);
/* Appends a zeroed one. The address is good until the next call. */
struct draft_column *draft_add_column(struct draft *draft);
struct draft_key *draft_add_key(struct draft *draft);
/* Moves the last column to position `at`. */
void draft_place_last(struct draft *draft, unsigned at);
void draft_remove_column(struct draft *draft, unsigned at);
void draft_remove_key(struct draft *draft, unsigned at);
/* Positions by name (case ignored), or -1. */
int draft_column(const struct draft *draft, struct slice name);
int draft_key(const struct draft *draft, struct slice name);
int draft_primary(const struct draft *draft);
/* Whether DROP CONSTRAINT finds the key: a hash it does not. */
bool draft_key_is_constraint(const struct draft_key *key);
/* The table in `arena` (a deep copy): keys sorted, positions, the primary key, hidden columns. The
 * version is 0. A key part that names no column is dropped. */
struct table *draft_finish(const struct draft *draft, struct arena *arena);

/* From COLUMN_TYPE as the server writes it: is_unsigned, zerofill, length, scale and labels of a column
 * whose type and sql_type are set. */
void draft_read_type(struct column *column, struct arena *arena);

#endif
