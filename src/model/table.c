#include "model/table.h"

int table_column(const struct table *table, struct slice name)
{
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (slice_equal(table->columns[i].name, name))
			return (int)i;
	}
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (ident_equal(table->idents, table->columns[i].name, name))
			return (int)i;
	}
	return -1;
}

static bool index_not_null(const struct table *table, const struct table_index *index)
{
	for (unsigned i = 0; i < index->ncolumns; i++) {
		if (table->columns[index->columns[i]].nullable)
			return false;
	}
	return index->ncolumns > 0;
}

const struct table_index *table_unique_key(const struct table *table)
{
	for (unsigned i = 0; i < table->nindexes; i++) {
		const struct table_index *index = &table->indexes[i];
		if (index->unique && !index->has_prefix &&
		    !slice_equal_nocase(index->name, SLICE("PRIMARY")) &&
		    index_not_null(table, index))
			return index;
	}
	return NULL;
}

bool table_transactional(const struct table *table)
{
	return table->engine.len == 0 || slice_equal_nocase(table->engine, SLICE("InnoDB")) ||
	       slice_equal_nocase(table->engine, SLICE("RocksDB")) ||
	       slice_equal_nocase(table->engine, SLICE("TokuDB"));
}

static const struct slice *copy_slices(struct arena *arena, const struct slice *from, unsigned n)
{
	struct slice *to = ARENA_ARRAY(arena, n, struct slice);
	for (unsigned i = 0; i < n; i++)
		to[i] = arena_copy(arena, from[i]);
	return to;
}

static const unsigned *copy_positions(struct arena *arena, const unsigned *from, unsigned n)
{
	unsigned *to = ARENA_ARRAY(arena, n, unsigned);
	if (n > 0)
		memcpy(to, from, n * sizeof(*to));
	return to;
}

static const struct column *copy_columns(struct arena *arena, const struct table *table)
{
	struct column *to = ARENA_ARRAY(arena, table->ncolumns, struct column);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		const struct column *from = &table->columns[i];
		to[i] = *from;
		to[i].name = arena_copy(arena, from->name);
		to[i].sql_type = arena_copy(arena, from->sql_type);
		to[i].labels = copy_slices(arena, from->labels, from->nlabels);
	}
	return to;
}

static const uint32_t *copy_prefixes(struct arena *arena, const struct table_index *from)
{
	uint32_t *to = ARENA_ARRAY(arena, from->ncolumns, uint32_t);
	if (from->ncolumns > 0)
		memcpy(to, from->prefixes, from->ncolumns * sizeof(*to));
	return to;
}

static const struct table_index *copy_indexes(struct arena *arena, const struct table *table)
{
	struct table_index *to = ARENA_ARRAY(arena, table->nindexes, struct table_index);
	for (unsigned i = 0; i < table->nindexes; i++) {
		const struct table_index *from = &table->indexes[i];
		to[i] = *from;
		to[i].name = arena_copy(arena, from->name);
		to[i].columns = copy_positions(arena, from->columns, from->ncolumns);
		to[i].prefixes = from->prefixes ? copy_prefixes(arena, from) : NULL;
	}
	return to;
}

struct table *table_copy(struct arena *arena, const struct table *table)
{
	struct table *copy = ARENA_NEW(arena, struct table);
	*copy = *table;
	copy->db = arena_copy(arena, table->db);
	copy->name = arena_copy(arena, table->name);
	copy->full_name = arena_copy(arena, table->full_name);
	copy->engine = arena_copy(arena, table->engine);
	copy->columns = copy_columns(arena, table);
	copy->pk = copy_positions(arena, table->pk, table->npk);
	copy->indexes = copy_indexes(arena, table);
	return copy;
}

bool column_same_type(const struct column *a, const struct column *b)
{
	if (a->type != b->type || a->charset != b->charset || a->is_unsigned != b->is_unsigned ||
	    a->nullable != b->nullable || a->is_virtual != b->is_virtual ||
	    a->is_stored != b->is_stored || a->invisible != b->invisible ||
	    a->zerofill != b->zerofill || a->length != b->length || a->scale != b->scale ||
	    a->nlabels != b->nlabels)
		return false;
	for (unsigned i = 0; i < a->nlabels; i++) {
		if (!slice_equal(a->labels[i], b->labels[i]))
			return false;
	}
	return true;
}

static bool column_same(const struct column *a, const struct column *b)
{
	return slice_equal(a->name, b->name) && column_same_type(a, b);
}

static bool positions_same(const unsigned *a, unsigned na, const unsigned *b, unsigned nb)
{
	return na == nb && (na == 0 || memcmp(a, b, na * sizeof(*a)) == 0);
}

static bool index_same(enum ident_rules idents, const struct table_index *a,
		       const struct table_index *b)
{
	return ident_equal(idents, a->name, b->name) && a->unique == b->unique &&
	       a->has_prefix == b->has_prefix &&
	       positions_same(a->columns, a->ncolumns, b->columns, b->ncolumns);
}

bool table_same(const struct table *a, const struct table *b)
{
	if (a->ncolumns != b->ncolumns || a->nindexes != b->nindexes || a->nhidden != b->nhidden ||
	    a->versioned != b->versioned || !positions_same(a->pk, a->npk, b->pk, b->npk))
		return false;
	for (unsigned i = 0; i < a->ncolumns; i++) {
		if (!column_same(&a->columns[i], &b->columns[i]))
			return false;
	}
	for (unsigned i = 0; i < a->nindexes; i++) {
		if (!index_same(a->idents, &a->indexes[i], &b->indexes[i]))
			return false;
	}
	return true;
}

enum transport column_transport(const struct column *column)
{
	if (column->type == COLUMN_BIT && column->length == 1)
		return TRANSPORT_BOOLEAN;
	if (column_type_has_labels(column->type) && column->charset == CHARSET_BINARY)
		return TRANSPORT_BYTES;
	return column_type_transport(column->type);
}
