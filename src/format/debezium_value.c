#include "format/debezium_value.h"

#include "base/decimal.h"
#include "base/num.h"
#include "format/json.h"

#include <stdio.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

enum {
	SRID_BYTES = 4,
	POINT_WKB_BYTES = 21, /* byte order(1) type(4) x(8) y(8) */
	LIMBS_MAX = 64,       /* of 32 bits: 600 decimal digits */
	DIGITS_MAX = 600,
};

const char *debezium_kind_name(enum debezium_kind kind)
{
	static const char *const names[] = {
#define X(id, name) name,
		DEBEZIUM_TYPES(X)
#undef X
	};
	return names[kind];
}

/* ---- types ----------------------------------------------------------------------------------- */

/* FLOAT(7,3) is a double, FLOAT is a float. */
static enum debezium_kind float_kind(const struct column *column)
{
	bool has_digits = memchr(column->sql_type.ptr, '(', column->sql_type.len) != NULL;
	return has_digits ? DEBEZIUM_DOUBLE : DEBEZIUM_FLOAT;
}

static bool is_point(const struct column *column)
{
	return column->sql_type.len >= 5 &&
	       slice_equal_nocase(slice_of(column->sql_type.ptr, 5), SLICE("point"));
}

static enum debezium_kind column_kind(const struct column *column)
{
	switch (column->type) {
	case COLUMN_TINYINT:
		return DEBEZIUM_INT16;
	case COLUMN_SMALLINT:
		return column->is_unsigned ? DEBEZIUM_INT32 : DEBEZIUM_INT16;
	case COLUMN_MEDIUMINT:
		return DEBEZIUM_INT32;
	case COLUMN_INT:
		return column->is_unsigned ? DEBEZIUM_INT64 : DEBEZIUM_INT32;
	case COLUMN_BIGINT:
		return DEBEZIUM_INT64;
	case COLUMN_DECIMAL:
		return DEBEZIUM_DECIMAL;
	case COLUMN_FLOAT:
		return float_kind(column);
	case COLUMN_DOUBLE:
		return DEBEZIUM_DOUBLE;
	case COLUMN_BIT:
		return column->length == 1 ? DEBEZIUM_BOOLEAN : DEBEZIUM_BITS;
	case COLUMN_YEAR:
		return DEBEZIUM_YEAR;
	case COLUMN_DATE:
		return DEBEZIUM_DATE;
	case COLUMN_TIME:
		return DEBEZIUM_TIME;
	case COLUMN_DATETIME:
		return column->scale > 3 ? DEBEZIUM_MICRO_TIMESTAMP : DEBEZIUM_TIMESTAMP;
	case COLUMN_TIMESTAMP:
		return DEBEZIUM_ZONED_TIMESTAMP;
	case COLUMN_BINARY:
	case COLUMN_VARBINARY:
	case COLUMN_TINYBLOB:
	case COLUMN_BLOB:
	case COLUMN_MEDIUMBLOB:
	case COLUMN_LONGBLOB:
		return DEBEZIUM_BYTES;
	case COLUMN_ENUM:
		return DEBEZIUM_ENUM;
	case COLUMN_SET:
		return DEBEZIUM_SET;
	case COLUMN_JSON:
		return DEBEZIUM_JSON;
	case COLUMN_GEOMETRY:
		return is_point(column) ? DEBEZIUM_POINT : DEBEZIUM_GEOMETRY;
	case COLUMN_VECTOR:
		return DEBEZIUM_VECTOR;
	case COLUMN_CHAR:
	case COLUMN_VARCHAR:
	case COLUMN_TINYTEXT:
	case COLUMN_TEXT:
	case COLUMN_MEDIUMTEXT:
	case COLUMN_LONGTEXT:
	case COLUMN_UUID:
	case COLUMN_INET4:
	case COLUMN_INET6:
	case COLUMN_TYPE_COUNT:
		break;
	}
	return DEBEZIUM_STRING;
}

struct debezium_type debezium_column_type(const struct column *column)
{
	return (struct debezium_type){column_kind(column), column->nullable, column->scale};
}

struct debezium_type debezium_field_type(const struct out_field *field, enum transport transport)
{
	static const enum debezium_kind kinds[TRANSPORT_COUNT] = {
		[TRANSPORT_BOOLEAN] = DEBEZIUM_BOOLEAN, [TRANSPORT_LONG] = DEBEZIUM_INT64,
		[TRANSPORT_DOUBLE] = DEBEZIUM_DOUBLE,   [TRANSPORT_DATE] = DEBEZIUM_TIMESTAMP,
		[TRANSPORT_STRING] = DEBEZIUM_STRING,   [TRANSPORT_BYTES] = DEBEZIUM_BYTES,
	};
	if (transport == TRANSPORT_DOUBLE && field->scale >= 0)
		return (struct debezium_type){DEBEZIUM_DECIMAL, true, (unsigned)field->scale};
	return (struct debezium_type){kinds[transport], true, 0};
}

