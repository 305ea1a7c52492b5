#include "decode/binrow.h"

#include "base/reader.h"
#include "decode/cell.h"
#include "decode/decimal.h"
#include "decode/json_binary.h"
#include "decode/temporal.h"
#include "decode/wire.h"
#include "model/charset_text.h"
#include "model/labels.h"

enum { CHARSET_ID_BINARY = 63, FLAG_UNSIGNED = 32 };

/* ---- cells that occur only in the binary protocol -------------------------------------------- */

static int wrong(const struct cell_layout *layout, uint32_t len, struct err *err)
{
	err_set(err, E_VALUE, "%u bytes are not a valid %s", len,
		column_type_name(layout->column->type));
	return err_column(err, layout->column->name);
}

static int in_column(const struct cell_layout *layout, int result, struct err *err)
{
	return result == 0 ? 0 : err_column(err, layout->column->name);
}

static int protocol_date(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)arena;
	if (!temporal_from_protocol(ptr, len, &t))
		return wrong(layout, len, err);
	return in_column(layout, temporal_date(&t, value, err), err);
}

static int protocol_datetime(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			     struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)arena;
	if (!temporal_from_protocol(ptr, len, &t))
		return wrong(layout, len, err);
	return in_column(layout, temporal_datetime(&t, layout->column->scale, value, err), err);
}

/* The session's time zone is UTC. */
static int protocol_timestamp(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			      struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)arena;
	if (!temporal_from_protocol(ptr, len, &t))
		return wrong(layout, len, err);
	return in_column(layout, temporal_timestamp(&t, layout->column->scale, value, err), err);
}

static int protocol_time(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			 struct arena *arena, struct value *value, struct err *err)
{
	struct temporal t;
	(void)arena;
	if (!temporal_from_protocol_time(ptr, len, &t))
		return wrong(layout, len, err);
	return in_column(layout, temporal_time(&t, layout->column->scale, value, err), err);
}

static int protocol_decimal(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			    struct arena *arena, struct value *value, struct err *err)
{
	value->kind = VALUE_DECIMAL;
	if (!decimal_trim(slice_of(ptr, len), arena, &value->text))
		return wrong(layout, len, err);
	return 0;
}

/* Decodes the text of an ENUM or SET to the value that the binlog contains. */
static int protocol_label(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	const struct column *column = layout->column;
	struct slice text = slice_of(ptr, len);
	bool is_set = column->type == COLUMN_SET, found;
	uint64_t bits;
	if (column->charset != CHARSET_BINARY)
		charset_to_utf8(column->charset, text, arena, &text);
	found = is_set ? labels_find_set(column, text, &bits)
		       : labels_find(layout->private_data, text, &bits);
	if (!found) {
		err_set(err, E_TABLE_CHANGED,
			"'%.*s' is not a label of the %s in the catalog. The table was changed "
			"while it was read",
			SLICE_FMT(text), column_type_name(column->type));
		return err_column(err, column->name);
	}
	value->kind = is_set ? VALUE_SET : VALUE_ENUM;
	value->label.bits = bits;
	value->label.column = column;
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

/* Decodes uuid and inet types, which the protocol sends as ASCII text. */
static int protocol_ascii(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)err;
	value->kind = VALUE_TEXT;
	charset_to_utf8(CHARSET_ASCII, slice_of(ptr, len), arena, &value->text);
	return 0;
}

/* ---- layout ---------------------------------------------------------------------------------- */

static bool is_string(const struct binrow_field *field)
{
	switch ((enum wire_type)field->wire) {
	case WIRE_STRING:
	case WIRE_VAR_STRING:
	case WIRE_VARCHAR:
	case WIRE_BLOB:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
	case WIRE_ENUM:
	case WIRE_SET:
		return true;
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
	case WIRE_BIT:
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
	case WIRE_BLOB_COMPRESSED:
	case WIRE_VARCHAR_COMPRESSED:
	case WIRE_VECTOR:
	case WIRE_JSON:
	case WIRE_NEWDECIMAL:
	case WIRE_GEOMETRY:
		break;
	}
	return false;
}

enum accept {
	ACCEPT_WIRE,  /* the type codes only */
	ACCEPT_BYTES, /* binary strings too */
	ACCEPT_TEXT   /* all strings too */
};

struct rule {
	uint8_t wire, other;             /* type codes of the column; WIRE_NONE: none */
	enum accept accept;              /* other types that the column may have */
	cell_decode_fn *decode;          /* for a signed column */
	cell_decode_fn *decode_unsigned; /* NULL: `decode` */
	/* for a string that is not of type `wire` or `other`; NULL: `decode` */
	cell_decode_fn *decode_string;
};

