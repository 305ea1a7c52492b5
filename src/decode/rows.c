#include "decode/rows.h"

#include "base/reader.h"
#include "decode/cell.h"
#include "decode/compressed.h"

#include <inttypes.h>

enum { TABLE_ID_SIZE = 6, EXTRA_LENGTH_SIZE = 2, COLUMNS_MAX = 65535 };

bool rows_in_event(uint8_t type)
{
	return (type >= EVENT_WRITE_ROWS_V1 && type <= EVENT_DELETE_ROWS_V1) ||
	       (type >= EVENT_WRITE_ROWS_V2 && type <= EVENT_DELETE_ROWS_V2) ||
	       type == EVENT_PARTIAL_UPDATE_ROWS ||
	       (type >= EVENT_WRITE_ROWS_COMPRESSED_V1 && type <= EVENT_DELETE_ROWS_COMPRESSED);
}

/* Sets the operation, and *extra if the event's header has extra data. */
static int set_op(const struct event *event, struct rows *rows, bool *extra, struct err *err)
{
	*extra = false;
	switch (event->type) {
	case EVENT_WRITE_ROWS_V2:
	case EVENT_WRITE_ROWS_COMPRESSED:
		*extra = true; /* fall through */
	case EVENT_WRITE_ROWS_V1:
	case EVENT_WRITE_ROWS_COMPRESSED_V1:
		rows->op = CHANGE_INSERT;
		return 0;
	case EVENT_UPDATE_ROWS_V2:
	case EVENT_PARTIAL_UPDATE_ROWS:
	case EVENT_UPDATE_ROWS_COMPRESSED:
		*extra = true; /* fall through */
	case EVENT_UPDATE_ROWS_V1:
	case EVENT_UPDATE_ROWS_COMPRESSED_V1:
		rows->op = CHANGE_UPDATE;
		return 0;
	case EVENT_DELETE_ROWS_V2:
	case EVENT_DELETE_ROWS_COMPRESSED:
		*extra = true; /* fall through */
	case EVENT_DELETE_ROWS_V1:
	case EVENT_DELETE_ROWS_COMPRESSED_V1:
		rows->op = CHANGE_DELETE;
		return 0;
	default:
		return err_set(err, E_BUG, "event type %u is not a rows event", event->type);
	}
}

/* Layout: table id(6) flags(2) [extra length(2, itself included) extra]. Old servers wrote ids of 4
 * bytes. */
static int read_head(const struct event *event, const struct event_format *format, bool extra,
		     struct reader *r, struct rows *rows, struct err *err)
{
	unsigned post = format->post_header[event->type];
	unsigned expected = TABLE_ID_SIZE + 2 + (extra ? EXTRA_LENGTH_SIZE : 0);
	if (post != 0 && post != expected)
		return err_set(err, E_BINLOG_FORMAT,
			       "%s events with a post header of %u bytes cannot be read",
			       event_name(event->type), post);
	rows->table_id = reader_uint(r, TABLE_ID_SIZE);
	rows->flags = reader_u16(r);
	if (!extra)
		return 0;
	unsigned length = reader_u16(r);
	if (length < EXTRA_LENGTH_SIZE)
		return event_cut_error(event, err);
	reader_bytes(r, length - EXTRA_LENGTH_SIZE);
	return 0;
}

/* Returns the number of columns in an image. Ignores the bits after the last column. */
static unsigned count_present(const uint8_t *present, unsigned ncolumns)
{
	unsigned n = 0;
	for (unsigned i = 0; i < ncolumns / 8; i++)
		n += (unsigned)__builtin_popcount(present[i]);
	if (ncolumns % 8)
		n += (unsigned)__builtin_popcount(present[ncolumns / 8] &
						  ((1u << ncolumns % 8) - 1));
	return n;
}

static void read_bitmaps(struct reader *r, struct rows *rows)
{
	size_t size = ((size_t)rows->ncolumns + 7) / 8;
	if (rows->op != CHANGE_INSERT)
		rows->present_before = reader_bytes(r, size);
	if (rows->op != CHANGE_DELETE)
		rows->present_after = reader_bytes(r, size);
	if (rows->present_before)
		rows->ncells_before = count_present(rows->present_before, rows->ncolumns);
	if (rows->present_after)
		rows->ncells_after = count_present(rows->present_after, rows->ncolumns);
}

/* Reads the uncompressed size that MariaDB writes before compressed images: a byte of the bits 1(1)
 * algorithm(3) 0(1) n(3), then the size in n bytes, big-endian. */
static bool compressed_size(struct slice images, uint64_t *size)
{
	struct reader r;
	reader_init(&r, images.ptr, images.len);
	unsigned n = reader_u8(&r) & 7;
	*size = 0;
	if (n > 4)
		return false;
	while (n-- > 0)
		*size = *size << 8 | reader_u8(&r);
	return !r.failed;
}

