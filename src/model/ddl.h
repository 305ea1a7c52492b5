/* ddl: DDL as plain data. A statement consists of steps: schema/ddl.h parses them and the catalog
 * applies them. An effect describes the change of one table or database. All names are unquoted
 * UTF-8.
 * Thread: the stream lane. Owner: steps live in the arena given to ddl_parse; effects belong to the
 * catalog and live until its next catalog_apply. */
#ifndef TIDEWAY_DDL_H
#define TIDEWAY_DDL_H

#include "model/table.h"

/* X(id, value of `op` in a message) */
#define DDL_OPS(X)                                                                                 \
	X(CREATE, "CREATE")                                                                        \
	X(ALTER, "ALTER")                                                                          \
	X(ERASE, "ERASE")                                                                          \
	X(TRUNCATE, "TRUNCATE")                                                                    \
	X(RENAME, "RENAME")                                                                        \
	X(CINDEX, "CINDEX")                                                                        \
	X(DINDEX, "DINDEX")                                                                        \
	X(QUERY, "QUERY")

enum ddl_op {
#define X(id, name) DDL_##id,
	DDL_OPS(X)
#undef X
		DDL_OP_COUNT
};

struct ddl_name {
	struct slice db, table; /* db is the default database if the statement does not name it */
};

struct ddl_rename {
	struct slice from, to;
};

struct ddl_effect {
	enum ddl_op op;
	struct slice db, table;         /* the names in the statement; table is empty for QUERY */
	struct slice new_db, new_table; /* RENAME (also ALTER ... RENAME) */
	const struct table *before;     /* NULL: did not exist, or is unknown */
	/* NULL: no longer exists; for CREATE and RENAME: unknown,
	 * because the catalog does not contain the original table */
	const struct table *after;
	const struct slice *added, *dropped, *changed; /* column names */
	unsigned nadded, ndropped, nchanged;
	const struct ddl_rename *renamed; /* columns */
	unsigned nrenamed;
	/* partition DDL: the table that this table's rows came from; or empty */
	struct ddl_name rows_from;
	bool exchanged; /* EXCHANGE PARTITION: rows_from has rows of this table in return */
	bool replaced;  /* ERASE: the next effect creates a table of this name again */
};

const char *ddl_op_name(enum ddl_op op);

/* X(name, origin of its value, what it decides): the server variables that change the meaning or
 * the result of a statement. The statement's text does not contain them. */
#define DDL_VARIABLES(X)                                                                           \
	X(character_set_client, EVENT, "the bytes of the text")                                    \
	X(sql_mode, EVENT, "quotes, escapes, REAL, TIMESTAMP, and the types of ORACLE")            \
	X(explicit_defaults_for_timestamp, EVENT_OR_SERVER, "whether TIMESTAMP is NOT NULL")       \
	X(collation_server, EVENT, "a database that is made without a character set")              \
	X(collation_database, EVENT, "CONVERT TO CHARACTER SET DEFAULT")                           \
	X(sql_if_exists, EVENT, "IF EXISTS, where the statement lacks it")                         \
	X(old_mode, SERVER, "whether utf8 is utf8mb3 or utf8mb4")                                  \
	X(default_storage_engine, SERVER, "the engine of a table that is made without one")        \
	X(lower_case_table_names, SERVER, "which names of tables are the same")                    \
	X(sql_generate_invisible_primary_key, TEXT, "a primary key that the statement lacks")

enum ddl_source {
	DDL_FROM_EVENT,
	DDL_FROM_SERVER, /* the global value, queried at the start */
	/* from the server if its version does not write it to the event */
	DDL_FROM_EVENT_OR_SERVER,
	DDL_FROM_TEXT, /* the server writes the result into the statement */
};

struct ddl_variable {
	const char *name;
	enum ddl_source from;
	const char *decides;
};

extern const struct ddl_variable ddl_variables[];
extern const unsigned ddl_nvariables;

enum ddl_timestamp { DDL_TIMESTAMP_UNSAID, DDL_TIMESTAMP_IMPLICIT, DDL_TIMESTAMP_EXPLICIT };

