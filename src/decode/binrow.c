#include "decode/binrow.h"

#include "base/reader.h"
#include "decode/cell.h"
#include "decode/charset.h"
#include "decode/decimal.h"
#include "decode/json_binary.h"
#include "decode/temporal.h"
#include "decode/wire.h"

enum { CHARSET_ID_BINARY = 63, FLAG_UNSIGNED = 32 };

/* ---- cells that only the binary protocol has ---------------------------------------------------- */

static int wrong(const struct cell_layout *layout, uint32_t len, struct err *err)
{
	return err_set(err, ERR_DATA, "column %.*s: %u bytes are no %s", SLICE_FMT(layout->column->name), len,
		       column_type_name(layout->column->type));
}

static int protocol_date(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)arena;
	if (!temporal_from_protocol(ptr, len, &t))
		return wrong(layout, len, err);
	if (temporal_date(&t, value, err) < 0)
		return err_wrap(err, "column %.*s", SLICE_FMT(layout->column->name));
	return 0;
}

static int protocol_time(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	if (!temporal_from_protocol_time(ptr, len, &t))
		return wrong(layout, len, err);
	if (temporal_time(&t, layout->column->scale, arena, value, err) < 0)
		return err_wrap(err, "column %.*s", SLICE_FMT(layout->column->name));
	return 0;
}

static int protocol_decimal(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			    struct arena *arena, struct value *value, struct err *err)
{
	value->kind = VALUE_DECIMAL;
	if (!decimal_trim(slice_of(ptr, len), arena, &value->text))
		return wrong(layout, len, err);
	return 0;
}

static int protocol_json(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)err;
	value->kind = VALUE_TEXT;
	json_text_compact(slice_of(ptr, len), arena, &value->text);
	return 0;
}

/* uuid and inet arrive as text in ASCII. */
static int protocol_ascii(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)err;
	value->kind = VALUE_TEXT;
	charset_to_utf8(CHARSET_ASCII, slice_of(ptr, len), arena, &value->text);
	return 0;
}

/* ---- layout ------------------------------------------------------------------------------------- */

static bool is_string(uint8_t wire)
{
	return wire == WIRE_STRING || wire == WIRE_VAR_STRING || wire == WIRE_VARCHAR ||
	       wire == WIRE_BLOB || wire == WIRE_TINY_BLOB || wire == WIRE_MEDIUM_BLOB ||
	       wire == WIRE_LONG_BLOB || wire == WIRE_ENUM || wire == WIRE_SET;
}

static cell_decode_fn *integer_decoder(const struct binrow_field *field, uint8_t wire, bool is_unsigned)
{
	if (field->wire != wire)
		return NULL;
	switch (wire) {
	case WIRE_TINY:
		return is_unsigned ? cell_u8 : cell_i8;
	case WIRE_SHORT:
		return is_unsigned ? cell_u16 : cell_i16;
	case WIRE_INT24: /* four bytes here */
	case WIRE_LONG:
		return is_unsigned ? cell_u32 : cell_i32;
	default:
		return is_unsigned ? cell_u64 : cell_i64;
	}
}

static cell_decode_fn *when(bool matches, cell_decode_fn *decode)
{
	return matches ? decode : NULL;
}

