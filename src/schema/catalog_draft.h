/* catalog_draft: a table definition under construction, with keys that name their columns. Each
 * source of a struct table (information_schema, DDL, JSON) fills a draft and finishes it.
 * Thread: the owner of the catalog. Owner: all data lives in the draft's arena. */
#ifndef TIDEWAY_CATALOG_DRAFT_H
#define TIDEWAY_CATALOG_DRAFT_H

#include "base/arena.h"
#include "model/ddl.h"
#include "model/table.h"

struct draft_column {
	struct column column;
	struct slice old;         /* its name before the statement; ptr NULL: a new column */
	bool changed;             /* by MODIFY, CHANGE or ALTER COLUMN of the statement */
	bool fresh;               /* the statement defines its type */
	bool was_text_blob;       /* fresh: it was a TEXT type before the statement */
	enum charset was_charset; /* fresh: its character set before the statement */
	bool row_end;             /* the statement defines it GENERATED ALWAYS AS ROW END */
};

struct draft_key {
	enum ddl_key_kind kind;
	struct slice name; /* empty: alter_apply generates a name */
	struct slice old;  /* its name before the statement; ptr NULL: a new key */
	bool generated, hash;
	unsigned nparts;
	struct ddl_key_part *parts; /* column ptr NULL: an expression */
};

struct draft {
	struct arena *arena;
	struct slice db, name, engine;
	enum charset charset;
	enum ident_rules idents; /* how names of columns and keys compare */
	bool versioned;          /* MariaDB: WITH SYSTEM VERSIONING */
	bool lacks_labels;       /* labels are as COLUMN_TYPE shows them, which cannot show some */
	const struct table *before; /* the original table; NULL: a new table */
	struct draft_column *columns;
	unsigned ncolumns, column_cap;
	struct draft_key *keys;
	unsigned nkeys, key_cap;
};

/* Makes an empty draft. Its names compare by IDENT_UNICODE_3; set draft->idents for other rules. */
void draft_init(struct draft *draft, struct arena *arena, struct slice db, struct slice name);
/* Makes a draft of an existing table. Borrows names of columns and keys from it. */
void draft_from_table(struct draft *draft, struct arena *arena, const struct table *table);
/* Append a zeroed column or key. The address is valid until the next call. */
struct draft_column *draft_add_column(struct draft *draft);
struct draft_key *draft_add_key(struct draft *draft);
/* Moves the last column to position `at`. */
void draft_place_last(struct draft *draft, unsigned at);
void draft_remove_column(struct draft *draft, unsigned at);
void draft_remove_key(struct draft *draft, unsigned at);
/* Return the position of a column or key by its name, or of the primary key; -1: none. */
int draft_column(const struct draft *draft, struct slice name);
int draft_key(const struct draft *draft, struct slice name);
int draft_primary(const struct draft *draft);
/* Returns whether DROP CONSTRAINT finds the key. It does not find a key that is a hash. */
bool draft_key_is_constraint(const struct draft_key *key);
/* Returns the table as a deep copy in `arena`, of version 0: sorts the keys and sets positions, the
 * primary key and the number of hidden columns. Drops key parts that do not name a column. */
struct table *draft_finish(const struct draft *draft, struct arena *arena);

/* Sets is_unsigned, zerofill, length, scale and labels of a column from its sql_type, in the form
 * of the server's COLUMN_TYPE. `type` must be set. */
void draft_read_type(struct column *column, struct arena *arena);

#endif
