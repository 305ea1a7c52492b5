/* row: the offsets of a row's cells in bytes that it borrows. Reading a cell decodes it. The stream
 * and full sync use the same struct with other `decode` functions.
 * Thread: the lane that processes it. Owner: the lane; bytes and cells live until the next
 * event. */
#ifndef TIDEWAY_ROW_H
#define TIDEWAY_ROW_H

#include "base/arena.h"
#include "base/err.h"
#include "model/table.h"
#include "model/value.h"

#define CELL_NULL UINT32_MAX         /* cell.len of SQL NULL */
#define CELL_ABSENT (UINT32_MAX - 1) /* cell.len of a column that the image does not contain */

struct cell {
	uint32_t offset; /* from row.base to the payload, which is after a length prefix */
	uint32_t len;    /* bytes of the payload, or CELL_NULL, or CELL_ABSENT */
};

struct cell_layout;

/* Decodes one payload into *value. Text that is not part of the payload is in the arena. */
typedef int cell_decode_fn(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			   struct arena *arena, struct value *value, struct err *err);

struct cell_layout {
	cell_decode_fn *decode;
	const struct column *column; /* the column's definition in the catalog */
	uint16_t meta;            /* the column's metadata in the TABLE_MAP event (binlog only) */
	uint8_t wire;             /* type code of the protocol or the binlog */
	const void *private_data; /* private to `decode` */
};

struct row_layout {
	const struct table *table;
	unsigned ncells;           /* equals table->ncolumns */
	struct cell_layout *cells; /* in the order of the table's columns */
	uint32_t fixed_size;       /* private to the code that splits rows into cells */
	void *private_data;        /* private to the same code */
	bool unpacks; /* some cells are compressed: decoding needs more memory than their size */
};

struct row {
	const struct row_layout *layout;
	const uint8_t *base; /* cell offsets are relative to this address */
	uint32_t size; /* bytes of the image as the server sent it, with the uncompressed size of
	                        compressed cells; 0 for an image that no server sent */
	struct cell *cells;  /* layout->ncells cells */
	struct value *edits; /* NULL, or layout->ncells values that a script has set */
};

/* Sets *value to the value of column i: an edit, NULL, or the decoded cell. VALUE_UNSET: the image
 * does not contain the column. */
static inline int row_value(const struct row *row, unsigned i, struct arena *arena,
			    struct value *value, struct err *err)
{
	const struct cell *cell = &row->cells[i];
	const struct cell_layout *layout = &row->layout->cells[i];
	if (row->edits && row->edits[i].kind != VALUE_UNSET) {
		*value = row->edits[i];
		return 0;
	}
	if (cell->len >= CELL_ABSENT) {
		value->kind = cell->len == CELL_NULL ? VALUE_NULL : VALUE_UNSET;
		return 0;
	}
	return layout->decode(layout, row->base + cell->offset, cell->len, arena, value, err);
}

/* Returns whether two images contain the same source bytes in column i. Ignores edits. */
static inline bool row_cell_equal(const struct row *a, const struct row *b, unsigned i)
{
	const struct cell *x = &a->cells[i], *y = &b->cells[i];
	if (x->len != y->len)
		return false;
	return x->len >= CELL_ABSENT ||
	       memcmp(a->base + x->offset, b->base + y->offset, x->len) == 0;
}

#endif
