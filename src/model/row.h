/* row: a table of offsets over bytes that someone else owns; a cell is decoded when it is read.
 * The same struct for the binlog and for full sync: only `decode` differs.
 * Thread: the lane that has it. Owner: the lane; bytes and cells live until the next event. */
#ifndef TIDEWAY_ROW_H
#define TIDEWAY_ROW_H

#include "base/arena.h"
#include "base/err.h"
#include "model/table.h"
#include "model/value.h"

#define CELL_NULL UINT32_MAX         /* cell.len of SQL NULL */
#define CELL_ABSENT (UINT32_MAX - 1) /* cell.len of a column that this image does not carry */

struct cell {
	uint32_t offset; /* from row.base to the payload (behind a length prefix) */
	uint32_t len;    /* bytes of payload, CELL_NULL or CELL_ABSENT */
};

struct cell_layout;

/* Decodes one payload. Text it has to make goes to the arena. */
typedef int cell_decode_fn(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			   struct arena *arena, struct value *value, struct err *err);

struct cell_layout {
	cell_decode_fn *decode;
	const struct column *column; /* what the catalog says */
	uint16_t meta;               /* TABLE_MAP metadata of the column (binlog only) */
	uint8_t wire;                /* type code on the wire */
};

struct row_layout {
	const struct table *table;
	unsigned ncells;           /* = table->ncolumns */
	struct cell_layout *cells; /* in table order */
	uint32_t fixed_size;       /* for the splitter's own use */
	void *private_data;        /* likewise */
	bool unpacks;              /* some cells are compressed: they take more than their bytes */
};

struct row {
	const struct row_layout *layout;
	const uint8_t *base; /* what cell offsets are relative to */
	uint32_t size; /* bytes of the image as the server sent it, of compressed cells what they
	                        become; 0 for one made by hand */
	struct cell *cells;  /* layout->ncells of them */
	struct value *edits; /* NULL, or ncells values a script has put in their place */
};

/* The value of a column: an edit, NULL, or the decoded cell. VALUE_UNSET: the image lacks it. */
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

/* Whether two images hold equal source bytes in a column (edits ignored). */
static inline bool row_cell_equal(const struct row *a, const struct row *b, unsigned i)
{
	const struct cell *x = &a->cells[i], *y = &b->cells[i];
	if (x->len != y->len)
		return false;
	return x->len >= CELL_ABSENT ||
	       memcmp(a->base + x->offset, b->base + y->offset, x->len) == 0;
}

#endif