static const struct rule rules[COLUMN_TYPE_COUNT] = {
#define PROTOCOL(wire, other, accept, decode, decode_unsigned, decode_string)                      \
	{                                                                                          \
		WIRE_##wire, WIRE_##other, ACCEPT_##accept, decode, decode_unsigned, decode_string \
	}
#define COLUMN_TYPE(id, name, transport, class, numbers, bytes, binlog_as, binlog, protocol)       \
	[COLUMN_##id] = protocol,
#include "model/types.def"
};

/* Returns the decoder of a field, or NULL if the field is not of the column's type. */
static cell_decode_fn *choose(const struct column *column, const struct binrow_field *field)
{
	const struct rule *rule = &rules[column->type];
	if ((rule->wire != WIRE_NONE && field->wire == rule->wire) ||
	    (rule->other != WIRE_NONE && field->wire == rule->other))
		return column->is_unsigned && rule->decode_unsigned ? rule->decode_unsigned
								    : rule->decode;
	if (rule->accept == ACCEPT_WIRE || !is_string(field) ||
	    (rule->accept == ACCEPT_BYTES && field->charset != CHARSET_ID_BINARY))
		return NULL;
	return rule->decode_string ? rule->decode_string : rule->decode;
}

/* Returns the size class of a cell (cell.h). CELL_PREFIX means a length-encoded string. */
static uint8_t size_class(uint8_t wire)
{
	switch ((enum wire_type)wire) {
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
	/* dates and times have a length of one byte, which reads the same way */
	case WIRE_TIMESTAMP:
	case WIRE_DATE:
	case WIRE_TIME:
	case WIRE_DATETIME:
	case WIRE_NEWDATE:
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
	case WIRE_DECIMAL_OLD:
	case WIRE_NULL:
	case WIRE_VARCHAR:
	case WIRE_BIT:
	case WIRE_BLOB_COMPRESSED:
	case WIRE_VARCHAR_COMPRESSED:
	case WIRE_VECTOR:
	case WIRE_JSON:
	case WIRE_NEWDECIMAL:
	case WIRE_ENUM:
	case WIRE_SET:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
	case WIRE_BLOB:
	case WIRE_VAR_STRING:
	case WIRE_STRING:
	case WIRE_GEOMETRY:
		break;
	}
	return CELL_PREFIX; /* also of a code that is unknown */
}

static int mismatch(const struct table *table, const struct column *column,
		    const struct binrow_field *field, struct err *err)
{
	const char *name = wire_name(field->wire);
	err_set(err, E_TABLE_CHANGED,
		"it is %s in the catalog, and the server returns %s (type %u, flags %#x). The "
		"table was changed while it was read",
		column_type_name(column->type), name ? name : "an unknown type", field->wire,
		field->flags);
	err_column(err, column->name);
	return err_table(err, table->full_name);
}

static int check_field(const struct table *table, const struct column *column,
		       const struct binrow_field *field, struct err *err)
{
	enum charset charset;
	bool integer = column_type_class(column->type) == CLASS_INTEGER;
	if (!ident_equal(table->idents, field->name, column->name)) {
		err_set(err, E_TABLE_CHANGED,
			"the server returns column %.*s where the catalog has %.*s. The table was "
			"changed while it was read",
			SLICE_FMT(field->name), SLICE_FMT(column->name));
		return err_table(err, table->full_name);
	}
	if (integer && column->is_unsigned != !!(field->flags & FLAG_UNSIGNED))
		return mismatch(table, column, field, err);
	cell_decode_fn *decode = choose(column, field);
	if (((decode == cell_text && column->type != COLUMN_JSON) || decode == protocol_label) &&
	    (!charset_of_id(field->charset, &charset) || charset != column->charset)) {
		err_set(err, E_TABLE_CHANGED,
			"it has the character set %s in the catalog, and the server returns "
			"collation %u. The table was changed while it was read",
			charset_name(column->charset), field->charset);
		err_column(err, column->name);
		return err_table(err, table->full_name);
	}
	return 0;
}

static int set_cell(const struct table *table, const struct column *column,
		    const struct binrow_field *field, struct arena *arena, struct cell_layout *cell,
		    struct err *err)
{
	*cell = (struct cell_layout){.column = column, .wire = field->wire};
	if (field->wire == WIRE_NULL) { /* the query selects NULL instead */
		cell->decode = cell_bytes;
		return 0;
	}
	cell->decode = choose(column, field);
	if (cell->decode == NULL)
		return mismatch(table, column, field, err);
	if (column->type == COLUMN_ENUM)
		cell->private_data = labels_index(column, arena);
	return check_field(table, column, field, err);
}

int binrow_layout(const struct binrow_field *fields, unsigned nfields, const struct table *table,
		  struct arena *arena, struct row_layout **layout, struct err *err)
{
	*layout = NULL;
	if (nfields != table->ncolumns) {
		err_set(err, E_TABLE_CHANGED,
			"the catalog has %u columns, and the server returns %u. The table was "
			"changed while it was read",
			table->ncolumns, nfields);
		return err_table(err, table->full_name);
	}
	struct row_layout *made = ARENA_NEW(arena, struct row_layout);
	uint8_t *sizes = ARENA_ARRAY(arena, nfields, uint8_t);
	made->table = table;
	made->ncells = nfields;
	made->cells = ARENA_ARRAY(arena, nfields, struct cell_layout);
	made->private_data = sizes;
	for (unsigned i = 0; i < nfields; i++) {
		if (set_cell(table, &table->columns[i], &fields[i], arena, &made->cells[i], err) <
		    0)
			return -1;
		sizes[i] = size_class(fields[i].wire);
	}
	*layout = made;
	return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int split_error(const struct row *row, unsigned column, struct err *err)
{
	const struct table *table = row->layout->table;
	err_set(err, E_ROW_DAMAGED, "a row that the server returned is cut or damaged");
	err_column(err, table->columns[column].name);
	return err_table(err, table->full_name);
}

int binrow_split(struct slice packet, struct row *row, struct err *err)
{
	const uint8_t *sizes = row->layout->private_data;
	unsigned n = row->layout->ncells;
	struct reader r;
	row->base = (const uint8_t *)packet.ptr;
	row->size = (uint32_t)packet.len;
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
