#include "engine/lane/sent_rows.h"

void sent_rows_init(struct sent_rows *sent)
{
	*sent = (struct sent_rows){.is_incomplete = false};
	bounded_set_init(&sent->rows, RECORDED_BYTES);
	arena_init(&sent->arena, 0);
	arena_init(&sent->key_arena, 0);
	buf_init(&sent->identity);
}

void sent_rows_fini(struct sent_rows *sent)
{
	buf_fini(&sent->identity);
	arena_fini(&sent->key_arena);
	arena_fini(&sent->arena);
	bounded_set_fini(&sent->rows);
}

void sent_rows_begin(struct sent_rows *sent, const struct table *table)
{
	unsigned *columns;
	sent_rows_clear(sent);
	arena_reset(&sent->key_arena);
	columns = ARENA_ARRAY(&sent->key_arena, table->npk, unsigned);
	memcpy(columns, table->pk, table->npk * sizeof(*columns));
	sent->key = (struct row_key){table->npk, columns};
}

void sent_rows_clear(struct sent_rows *sent)
{
	sent->is_incomplete = false;
	bounded_set_clear(&sent->rows);
}

/* Make the identity of a row and a topic. rest: has the columns that the row's image lacks. Return 1, 0 if there is none, or
 * -1. */
static int identify(struct sent_rows *sent, const struct row *row, const struct row *rest,
		    const struct destination *destination, struct err *err)
{
	int rc;
	buf_clear(&sent->identity);
	rc = row_identity(row, rest, &sent->key, &sent->arena, &sent->identity, err);
	arena_reset(&sent->arena);
	buf_append(&sent->identity, &destination, sizeof(destination));
	return rc;
}

static int add(struct sent_rows *sent, const struct row *image, const struct row *rest,
	       const struct destination *destination, struct err *err)
{
	int rc = identify(sent, image, rest, destination, err);
	if (rc < 0)
		return -1;
	if (rc > 0)
		bounded_set_add(&sent->rows, buf_slice(&sent->identity));
	sent->is_incomplete |= rc == 0 || sent->rows.is_full;
	return 0;
}

int sent_rows_add(struct sent_rows *sent, const struct change *change,
		  const struct destination *destination, struct err *err)
{
	if (sent->is_incomplete)
		return 0;
	if (change->before && add(sent, change->before, NULL, destination, err) < 0)
		return -1;
	return change->after ? add(sent, change->after, change->before, destination, err) : 0;
}

int sent_rows_has(struct sent_rows *sent, const struct row *row,
		  const struct destination *destination, struct err *err)
{
	int rc = identify(sent, row, NULL, destination, err);
	return rc > 0 ? bounded_set_has(&sent->rows, buf_slice(&sent->identity)) : rc;
}

bool sent_rows_is_empty(const struct sent_rows *sent)
{
	return bounded_set_is_empty(&sent->rows);
}
