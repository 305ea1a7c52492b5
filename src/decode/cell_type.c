#include "decode/cell.h"

#include "decode/decimal.h"
#include "decode/temporal.h"
#include "decode/wire.h"

#include <stdio.h>

enum {
	BIT_MAX = 64,
	FRACTION_MAX = 6,
	BLOB_PREFIX_MAX = 4,
	SET_SIZE_MAX = 8,
};

/* Normalises the type STRING. *meta is first byte << 8 | second byte. The first byte is the real
 * type. Its bits 4 and 5, inverted, are bits 8 and 9 of the length of a CHAR of 256 or more
 * bytes. */
static bool normalize_string(uint8_t *wire, uint16_t *meta)
{
	unsigned first = *meta >> 8, length = *meta & 0xff;
	if ((first & 0x30) != 0x30) {
		length |= ((first & 0x30) ^ 0x30) << 4;
		first |= 0x30;
	}
	if (first != WIRE_STRING && first != WIRE_ENUM && first != WIRE_SET)
		return false;
	*wire = (uint8_t)first;
	*meta = (uint16_t)length;
	if (first == WIRE_ENUM)
		return length == 1 || length == 2;
	return first != WIRE_SET || (length >= 1 && length <= SET_SIZE_MAX);
}

bool cell_normalize(uint8_t *wire, uint16_t *meta)
{
	unsigned first = *meta & 0xff, second = *meta >> 8; /* in the order of the bytes */
	switch ((enum wire_type) * wire) {
	case WIRE_STRING:
	case WIRE_ENUM:
	case WIRE_SET:
		*meta = (uint16_t)(first << 8 | second);
		return normalize_string(wire, meta);
	case WIRE_NEWDECIMAL:
		*meta = (uint16_t)(first << 8 | second);
		return decimal_size(first, second) > 0;
	case WIRE_BIT:
		*meta = (uint16_t)(second * 8 + first);
		return *meta >= 1 && *meta <= BIT_MAX && first < 8;
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
		return *meta <= FRACTION_MAX;
	case WIRE_FLOAT:
		return *meta == sizeof(float);
	case WIRE_DOUBLE:
		return *meta == sizeof(double);
	case WIRE_BLOB:
	case WIRE_BLOB_COMPRESSED:
	case WIRE_JSON:
	case WIRE_GEOMETRY:
	case WIRE_VECTOR:
		return *meta >= 1 && *meta <= BLOB_PREFIX_MAX;
	case WIRE_VARCHAR_COMPRESSED: /* the length includes the byte before the value */
		return *meta >= 1;
	case WIRE_DECIMAL_OLD:
	case WIRE_TINY:
	case WIRE_SHORT:
	case WIRE_LONG:
	case WIRE_NULL:
	case WIRE_TIMESTAMP:
	case WIRE_LONGLONG:
	case WIRE_INT24:
	case WIRE_DATE:
	case WIRE_TIME:
	case WIRE_DATETIME:
	case WIRE_YEAR:
	case WIRE_NEWDATE:
	case WIRE_VARCHAR:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
	case WIRE_VAR_STRING:
		return true;
	}
	return true;
}

bool cell_is_compressed(uint8_t wire)
{
	return wire == WIRE_BLOB_COMPRESSED || wire == WIRE_VARCHAR_COMPRESSED;
}

bool cell_has_old_time(uint8_t wire)
{
	return wire == WIRE_TIME || wire == WIRE_DATETIME || wire == WIRE_TIMESTAMP;
}

static int prefix_size(unsigned bytes)
{
	return CELL_PREFIX + (bytes > 255 ? 2 : 1);
}

int cell_size(uint8_t wire, uint16_t meta)
{
	switch ((enum wire_type)wire) {
	case WIRE_TINY:
	case WIRE_YEAR:
		return 1;
	case WIRE_SHORT:
		return 2;
	case WIRE_INT24:
	case WIRE_DATE:
	case WIRE_NEWDATE:
		return 3;
	case WIRE_LONG:
	case WIRE_FLOAT:
		return 4;
	case WIRE_LONGLONG:
	case WIRE_DOUBLE:
		return 8;
	/* with a fraction: MariaDB's own form, see table_map.c */
	case WIRE_TIME:
		return (int)temporal_time_53_size(meta);
	case WIRE_TIMESTAMP:
		return 4 + (int)temporal_fraction_size(meta);
	case WIRE_DATETIME:
		return meta == 0 ? 8 : (int)temporal_datetime_53_size(meta);
	case WIRE_TIMESTAMP2:
		return 4 + (int)temporal_fraction_size(meta);
	case WIRE_DATETIME2:
		return 5 + (int)temporal_fraction_size(meta);
	case WIRE_TIME2:
		return 3 + (int)temporal_fraction_size(meta);
	case WIRE_NEWDECIMAL:
		return (int)decimal_size(meta >> 8, meta & 0xff);
	case WIRE_BIT:
		return (meta + 7) / 8;
	case WIRE_ENUM:
	case WIRE_SET:
		return meta;
	case WIRE_STRING:
	case WIRE_VARCHAR:
	case WIRE_VARCHAR_COMPRESSED:
	case WIRE_VAR_STRING:
		return prefix_size(meta);
	case WIRE_BLOB:
	case WIRE_BLOB_COMPRESSED:
	case WIRE_JSON:
	case WIRE_GEOMETRY:
	case WIRE_VECTOR:
		return CELL_PREFIX + meta;
	case WIRE_DECIMAL_OLD:
	case WIRE_NULL:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
		return -1;
	}
	return -1;
}

