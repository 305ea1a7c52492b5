/* table_map: TABLE_MAP events, and the row layout that joins one with a table definition.
 * Thread: any. Owner: the parsed map points into the event; layouts live in the caller's arena. */
#ifndef TIDEWAY_TABLE_MAP_H
#define TIDEWAY_TABLE_MAP_H

#include "decode/event.h"
#include "model/row.h"

struct table_map {
	uint64_t table_id;
	struct slice db, name;
	unsigned ncolumns;
	const uint8_t *types;    /* ncolumns type codes */
	struct slice meta;       /* packed metadata */
	const uint8_t *nullable; /* bitmap */
	struct slice optional;   /* optional metadata TLVs; empty with NO_LOG */
	struct slice identity;   /* the body without table id: what a plan's key compares
	                              (consistency rule 12), together with the catalog version */
	bool mariadb;            /* which server wrote it: they count columns differently */
};

/* Only the table id and identity (cheap, for the hot path). */
int table_map_id(const struct event *event, uint64_t *table_id, struct slice *identity,
		 struct err *err) MUST_CHECK;
int table_map_parse(const struct event *event, const struct event_format *format,
		    struct table_map *map, struct err *err) MUST_CHECK;

/* Whether it names its columns: binlog_row_metadata=FULL. */
bool table_map_has_names(const struct table_map *map);

/* What a TABLE_MAP lists, seen on MariaDB 10.11 and MySQL 9.7: every column of information_schema in its
 * order, invisible ones, a generated invisible primary key and VIRTUAL generated columns included, and each
 * row image carries the values of the VIRTUAL ones, computed, before images too. The hidden columns of
 * MySQL's functional indexes are not listed. MariaDB adds the hash of each unique key that is too long for
 * an index (DB_ROW_HASH_n, BIGINT, at the end; passed over), and row_start and row_end of tables WITH
 * SYSTEM VERSIONING (refused: history rows are logged as inserts). Columns of MariaDB that are COMPRESSED
 * have types of their own (140, 141). */

/* What one phase can read and the other cannot: the one list of it, asked when a table is selected, when a statement makes it
 * so, and of each TABLE_MAP. -1 and ERR_DATA: the table is on it. */
int table_map_refuse(const struct table *table, struct err *err) MUST_CHECK;

/* Joins the map with the catalog's definition: checks number and types of the columns, signedness,
 * names, charsets and labels too when the optional metadata has them. A difference is ERR_DATA and
 * the text says which columns differ and how (catalog versus binlog) and what to do. A wire type we
 * cannot decode is an error with type, table and column. */
int table_map_layout(const struct table_map *map, const struct table *table, struct arena *arena,
		     struct row_layout **layout, struct err *err) MUST_CHECK;
/* With binlog_row_metadata=FULL: a definition made from the map alone, starting from what `known`
 * (may be NULL) says where the map is vague (MariaDB uuid, inet6, JSON). False in *complete when the
 * map does not carry names: then *table is NULL. */
int table_map_table(const struct table_map *map, const struct table *known, struct arena *arena,
		    struct table **table, bool *complete, struct err *err) MUST_CHECK;
/* Whether the map alone, together with `known` (may be NULL), decides what each column is. MariaDB's uuid and inet are
 * BINARY in it, and its times of version 5.3 have no digits. -1 and ERR_DATA: a column may be one of several. */
int table_map_sure(const struct table_map *map, const struct table *known, struct arena *arena,
		   struct err *err) MUST_CHECK;

#endif
