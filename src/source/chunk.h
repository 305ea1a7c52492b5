/* chunk: reads one table, or a key range of it, by the raw binary protocol, unbuffered.
 * Thread: the full-sync lane that owns the connection. Owner: chunk_fini; a packet lives until the next. */
#ifndef TIDEWAY_CHUNK_H
#define TIDEWAY_CHUNK_H

#include "model/table.h"
#include "source/conn.h"

struct chunk_field { /* as decode/binrow.h wants it; the engine hands it over */
	struct slice name;
	uint8_t wire;
	uint16_t charset;
	uint16_t flags;
	uint32_t length;
	uint8_t decimals;
};

struct chunk {
	struct conn *conn;
	uint32_t statement; /* id on the server */
	unsigned nfields;
	struct chunk_field *fields; /* nfields, valid until chunk_fini */
	bool done;                  /* the end of the result was read */
	void *private_data;
};

/* A part of a table: rows with low < key <= high in the first key column; NULL pointers: open ends. */
struct chunk_range {
	const char *low, *high; /* SQL literals */
};

/* SELECT of all columns in table order (VIRTUAL ones too: the binlog carries their values), with the range
 * and `where` (NULL: none), prepared and executed. 1412, 1054, 1146 are retriable ERR_SOURCE with
 * conn_errno set: the table changed meanwhile (rule 7). */
int chunk_open(struct chunk *chunk, struct conn *conn, const struct table *table,
	       const struct chunk_range *range, const char *where, struct err *err) MUST_CHECK;
/* 1: a row packet (first byte 00); 0: the end; -1. */
int chunk_read(struct chunk *chunk, struct slice *packet, struct err *err) MUST_CHECK;
/* Reads what is left (conn_shutdown before it gives a long rest up), closes the statement; conn_errno stays. */
void chunk_fini(struct chunk *chunk);

/* Key ranges for reading a table in parallel: about n ranges over the first primary-key column when it
 * is an integer; otherwise one open range. bounds: up to n-1 literals ("42"), in order. rows: the estimate
 * of information_schema. */
int chunk_split(struct conn *conn, const struct table *table, unsigned n, struct arena *arena,
		const char ***bounds, unsigned *nbounds, uint64_t *rows,
		struct err *err) MUST_CHECK;

#endif
