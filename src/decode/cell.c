#include "decode/cell.h"

#include "decode/charset.h"
#include "decode/decimal.h"
#include "decode/json_binary.h"
#include "decode/temporal.h"
#include "decode/wire.h"

#include <stdio.h>

enum {
	UUID_SIZE = 16,
	INET4_SIZE = 4,
	INET6_SIZE = 16,
	BIT_MAX = 64,
	FRACTION_MAX = 6,
	BLOB_PREFIX_MAX = 4,
	SET_SIZE_MAX = 8,
};

/* ---- wire types ------------------------------------------------------------------------------- */

/* The first metadata byte of a STRING is the real type; CHARs of 256 bytes and more have bits 8 and 9 of
 * their length in its bits 4 and 5, inverted. meta: first byte << 8 | second byte. */
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
	switch (*wire) {
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
	case WIRE_JSON:
	case WIRE_GEOMETRY:
	case WIRE_VECTOR:
		return *meta >= 1 && *meta <= BLOB_PREFIX_MAX;
	default:
		return true;
	}
}

static int prefix_size(unsigned bytes)
{
	return CELL_PREFIX + (bytes > 255 ? 2 : 1);
}

int cell_size(uint8_t wire, uint16_t meta)
{
	switch (wire) {
	case WIRE_TINY:
	case WIRE_YEAR:
		return 1;
	case WIRE_SHORT:
		return 2;
	case WIRE_INT24:
	case WIRE_DATE:
	case WIRE_NEWDATE:
	case WIRE_TIME:
		return 3;
	case WIRE_LONG:
	case WIRE_FLOAT:
	case WIRE_TIMESTAMP:
		return 4;
	case WIRE_LONGLONG:
	case WIRE_DOUBLE:
	case WIRE_DATETIME:
		return 8;
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
	case WIRE_VAR_STRING:
		return prefix_size(meta);
	case WIRE_BLOB:
	case WIRE_JSON:
	case WIRE_GEOMETRY:
	case WIRE_VECTOR:
		return CELL_PREFIX + meta;
	default:
		return -1;
	}
}

void cell_describe(uint8_t wire, uint16_t meta, char *dst, size_t cap)
{
	static const char *const blobs[] = {"", "TINY", "", "MEDIUM", "LONG"};
	const char *name = wire_name(wire);
	switch (wire) {
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
	case WIRE_BIT:
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
		snprintf(dst, cap, "%s(%u)", name, meta);
		return;
	default:
		break;
	}
	if (name)
		snprintf(dst, cap, "%s", name);
	else
		snprintf(dst, cap, "type %u, which is not known", wire);
}

/* Bytes that a column of characters or bytes can hold; -1: the catalog does not say. */
static int64_t column_bytes(const struct column *column)
{
	return column->length == 0 ? -1
				   : (int64_t)column->length * charset_max_bytes(column->charset);
}

static bool same_bytes(const struct column *column, uint16_t meta)
{
	int64_t bytes = column_bytes(column);
	return bytes < 0 || bytes == meta;
}

static bool temporal_matches(const struct column *column, uint8_t wire, uint16_t meta, uint8_t new,
			     uint8_t old)
{
	/* the old codes have no fraction; MariaDB's own old form of one has another size */
	return (wire == new && meta == column->scale) || (wire == old && column->scale == 0);
}

static unsigned set_size(unsigned nlabels)
{
	unsigned bytes = (nlabels + 7) / 8;
	return bytes > 4 ? SET_SIZE_MAX : bytes;
}