/* The contents of a Query event besides its text. */
struct ddl_context {
	struct slice db; /* default database */
	/* collation ids */
	uint16_t charset_client;       /* of the text; 0: UTF-8 */
	uint16_t collation_connection; /* of literals; 0: UTF-8 */
	uint16_t collation_server; /* of a database created without a collation; 0: the server's */
	uint16_t collation_database; /* of CONVERT TO ... DEFAULT; 0: the default database's */
	uint64_t sql_mode;
	bool mariadb; /* MariaDB wrote the binlog file */
	/* of that server: 100511, 90704; 0: unknown, all versioned comments apply */
	unsigned version;
	/* IMPLICIT: explicit_defaults_for_timestamp=OFF, TIMESTAMP is NOT NULL */
	enum ddl_timestamp timestamp;
	bool if_exists;   /* sql_if_exists */
	bool utf8_is_mb4; /* old_mode lacks UTF8_IS_UTF8MB3 */
};

enum ddl_generated { DDL_NOT_GENERATED, DDL_VIRTUAL, DDL_STORED };
enum ddl_nullable { DDL_NULL_UNSAID, DDL_NULL, DDL_NOT_NULL };
enum ddl_place { DDL_PLACE_UNSAID, DDL_PLACE_FIRST, DDL_PLACE_AFTER };

/* The type of a column as written, without the defaults of the table or the server. */
struct ddl_type {
	enum column_type id;
	struct slice spatial; /* GEOMETRY: "point" ... */
	int64_t length;       /* first number in the parentheses; -1: none */
	int32_t scale;        /* second number, or the fractional digits; -1: none */
	bool is_unsigned, zerofill, compressed;
	bool has_charset;     /* CHARACTER SET, COLLATE, NATIONAL, ASCII, BYTE ... is written */
	enum charset charset; /* if has_charset */
	unsigned nlabels;     /* ENUM, SET */
	const struct slice *labels; /* UTF-8 */
	/* for each label: a hex or bit literal, bytes of the column's set */
	const bool *label_bytes;
	enum charset connection_charset; /* of the statement's literals */
};

/* A column as written. */
struct ddl_column {
	struct slice name;
	struct ddl_type type;
	enum ddl_nullable nullable;
	enum ddl_generated generated;
	bool row_start, row_end; /* GENERATED ALWAYS AS ROW START / END */
	bool auto_increment;
	bool invisible;
	bool versioned, unversioned; /* WITH, WITHOUT SYSTEM VERSIONING */
	bool primary, unique;        /* PRIMARY KEY, UNIQUE in the column's definition */
	bool references;             /* REFERENCES in the column's definition */
	enum ddl_place place;
	struct slice after; /* DDL_PLACE_AFTER: name of the column before this one */
};

enum ddl_key_kind {
	DDL_KEY_PRIMARY,
	DDL_KEY_UNIQUE,
	DDL_KEY_INDEX,
	DDL_KEY_OTHER,
	DDL_KEY_FOREIGN
};

struct ddl_key_part {
	struct slice column; /* ptr NULL: an expression */
	uint32_t prefix;     /* characters of text, otherwise bytes; 0: the whole column */
};

struct ddl_key {
	enum ddl_key_kind kind; /* DDL_KEY_OTHER: FULLTEXT, SPATIAL, VECTOR */
	struct slice name;      /* empty: the server generates a name */
	unsigned nparts;
	const struct ddl_key_part *parts;
	bool using_hash;     /* USING HASH */
	struct slice period; /* MariaDB: the period of WITHOUT OVERLAPS */
};

/* X(id): one part of an ALTER TABLE, in the order of the text. CREATE TABLE uses only the first six
 * kinds. */