/* ---- decimals -------------------------------------------------------------------------------- */

/* An unsigned number, little-endian. */
struct limbs {
	uint32_t limb[LIMBS_MAX];
	unsigned n;
};

/* limbs = limbs * factor + add */
static void multiply_add(struct limbs *limbs, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;
	for (unsigned i = 0; i < limbs->n; i++) {
		carry += (uint64_t)limbs->limb[i] * factor;
		limbs->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0)
		limbs->limb[limbs->n++] = (uint32_t)carry;
}

/* Reads the digits of a decimal number without its sign and point. */
static void read_digits(struct limbs *limbs, const char *text, size_t len)
{
	uint32_t factor = 1, chunk = 0;
	limbs->n = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0')
			continue;
		chunk = chunk * 10 + (uint32_t)(text[i] - '0');
		factor *= 10;
		if (factor == 1000000000) {
			multiply_add(limbs, factor, chunk);
			factor = 1;
			chunk = 0;
		}
	}
	if (factor > 1)
		multiply_add(limbs, factor, chunk);
}

/* Writes the shortest two's complement of the number, big-endian. Returns the number of bytes. */
static size_t two_complement(const struct limbs *limbs, bool negative, uint8_t *out)
{
	size_t n = 4 * (size_t)limbs->n + 1, skip = 0;
	uint8_t sign = negative ? 0xff : 0;
	unsigned carry = negative;
	for (size_t i = 0; i < n; i++) {
		unsigned byte = i / 4 < limbs->n ? limbs->limb[i / 4] >> (8 * (i % 4)) & 0xff : 0;
		if (negative)
			byte = (~byte & 0xff) + carry;
		carry = negative && byte > 0xff;
		out[n - 1 - i] = (uint8_t)byte;
	}
	while (skip + 1 < n && out[skip] == sign && ((out[skip + 1] ^ sign) & 0x80) == 0)
		skip++;
	memmove(out, out + skip, n - skip);
	return n - skip;
}

/* Writes a literal as the base64 of its unscaled value, rounded to the scale. Returns false if it
 * has too many digits. */
static bool put_decimal(struct buf *out, struct slice literal, unsigned scale)
{
	char digits[DIGITS_MAX];
	uint8_t bytes[4 * LIMBS_MAX + 1];
	struct limbs limbs;
	size_t len;
	if (decimal_round_size(literal.len, scale) > sizeof(digits))
		return false;
	len = decimal_round(literal, scale, digits);
	if (len == 0)
		return false;
	read_digits(&limbs, digits, len);
	len = two_complement(&limbs, digits[0] == '-', bytes);
	json_base64(out, slice_of((const char *)bytes, len));
	return true;
}

/* Writes a number of another kind that a script has put into a DECIMAL. */
static bool put_number_as_decimal(struct buf *out, const struct value *value, unsigned scale)
{
	char text[DIGITS_MAX];
	size_t len;
	if (value->kind == VALUE_I64)
		len = num_i64(text, value->i);
	else if (value->kind == VALUE_U64)
		len = num_u64(text, value->u);
	else if (value->kind == VALUE_F64)
		len = (size_t)snprintf(text, sizeof(text), "%.*f", (int)scale, value->f);
	else
		return false;
	return len < sizeof(text) && put_decimal(out, slice_of(text, len), scale);
}

/* ---- dates and times ------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* The connector's enable.time.adjuster: a year of two digits is one from 1970 to 2069. */
static void adjust_year(struct civil *civil)
{
	if (civil->year >= 100)
		return;
	if (civil->year == 0)
		civil->month = 0; /* a zero date */
	civil->year = (uint16_t)(civil->year + (civil->year < 70 ? 2000 : 1900));
}

/* Sets *us to the microseconds since 1970. Returns false for a zero date. */
static bool micros(const struct value *value, int64_t *us)
{
	struct value adjusted = *value;
	if (value->kind == VALUE_DATE || value->kind == VALUE_DATETIME)
		adjust_year(&adjusted.civil);
	return value_micros(&adjusted, us);
}

/* "2021-03-03T12:34:56.789Z", with the digits of the column. */
static void put_zoned(struct buf *out, int64_t us, unsigned digits)
{
	static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	const unsigned shown = digits < 6 ? digits : 6;
	int64_t seconds = floor_div(us, SECOND_US);
	uint64_t fraction = (uint64_t)(us - seconds * SECOND_US);
	time_t time = (time_t)seconds;
	struct tm utc;
	char text[64];
	size_t len;
	gmtime_r(&time, &utc);
	len = strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%S", &utc);
	if (shown > 0) {
		text[len++] = '.';
		len += num_pad(text + len, fraction / units[shown], shown);
	}
	buf_append(out, text, len);
	buf_put(out, SLICE("Z\""));
}

