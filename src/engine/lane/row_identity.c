#include "engine/lane/row_identity.h"

#include "decode/converted.h"

static void put_u32(struct buf *out, uint32_t number)
{
	buf_append(out, &number, sizeof(number));
}

static void put_number(struct buf *out, uint64_t number)
{
	put_u32(out, sizeof(number));
	buf_append(out, &number, sizeof(number));
}

static void put_bytes(struct buf *out, struct slice bytes)
{
	put_u32(out, (uint32_t)bytes.len);
	buf_put(out, bytes);
}

static void put_civil(struct buf *out, const struct civil *civil)
{
	uint64_t date = (uint64_t)civil->year << 16 | (uint64_t)civil->month << 8 | civil->day;
	uint64_t time = (uint64_t)civil->hour << 16 | (uint64_t)civil->minute << 8 | civil->second;
	put_number(out, date);
	put_number(out, time << 32 | civil->micros);
}

/* Zero and minus zero are one key. */
static void put_double(struct buf *out, double number)
{
	uint64_t bits;
	if (number == 0)
		number = 0;
	memcpy(&bits, &number, sizeof(bits));
	put_number(out, bits);
}

static void put_value(struct buf *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOL:
	case VALUE_I64:
	case VALUE_MS:
	case VALUE_TIMESTAMP:
	case VALUE_TIME:
		put_number(out, (uint64_t)value->i);
		return;
	case VALUE_U64:
		put_number(out, value->u);
		return;
	case VALUE_F32:
	case VALUE_F64:
		put_double(out, value->f);
		return;
	case VALUE_DECIMAL:
	case VALUE_TEXT:
	case VALUE_BYTES:
		put_bytes(out, value->text);
		return;
	case VALUE_DATE:
	case VALUE_DATETIME:
		put_civil(out, &value->civil);
		return;
	case VALUE_ENUM:
	case VALUE_SET:
		put_number(out, value->label.bits);
		return;
	case VALUE_UNSET:
	case VALUE_NULL:
		break;
	}
	put_u32(out, UINT32_MAX);
}

/* Append the value of a cell that the image has. */
static int put_cell(const struct row *row, unsigned column, struct arena *arena, struct buf *out,
		    struct err *err)
{
	const struct cell *cell = &row->cells[column];
	const struct cell_layout *layout = cell_stored(&row->layout->cells[column]);
	struct value value;
	if (cell->len == CELL_NULL) {
		put_u32(out, UINT32_MAX);
		return 0;
	}
	if (column_type_is_text(layout->column->type)) {
		put_bytes(out, slice_of(row->base + cell->offset, cell->len));
		return 0;
	}
	if (layout->decode(layout, row->base + cell->offset, cell->len, arena, &value, err) < 0)
		return -1;
	put_value(out, &value);
	return 0;
}

int row_identity(const struct row *row, const struct row *rest, const struct row_key *key,
		 struct arena *arena, struct buf *out, struct err *err)
{
	for (unsigned i = 0; i < key->n; i++) {
		unsigned column = key->columns[i];
		const struct row *from = row;
		if (row->cells[column].len == CELL_ABSENT)
			from = rest;
		if (from == NULL || from->cells[column].len == CELL_ABSENT)
			return 0;
		if (put_cell(from, column, arena, out, err) < 0)
			return -1;
	}
	return 1;
}
