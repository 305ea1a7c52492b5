/* table_meta: the columns of a TABLE_MAP with their optional metadata. With
 * binlog_row_metadata=NO_LOG there is none, with MINIMAL signedness and character sets, with FULL
 * everything.
 * Thread: any. Owner: names and labels point into the event; arrays live in the arena. */
#ifndef TIDEWAY_TABLE_META_H
#define TIDEWAY_TABLE_META_H

#include "decode/table_map.h"

struct map_column {
	uint8_t wire;  /* type code, normalised by cell_normalize */
	uint16_t meta; /* metadata, normalised by cell_normalize */
	bool nullable;
	bool has_sign; /* is_unsigned is known */
	bool is_unsigned;
	bool has_charset;     /* charset is known */
	enum charset charset; /* BINARY: bytes */
	bool has_visibility;
	bool invisible;
	struct slice name; /* ptr NULL: unknown */
	bool has_labels;
	unsigned nlabels;           /* ENUM, SET */
	const struct slice *labels; /* in the column's character set */
	uint32_t geometry;          /* spatial types: number in WKB; 0: any, or unknown */
	uint32_t dimensions;        /* VECTOR; 0: unknown */
};

struct map_key_part {
	unsigned column;
	bool has_prefix;
};

struct table_meta {
	struct map_column *columns; /* map->ncolumns columns */
	bool has_names;             /* binlog_row_metadata=FULL */
	unsigned npk;               /* parts of the primary key; 0: none, or unknown */
	const struct map_key_part *pk;
};

/* Returns whether a column is the hash of a long unique key (MariaDB), which is not user data. */
bool table_meta_hidden(const struct map_column *column);
int table_meta_parse(const struct table_map *map, struct arena *arena, struct table_meta *meta,
		     struct err *err) MUST_CHECK;

#endif