int rows_head(const struct event *event, const struct event_format *format, struct rows *rows,
	      struct err *err)
{
	struct reader r;
	bool extra, compressed = event->type >= EVENT_WRITE_ROWS_COMPRESSED_V1;
	rows->present_before = rows->present_after = NULL; /* the operation may have only one */
	rows->ncells_before = rows->ncells_after = 0;
	if (set_op(event, rows, &extra, err) < 0)
		return -1;
	reader_init(&r, event->body.ptr, event->body.len);
	if (read_head(event, format, extra, &r, rows, err) < 0)
		return -1;
	uint64_t n = reader_lenenc(&r);
	if (r.failed || n > COLUMNS_MAX)
		return event_cut_error(event, err);
	rows->ncolumns = (unsigned)n;
	read_bitmaps(&r, rows);
	rows->images = reader_slice(&r, reader_left(&r));
	if (r.failed)
		return event_cut_error(event, err);
	rows->next = (const uint8_t *)rows->images.ptr;
	rows->size = rows->images.len;
	rows->refused = compressed || event->type == EVENT_PARTIAL_UPDATE_ROWS;
	if (compressed && rows->images.len > 0 && !compressed_size(rows->images, &rows->size))
		return event_cut_error(event, err);
	return 0;
}

int rows_parse(const struct event *event, const struct event_format *format, struct rows *rows,
	       struct err *err)
{
	if (rows_head(event, format, rows, err) < 0)
		return -1;
	return rows->refused ? rows_refuse(event, rows, NULL, err) : 0;
}

