/* table_map: parses TABLE_MAP events and joins them with table definitions to row layouts.
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
	const uint8_t *nullable; /* bitmap of nullable columns */
	/* optional metadata, fields with type and length; empty with NO_LOG */
	struct slice optional;
	struct slice identity; /* the body without the table id: with the catalog version it
	                              identifies a table plan (rule: plan-key) */
	bool mariadb;          /* MariaDB wrote it; MySQL counts columns in another way */
};

/* Parses only the table id and the identity. Cheap, for the hot path. */
int table_map_id(const struct event *event, uint64_t *table_id, struct slice *identity,
		 struct err *err) MUST_CHECK;
int table_map_parse(const struct event *event, const struct event_format *format,
		    struct table_map *map, struct err *err) MUST_CHECK;

/* Returns whether the map contains column names: binlog_row_metadata=FULL. */
bool table_map_has_names(const struct table_map *map);

/* The columns of a TABLE_MAP, observed on MariaDB 10.11 and MySQL 9.7. It lists every column of
 * information_schema in its order, including invisible columns, a generated invisible primary key,
 * and VIRTUAL generated columns. Row images, before images too, contain the computed values of
 * VIRTUAL columns. It does not list the hidden columns of MySQL's functional indexes. MariaDB adds:
 *   - a hash for each unique key that is too long for an index (DB_ROW_HASH_n, BIGINT, at the
 *     end). We skip it.
 *   - row_start and row_end of tables WITH SYSTEM VERSIONING. We refuse these tables, because
 *     history rows are logged as inserts.
 *   - other types (140, 141) for COMPRESSED columns. */

/* Refuses tables that either full sync or the stream cannot read: returns -1 with ERR_DATA. Called
 * when a table is selected, after a statement has changed it, and for each TABLE_MAP. */
int table_map_refuse(const struct table *table, struct err *err) MUST_CHECK;

/* Joins the map with the catalog's definition to a row layout. Compares number and types of the
 * columns, and signedness, names, character sets and labels if the optional metadata contains them.
 * Fails with ERR_DATA if they differ; the error lists each difference between catalog and binlog,
 * and the remedy. Also fails on a type that cannot be decoded; the error names the type, table and
 * column. */
int table_map_layout(const struct table_map *map, const struct table *table, struct arena *arena,
		     struct row_layout **layout, struct err *err) MUST_CHECK;
/* Makes a definition from a map with binlog_row_metadata=FULL. Where the map is not precise
 * (MariaDB's uuid, inet6, JSON) takes the definition from `known`, which may be NULL. If the map
 * does not contain names, sets *complete to false and *table to NULL. */
int table_map_table(const struct table_map *map, const struct table *known, struct arena *arena,
		    struct table **table, bool *complete, struct err *err) MUST_CHECK;
/* Checks that the map and `known`, which may be NULL, determine the type of each column. A map
 * contains MariaDB's uuid and inet as BINARY, and its times of version 5.3 without the number of
 * digits. Returns -1 with ERR_DATA if a column may have one of several types. */
int table_map_sure(const struct table_map *map, const struct table *known, struct arena *arena,
		   struct err *err) MUST_CHECK;

#endif
