/* rows: WRITE, UPDATE and DELETE rows events, split into rows of cell offsets.
 * Thread: the lane that reads. Owner: rows point into the packet; the cell arrays are the caller's. */
#ifndef TIDEWAY_ROWS_H
#define TIDEWAY_ROWS_H

#include "decode/event.h"
#include "model/change.h"

struct rows {
	enum change_op op;
	uint64_t table_id;
	uint16_t flags; /* 1: STMT_END, table ids are forgotten after it */
	unsigned ncolumns;
	const uint8_t *present_before; /* column bitmaps (DELETE, UPDATE / INSERT, UPDATE) */
	const uint8_t *present_after;
	unsigned ncells_before; /* columns in a before image: bits set in present_before */
	unsigned ncells_after;
	struct slice images; /* from the first row image to the end of the event */
	uint64_t size; /* bytes of the images, not compressed: what sequenceId counts (rule 23) */
	bool refused;  /* compressed or partial images: rows_next cannot split them */
	const uint8_t *next; /* next image to split */
};

/* Whether events of this type carry rows, compressed and partial ones included. */
bool rows_in_event(uint8_t type);
/* Reads header, extra data, column count and bitmaps; v1 and v2, and those of compressed and partial events, whose
 * rows may concern nobody. */
int rows_head(const struct event *event, const struct event_format *format, struct rows *rows,
	      struct err *err) MUST_CHECK;
/* -1: an event that is `refused`, by name, with table and column and the server setting that turns it off. before: a
 * row as for rows_next. */
int rows_refuse(const struct event *event, const struct rows *rows, struct row *before,
		struct err *err);
/* The head of rows that can be split; refuses the others without a table. */
int rows_parse(const struct event *event, const struct event_format *format, struct rows *rows,
	       struct err *err) MUST_CHECK;
/* Splits the next row. before/after point at rows whose layout and cells (layout->ncells) are set
 * by the caller; base, cells' content are filled. Images the op does not have are left alone.
 * *offset is the byte offset of this row in `images`. Returns 1 for a row, 0 at the end, -1. */
int rows_next(struct rows *rows, struct row *before, struct row *after, uint32_t *offset,
	      struct err *err) MUST_CHECK;

#endif
