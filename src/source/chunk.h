/* chunk: reads a table, or a key range of it, unbuffered by the raw binary protocol.
 * Thread: the full-sync lane that owns the connection. Owner: the caller; chunk_fini releases. A
 * packet lives until the next. */
#ifndef TIDEWAY_CHUNK_H
#define TIDEWAY_CHUNK_H

#include "model/key_range.h"
#include "model/table.h"
#include "source/conn.h"

struct chunk_field { /* the engine copies it to a struct binrow_field (decode/binrow.h) */
	struct slice name;
	uint8_t wire;
	uint16_t charset;
	uint16_t flags;
	uint32_t length;
	uint8_t decimals;
};

struct chunk {
	struct conn *conn;
	uint32_t statement; /* id of the prepared statement on the server */
	unsigned nfields;
	struct chunk_field *fields; /* nfields fields, valid until chunk_fini */
	bool done;                  /* the result has been read to its end */
	/* reads a packet of a chunk without a server; NULL: the packets of conn, without a call through a
	 * pointer for each row */
	int (*next)(struct chunk *chunk, struct slice *packet, struct err *err);
	void *private_data;
};

/* Prepares and executes a SELECT of all columns in table order, with the range and the condition
 * `where` (NULL: none). VIRTUAL columns are included, because the binlog contains their values. If
 * the table has changed meanwhile (rule: ddl-while-copying: server errors such as 1412, 1054, 1146), fails with a
 * retriable ERR_SOURCE and sets conn_errno. */
int chunk_open(struct chunk *chunk, struct conn *conn, const struct table *table,
	       const struct key_range *range, const char *where, struct err *err) MUST_CHECK;
/* Returns whether chunk_read returns without waiting for the beginning of a packet. If not, poll conn_fd for input. */
bool chunk_ready(const struct chunk *chunk);
/* Between the two, the server may give the metadata locks back that reads have taken since
 * (rule: ddl-while-copying). */
int chunk_hold_locks(struct conn *conn, struct err *err) MUST_CHECK;
int chunk_release_locks(struct conn *conn, struct err *err) MUST_CHECK;
/* Reads a packet. Returns 1 for a row (first byte 00), 0 at the end, -1 on error. */
int chunk_read(struct chunk *chunk, struct slice *packet, struct err *err) MUST_CHECK;
/* Reads the rest of the result and closes the statement. Call conn_shutdown first to abandon a long
 * rest. Keeps conn_errno. */
void chunk_fini(struct chunk *chunk);

/* Divides a table into about n key ranges for parallel reading, by the first column of the primary
 * key if that is an integer. Otherwise there is one open range. Sets *bounds to up to n-1 bounds
 * in ascending order, and *rows to the estimate of information_schema. */
int chunk_split(struct conn *conn, const struct table *table, unsigned n, struct arena *arena,
		struct key_bound **bounds, unsigned *nbounds, uint64_t *rows,
		struct err *err) MUST_CHECK;

#endif
