/* catalog_share: lets a catalog use the definitions of another one, where they are the same. */
#include "schema/catalog_priv.h"

static bool same_types(const struct table *a, const struct table *b)
{
	for (unsigned i = 0; i < a->ncolumns; i++)
		if (!slice_equal(a->columns[i].sql_type, b->columns[i].sql_type))
			return false;
	return true;
}

static uint32_t prefix_of(const struct table_index *index, unsigned part)
{
	return index->prefixes ? index->prefixes[part] : 0;
}

static bool same_index(const struct table_index *a, const struct table_index *b)
{
	for (unsigned i = 0; i < a->ncolumns; i++)
		if (prefix_of(a, i) != prefix_of(b, i))
			return false;
	return a->hash == b->hash && a->generated == b->generated && slice_equal(a->name, b->name);
}

static bool same_indexes(const struct table *a, const struct table *b)
{
	for (unsigned i = 0; i < a->nindexes; i++)
		if (!same_index(&a->indexes[i], &b->indexes[i]))
			return false;
	return true;
}

/* Returns whether nothing but the version differs. */
static bool is_equal(const struct table *a, const struct table *b)
{
	return table_same(a, b) && slice_equal(a->db, b->db) && slice_equal(a->name, b->name) &&
	       slice_equal(a->engine, b->engine) && a->charset == b->charset &&
	       a->idents == b->idents && same_types(a, b) && same_indexes(a, b);
}

void catalog_share(struct catalog *catalog, const struct catalog *other)
{
	for (size_t i = 0; i < other->ntables; i++) {
		const struct table *theirs = other->tables[i]->table;
		const struct table *own = catalog_find(catalog, theirs->db, theirs->name);
		if (own != NULL && own != theirs && is_equal(own, theirs))
			catalog_share_entry(catalog, other->tables[i]);
	}
	catalog_forget(catalog);
}
