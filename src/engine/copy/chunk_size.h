/* chunk_size: how many rows a chunk of a table should have: limited by rows, by bytes and by the time that reading takes, and few
 * enough for all lanes to share a large table.
 * Thread: any. Owner: the caller. */
#ifndef TIDEWAY_CHUNK_SIZE_H
#define TIDEWAY_CHUNK_SIZE_H

#include <stdint.h>

struct chunk_size {
	uint64_t most_rows, most_bytes; /* full.chunk_rows, full.chunk_bytes */
	unsigned nlanes;
	uint64_t table_rows, table_bytes; /* estimates; 0: unknown */
	/* what was read of the last chunk, and how long that took; 0: no chunk was read */
	uint64_t rows, bytes;
	int64_t read_ms;
};

/* Returns 0 for a table that is cut. A table that seems to be small is one chunk if it really has no more than the returned
 * number of rows. */
uint64_t chunk_size_small(const struct chunk_size *size);
/* Returns the rows of the next chunk, at least 1. */
uint64_t chunk_size_rows(const struct chunk_size *size);

#endif