bool cell_matches(const struct column *column, uint8_t wire, uint16_t meta)
{
	switch (column->type) {
	case COLUMN_TINYINT:
		return wire == WIRE_TINY;
	case COLUMN_SMALLINT:
		return wire == WIRE_SHORT;
	case COLUMN_MEDIUMINT:
		return wire == WIRE_INT24;
	case COLUMN_INT:
		return wire == WIRE_LONG;
	case COLUMN_BIGINT:
		return wire == WIRE_LONGLONG;
	case COLUMN_FLOAT:
		return wire == WIRE_FLOAT;
	case COLUMN_DOUBLE:
		return wire == WIRE_DOUBLE;
	case COLUMN_DECIMAL:
		return wire == WIRE_NEWDECIMAL && meta == (column->length << 8 | column->scale);
	case COLUMN_BIT:
		return wire == WIRE_BIT && meta == column->length;
	case COLUMN_YEAR:
		return wire == WIRE_YEAR;
	case COLUMN_DATE:
		return wire == WIRE_DATE || wire == WIRE_NEWDATE;
	case COLUMN_TIME:
		return temporal_matches(column, wire, meta, WIRE_TIME2, WIRE_TIME);
	case COLUMN_DATETIME:
		return temporal_matches(column, wire, meta, WIRE_DATETIME2, WIRE_DATETIME);
	case COLUMN_TIMESTAMP:
		return temporal_matches(column, wire, meta, WIRE_TIMESTAMP2, WIRE_TIMESTAMP);
	case COLUMN_CHAR:
	case COLUMN_BINARY:
		return wire == WIRE_STRING && same_bytes(column, meta);
	case COLUMN_VARCHAR:
	case COLUMN_VARBINARY:
		return wire == WIRE_VARCHAR && same_bytes(column, meta);
	case COLUMN_TINYTEXT:
	case COLUMN_TINYBLOB:
		return wire == WIRE_BLOB && meta == 1;
	case COLUMN_TEXT:
	case COLUMN_BLOB:
		return wire == WIRE_BLOB && meta == 2;
	case COLUMN_MEDIUMTEXT:
	case COLUMN_MEDIUMBLOB:
		return wire == WIRE_BLOB && meta == 3;
	case COLUMN_LONGTEXT:
	case COLUMN_LONGBLOB:
		return wire == WIRE_BLOB && meta == 4;
	case COLUMN_ENUM:
		return wire == WIRE_ENUM && meta == (column->nlabels > 255 ? 2 : 1);
	case COLUMN_SET:
		return wire == WIRE_SET && meta == set_size(column->nlabels);
	case COLUMN_JSON: /* MariaDB's is a LONGTEXT */
		return wire == WIRE_JSON || (wire == WIRE_BLOB && meta == 4);
	case COLUMN_GEOMETRY:
		return wire == WIRE_GEOMETRY;
	case COLUMN_VECTOR: /* MariaDB's is a VARBINARY */
		return wire == WIRE_VECTOR || wire == WIRE_VARCHAR;
	case COLUMN_UUID:
		return wire == WIRE_STRING && meta == UUID_SIZE;
	case COLUMN_INET6:
		return wire == WIRE_STRING && meta == INET6_SIZE;
	case COLUMN_INET4:
		return wire == WIRE_STRING && meta == INET4_SIZE;
	case COLUMN_TYPE_COUNT:
		break;
	}
	return false;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

/* All are little-endian, as are the machines we build for; memcpy for their alignment. */
#define INTEGER_DECODER(name, type, value_kind, field)                                             \
	int name(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,               \
		 struct arena *arena, struct value *value, struct err *err)                        \
	{                                                                                          \
		type v;                                                                            \
		(void)layout, (void)len, (void)arena, (void)err;                                   \
		memcpy(&v, ptr, sizeof(v));                                                        \
		value->kind = value_kind;                                                          \
		value->field = v;                                                                  \
		return 0;                                                                          \
	}

INTEGER_DECODER(cell_i8, int8_t, VALUE_I64, i)
INTEGER_DECODER(cell_u8, uint8_t, VALUE_I64, i)
INTEGER_DECODER(cell_i16, int16_t, VALUE_I64, i)
INTEGER_DECODER(cell_u16, uint16_t, VALUE_I64, i)
INTEGER_DECODER(cell_i32, int32_t, VALUE_I64, i)
INTEGER_DECODER(cell_u32, uint32_t, VALUE_I64, i)
INTEGER_DECODER(cell_i64, int64_t, VALUE_I64, i)
INTEGER_DECODER(cell_f32, float, VALUE_F32, f)
INTEGER_DECODER(cell_f64, double, VALUE_F64, f)

/* Above INT64_MAX the kind changes, so that all else is an I64 whatever the column is. */
int cell_u64(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len, struct arena *arena,
	     struct value *value, struct err *err)
{
	uint64_t v;
	(void)layout, (void)len, (void)arena, (void)err;
	memcpy(&v, ptr, sizeof(v));
	if (v > INT64_MAX) {
		value->kind = VALUE_U64;
		value->u = v;
	} else {
		value->kind = VALUE_I64;
		value->i = (int64_t)v;
	}
	return 0;
}

static int cell_u24(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		    struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)len, (void)arena, (void)err;
	value->kind = VALUE_I64;
	value->i = ptr[0] | ptr[1] << 8 | ptr[2] << 16;
	return 0;
}

