#include "decode/cell.h"

#include "base/reader.h"
#include "decode/compressed.h"
#include "decode/decimal.h"
#include "decode/json_binary.h"
#include "decode/temporal.h"
#include "decode/wire.h"
#include "model/charset_text.h"

/* ---- numbers --------------------------------------------------------------------------------- */

/* All numbers are little-endian, like the machines that we support. memcpy, because they are not
 * aligned. */
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

/* Returns a VALUE_U64 only above INT64_MAX. All other integers are a VALUE_I64, signed or not. */
int cell_u64(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	     struct arena *arena, struct value *value, struct err *err)
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

/* Decodes a YEAR(2) to the server's own value: 99 for 1999, and 0 for 2000. */
static int cell_year2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)len, (void)arena, (void)err;
	value->kind = VALUE_I64;
	value->i = *ptr % 100;
	return 0;
}

static int cell_decimal(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			struct arena *arena, struct value *value, struct err *err)
{
	char *text = arena_alloc(arena, DECIMAL_TEXT_MAX);
	size_t n = decimal_unpack(ptr, layout->meta >> 8, layout->meta & 0xff, text);
	(void)len;
	if (n == 0) {
		err_set(err, E_VALUE, "the bytes are not a valid DECIMAL(%u,%u)", layout->meta >> 8,
			layout->meta & 0xff);
		return err_column(err, layout->column->name);
	}
	value->kind = VALUE_DECIMAL;
	value->text = slice_of(text, n);
	return 0;
}

int cell_bit(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	     struct arena *arena, struct value *value, struct err *err)
{
	if (layout->column->length != 1)
		return cell_bytes(layout, ptr, len, arena, value, err);
	value->kind = VALUE_BOOL;
	value->i = len > 0 && ptr[len - 1] != 0;
	return 0;
}

/* ---- dates and times ------------------------------------------------------------------------- */

static int in_column(const struct cell_layout *layout, int result, struct err *err)
{
	return result == 0 ? 0 : err_column(err, layout->column->name);
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
	return in_column(layout, temporal_datetime(&t, layout->meta, value, err), err);
}

static int cell_datetime(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	if (layout->meta > 0)
		temporal_from_datetime_53(ptr, layout->meta, &t);
	else
		temporal_from_datetime(ptr, &t);
	return in_column(layout, temporal_datetime(&t, layout->meta, value, err), err);
}

static int cell_timestamp2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			   struct arena *arena, struct value *value, struct err *err)
{
	uint32_t seconds =
		(uint32_t)ptr[0] << 24 | (uint32_t)ptr[1] << 16 | (uint32_t)ptr[2] << 8 | ptr[3];
	(void)len, (void)arena;
	uint32_t micros = temporal_fraction(ptr + 4, layout->meta);
	return in_column(layout, temporal_instant(seconds, micros, layout->meta, value, err), err);
}

static int cell_timestamp(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	uint32_t seconds, micros = 0;
	(void)len, (void)arena;
	memcpy(&seconds, ptr, sizeof(seconds));
	if (layout->meta > 0) {
		seconds = __builtin_bswap32(seconds);
		micros = temporal_fraction_53(ptr + 4, layout->meta);
	}
	return in_column(layout, temporal_instant(seconds, micros, layout->meta, value, err), err);
}

static int cell_time2(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	temporal_from_time2(ptr, layout->meta, &t);
	return in_column(layout, temporal_time(&t, layout->meta, value, err), err);
}

static int cell_time(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)len, (void)arena;
	if (layout->meta > 0)
		temporal_from_time_53(ptr, layout->meta, &t);
	else
		temporal_from_time(ptr, &t);
	return in_column(layout, temporal_time(&t, layout->meta, value, err), err);
}

/* ---- text and bytes -------------------------------------------------------------------------- */

int cell_text(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	      struct arena *arena, struct value *value, struct err *err)
{
	(void)err;
	value->kind = VALUE_TEXT;
	charset_to_utf8(layout->column->charset, slice_of(ptr, len), arena, &value->text);
	return 0;
}

int cell_bytes(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	       struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)arena, (void)err;
	value->kind = VALUE_BYTES;
	value->text = slice_of(ptr, len);
	return 0;
}

static int unpacked_text(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct slice text;
	if (compressed_unpack(slice_of(ptr, len), arena, &text, err) < 0)
		return in_column(layout, -1, err);
	value->kind = VALUE_TEXT;
	charset_to_utf8(layout->column->charset, text, arena, &value->text);
	return 0;
}

static int unpacked_bytes(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	value->kind = VALUE_BYTES;
	return in_column(layout, compressed_unpack(slice_of(ptr, len), arena, &value->text, err),
			 err);
}

const uint8_t *cell_pad(const uint8_t *ptr, uint32_t len, uint32_t size, struct arena *arena)
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
	value->text = slice_of(cell_pad(ptr, len, size, arena), len > size ? len : size);
	return 0;
}

static int set_labels(const struct cell_layout *layout, enum value_kind kind, uint64_t bits,
		      struct value *value)
{
	value->kind = kind;
	value->label.bits = bits;
	value->label.column = layout->column;
	return 0;
}

static int cell_enum(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	const struct column *column = layout->column;
	uint64_t index = little_endian(ptr, len);
	(void)arena;
	if (index > column->nlabels) {
		err_set(err, E_VALUE, "the value is label %u of an ENUM that has %u",
			(unsigned)index, column->nlabels);
		return err_column(err, column->name);
	}
	return set_labels(layout, VALUE_ENUM, index, value);
}

static int cell_set(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		    struct arena *arena, struct value *value, struct err *err)
{
	const struct column *column = layout->column;
	uint64_t bits = little_endian(ptr, len);
	(void)arena;
	if (column->nlabels < 64 && bits >> column->nlabels != 0) {
		err_set(err, E_VALUE, "the value has the bits %#llx of a SET that has %u labels",
			(unsigned long long)bits, column->nlabels);
		return err_column(err, column->name);
	}
	return set_labels(layout, VALUE_SET, bits, value);
}

static int cell_json(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		     struct arena *arena, struct value *value, struct err *err)
{
	value->kind = VALUE_TEXT;
	return in_column(layout, json_binary_print(slice_of(ptr, len), arena, &value->text, err),
			 err);
}

/* ---- the choice ------------------------------------------------------------------------------ */

/* The decoders of columns whose code is that of a string. */
static cell_decode_fn *const string_decoders[COLUMN_TYPE_COUNT] = {
#define BINLOG(wire, other, meta, check, string) string
#define COLUMN_TYPE(id, name, transport, class, numbers, bytes, binlog_as, binlog, protocol)       \
	[COLUMN_##id] = binlog,
#include "model/types.def"
};

cell_decode_fn *cell_decoder(const struct column *column, uint8_t wire, uint16_t meta)
{
	bool u = column->is_unsigned;
	(void)meta;
	switch ((enum wire_type)wire) {
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
		return slice_starts(column->sql_type, SLICE("year(2)")) ? cell_year2 : cell_year;
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
		return string_decoders[column->type];
	case WIRE_VARCHAR_COMPRESSED:
	case WIRE_BLOB_COMPRESSED:
		return string_decoders[column->type] == cell_bytes ? unpacked_bytes : unpacked_text;
	case WIRE_DECIMAL_OLD:
	case WIRE_NULL:
	case WIRE_VAR_STRING:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
		return NULL; /* no server writes them to the binlog */
	}
	return NULL;
}
