#include "engine/copy/chunk_size.h"

enum {
	/* a table of about so few rows is one chunk, and lanes that share a table take no fewer */
	SMALL_ROWS = 5000,
	FIRST_ROWS = 20000,  /* of a chunk before the speed of the table is known */
	CHUNK_MS = 1500,     /* the time that a chunk may take */
	CHUNKS_PER_LANE = 4, /* at least, of a large table, so that lanes end together */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Returns n * a / b. */
static uint64_t scale(uint64_t n, uint64_t a, uint64_t b)
{
	double scaled = (double)n * (double)a / (double)b;

	return scaled < 1e18 ? (uint64_t)scaled : UINT64_MAX;
}

/* Returns the rows that have about the most bytes of a chunk. */
static uint64_t rows_by_bytes(const struct chunk_size *size)
{
	if (size->rows && size->bytes)
		return scale(size->most_bytes, size->rows, size->bytes);
	if (size->table_bytes)
		return scale(size->most_bytes, size->table_rows, size->table_bytes);
	return UINT64_MAX;
}

static uint64_t rows_by_time(const struct chunk_size *size)
{
	if (size->rows == 0)
		return FIRST_ROWS;
	return scale(CHUNK_MS, size->rows, size->read_ms > 0 ? (uint64_t)size->read_ms : 1);
}

uint64_t chunk_size_small(const struct chunk_size *size)
{
	uint64_t small = smaller(size->most_rows, SMALL_ROWS);

	return size->table_rows < small && size->table_bytes < size->most_bytes ? small : 0;
}

uint64_t chunk_size_rows(const struct chunk_size *size)
{
	uint64_t rows = smaller(size->most_rows, rows_by_bytes(size));

	rows = smaller(rows, rows_by_time(size));
	if (size->nlanes > 1)
		rows = smaller(rows, larger(size->table_rows / (size->nlanes * CHUNKS_PER_LANE),
					    SMALL_ROWS));
	return larger(rows, 1);
}
