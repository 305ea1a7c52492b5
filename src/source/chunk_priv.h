/* chunk_priv: statements, definitions and key ranges of the chunk reader. For chunk.c and its unit
 * test.
 * Thread: any. */
#ifndef TIDEWAY_CHUNK_PRIV_H
#define TIDEWAY_CHUNK_PRIV_H

#include "base/buf.h"
#include "source/chunk.h"

/* The keys of a table as uint64 in the order of the column. The top bit of signed keys is inverted,
 * so that differences do not overflow. */
struct key_space {
	struct conn *conn;
	const struct table *table;
	bool is_unsigned;
};

/* A part of the key space, first and last inclusive, with the server's estimate of its rows. */
struct key_cell {
	uint64_t first, last;
	uint64_t rows;
};

/* Writes the SELECT of all columns with the range (NULL: all) and the condition `where` (NULL:
 * none). */
void chunk_build_select(struct buf *sql, const struct table *table, const struct key_range *range,
			const char *where);
/* Parses a column definition: catalog, db, table, org_table, name, org_name as length-encoded
 * strings, then the fixed part 0c charset(2) length(4) type(1) flags(2) decimals(1) 00 00. MariaDB
 * adds a string, the extended type, before the fixed part. */
bool chunk_parse_definition(struct slice packet, struct arena *arena, struct chunk_field *field);
uint64_t chunk_parse_key(const struct key_space *space, const char *text);
void chunk_print_key(const struct key_space *space, uint64_t key, char text[24]);
/* Returns whether the table can be divided by its primary key. */
bool chunk_can_split(const struct table *table);
/* Joins neighbouring cells to n ranges of about the same number of rows. Returns the number of
 * bounds. */
unsigned chunk_join_cells(const struct key_space *space, const struct key_cell *cells,
			  unsigned ncells, unsigned n, struct arena *arena,
			  struct key_bound *bounds);

#endif
