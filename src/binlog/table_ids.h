/* table_ids: the tables that TABLE_MAP events announce for the rows of one statement, by table id. A statement may announce
 * several before its first rows: a multi-table UPDATE or DELETE, a trigger.
 * Thread: the one that reads. Owner: table_ids_fini; the values are the caller's. */
#ifndef TIDEWAY_TABLE_IDS_H
#define TIDEWAY_TABLE_IDS_H

#include "decode/rows.h"

struct table_ids {
	struct table_id {
		uint64_t id;
		void *table; /* never NULL */
	} * ids;
	size_t n, cap;
};

void table_ids_fini(struct table_ids *ids);
/* Removes all ids at the end of the statement. */
void table_ids_clear(struct table_ids *ids);
void table_ids_set(struct table_ids *ids, uint64_t id, void *table);
/* Removes every id of this table. Other tables of the statement keep theirs. */
void table_ids_drop(struct table_ids *ids, const void *table);
/* Finds the table of a rows event. Sets *table to NULL for an event without rows, which only ends a statement. Fails on
 * rows of an id that was not announced. */
int table_ids_find(const struct table_ids *ids, const struct rows *rows, void **table,
		   struct err *err) MUST_CHECK;

#endif
