/* types: the column types of MySQL and MariaDB, from the one list model/types.def.
 * Thread: any; constants only. */
#ifndef TIDEWAY_TYPES_H
#define TIDEWAY_TYPES_H

#include "base/slice.h"

/* Transport types of the message format (docs/messages.md, "Changes"; docs/types.md). */
enum transport {
	TRANSPORT_BOOLEAN,
	TRANSPORT_LONG,
	TRANSPORT_DOUBLE,
	TRANSPORT_DATE,
	TRANSPORT_STRING,
	TRANSPORT_BYTES,
	TRANSPORT_COUNT,
};

enum column_type {
#define COLUMN_TYPE(id, ...) COLUMN_##id,
#include "model/types.def"
	COLUMN_TYPE_COUNT
};

/* The types that every stage treats alike. A switch over it has no `default`, so that the compiler
 * names each place that a new class concerns. */
enum type_class {
	CLASS_INTEGER,
	CLASS_DECIMAL,
	CLASS_FLOAT,
	CLASS_BIT,
	CLASS_YEAR,
	CLASS_DATE,
	CLASS_DATETIME, /* TIMESTAMP too */
	CLASS_TIME,
	CLASS_CHAR,   /* text with a length */
	CLASS_TEXT,   /* text in sizes of a power of 256 */
	CLASS_BINARY, /* bytes with a length */
	CLASS_BLOB,   /* bytes in sizes of a power of 256 */
	CLASS_LABELS,
	CLASS_JSON,
	CLASS_SPATIAL,
	CLASS_VECTOR,
	CLASS_FIXED, /* bytes of fixed size that are written as text */
};

/* The meaning of the numbers in parentheses after the name of a type. */
enum type_numbers {
	NUMBERS_NONE,
	NUMBERS_WIDTH, /* (n) or (n,m): for display only */
	/* (n): column.length */
	NUMBERS_CHARACTERS,
	NUMBERS_BYTES,
	NUMBERS_BITS,
	NUMBERS_DIMENSIONS,
	NUMBERS_PRECISION, /* (n,m): column.length and column.scale */
	NUMBERS_FRACTION,  /* (n): column.scale, the fractional digits */
};

/* Returns "LONG" ... */
const char *transport_name(enum transport transport);
/* Finds a transport type by its whole name. Returns false if there is none. */
bool transport_parse(struct slice name, enum transport *transport);
/* Returns "tinyint" ... */
const char *column_type_name(enum column_type type);
enum type_class column_type_class(enum column_type type);
enum type_numbers column_type_numbers(enum column_type type);
/* Returns the default transport type; column_transport knows more. */
enum transport column_type_transport(enum column_type type);
/* Returns the size of a stored value without fractional digits; 0: not fixed. */
unsigned column_type_bytes(enum column_type type);
/* Returns whether a TABLE_MAP may show a column of the type as another type. */
bool column_type_is_disguised(enum column_type type);
/* Returns whether the type is an integer, DECIMAL, FLOAT or DOUBLE, which may be UNSIGNED or
 * ZEROFILL. */
bool column_type_is_number(enum column_type type);
/* Returns whether the type is CHAR, VARCHAR or one of the TEXT types. */
bool column_type_is_text(enum column_type type);
/* Returns whether a value of the type may be any text: text types, ENUM, SET and JSON. */
bool column_type_is_free_text(enum column_type type);
/* Returns whether the type is BINARY, VARBINARY or one of the BLOB types. */
bool column_type_is_binary(enum column_type type);
/* Returns whether the type is one of the TEXT or BLOB types. */
bool column_type_is_blob(enum column_type type);
/* Returns whether the type is ENUM or SET. */
bool column_type_has_labels(enum column_type type);
/* Finds a type by its data_type in any case, names of spatial types included. Returns false if the
 * type is unknown. */
bool column_type_parse(struct slice data_type, enum column_type *type);

#endif
