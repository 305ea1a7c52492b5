/* catalog_replace: replaces a database of the catalog by the server's contents. */
#include "base/mem.h"
#include "schema/catalog_contents.h"
#include "schema/catalog_priv.h"

void catalog_contents_init(struct catalog_contents *contents)
{
	*contents = (struct catalog_contents){.partial = false};
	arena_init(&contents->arena, 1 << 16);
	map_init(&contents->by_name);
}

void catalog_contents_fini(struct catalog_contents *contents)
{
	map_fini(&contents->by_name);
	arena_fini(&contents->arena);
}

/* Publishes the table, unless the catalog contains the same definition. Returns NULL if the table
 * is left out, or was dropped between two of the loader's queries. */
static const struct table *publish_found(struct catalog *catalog, struct found_table *found)
{
	struct draft *draft = &found->draft;
	if (found->unknown || draft->ncolumns == 0)
		return NULL;
	const struct table *known = catalog_find(catalog, draft->db, draft->name);
	if (known != NULL) {
		const struct table *table = draft_finish(draft, draft->arena);
		if (table_same(known, table) && known->charset == table->charset &&
		    slice_equal(known->name, table->name) &&
		    slice_equal(known->engine, table->engine))
			return known;
	}
	return catalog_publish(catalog, draft);
}

/* Removes the tables of the database that its contents do not include. */
static void remove_missing(struct catalog *catalog, struct catalog_contents *contents)
{
	for (size_t i = 0; i < catalog->ntables;) {
		const struct table *table = catalog->tables[i]->table;
		struct found_table *found = map_get(&contents->by_name, table->name);
		if (slice_equal(table->db, contents->db) &&
		    (found == NULL || found->unknown || found->draft.ncolumns == 0)) {
			catalog_remove(catalog, table);
			catalog->version++;
		} else {
			i++;
		}
	}
}

static void note_unread(struct catalog_database *database, const struct catalog_contents *contents)
{
	catalog_unread_clear(database);
	database->unread = mem_array(contents->ntables + 1, sizeof(*database->unread));
	for (unsigned i = 0; i < contents->ntables; i++) {
		struct slice name = contents->tables[i].draft.name;
		if (contents->tables[i].unknown)
			database->unread[database->nunread++] =
				slice_of(strndup(name.ptr, name.len), name.len);
	}
}

void catalog_replace_database(struct catalog *catalog, struct catalog_contents *contents)
{
	struct catalog_database *database = catalog_add_database(catalog, contents->db);
	database->charset = contents->charset;
	database->partial = contents->partial;
	remove_missing(catalog, contents);
	note_unread(database, contents);
	catalog_other_clear(database);
	for (unsigned i = 0; i < contents->nothers; i++)
		catalog_other_add(catalog, database, contents->others[i]);
	for (unsigned i = 0; i < contents->ntables; i++)
		publish_found(catalog, &contents->tables[i]);
}
