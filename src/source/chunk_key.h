/* chunk_key: the key by which a copy divides a table: the primary key, or else the first unique key without NULLs. It is the key that
 * the server logs in row images of MINIMAL. The server is asked for it, because the catalog does not track the order of keys, their
 * directions and the collations of columns (docs/decisions/0032).
 * Thread: any; constants only after chunk_key_load. Owner: the arena of the one who loaded it. */
#ifndef TIDEWAY_CHUNK_KEY_H
#define TIDEWAY_CHUNK_KEY_H

#include "base/buf.h"
#include "model/table.h"

struct server;

/* How a value of a part is written in a statement. */
enum chunk_literal {
	CHUNK_LITERAL_NONE,   /* no literal compares in the order of the index */
	CHUNK_LITERAL_NUMBER, /* 12, -1.50 */
	CHUNK_LITERAL_BITS,   /* the bytes of a BIT, as a number */
	CHUNK_LITERAL_QUOTED, /* '2020-01-01' */
	CHUNK_LITERAL_TEXT,   /* _utf8mb4 X'6162' COLLATE utf8mb4_bin */
	CHUNK_LITERAL_BYTES,  /* X'00ff' */
};

struct chunk_part {
	unsigned column; /* position in table.columns */
	enum chunk_literal literal;
	bool descending;
	struct slice charset, collation; /* of text, as the server names them; otherwise empty */
};

struct chunk_key {
	struct slice index; /* the name of the index */
	unsigned nparts;    /* 0: the table has no such key */
	unsigned ncut;      /* the leading parts that bounds have; 0: the table is one range */
	const struct chunk_part *parts;
};

/* Appends what the bounds of the key and the rows between them depend on: the index, name, type, collation and direction of each
 * part, the server's version, which may correct the order of a collation, and the condition for the rows, NULL for none. */
void chunk_key_sign(const struct chunk_key *key, const struct table *table, const char *where,
		    const struct server *server, struct buf *text);

#endif