static inline bool bit(const uint8_t *bits, unsigned i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

/* Replaces the size class in *len by the cell's length. Reads it from *at if it precedes the cell.
 * Returns false if it is incomplete. */
static inline bool take_length(const uint8_t **at, const uint8_t *end, uint32_t *len)
{
	if (*len < CELL_PREFIX)
		return true;
	unsigned prefix = *len - CELL_PREFIX;
	if ((size_t)(end - *at) < prefix)
		return false;
	*len = (uint32_t)little_endian(*at, prefix);
	*at += prefix;
	return true;
}

/* Returns the row's size for the memory limit: adds the uncompressed length of compressed cells. */
static uint32_t unpacked_size(const struct row *row)
{
	uint64_t size = row->size;
	for (unsigned i = 0; i < row->layout->ncells; i++) {
		const struct cell *cell = &row->cells[i];
		if (cell->len < CELL_ABSENT && cell_is_compressed(row->layout->cells[i].wire))
			size += compressed_length(slice_of(row->base + cell->offset, cell->len));
	}
	return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

/* Splits one image: NULL bits of the present columns, then their cells. Skips hidden columns,
 * which follow the table's last column. Returns the address after the image, or NULL if it is
 * incomplete. */
static inline const uint8_t *split(struct row *row, const uint8_t *present, unsigned npresent,
				   const uint8_t *at, const uint8_t *end)
{
	const uint8_t *sizes = row->layout->private_data;
	const uint8_t *nulls = at, *base = at;
	unsigned ncolumns = row->layout->fixed_size, ncells = row->layout->ncells, k = 0;
	bool all = npresent == ncolumns;
	row->base = base;
	if ((size_t)(end - at) < (npresent + 7) / 8)
		return NULL;
	at += (npresent + 7) / 8;
	for (unsigned i = 0; i < ncolumns; i++) {
		struct cell cell = {0, CELL_ABSENT};
		if (!all && !bit(present, i)) {
			/* stays absent */
		} else if (bit(nulls, k++)) {
			cell.len = CELL_NULL;
		} else {
			cell.len = sizes[i];
			if (!take_length(&at, end, &cell.len) || (size_t)(end - at) < cell.len)
				return NULL;
			cell.offset = (uint32_t)(at - base);
			at += cell.len;
		}
		if (i < ncells)
			row->cells[i] = cell;
	}
	row->size = (uint32_t)(at - base);
	if (row->layout->unpacks)
		row->size = unpacked_size(row);
	return at;
}

static int split_error(const struct rows *rows, const struct row *row, struct err *err)
{
	const struct table *table = row->layout->table;
	if (row->layout->fixed_size != rows->ncolumns) {
		err_set(err, E_ROW_DAMAGED, "a rows event has %u columns, and its Table_map %u",
			rows->ncolumns, row->layout->fixed_size);
		return err_table(err, table->full_name);
	}
	err_set(err, E_ROW_DAMAGED, "the row at byte %zu of a rows event is cut or damaged",
		(size_t)(rows->next - (const uint8_t *)rows->images.ptr));
	return err_table(err, table->full_name);
}

/* Refuses images without columns. They have no bytes, so the event does not show how many rows it
 * has. */
static int no_cells(const struct row *row, struct err *err)
{
	err_set(err, E_ROW_IMAGE,
		"the row image has no column at all. " REMEDY_ROW_IMAGE ". " REMEDY_NEW_NAME_AFTER);
	return err_table(err, row->layout->table->full_name);
}

int rows_next(struct rows *rows, struct row *before, struct row *after, uint32_t *offset,
	      struct err *err)
{
	const uint8_t *start = (const uint8_t *)rows->images.ptr;
	const uint8_t *end = start + rows->images.len;
	const uint8_t *at = rows->next;
	if ((rows->op == CHANGE_INSERT ? rows->ncells_after : rows->ncells_before) == 0)
		return no_cells(rows->op == CHANGE_INSERT ? after : before, err);
	if (at == end)
		return 0;
	*offset = (uint32_t)(at - start);
	if (rows->op != CHANGE_INSERT) {
		if (before->layout->fixed_size != rows->ncolumns)
			return split_error(rows, before, err);
		at = split(before, rows->present_before, rows->ncells_before, at, end);
		if (at == NULL)
			return split_error(rows, before, err);
	}
	if (rows->op != CHANGE_DELETE) {
		if (after->layout->fixed_size != rows->ncolumns)
			return split_error(rows, after, err);
		at = split(after, rows->present_after, rows->ncells_after, at, end);
		if (at == NULL)
			return split_error(rows, after, err);
	}
	if (at == rows->next)
		return split_error(rows, rows->op == CHANGE_DELETE ? before : after, err);
	rows->next = at;
	return 1;
}

/* Returns the first JSON column that is logged as a difference; ptr NULL: none. `bits` has one bit
 * for each JSON column of the table. An unchanged JSON column is an empty difference, which does
 * not count. */
static struct slice changed_column(const struct row *after, const uint8_t *bits)
{
	const struct table *table = after->layout->table;
	unsigned nth = 0;
	for (unsigned i = 0; i < table->ncolumns; i++)
		if (table->columns[i].type == COLUMN_JSON && bit(bits, nth++) &&
		    after->cells[i].len > 0 && after->cells[i].len < CELL_ABSENT)
			return table->columns[i].name;
	return (struct slice){NULL, 0};
}

static unsigned count_json(const struct table *table)
{
	unsigned n = 0;
	for (unsigned i = 0; i < table->ncolumns; i++)
		n += table->columns[i].type == COLUMN_JSON;
	return n;
}

/* Returns the first column that is logged as a difference in the first row of a partial update; ptr
 * NULL: none, or the row is incomplete. Between the images are options(lenenc) and, if their bit 0
 * is set, the bits. */
static struct slice partial_column(const struct rows *rows, struct row *row)
{
	const struct slice none = {NULL, 0};
	const uint8_t *end = (const uint8_t *)rows->images.ptr + rows->images.len, *bits;
	const uint8_t *at = NULL;
	struct reader r;
	if (row->layout->fixed_size == rows->ncolumns)
		at = split(row, rows->present_before, rows->ncells_before, rows->next, end);
	if (at == NULL)
		return none;
	reader_init(&r, at, (size_t)(end - at));
	if (!(reader_lenenc(&r) & 1))
		return none;
	bits = reader_bytes(&r, (count_json(row->layout->table) + 7) / 8);
	if (r.failed ||
	    split(row, rows->present_after, rows->ncells_after, end - reader_left(&r), end) == NULL)
		return none;
	return changed_column(row, bits);
}

int rows_refuse(const struct event *event, const struct rows *rows, struct row *before,
		struct err *err)
{
	bool partial = event->type == EVENT_PARTIAL_UPDATE_ROWS;
	struct slice table = before ? before->layout->table->full_name : SLICE("");
	struct slice column =
		before && partial ? partial_column(rows, before) : (struct slice){NULL, 0};
	if (partial)
		err_set(err, E_PARTIAL_JSON,
			"%s event that ends at %" PRIu32
			" contains an update of a JSON column as differences, which this version "
			"cannot read. Set binlog_row_value_options='' on the "
			"source. " REMEDY_NEW_NAME_AFTER,
			event_name(event->type), event->end_pos);
	else
		err_set(err, E_EVENT_COMPRESSED,
			"%s event that ends at %" PRIu32
			" contains compressed rows, which this version cannot read. Set "
			"log_bin_compress=OFF on the source. " REMEDY_NEW_NAME_AFTER,
			event_name(event->type), event->end_pos);
	err_column(err, column);
	return err_table(err, table);
}
