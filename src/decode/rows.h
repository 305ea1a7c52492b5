/* rows: splits WRITE, UPDATE and DELETE rows events into rows of cell offsets.
 * Thread: the lane that reads. Owner: rows point into the packet; the caller owns the cell
 * arrays. */
#ifndef TIDEWAY_ROWS_H
#define TIDEWAY_ROWS_H

#include "decode/event.h"
#include "model/change.h"

struct rows {
	enum change_op op;
	uint64_t table_id;
	uint16_t flags; /* 1: STMT_END, the table ids are not valid after the event */
	unsigned ncolumns;
	const uint8_t *present_before; /* bitmap of columns in a before image (UPDATE, DELETE) */
	const uint8_t *present_after;  /* bitmap of columns in an after image (INSERT, UPDATE) */
	unsigned ncells_before;        /* number of columns in a before image */
	unsigned ncells_after;         /* number of columns in an after image */
	struct slice images;           /* from the first row image to the end of the event */
	uint64_t
		size; /* bytes of the uncompressed images, which sequenceId counts (rule: sequence-id) */
	bool refused;        /* the images are compressed or partial: rows_next cannot split them */
	const uint8_t *next; /* the next image to split */
};

/* Returns whether events of this type contain rows, compressed and partial rows included. */
bool rows_in_event(uint8_t type);
/* Parses header, extra data, column count and bitmaps of a rows event of version 1 or 2. Accepts
 * compressed and partial events too, because their table may not be captured. */
int rows_head(const struct event *event, const struct event_format *format, struct rows *rows,
	      struct err *err) MUST_CHECK;
/* Sets the error of a `refused` event and returns -1. The error names the event, table, column, and
 * the server setting that prevents such events. before: a row as for rows_next; NULL: the table is
 * unknown. */
int rows_refuse(const struct event *event, const struct rows *rows, struct row *before,
		struct err *err);
/* Calls rows_head, and fails on events that rows_next cannot split. That error does not name the
 * table. */
int rows_parse(const struct event *event, const struct event_format *format, struct rows *rows,
	       struct err *err) MUST_CHECK;
/* Splits the next row into before and after. The caller has set their layout and cells
 * (layout->ncells). Sets base, size and the cells' content of the images that the operation has,
 * and leaves the other row unchanged. *offset is the byte offset of the row in `images`. Returns 1
 * for a row, 0 at the end, -1 on error. */
int rows_next(struct rows *rows, struct row *before, struct row *after, uint32_t *offset,
	      struct err *err) MUST_CHECK;

#endif
