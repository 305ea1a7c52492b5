/* chunk: reads a table, or a key range of it, unbuffered by the raw binary protocol.
 * Thread: the full-sync lane that owns the connection. Owner: the caller; chunk_fini releases. A
 * packet lives until the next. */
#ifndef TIDEWAY_CHUNK_H
#define TIDEWAY_CHUNK_H

#include "model/key_range.h"
#include "source/chunk_key.h"
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

/* What a statement of a copy reads. */
struct chunk_query {
	const struct table *table;
	const struct chunk_key *key;   /* of `range`; may be NULL where that has no bound */
	const struct key_range *range; /* NULL: all rows */
	const char *where;             /* a condition in SQL besides the range; NULL: none */
	/* for whoever looks at the server's list of statements: "tideway shop copy shop.users
	 * chunk 12"; empty: none */
	struct slice comment;
};

/* Asks the server for the key by which a copy divides the table of the query. */
int chunk_key_load(struct conn *conn, const struct chunk_query *query, struct arena *arena,
		   struct chunk_key *key, struct err *err) MUST_CHECK;
/* Finds the end of a chunk of about `rows` rows, at least 1, at the beginning of the query's range: rows up to and including
 * *bound. bound->n = 0: the whole range is one chunk. Reads at most about that many rows, and of an integer key none: never the
 * whole table. The query's `where` is not considered. */
int chunk_next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		     struct arena *arena, struct key_bound *bound, struct err *err) MUST_CHECK;

/* Prepares and executes a SELECT of all columns in table order. VIRTUAL columns are included, because the binlog contains their
 * values. If the table has changed meanwhile (rule: ddl-while-copying: server errors such as 1412, 1054, 1146), fails with a
 * retriable ERR_SOURCE and sets conn_errno. */
int chunk_open(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
	       struct err *err) MUST_CHECK;
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

/* Asks the server whether it accepts the condition, which a user has written, for rows of the table. It must be complete: it may not
 * end the parentheses around it, or hide them in a comment. Reads no row. */
int chunk_check_where(struct conn *conn, const struct table *table, const char *where,
		      struct err *err) MUST_CHECK;
/* Sets *more to whether the table has more than this many rows. Reads about that many. */
int chunk_has_more(struct conn *conn, const struct chunk_query *query, uint64_t rows, bool *more,
		   struct err *err) MUST_CHECK;
#endif
