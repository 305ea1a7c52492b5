/* chunk_layout: what the cells of a chunk's rows are, by the result that the server has announced for it.
 * Thread: the one that reads the chunk. Owner: the arena. */
#ifndef TIDEWAY_CHUNK_LAYOUT_H
#define TIDEWAY_CHUNK_LAYOUT_H

#include "model/row.h"
#include "source/chunk.h"

/* Make the layout for the rows of an open chunk. Fail with ERR_DATA if they do not fit the definition. */
int chunk_layout(const struct chunk *chunk, const struct table *table, struct arena *arena,
		 struct row_layout **layout, struct err *err) MUST_CHECK;

#endif
