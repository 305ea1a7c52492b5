/* catalog_type: converts a column as written in DDL to the column that the server creates: with
 * defaults, types that depend on character set and length, and the text of COLUMN_TYPE.
 * Thread: the owner of the catalog. Owner: results live in the arena, or borrow from the
 * statement. */
#ifndef TIDEWAY_CATALOG_TYPE_H
#define TIDEWAY_CATALOG_TYPE_H

#include "model/ddl.h"
#include "model/table.h"

/* Everything besides its text that determines the type of a column. */
struct type_context {
	bool mariadb;
	unsigned version;             /* 0: the newest */
	bool implicit_timestamp;      /* TIMESTAMP is NOT NULL unless NULL is written */
	enum charset charset;         /* default of the table */
	enum charset convert_charset; /* for CONVERT TO CHARACTER SET DEFAULT */
};

void type_resolve(const struct type_context *context, const struct ddl_column *from,
		  struct column *to, struct arena *arena);
/* Converts a column as CONVERT TO CHARACTER SET does. Enlarges text types that become too small. */
void type_convert(const struct type_context *context, struct column *column, enum charset charset,
		  struct arena *arena);
/* Returns whether a key may contain a prefix of a column of the type. */
bool type_has_prefix(enum column_type type);
/* Returns the bytes of the column in a key; 0 for TEXT, BLOB, GEOMETRY and JSON, which have no
 * fixed maximum. */
uint64_t type_key_bytes(const struct column *column);

#endif