/* NULL: the field is not of the column's type. */
static cell_decode_fn *choose(const struct column *column, const struct binrow_field *field)
{
	uint8_t wire = field->wire;
	bool bytes = field->charset == CHARSET_ID_BINARY;
	switch (column->type) {
	case COLUMN_TINYINT:
		return integer_decoder(field, WIRE_TINY, column->is_unsigned);
	case COLUMN_SMALLINT:
		return integer_decoder(field, WIRE_SHORT, column->is_unsigned);
	case COLUMN_MEDIUMINT:
		return integer_decoder(field, WIRE_INT24, column->is_unsigned);
	case COLUMN_INT:
		return integer_decoder(field, WIRE_LONG, column->is_unsigned);
	case COLUMN_BIGINT:
		return integer_decoder(field, WIRE_LONGLONG, column->is_unsigned);
	case COLUMN_DECIMAL:
		return when(wire == WIRE_NEWDECIMAL, protocol_decimal);
	case COLUMN_FLOAT:
		return when(wire == WIRE_FLOAT, cell_f32);
	case COLUMN_DOUBLE:
		return when(wire == WIRE_DOUBLE, cell_f64);
	case COLUMN_BIT:
		return when(wire == WIRE_BIT, cell_bit);
	case COLUMN_YEAR:
		return when(wire == WIRE_YEAR, cell_u16);
	case COLUMN_DATE:
		return when(wire == WIRE_DATE || wire == WIRE_NEWDATE, protocol_date);
	case COLUMN_DATETIME:
		return when(wire == WIRE_DATETIME || wire == WIRE_DATETIME2, protocol_date);
	case COLUMN_TIMESTAMP: /* the session's time zone is UTC */
		return when(wire == WIRE_TIMESTAMP || wire == WIRE_TIMESTAMP2, protocol_date);
	case COLUMN_TIME:
		return when(wire == WIRE_TIME || wire == WIRE_TIME2, protocol_time);
	case COLUMN_BINARY:
		return when(is_string(wire) && bytes, cell_padded);
	case COLUMN_VARBINARY:
	case COLUMN_TINYBLOB:
	case COLUMN_BLOB:
	case COLUMN_MEDIUMBLOB:
	case COLUMN_LONGBLOB:
		return when(is_string(wire) && bytes, cell_bytes);
	case COLUMN_VECTOR:
		return when(wire == WIRE_VECTOR || is_string(wire), cell_bytes);
	case COLUMN_GEOMETRY:
		return when(wire == WIRE_GEOMETRY, cell_bytes);
	case COLUMN_JSON:
		return wire == WIRE_JSON ? protocol_json : when(is_string(wire), cell_text);
	case COLUMN_UUID:
	case COLUMN_INET4:
	case COLUMN_INET6:
		return when(is_string(wire), protocol_ascii);
	case COLUMN_CHAR:
	case COLUMN_VARCHAR:
	case COLUMN_TINYTEXT:
	case COLUMN_TEXT:
	case COLUMN_MEDIUMTEXT:
	case COLUMN_LONGTEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
		return when(is_string(wire), cell_text);
	case COLUMN_TYPE_COUNT:
		break;
	}
	return NULL;
}

/* Size class of a cell, as in cell.h; CELL_PREFIX alone is a length-coded string. */
static uint8_t size_class(uint8_t wire)
{
	switch (wire) {
	case WIRE_TINY:
		return 1;
	case WIRE_SHORT:
	case WIRE_YEAR:
		return 2;
	case WIRE_INT24:
	case WIRE_LONG:
	case WIRE_FLOAT:
		return 4;
	case WIRE_LONGLONG:
	case WIRE_DOUBLE:
		return 8;
	default: /* dates and times have one byte of length, which reads the same */
		return CELL_PREFIX;
	}
}

static int mismatch(const struct table *table, const struct column *column,
		    const struct binrow_field *field, struct err *err)
{
	const char *name = wire_name(field->wire);
	return err_set(err, ERR_DATA, "column %.*s of table %.*s is %s in the catalog, but the server returns %s "
		       "(type %u, flags %#x): the table was changed while it was read",
		       SLICE_FMT(column->name), SLICE_FMT(table->full_name), column_type_name(column->type),
		       name ? name : "an unknown type", field->wire, field->flags);
}

