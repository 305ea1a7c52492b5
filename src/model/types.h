/* types: the column types of MySQL and MariaDB: one list for the enum, names, docs and tests.
 * Thread: any; constants only. */
#ifndef TIDEWAY_TYPES_H
#define TIDEWAY_TYPES_H

#include "base/slice.h"

/* Transport types of the message format (docs/messages.md section 3). */
enum transport {
	TRANSPORT_BOOLEAN,
	TRANSPORT_LONG,
	TRANSPORT_DOUBLE,
	TRANSPORT_DATE,
	TRANSPORT_STRING,
	TRANSPORT_BYTES,
	TRANSPORT_COUNT,
};

/* X(id, name in information_schema.columns.data_type, default transport type) */
#define COLUMN_TYPES(X)                                                                            \
	X(TINYINT, "tinyint", LONG)                                                                \
	X(SMALLINT, "smallint", LONG)                                                              \
	X(MEDIUMINT, "mediumint", LONG)                                                            \
	X(INT, "int", LONG)                                                                        \
	X(BIGINT, "bigint", LONG)                                                                  \
	X(DECIMAL, "decimal", DOUBLE)                                                              \
	X(FLOAT, "float", DOUBLE)                                                                  \
	X(DOUBLE, "double", DOUBLE)                                                                \
	X(BIT, "bit", BYTES) /* BIT(1) is BOOLEAN */                                               \
	X(YEAR, "year", LONG)                                                                      \
	X(DATE, "date", DATE)                                                                      \
	X(TIME, "time", STRING)                                                                    \
	X(DATETIME, "datetime", DATE)                                                              \
	X(TIMESTAMP, "timestamp", DATE)                                                            \
	X(CHAR, "char", STRING)                                                                    \
	X(VARCHAR, "varchar", STRING)                                                              \
	X(TINYTEXT, "tinytext", STRING)                                                            \
	X(TEXT, "text", STRING)                                                                    \
	X(MEDIUMTEXT, "mediumtext", STRING)                                                        \
	X(LONGTEXT, "longtext", STRING)                                                            \
	X(BINARY, "binary", BYTES)                                                                 \
	X(VARBINARY, "varbinary", BYTES)                                                           \
	X(TINYBLOB, "tinyblob", BYTES)                                                             \
	X(BLOB, "blob", BYTES)                                                                     \
	X(MEDIUMBLOB, "mediumblob", BYTES)                                                         \
	X(LONGBLOB, "longblob", BYTES)                                                             \
	X(ENUM, "enum", STRING)                                                                    \
	X(SET, "set", STRING)                                                                      \
	X(JSON, "json", STRING)                                                                    \
	X(GEOMETRY, "geometry", BYTES) /* and point, linestring, polygon, multi*, collections */   \
	X(VECTOR, "vector", BYTES)                                                                 \
	X(UUID, "uuid", STRING)                                                                    \
	X(INET4, "inet4", STRING)                                                                  \
	X(INET6, "inet6", STRING)

enum column_type {
#define X(id, name, transport) COLUMN_##id,
	COLUMN_TYPES(X)
#undef X
		COLUMN_TYPE_COUNT
};

/* Returns "LONG" ... */
const char *transport_name(enum transport transport);
/* Finds a transport type by its whole name. Returns false if there is none. */
bool transport_parse(struct slice name, enum transport *transport);
/* Returns "tinyint" ... */
const char *column_type_name(enum column_type type);
/* Returns whether the type is an integer, DECIMAL, FLOAT or DOUBLE, which may be UNSIGNED or
 * ZEROFILL. */
bool column_type_is_number(enum column_type type);
/* Returns whether the type is ENUM or SET. */
bool column_type_has_labels(enum column_type type);
/* Finds a type by its data_type in any case, names of spatial types included. Returns false if the
 * type is unknown. */
bool column_type_parse(struct slice data_type, enum column_type *type);

#endif