static int cell_i24(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		    struct arena *arena, struct value *value, struct err *err)
{
	int result = cell_u24(layout, ptr, len, arena, value, err);
	if (value->i & 0x800000)
		value->i -= 0x1000000;
	return result;
}

static int cell_year(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)len, (void)arena, (void)err;
	value->kind = VALUE_I64;
	value->i = *ptr ? 1900 + *ptr : 0;
	return 0;
}

static int cell_decimal(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			struct arena *arena, struct value *value, struct err *err)
{
	char *text = arena_alloc(arena, DECIMAL_TEXT_MAX);
	size_t n = decimal_unpack(ptr, layout->meta >> 8, layout->meta & 0xff, text);
	(void)len;
	if (n == 0)
		return err_set(err, ERR_DATA, "the bytes of column %.*s are no DECIMAL(%u,%u)",
			       SLICE_FMT(layout->column->name), layout->meta >> 8, layout->meta & 0xff);
	value->kind = VALUE_DECIMAL;
	value->text = slice_of(text, n);
	return 0;
}

int cell_bit(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len, struct arena *arena,
	     struct value *value, struct err *err)
{
	if (layout->column->length != 1)
		return cell_bytes(layout, ptr, len, arena, value, err);
	value->kind = VALUE_BOOL;
	value->i = len > 0 && ptr[len - 1] != 0;
	return 0;
}

/* ---- dates and times -------------------------------------------------------------------------- */

static int in_column(const struct cell_layout *layout, int result, struct err *err)
{
	return result == 0 ? 0
			   : err_wrap(err, "column %.*s", SLICE_FMT(layout->column->name));
}

static int cell_date(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	temporal_from_date(ptr, &t);
	return in_column(layout, temporal_date(&t, value, err), err);
}

static int cell_datetime2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	temporal_from_datetime2(ptr, layout->meta, &t);
	return in_column(layout, temporal_date(&t, value, err), err);
}

static int cell_datetime(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	temporal_from_datetime(ptr, &t);
	return in_column(layout, temporal_date(&t, value, err), err);
}

static int cell_timestamp2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			   struct arena *arena, struct value *value, struct err *err)
{
	uint32_t seconds = (uint32_t)ptr[0] << 24 | (uint32_t)ptr[1] << 16 | (uint32_t)ptr[2] << 8 | ptr[3];
	(void)len, (void)arena;
	return in_column(layout, temporal_instant(seconds, temporal_fraction(ptr + 4, layout->meta),
						  value, err), err);
}

static int cell_timestamp(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	uint32_t seconds;
	(void)len, (void)arena;
	memcpy(&seconds, ptr, sizeof(seconds));
	return in_column(layout, temporal_instant(seconds, 0, value, err), err);
}

static int cell_time2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len;
	temporal_from_time2(ptr, layout->meta, &t);
	return in_column(layout, temporal_time(&t, layout->meta, arena, value, err), err);
}

static int cell_time(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len;
	temporal_from_time(ptr, &t);
	return in_column(layout, temporal_time(&t, 0, arena, value, err), err);
}

/* ---- text and bytes --------------------------------------------------------------------------- */

int cell_text(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len, struct arena *arena,
	      struct value *value, struct err *err)
{
	(void)err;
	value->kind = VALUE_TEXT;
	charset_to_utf8(layout->column->charset, slice_of(ptr, len), arena, &value->text);
	return 0;
}

int cell_bytes(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len, struct arena *arena,
	       struct value *value, struct err *err)
{
	(void)layout, (void)arena, (void)err;
	value->kind = VALUE_BYTES;
	value->text = slice_of(ptr, len);
	return 0;
}

