#include "binlog/table_ids.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NO_TABLE_ID = 0xffffff }; /* the id in a rows event that only ends a statement */

void table_ids_fini(struct table_ids *ids)
{
	free(ids->ids);
	*ids = (struct table_ids){.n = 0};
}

void table_ids_clear(struct table_ids *ids)
{
	ids->n = 0;
}

static struct table_id *find(const struct table_ids *ids, uint64_t id)
{
	for (size_t i = ids->n; i-- > 0;)
		if (ids->ids[i].id == id)
			return &ids->ids[i];
	return NULL;
}

void table_ids_set(struct table_ids *ids, uint64_t id, void *table)
{
	struct table_id *known = find(ids, id);
	if (known) {
		known->table = table;
		return;
	}
	if (ids->n == ids->cap) {
		ids->cap = ids->cap ? 2 * ids->cap : 16;
		ids->ids = mem_resize(ids->ids, ids->cap, sizeof(*ids->ids));
	}
	ids->ids[ids->n++] = (struct table_id){id, table};
}

void table_ids_drop(struct table_ids *ids, const void *table)
{
	size_t kept = 0;
	for (size_t i = 0; i < ids->n; i++)
		if (ids->ids[i].table != table)
			ids->ids[kept++] = ids->ids[i];
	ids->n = kept;
}

int table_ids_find(const struct table_ids *ids, const struct rows *rows, void **table,
		   struct err *err)
{
	const struct table_id *known = find(ids, rows->table_id);
	*table = known ? known->table : NULL;
	if (known == NULL && rows->images.len > 0 && rows->table_id != NO_TABLE_ID)
		return err_set(err, E_EVENT_DAMAGED,
			       "rows of table id %" PRIu64
			       ", which no Table_map event has announced",
			       rows->table_id);
	return 0;
}
