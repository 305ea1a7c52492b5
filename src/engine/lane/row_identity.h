/* row_identity: the identity of a row among the rows of its table, as bytes: the values of its key. The images of the binlog and
 * the rows of a copy give the same bytes for the same stored key. Text counts by its stored bytes, which the images of the binlog
 * contain too: the server's comparison would only make more keys equal that are not both in the table.
 * Thread: the lane. Owner: the caller's buffer. */
#ifndef TIDEWAY_ROW_IDENTITY_H
#define TIDEWAY_ROW_IDENTITY_H

#include "base/buf.h"
#include "model/row.h"

/* The columns that identify a row. */
struct row_key {
	unsigned n;
	const unsigned *columns; /* positions in the table */
};

/* Append the identity: each value with its length. Edits of a script do not count. `rest` has the columns that the row's image
 * lacks; NULL: none does. Return 1, or 0 if a column is in neither, or -1 with the error of a cell that cannot be decoded. */
int row_identity(const struct row *row, const struct row *rest, const struct row_key *key,
		 struct arena *arena, struct buf *out, struct err *err) MUST_CHECK;

#endif