/* ptr, followed by zeros up to `size`: the binlog leaves out zeros at the end of a BINARY(n). */
static const uint8_t *pad(const uint8_t *ptr, uint32_t len, uint32_t size, struct arena *arena)
{
	if (len >= size)
		return ptr;
	uint8_t *padded = arena_alloc(arena, size);
	memcpy(padded, ptr, len);
	memset(padded + len, 0, size - len);
	return padded;
}

int cell_padded(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		struct arena *arena, struct value *value, struct err *err)
{
	uint32_t size = layout->column->length;
	(void)err;
	value->kind = VALUE_BYTES;
	value->text = slice_of(pad(ptr, len, size, arena), len > size ? len : size);
	return 0;
}

static uint64_t little_endian(const uint8_t *ptr, uint32_t len)
{
	uint64_t v = 0;
	for (uint32_t i = 0; i < len && i < 8; i++)
		v |= (uint64_t)ptr[i] << (8 * i);
	return v;
}

static int cell_enum(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	const struct column *column = layout->column;
	uint64_t index = little_endian(ptr, len);
	(void)arena;
	if (index > column->nlabels)
		return err_set(err, ERR_DATA, "column %.*s: label %u of an ENUM that has %u",
			       SLICE_FMT(column->name), (unsigned)index, column->nlabels);
	value->kind = VALUE_TEXT;
	value->text = index == 0 ? SLICE("") : column->labels[index - 1];
	return 0;
}

static size_t set_text_size(const struct column *column, uint64_t bits)
{
	size_t size = 0;
	for (unsigned i = 0; i < column->nlabels && i < 64; i++) {
		if (bits >> i & 1)
			size += column->labels[i].len + 1;
	}
	return size;
}

static int cell_set(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		    struct arena *arena, struct value *value, struct err *err)
{
	const struct column *column = layout->column;
	uint64_t bits = little_endian(ptr, len);
	if (column->nlabels < 64 && bits >> column->nlabels != 0)
		return err_set(err, ERR_DATA, "column %.*s: bits %#llx of a SET that has %u labels",
			       SLICE_FMT(column->name), (unsigned long long)bits, column->nlabels);
	char *text = arena_alloc(arena, set_text_size(column, bits) + 1);
	size_t n = 0;
	for (unsigned i = 0; i < column->nlabels && i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (n > 0) /* as the server: none behind an empty first label */
			text[n++] = ',';
		if (column->labels[i].len > 0)
			memcpy(text + n, column->labels[i].ptr, column->labels[i].len);
		n += column->labels[i].len;
	}
	value->kind = VALUE_TEXT;
	value->text = slice_of(text, n);
	return 0;
}

static int cell_json(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	value->kind = VALUE_TEXT;
	return in_column(layout, json_binary_print(slice_of(ptr, len), arena, &value->text, err), err);
}

/* ---- MariaDB's uuid and inet ------------------------------------------------------------------ */

/* From the order of storage to that of the text. A uuid of version 1 to 5 is stored with its five parts
 * in reverse order, so that it sorts by time; others (6, 7 and what is no RFC 4122 uuid) as they are.
 * Tables made before MariaDB 10.11.5 and 10.6.15 store all in reverse: "uuid_old" in the catalog. */
static void uuid_order(const uint8_t *stored, bool always, uint8_t *uuid)
{
	bool reversed = (stored[6] & 0x80) && stored[8] > 0 && stored[8] < 0x60;
	if (!always && !reversed) {
		memcpy(uuid, stored, UUID_SIZE);
		return;
	}
	memcpy(uuid, stored + 12, 4);
	memcpy(uuid + 4, stored + 10, 2);
	memcpy(uuid + 6, stored + 8, 2);
	memcpy(uuid + 8, stored + 6, 2);
	memcpy(uuid + 10, stored, 6);
}

static bool is_old_uuid(const struct column *column)
{
	return column->sql_type.len > 4 && memmem(column->sql_type.ptr, column->sql_type.len, "old", 3);
}

