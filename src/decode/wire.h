/* wire: the type codes of columns in TABLE_MAP events and in result metadata.
 * Thread: any; constants only. */
#ifndef TIDEWAY_WIRE_H
#define TIDEWAY_WIRE_H

#include <stdint.h>

/* X(id, code, name, bytes of metadata in a TABLE_MAP) */
#define WIRE_TYPES(X)                                                                              \
	X(DECIMAL_OLD, 0, "DECIMAL of MySQL 4", 0)                                                 \
	X(TINY, 1, "TINYINT", 0)                                                                   \
	X(SHORT, 2, "SMALLINT", 0)                                                                 \
	X(LONG, 3, "INT", 0)                                                                       \
	X(FLOAT, 4, "FLOAT", 1)                                                                    \
	X(DOUBLE, 5, "DOUBLE", 1)                                                                  \
	X(NULL, 6, "NULL", 0)                                                                      \
	X(TIMESTAMP, 7, "TIMESTAMP of MySQL 5.5", 0)                                               \
	X(LONGLONG, 8, "BIGINT", 0)                                                                \
	X(INT24, 9, "MEDIUMINT", 0)                                                                \
	X(DATE, 10, "DATE", 0)                                                                     \
	X(TIME, 11, "TIME of MySQL 5.5", 0)                                                        \
	X(DATETIME, 12, "DATETIME of MySQL 5.5", 0)                                                \
	X(YEAR, 13, "YEAR", 0)                                                                     \
	X(NEWDATE, 14, "DATE", 0)                                                                  \
	X(VARCHAR, 15, "VARCHAR", 2)                                                               \
	X(BIT, 16, "BIT", 2)                                                                       \
	X(TIMESTAMP2, 17, "TIMESTAMP", 1)                                                          \
	X(DATETIME2, 18, "DATETIME", 1)                                                            \
	X(TIME2, 19, "TIME", 1)                                                                    \
	X(BLOB_COMPRESSED, 140, "COMPRESSED BLOB", 1)                                              \
	X(VARCHAR_COMPRESSED, 141, "COMPRESSED VARCHAR", 2)                                        \
	X(VECTOR, 242, "VECTOR", 1)                                                                \
	X(JSON, 245, "JSON", 1)                                                                    \
	X(NEWDECIMAL, 246, "DECIMAL", 2)                                                           \
	X(ENUM, 247, "ENUM", 2)                                                                    \
	X(SET, 248, "SET", 2)                                                                      \
	X(TINY_BLOB, 249, "TINYBLOB", 1)                                                           \
	X(MEDIUM_BLOB, 250, "MEDIUMBLOB", 1)                                                       \
	X(LONG_BLOB, 251, "LONGBLOB", 1)                                                           \
	X(BLOB, 252, "BLOB", 1)                                                                    \
	X(VAR_STRING, 253, "VARCHAR", 2)                                                           \
	X(STRING, 254, "CHAR", 2)                                                                  \
	X(GEOMETRY, 255, "GEOMETRY", 1)

enum wire_type {
#define X(id, code, name, meta) WIRE_##id = code,
	WIRE_TYPES(X)
#undef X
};

/* Returns the name of a type code; NULL: unknown code. */
const char *wire_name(uint8_t wire);
/* Returns the bytes of its metadata in a TABLE_MAP; -1: unknown code. */
int wire_meta_size(uint8_t wire);

#endif
