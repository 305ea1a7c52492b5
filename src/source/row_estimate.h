/* row_estimate: about how many rows a table has, without counting them. The statistics of InnoDB come from a few pages, and may be
 * wrong by half. Where the primary key is one integer column, its density is measured at some places instead.
 * Thread: that of the connection. */
#ifndef TIDEWAY_ROW_ESTIMATE_H
#define TIDEWAY_ROW_ESTIMATE_H

#include "model/table.h"
#include "source/conn.h"

/* The lowest and the highest key of a table whose primary key is one integer column. */
struct key_ends {
	const struct column *column; /* NULL: the table has no such key, or no row */
	__int128 first, last;        /* of the range of BIGINT or BIGINT UNSIGNED */
};

/* Rows that follow a place in the key. */
struct key_density {
	uint64_t rows; /* at most ROW_ESTIMATE_ROWS, from the place on */
	double span;   /* number of keys from the place to the last of them; at least 1 */
};

enum {
	ROW_ESTIMATE_PLACES = 16, /* where the density is measured */
	ROW_ESTIMATE_ROWS = 100,  /* rows that are read at each of them, only their keys */
};

/* Read the ends of the key. */
int source_key_ends(struct conn *conn, const struct table *table, struct key_ends *ends,
		    struct err *err) MUST_CHECK;
/* Append a condition that holds for the rows from a place of the key on: part 0 of 3 is its first third. */
void key_ends_put_place(const struct key_ends *ends, unsigned part, unsigned parts,
			struct buf *where);
/* Set *rows to the estimate. statistics: that of the server, which is kept where the densities differ much. */
int source_estimate_rows(struct conn *conn, const struct table *table, const struct key_ends *ends,
			 uint64_t statistics, uint64_t *rows, struct err *err) MUST_CHECK;
/* The same from what was measured at n places. Pure. */
uint64_t row_estimate(const struct key_ends *ends, const struct key_density *densities, unsigned n,
		      uint64_t statistics);

#endif
