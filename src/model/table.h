/* table: one version of the definition of one table. Immutable once the catalog has published it.
 * Thread: any reader while its owner keeps it. Owner: the catalog that made it (its arena). */
#ifndef TIDEWAY_TABLE_H
#define TIDEWAY_TABLE_H

#include "base/arena.h"
#include "model/charset.h"
#include "model/ident.h"
#include "model/types.h"

#include <stdint.h>

struct column {
	struct slice name;     /* as the server spells it, UTF-8 */
	struct slice sql_type; /* full type text, "int(10) unsigned" */
	enum column_type type;
	enum charset charset; /* of text, ENUM and SET; BINARY for everything else */
	bool is_unsigned;     /* integers, DECIMAL, FLOAT, DOUBLE */
	bool nullable;        /* no NOT NULL */
	bool is_virtual;      /* generated, not stored */
	bool is_stored;       /* generated, stored */
	bool invisible;       /* not in SELECT * */
	bool zerofill;
	uint32_t length;  /* CHAR, VARCHAR: characters; BINARY, VARBINARY: bytes; BIT: bits;
	                             DECIMAL: precision; VECTOR: dimensions; otherwise 0 */
	uint8_t scale;    /* DECIMAL: scale; TIME, DATETIME, TIMESTAMP: fractional digits */
	unsigned nlabels; /* ENUM, SET */
	const struct slice
		*labels; /* in definition order, UTF-8; bytes in the character set binary */
};

struct table_index {
	struct slice name; /* "PRIMARY" for the primary key */
	bool unique;
	bool has_prefix; /* a part is a prefix or an expression: cannot serve as a key */
	unsigned ncolumns;
	const unsigned *columns; /* positions in table.columns, in key order */
	const uint32_t
		*prefixes; /* of each of them: characters or bytes, 0: whole; NULL: all whole */
	bool hash;         /* MariaDB: kept unique by a hash in a hidden column */
	bool generated;    /* made by the server for a foreign key: goes when another serves */
};

struct table {
	struct slice db, name;
	struct slice full_name;  /* "db.name", for messages and maps */
	struct slice engine;     /* "InnoDB"; empty when unknown */
	enum charset charset;    /* default for columns added later */
	enum ident_rules idents; /* how names of columns and keys compare on its server */
	uint64_t version; /* grows with every statement placed on the table, over all tables of
	                             a catalog */
	unsigned ncolumns;
	const struct column *columns; /* in table order */
	bool versioned;               /* MariaDB: WITH SYSTEM VERSIONING, the binlog has rows of its
	                                 history among the changes */
	unsigned nhidden;   /* nullable BIGINT columns behind these in the binlog that nobody can
	                             select: MariaDB keeps one for each UNIQUE key that is a hash */
	unsigned npk;       /* 0: no primary key */
	const unsigned *pk; /* positions in columns, in key order */
	unsigned nindexes;
	const struct table_index *indexes; /* the primary key first, then by name */
};

/* Position of a column by exact name (then without case, as the server compares), or -1. */
int table_column(const struct table *table, struct slice name);
/* First unique index whose columns are all NOT NULL, not the primary key; NULL: none. */
const struct table_index *table_unique_key(const struct table *table);
/* Whether a transaction that reads it has one point, which the binlog's position goes with; true as well when the
 * engine is not known. MyISAM, Aria, MEMORY, CSV and the like have none. */
bool table_transactional(const struct table *table);
/* Deep copy into the arena. */
struct table *table_copy(struct arena *arena, const struct table *table);
/* Same columns (name, type, attributes) and keys: the version is ignored. */
bool table_same(const struct table *a, const struct table *b);
/* The default transport type of a column: BIT(1) is BOOLEAN, other BIT is BYTES; ENUM and SET are STRING, but BYTES in
 * the character set binary. */
enum transport column_transport(const struct column *column);

#endif