void cell_describe(uint8_t wire, uint16_t meta, char *dst, size_t cap)
{
	static const char *const blobs[] = {"", "TINY", "", "MEDIUM", "LONG"};
	const char *name = wire_name(wire);
	switch ((enum wire_type)wire) {
	case WIRE_STRING:
	case WIRE_VARCHAR:
	case WIRE_VAR_STRING:
		snprintf(dst, cap, "%s of %u bytes", name, meta);
		return;
	case WIRE_NEWDECIMAL:
		snprintf(dst, cap, "DECIMAL(%u,%u)", meta >> 8, meta & 0xff);
		return;
	case WIRE_BLOB:
		snprintf(dst, cap, "%sBLOB or %sTEXT", blobs[meta], blobs[meta]);
		return;
	case WIRE_VARCHAR_COMPRESSED:
		snprintf(dst, cap, "%s of %u bytes", name, meta - 1);
		return;
	case WIRE_BLOB_COMPRESSED:
		snprintf(dst, cap, "COMPRESSED %sBLOB or %sTEXT", blobs[meta], blobs[meta]);
		return;
	case WIRE_BIT:
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
		snprintf(dst, cap, "%s(%u)", name, meta);
		return;
	case WIRE_DECIMAL_OLD:
	case WIRE_TINY:
	case WIRE_SHORT:
	case WIRE_LONG:
	case WIRE_FLOAT:
	case WIRE_DOUBLE:
	case WIRE_NULL:
	case WIRE_TIMESTAMP:
	case WIRE_LONGLONG:
	case WIRE_INT24:
	case WIRE_DATE:
	case WIRE_TIME:
	case WIRE_DATETIME:
	case WIRE_YEAR:
	case WIRE_NEWDATE:
	case WIRE_VECTOR:
	case WIRE_JSON:
	case WIRE_ENUM:
	case WIRE_SET:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
	case WIRE_GEOMETRY:
		break;
	}
	if (name)
		snprintf(dst, cap, "%s", name);
	else
		snprintf(dst, cap, "type %u, which is unknown", wire);
}

/* ---- matching cells with columns ------------------------------------------------------------- */

typedef bool check_fn(const struct column *column, uint8_t wire, uint16_t meta);

static bool check_decimal(const struct column *column, uint8_t wire, uint16_t meta)
{
	(void)wire;
	return meta == (column->length << 8 | column->scale);
}

static bool check_bits(const struct column *column, uint8_t wire, uint16_t meta)
{
	(void)wire;
	return meta == column->length;
}

/* Compares the fractional digits. MySQL's old types have none: meta is 0. */
static bool check_fraction(const struct column *column, uint8_t wire, uint16_t meta)
{
	(void)wire;
	return meta == column->scale;
}

/* Compares the length in bytes. Length 0 in the catalog is unknown. */
static bool check_bytes(const struct column *column, uint8_t wire, uint16_t meta)
{
	uint64_t bytes = wire == WIRE_VARCHAR_COMPRESSED ? meta - 1u : meta;
	return column->length == 0 ||
	       (uint64_t)column->length * charset_max_bytes(column->charset) == bytes;
}

static bool check_enum(const struct column *column, uint8_t wire, uint16_t meta)
{
	(void)wire;
	return meta == (column->nlabels > UINT8_MAX ? 2 : 1);
}

static bool check_set(const struct column *column, uint8_t wire, uint16_t meta)
{
	unsigned bytes = (column->nlabels + 7) / 8;
	(void)wire;
	return meta == (bytes > 4 ? SET_SIZE_MAX : bytes);
}

/* Accepts MySQL's JSON, and MariaDB's JSON, which is a LONGTEXT. */
static bool check_json(const struct column *column, uint8_t wire, uint16_t meta)
{
	(void)column;
	return wire == WIRE_JSON || meta == BLOB_PREFIX_MAX;
}

struct rule {
	uint8_t wire, other; /* accepted type codes; other WIRE_NONE: none */
	uint8_t meta;        /* required metadata; 0: any */
	check_fn *check;     /* NULL: no other check */
};

static const struct rule rules[COLUMN_TYPE_COUNT] = {
#define BINLOG(wire, other, meta, check, string)                                                   \
	{                                                                                          \
		WIRE_##wire, WIRE_##other, meta, check                                             \
	}
#define COLUMN_TYPE(id, name, transport, class, numbers, bytes, binlog_as, binlog, protocol)       \
	[COLUMN_##id] = binlog,
#include "model/types.def"
};

bool cell_matches(const struct column *column, uint8_t wire, uint16_t meta)
{
	const struct rule *rule = &rules[column->type];
	if (wire != rule->wire && (rule->other == WIRE_NONE || wire != rule->other))
		return false;
	return (rule->meta == 0 || rule->meta == meta) &&
	       (rule->check == NULL || rule->check(column, wire, meta));
}
