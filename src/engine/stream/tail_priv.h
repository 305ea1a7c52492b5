/* tail_priv: what tail.c (reading, transactions) and tail_tables.c (definitions) share. Thread: one. */
#ifndef TIDEWAY_TAIL_PRIV_H
#define TIDEWAY_TAIL_PRIV_H

#include "binlog/change_reader.h"
#include "engine/stream/tail.h"
#include "model/position.h"
#include "schema/catalog.h"
#include "source/conn.h"

struct later_ddl;

/* The present definitions of the server, and the statements of the binlog that changed them. */
struct tail_tables {
	struct source *source;
	char name[80];         /* of the connection that scans */
	struct position start; /* of the stream */
	struct conn *conn;
	struct catalog *catalog;
	bool row_metadata_full; /* of the last TABLE_MAP; before the first one, the setting of the server */
	struct map tables;     /* "db.table" -> struct change_table */
	uint64_t versions;     /* given to tables so far */
	struct cursor scanned; /* the binlog was scanned for statements up to here */
	bool has_scanned;
	struct later_ddl *later; /* statements that may have changed definitions, in `arena` */
	struct arena arena;
};

/* position: where the stream starts. name: not that of the stream. Close it after an error too. */
int tail_tables_open(struct tail_tables *tables, struct source *source,
		     const struct position *position, const char *name, struct err *err) MUST_CHECK;
void tail_tables_close(struct tail_tables *tables);
/* Find the table of a TABLE_MAP at this offset of the cursor's file. `refused` is set in a table whose rows cannot be read.
 * *replaced: the former table of the same name; NULL: none. The caller frees it (change_table_free). */
int tail_tables_find(struct tail_tables *tables, const struct event *event,
		     const struct event_format *format, const char *file, uint64_t offset,
		     struct change_table **table, struct change_table **replaced,
		     struct err *err) MUST_CHECK;
/* Take a statement of the stream. Refuse one that changes rows or is unknown. After one that may change definitions, load them
 * again. */
int tail_tables_follow(struct tail_tables *tables, const struct event_query *query,
		       const struct event_format *format, struct err *err) MUST_CHECK;

#endif