#define DDL_SPECS(X)                                                                               \
	X(ADD_COLUMN)     /* column; if_exists: IF NOT EXISTS */                                   \
	X(ADD_KEY)        /* key; if_exists: IF NOT EXISTS */                                      \
	X(ADD_PERIOD)     /* name, old: start column, to.table: end column */                      \
	X(ADD_VERSIONING) /* WITH or ADD SYSTEM VERSIONING */                                      \
	X(CHARSET)        /* charset, has_charset (false: DEFAULT): table default */               \
	X(ENGINE)         /* name */                                                               \
	X(CHANGE_COLUMN)  /* old, column: CHANGE, MODIFY */                                        \
	X(RENAME_COLUMN)  /* old, name */                                                          \
	X(TOUCH_COLUMN)   /* old: ALTER COLUMN ... SET or DROP DEFAULT */                          \
	X(SHOW_COLUMN)    /* old: ALTER COLUMN ... SET VISIBLE */                                  \
	X(HIDE_COLUMN)    /* old: ALTER COLUMN ... SET INVISIBLE */                                \
	X(DROP_COLUMN)    /* old */                                                                \
	X(DROP_KEY)       /* old */                                                                \
	X(DROP_PRIMARY)                                                                            \
	X(DROP_CONSTRAINT) /* old: a key, a check or a foreign key */                              \
	X(DROP_PERIOD)     /* old */                                                               \
	X(RENAME_KEY)      /* old, name */                                                         \
	X(CONVERT)         /* charset, has_charset: CONVERT TO CHARACTER SET */                    \
	X(RENAME)          /* to */                                                                \
	X(DROP_VERSIONING)                                                                         \
	X(EXCHANGE)           /* to: the table that swaps its rows with a partition */             \
	X(PARTITION_TO_TABLE) /* to: the table created from a partition */                         \
	X(TABLE_TO_PARTITION) /* to: the table that becomes a partition */

enum ddl_spec_kind {
#define X(id) DDL_SPEC_##id,
	DDL_SPECS(X)
#undef X
};

struct ddl_spec {
	enum ddl_spec_kind kind;
	bool if_exists;         /* IF [NOT] EXISTS */
	struct slice old, name; /* present and new name of a column or key */
	struct ddl_column column;
	struct ddl_key key;
	bool has_charset;
	enum charset charset;
	struct ddl_name to;
};

enum ddl_step_kind {
	DDL_STEP_NONE,         /* cannot change a table */
	DDL_STEP_UNPLACED,     /* unresolved DDL: reason; name if it is known */
	DDL_STEP_DML,          /* changes rows: written by a statement-based binlog */
	DDL_STEP_QUERY,        /* name.db: a view, routine, trigger or event of this database */
	DDL_STEP_CREATE_OTHER, /* name: a view or sequence, in the namespace of tables */
	DDL_STEP_DROP_OTHER,   /* name; one step for each view or sequence */
	DDL_STEP_CREATE_TABLE, /* specs; or_replace, if_exists (IF NOT EXISTS) */
	DDL_STEP_CREATE_LIKE,  /* other: the original table */
	DDL_STEP_ALTER_TABLE,  /* specs; if_exists */
	DDL_STEP_DROP_TABLE,   /* one step for each table; if_exists */
	DDL_STEP_RENAME_TABLE, /* other: the new name; one step for each pair; if_exists */
	DDL_STEP_TRUNCATE,
	DDL_STEP_CREATE_INDEX,    /* specs: one ADD_KEY; or_replace */
	DDL_STEP_DROP_INDEX,      /* specs: one DROP_KEY or DROP_PRIMARY */
	DDL_STEP_CREATE_DATABASE, /* charset; or_replace, if_exists */
	DDL_STEP_ALTER_DATABASE,  /* charset */
	DDL_STEP_DROP_DATABASE,   /* if_exists */
};

struct ddl_step {
	enum ddl_step_kind kind;
	struct ddl_name name;  /* the table, or only the database */
	struct ddl_name other; /* the second table */
	bool if_exists, or_replace;
	bool has_charset;     /* of a database: charset is set */
	bool default_charset; /* of a database: DEFAULT is written instead of a character set */
	enum charset charset;
	unsigned nspecs;
	const struct ddl_spec *specs;
	struct slice reason; /* UNPLACED: what the parser did not understand, and where */
};

#endif
