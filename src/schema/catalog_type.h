/* catalog_type: a column as written in DDL to the column that the server makes of it: defaults, types that
 * change with character set and length, the spelling of COLUMN_TYPE.
 * Thread: the owner of the catalog. Owner: results live in the arena, or borrow from the statement. */
#ifndef TIDEWAY_CATALOG_TYPE_H
#define TIDEWAY_CATALOG_TYPE_H

#include "model/ddl.h"
#include "model/table.h"

/* What the type of a column depends on beside its own text. */
struct type_context {
	bool mariadb;
	unsigned version;             /* 0: newest */
	bool implicit_timestamp;      /* TIMESTAMP is NOT NULL unless it says NULL */
	enum charset charset;         /* default of the table */
	enum charset convert_charset; /* of CONVERT TO CHARACTER SET DEFAULT */
};

void type_resolve(const struct type_context *context, const struct ddl_column *from,
		  struct column *to, struct arena *arena);
/* CONVERT TO CHARACTER SET: text types that become too small grow. */
void type_convert(const struct type_context *context, struct column *column, enum charset charset,
		  struct arena *arena);
/* CHAR, VARCHAR, TEXT family: has a character set, may have key prefixes. */
bool type_is_text(enum column_type type);
/* TEXT and BLOB family. */
bool type_is_blob(enum column_type type);
/* Whether a key may hold a prefix of such a column. */
bool type_has_prefix(enum column_type type);
/* Bytes of the column in a key; 0 for a blob, which has no length of its own. */
uint64_t type_key_bytes(const struct column *column);

#endif
