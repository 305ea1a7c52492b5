/* table_record: how far a table has come, as the checkpoint records it, `full/<db.table>`; and from
 * where a database is tracked, `adopted/<database>`. Only these functions read and write their
 * JSON. Every version since 0.1.0 writes these bytes. Only "copied" is newer: an older version ignores it, and reads the
 * whole table again.
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

struct table_record {
	enum table_phase phase;
	struct position start;   /* events at or before it are dropped; unset: none are */
	struct position read_at; /* the snapshot that its rows are from; unset: not recorded */
	const struct table
		*definition;      /* at the snapshot, where the catalog at the stream's position
	                                   does not have it; NULL: the catalog has it; borrowed */
	struct key_ranges ranges; /* while it is copied: what is finished */
};

void table_record_init(struct table_record *record, enum table_phase phase);
void table_record_fini(struct table_record *record);
/* Return whether a stream that begins at `begin` needs no more of the record than that the table is copied. */
bool table_record_is_plain(const struct table_record *record, const struct position *begin);
/* Write {"state":"done","position":{..},"read":{..},"table":{..}}. All members except the state may
 * be absent. While the table is being copied, "reading" replaces "read", and "copied" has the finished
 * ranges, if there are any. The phase must not be TABLE_NEW. */
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