static int check_field(const struct table *table, const struct column *column,
		       const struct binrow_field *field, struct err *err)
{
	enum charset charset;
	bool integer = column->type <= COLUMN_BIGINT;
	if (!slice_equal_nocase(field->name, column->name))
		return err_set(err, ERR_DATA, "table %.*s: the server returns column %.*s where the catalog "
			       "has %.*s: the table was changed while it was read",
			       SLICE_FMT(table->full_name), SLICE_FMT(field->name), SLICE_FMT(column->name));
	if (integer && column->is_unsigned != !!(field->flags & FLAG_UNSIGNED))
		return mismatch(table, column, field, err);
	if (choose(column, field) == cell_text && column->type != COLUMN_JSON &&
	    (!charset_of_id(field->charset, &charset) || charset != column->charset))
		return err_set(err, ERR_DATA, "column %.*s of table %.*s has the character set %s in the catalog, "
			       "but the server returns collation %u: the table was changed while it was "
			       "read", SLICE_FMT(column->name), SLICE_FMT(table->full_name),
			       charset_name(column->charset), field->charset);
	return 0;
}

static int set_cell(const struct table *table, const struct column *column,
		    const struct binrow_field *field, struct cell_layout *cell, struct err *err)
{
	*cell = (struct cell_layout){.column = column, .wire = field->wire};
	if (field->wire == WIRE_NULL) { /* selected as NULL */
		cell->decode = cell_bytes;
		return 0;
	}
	cell->decode = choose(column, field);
	if (cell->decode == NULL)
		return mismatch(table, column, field, err);
	return check_field(table, column, field, err);
}

int binrow_layout(const struct binrow_field *fields, unsigned nfields, const struct table *table,
		  struct arena *arena, struct row_layout **layout, struct err *err)
{
	*layout = NULL;
	if (nfields != table->ncolumns)
		return err_set(err, ERR_DATA, "table %.*s has %u columns in the catalog, but the server returns "
			       "%u: the table was changed while it was read", SLICE_FMT(table->full_name),
			       table->ncolumns, nfields);
	struct row_layout *made = ARENA_NEW(arena, struct row_layout);
	uint8_t *sizes = ARENA_ARRAY(arena, nfields, uint8_t);
	made->table = table;
	made->ncells = nfields;
	made->cells = ARENA_ARRAY(arena, nfields, struct cell_layout);
	made->private_data = sizes;
	for (unsigned i = 0; i < nfields; i++) {
		if (set_cell(table, &table->columns[i], &fields[i], &made->cells[i], err) < 0)
			return -1;
		sizes[i] = size_class(fields[i].wire);
	}
	*layout = made;
	return 0;
}

/* ---- rows --------------------------------------------------------------------------------------- */

static int split_error(const struct row *row, unsigned column, struct err *err)
{
	const struct table *table = row->layout->table;
	return err_set(err, ERR_DATA, "table %.*s: a row that the server returned is cut or damaged at column %.*s",
		       SLICE_FMT(table->full_name), SLICE_FMT(table->columns[column].name));
}

int binrow_split(struct slice packet, struct row *row, struct err *err)
{
	const uint8_t *sizes = row->layout->private_data;
	unsigned n = row->layout->ncells;
	struct reader r;
	row->base = (const uint8_t *)packet.ptr;
	reader_init(&r, packet.ptr, packet.len);
	uint8_t first = reader_u8(&r);
	const uint8_t *nulls = reader_bytes(&r, ((size_t)n + 9) / 8);
	if (r.failed || first != 0 || packet.len >= CELL_ABSENT)
		return split_error(row, 0, err);
	for (unsigned i = 0; i < n; i++) {
		if (nulls[(i + 2) / 8] >> ((i + 2) % 8) & 1) {
			row->cells[i] = (struct cell){0, CELL_NULL};
			continue;
		}
		uint64_t len = sizes[i] < CELL_PREFIX ? sizes[i] : reader_lenenc(&r);
		row->cells[i].offset = (uint32_t)(r.next - row->base);
		row->cells[i].len = (uint32_t)len;
		reader_bytes(&r, len);
		if (r.failed)
			return split_error(row, i, err);
	}
	return reader_left(&r) ? split_error(row, n - 1, err) : 0;
}
