/* table_record: how far a table has come, as the checkpoint records it, `full/<db.table>`; and from
 * where a database is tracked, `adopted/<database>`. Only these functions read and write their
 * JSON. Every version since 0.1.0 writes these bytes. Only "copied" and "again" are newer: an older version ignores them. It reads
 * a table that is being copied from its beginning, and forgets another copy of a copied one.
 * Thread: any. Owner: table_record_init / table_record_fini. */
#ifndef TIDEWAY_TABLE_RECORD_H
#define TIDEWAY_TABLE_RECORD_H

#include "base/arena.h"
#include "engine/state/key_ranges.h"
#include "model/position.h"
#include "model/table.h"

enum table_phase {
	TABLE_NEW, /* no record: no row of it was sent */
	TABLE_COPYING, /* some of its rows may have been sent; the next start reads what is not finished */
	TABLE_COPIED, /* all of its rows were sent; the stream sends its changes */
};

/* Another copy of a table, whose rows were sent before (docs/decisions/0036). */
struct copy_again {
	int64_t id;   /* 0: there is none */
	char *where;  /* of its rows, a condition in SQL; heap; NULL: all rows */
	bool begun;   /* its begin marker is in Kafka */
	bool deletes; /* rows that are only in the topic are deleted there (docs/decisions/0040) */
	uint64_t
		rule; /* deletes: by which the rows that are in Kafka got their keys (key_rule_hash) */
};

struct table_record {
	enum table_phase phase;
	struct position start;   /* events at or before it are dropped; unset: none are */
	struct position read_at; /* the snapshot that its rows are from; unset: not recorded */
	const struct table
		*definition; /* at the snapshot, where the catalog at the stream's position
	                                   does not have it; NULL: the catalog has it; borrowed */
	struct copy_again
		again; /* of a table that is copied, or that was in quarantine (docs/decisions/0038) */
	struct key_ranges
		ranges; /* while it is copied, for the first time or again: what is finished */
};

void table_record_init(struct table_record *record, enum table_phase phase);
void table_record_fini(struct table_record *record);
/* Return whether the table is copied, and a stream that begins at `begin` has passed every position of the record. */
bool table_record_is_passed(const struct table_record *record, const struct position *begin);
/* Return whether a stream that begins at `begin` needs no more of the record than that the table is copied. */
bool table_record_is_plain(const struct table_record *record, const struct position *begin);
/* Return whether all rows of the copy that runs are sent. */
bool table_record_is_copied(const struct table_record *record);
/* Begin another copy. where: ptr NULL: of all rows. deletes: as in the struct. */
void copy_again_set(struct copy_again *again, int64_t id, struct slice where, bool deletes);
/* Forget it. */
void copy_again_fini(struct copy_again *again);
/* Write {"state":"done","position":{..},"read":{..},"table":{..},"again":{"id":5,"where":"v > 5","begun":true}}. All members except
 * the state may be absent. A copy with deletes has "deletes":true and "rule":"00ff..". While the table is being copied for the first time, "reading" replaces "read". While it is copied for
 * the first time or again, "copied" has the finished ranges, if there are any. The phase must not be TABLE_NEW. */
void table_record_write(const struct table_record *record, struct buf *out);
/* Fill an initialised record. The definition is made in the arena. name: of the record, for the
 * error. */
int table_record_read(struct table_record *record, struct slice name, struct slice json,
		      struct arena *arena, struct err *err) MUST_CHECK;

/* Write {"position":{..}}: the database is tracked after that position. */
void database_record_write(const struct position *start, struct buf *out);
int database_record_read(struct position *start, struct slice name, struct slice json,
			 struct err *err) MUST_CHECK;

#endif