static int cell_uuid(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	uint8_t u[UUID_SIZE];
	(void)err;
	uuid_order(pad(ptr, len, UUID_SIZE, arena), is_old_uuid(layout->column), u);
	value->kind = VALUE_TEXT;
	value->text = arena_printf(arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
				   "%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4], u[5], u[6],
				   u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
	return 0;
}

static int cell_inet4(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	const uint8_t *ip = pad(ptr, len, INET4_SIZE, arena);
	(void)layout, (void)err;
	value->kind = VALUE_TEXT;
	value->text = arena_printf(arena, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	return 0;
}

/* The longest run of zero groups, the first of equals, be it a single one: what "::" stands for. */
static unsigned zero_run(const unsigned *groups, unsigned *length)
{
	unsigned best = 0;
	*length = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *length) {
			*length = n;
			best = i;
		}
	}
	return best;
}

static int cell_inet6(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	const uint8_t *ip = pad(ptr, len, INET6_SIZE, arena);
	unsigned groups[8], run;
	char text[sizeof("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")];
	size_t n = 0;
	(void)layout, (void)err;
	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
	unsigned from = zero_run(groups, &run);
	if (run == 0)
		from = 8;
	for (unsigned i = 0; i < 8; i++) {
		if (i == from) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "::");
			i += run - 1;
			continue;
		}
		if (i == 6 && from == 0 && (run == 6 || (run == 5 && groups[5] == 0xffff))) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u.%u.%u.%u",
					      run == 5 ? ":" : "", ip[12], ip[13], ip[14], ip[15]);
			break;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%x",
				      i == 0 || i == from + run ? "" : ":", groups[i]);
	}
	value->kind = VALUE_TEXT;
	value->text = arena_copy(arena, slice_of(text, n));
	return 0;
}

/* ---- the choice ------------------------------------------------------------------------------- */

static cell_decode_fn *text_decoder(const struct column *column)
{
	switch (column->type) {
	case COLUMN_BINARY:
		return cell_padded;
	case COLUMN_UUID:
		return cell_uuid;
	case COLUMN_INET4:
		return cell_inet4;
	case COLUMN_INET6:
		return cell_inet6;
	case COLUMN_VARBINARY:
	case COLUMN_TINYBLOB:
	case COLUMN_BLOB:
	case COLUMN_MEDIUMBLOB:
	case COLUMN_LONGBLOB:
	case COLUMN_VECTOR:
		return cell_bytes;
	default:
		return cell_text;
	}
}

cell_decode_fn *cell_decoder(const struct column *column, uint8_t wire, uint16_t meta)
{
	bool u = column->is_unsigned;
	(void)meta;
	switch (wire) {
	case WIRE_TINY:
		return u ? cell_u8 : cell_i8;
	case WIRE_SHORT:
		return u ? cell_u16 : cell_i16;
	case WIRE_INT24:
		return u ? cell_u24 : cell_i24;
	case WIRE_LONG:
		return u ? cell_u32 : cell_i32;
	case WIRE_LONGLONG:
		return u ? cell_u64 : cell_i64;
	case WIRE_FLOAT:
		return cell_f32;
	case WIRE_DOUBLE:
		return cell_f64;
	case WIRE_NEWDECIMAL:
		return cell_decimal;
	case WIRE_BIT:
		return cell_bit;
	case WIRE_YEAR:
		return cell_year;
	case WIRE_DATE:
	case WIRE_NEWDATE:
		return cell_date;
	case WIRE_DATETIME2:
		return cell_datetime2;
	case WIRE_DATETIME:
		return cell_datetime;
	case WIRE_TIMESTAMP2:
		return cell_timestamp2;
	case WIRE_TIMESTAMP:
		return cell_timestamp;
	case WIRE_TIME2:
		return cell_time2;
	case WIRE_TIME:
		return cell_time;
	case WIRE_ENUM:
		return cell_enum;
	case WIRE_SET:
		return cell_set;
	case WIRE_JSON:
		return cell_json;
	case WIRE_GEOMETRY:
	case WIRE_VECTOR:
		return cell_bytes;
	case WIRE_STRING:
	case WIRE_VARCHAR:
	case WIRE_BLOB:
		return text_decoder(column);
	default:
		return NULL;
	}
}
