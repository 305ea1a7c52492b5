/* debezium_value: values as Debezium's MySQL and MariaDB connectors write them by default, in JSON
 * without schemas: decimal.handling.mode = precise, time.precision.mode =
 * adaptive_time_microseconds, bigint.unsigned.handling.mode = long.
 * Pure. Thread: any. */
#ifndef TIDEWAY_DEBEZIUM_VALUE_H
#define TIDEWAY_DEBEZIUM_VALUE_H

#include "base/buf.h"
#include "model/mapping.h"

/* X(id, name): how the values of a column are written, and the name of that type. */
#define DEBEZIUM_TYPES(X)                                                                          \
	X(BOOLEAN, "boolean")                                                                      \
	X(INT16, "int16")                                                                          \
	X(INT32, "int32")                                                                          \
	X(INT64, "int64")                                                                          \
	X(FLOAT, "float32")                                                                        \
	X(DOUBLE, "float64")                                                                       \
	X(STRING, "string")                                                                        \
	X(BYTES, "bytes")                                                                          \
	X(JSON, "io.debezium.data.Json")                                                           \
	X(ENUM, "io.debezium.data.Enum")                                                           \
	X(SET, "io.debezium.data.EnumSet")                                                         \
	X(BITS, "io.debezium.data.Bits")                    /* little-endian */                    \
	X(DECIMAL, "org.apache.kafka.connect.data.Decimal") /* two's complement, big-endian */     \
	X(YEAR, "io.debezium.time.Year")                                                           \
	X(DATE, "io.debezium.time.Date")                      /* days */                           \
	X(TIME, "io.debezium.time.MicroTime")                 /* microseconds */                   \
	X(TIMESTAMP, "io.debezium.time.Timestamp")            /* milliseconds */                   \
	X(MICRO_TIMESTAMP, "io.debezium.time.MicroTimestamp") /* microseconds */                   \
	X(ZONED_TIMESTAMP, "io.debezium.time.ZonedTimestamp") /* "2021-03-03T12:34:56Z" */         \
	X(POINT, "io.debezium.data.geometry.Point")                                                \
	X(GEOMETRY, "io.debezium.data.geometry.Geometry")                                          \
	X(VECTOR, "io.debezium.data.FloatVector")

enum debezium_kind {
#define X(id, name) DEBEZIUM_##id,
	DEBEZIUM_TYPES(X)
#undef X
};

struct debezium_type {
	enum debezium_kind kind;
	bool nullable;  /* a zero date is null; otherwise it is 1970-01-01 */
	unsigned scale; /* DECIMAL */
};

const char *debezium_kind_name(enum debezium_kind kind);
struct debezium_type debezium_column_type(const struct column *column);
/* The type of an additional field. */
struct debezium_type debezium_field_type(const struct out_field *field, enum transport transport);
/* Appends a value as JSON. If a script has set a value of another kind
 * than the column's, the value is written by its own kind. */
void debezium_value(struct buf *out, const struct debezium_type *type, const struct value *value);

#endif
