/* table: one version of the definition of one table. Immutable after the catalog has published it.
 * Thread: any thread reads it while its owner keeps it. Owner: the catalog that made it (its
 * arena). */
#ifndef TIDEWAY_TABLE_H
#define TIDEWAY_TABLE_H

#include "base/arena.h"
#include "model/charset.h"
#include "model/ident.h"
#include "model/types.h"

#include <stdint.h>

struct column {
	struct slice name;     /* in the server's spelling, UTF-8 */
	struct slice sql_type; /* full text of the type, "int(10) unsigned" */
	enum column_type type;
	enum charset charset; /* of text, ENUM and SET; BINARY for other types */
	bool is_unsigned;     /* integers, DECIMAL, FLOAT, DOUBLE */
	bool nullable;        /* the column may be NULL */
	bool is_virtual;      /* generated, not stored */
	bool is_stored;       /* generated, stored */
	bool invisible;       /* not in SELECT * */
	bool zerofill;
	uint32_t length;  /* CHAR, VARCHAR: characters; BINARY, VARBINARY: bytes; BIT: bits;
	                             DECIMAL: precision; VECTOR: dimensions; otherwise 0 */
	uint8_t scale;    /* DECIMAL: scale; TIME, DATETIME, TIMESTAMP: fractional digits */
	unsigned nlabels; /* ENUM, SET */
	/* in the order of the definition, UTF-8; bytes if charset is BINARY */
	const struct slice *labels;
};

struct table_index {
	struct slice name; /* "PRIMARY" for the primary key */
	bool unique;
	bool has_prefix; /* a part is a prefix or an expression: not usable as a message key */
	unsigned ncolumns;
	const unsigned *columns; /* positions in table.columns, in key order */
	/* for each column: characters or bytes, 0: the whole column; NULL: all whole */
	const uint32_t *prefixes;
	bool hash; /* MariaDB: a hash in a hidden column keeps the key unique */
	/* created by the server for a foreign key; dropped when another index serves */
	bool generated;
};

struct table {
	struct slice db, name;
	struct slice full_name;  /* "db.name", for messages and maps */
	struct slice engine;     /* "InnoDB"; empty: unknown */
	enum charset charset;    /* default for columns added later */
	enum ident_rules idents; /* how its server compares names of columns and keys */
	/* increases with every statement that applies to the table; a catalog
	 * has one counter for all tables */
	uint64_t version;
	unsigned ncolumns;
	const struct column *columns; /* in table order */
	bool versioned;     /* MariaDB: WITH SYSTEM VERSIONING; the binlog contains rows of
	                                 its history among the changes */
	unsigned nhidden;   /* hidden nullable BIGINT columns after these in the binlog: MariaDB
	                             keeps one for each UNIQUE key that is a hash */
	unsigned npk;       /* 0: no primary key */
	const unsigned *pk; /* positions in columns, in key order */
	unsigned nindexes;
	const struct table_index *indexes; /* the primary key first, then by name */
};

/* Returns the position of a column, or -1. Searches the exact name first, then by the server's
 * rules without case. */
int table_column(const struct table *table, struct slice name);
/* Returns the first unique index, except the primary key, whose parts are all whole NOT NULL
 * columns; NULL: none. */
const struct table_index *table_unique_key(const struct table *table);
/* Returns whether a transaction sees the table at one fixed moment, which a binlog position can
 * match. True for transactional engines, and if the engine is unknown. False for MyISAM, Aria,
 * MEMORY, CSV and others. */
bool table_transactional(const struct table *table);
/* Returns a deep copy in the arena. */
struct table *table_copy(struct arena *arena, const struct table *table);
/* Returns whether type and attributes are the same. Ignores the name. */
bool column_same_type(const struct column *a, const struct column *b);
/* Returns whether columns (name, type, attributes) and keys are the same. Ignores the version. */
bool table_same(const struct table *a, const struct table *b);
/* Returns the default transport type of a column. BIT(1) is BOOLEAN, other BIT is BYTES. ENUM and
 * SET are STRING, but BYTES in the character set `binary`. */
enum transport column_transport(const struct column *column);

#endif