static void put_time(struct buf *out, const struct debezium_type *type, const struct value *value)
{
	int64_t us;
	if (!micros(value, &us)) {
		if (type->nullable && value->kind != VALUE_TIMESTAMP) {
			buf_put(out, SLICE("null"));
			return;
		}
		us = 0;
	}
	switch (type->kind) {
	case DEBEZIUM_DATE:
		json_i64(out, floor_div(us, DAY_US));
		break;
	case DEBEZIUM_MICRO_TIMESTAMP:
		json_i64(out, us);
		break;
	case DEBEZIUM_ZONED_TIMESTAMP:
		put_zoned(out, us, value->kind == VALUE_MS ? 3 : value->digits);
		break;
	default:
		json_i64(out, floor_div(us, 1000));
	}
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Writes the bytes of a BIT, which are big-endian on the server. */
static void put_bits(struct buf *out, struct slice bytes)
{
	char reversed[8];
	size_t n = bytes.len < sizeof(reversed) ? bytes.len : sizeof(reversed);
	for (size_t i = 0; i < n; i++)
		reversed[i] = bytes.ptr[n - 1 - i];
	json_base64(out, slice_of(reversed, n));
}

static double double_at(const char *at)
{
	double v;
	memcpy(&v, at, sizeof(v));
	return v;
}

static void put_coordinate(struct buf *out, struct slice name, double v)
{
	buf_put(out, name);
	out->len += num_f64(buf_reserve(out, NUM_FLOAT_MAX), v);
}

/* Writes {"x":1,"y":2,"wkb":"...","srid":4326}. The server's bytes are the SRID, then the WKB, little-endian. */
static void put_geometry(struct buf *out, struct slice bytes, bool point)
{
	uint32_t srid;
	struct slice wkb;
	if (bytes.len < SRID_BYTES) {
		json_base64(out, bytes);
		return;
	}
	memcpy(&srid, bytes.ptr, SRID_BYTES);
	wkb = slice_of(bytes.ptr + SRID_BYTES, bytes.len - SRID_BYTES);
	buf_char(out, '{');
	if (point && wkb.len >= POINT_WKB_BYTES) {
		put_coordinate(out, SLICE("\"x\":"), double_at(wkb.ptr + 5));
		put_coordinate(out, SLICE(",\"y\":"), double_at(wkb.ptr + 13));
		buf_char(out, ',');
	}
	buf_put(out, SLICE("\"wkb\":"));
	json_base64(out, wkb);
	buf_put(out, SLICE(",\"srid\":"));
	if (srid == 0)
		buf_put(out, SLICE("null"));
	else
		json_u64(out, srid);
	buf_char(out, '}');
}

/* Writes [1.5,2]. The server's bytes are binary32 numbers, little-endian. */
static void put_vector(struct buf *out, struct slice bytes)
{
	float v;
	buf_char(out, '[');
	for (size_t at = 0; at + sizeof(v) <= bytes.len; at += sizeof(v)) {
		if (at > 0)
			buf_char(out, ',');
		memcpy(&v, bytes.ptr + at, sizeof(v));
		out->len += num_f32(buf_reserve(out, NUM_FLOAT_MAX), v);
	}
	buf_char(out, ']');
}

static void put_bytes(struct buf *out, const struct debezium_type *type, struct slice bytes)
{
	switch (type->kind) {
	case DEBEZIUM_BITS:
		put_bits(out, bytes);
		break;
	case DEBEZIUM_POINT:
	case DEBEZIUM_GEOMETRY:
		put_geometry(out, bytes, type->kind == DEBEZIUM_POINT);
		break;
	case DEBEZIUM_VECTOR:
		put_vector(out, bytes);
		break;
	default:
		json_base64(out, bytes);
	}
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Writes a number in the form that the column's type requires. Returns false if the type requires none. */
static bool put_number(struct buf *out, const struct debezium_type *type, const struct value *value)
{
	if (type->kind == DEBEZIUM_DECIMAL) {
		if (value->kind == VALUE_DECIMAL)
			return put_decimal(out, value->text, type->scale);
		return put_number_as_decimal(out, value, type->scale);
	}
	if (value->kind == VALUE_U64) {
		json_i64(out, (int64_t)value->u);
		return true;
	}
	if (value->kind == VALUE_F32 && type->kind == DEBEZIUM_DOUBLE) {
		out->len += num_f64(buf_reserve(out, NUM_FLOAT_MAX), value->f);
		return true;
	}
	return false;
}

void debezium_value(struct buf *out, const struct debezium_type *type, const struct value *value)
{
	switch (value->kind) {
	case VALUE_I64:
	case VALUE_U64:
	case VALUE_F32:
	case VALUE_F64:
	case VALUE_DECIMAL:
		if (put_number(out, type, value))
			return;
		break;
	case VALUE_DATE:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
	case VALUE_MS:
		put_time(out, type, value);
		return;
	case VALUE_TIME:
		json_i64(out, value->i);
		return;
	case VALUE_BYTES:
		put_bytes(out, type, value->text);
		return;
	case VALUE_UNSET:
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_TEXT:
	case VALUE_ENUM:
	case VALUE_SET:
		break;
	}
	json_value(out, value);
}
