#include "schema/catalog_priv.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ENTRY_BLOCK = 1024 }; /* bytes; a small table fits into one block */

struct catalog *catalog_new(unsigned lower_case)
{
	struct catalog *catalog = mem_array(1, sizeof(*catalog));
	catalog->lower_case = lower_case;
	catalog->variables = (struct catalog_variables){.engine = "InnoDB"};
	arena_init(&catalog->scratch, 0);
	return catalog;
}

void catalog_set_idents(struct catalog *catalog, enum ident_rules rules)
{
	catalog->idents = rules;
}

void catalog_set_variables(struct catalog *catalog, const struct catalog_variables *variables)
{
	catalog->variables = *variables;
	catalog->variables.asked = true;
}

bool catalog_utf8_is_mb4(const struct catalog *catalog)
{
	return catalog->variables.utf8_is_mb4;
}

static void release_entry(struct catalog_entry *entry)
{
	if (atomic_fetch_sub(&entry->users, 1) > 1)
		return;
	arena_fini(&entry->arena);
	free(entry);
}

void catalog_forget(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->nsuperseded; i++)
		release_entry(catalog->superseded[i]);
	catalog->nsuperseded = 0;
}

void catalog_other_clear(struct catalog_database *database)
{
	for (size_t i = 0; i < database->nothers; i++)
		free((char *)database->others[i].ptr);
	database->nothers = 0;
}

void catalog_unread_clear(struct catalog_database *database)
{
	for (size_t i = 0; i < database->nunread; i++)
		free((char *)database->unread[i].ptr);
	free(database->unread);
	database->unread = NULL;
	database->nunread = 0;
}

/* Compares two names of tables or databases under lower_case_table_names. */
static int compare_names(const struct catalog *catalog, struct slice a, struct slice b)
{
	return catalog->lower_case == 0 ? slice_compare(a, b)
					: ident_compare(IDENT_UNICODE_3, a, b);
}

bool catalog_cannot_read(const struct catalog *catalog, struct slice db, struct slice name)
{
	const struct catalog_database *database = catalog_database(catalog, db);
	for (size_t i = 0; database && i < database->nunread; i++)
		if (compare_names(catalog, database->unread[i], name) == 0)
			return true;
	return false;
}

static void free_database(struct catalog_database *database)
{
	catalog_unread_clear(database);
	catalog_other_clear(database);
	free(database->others);
	free(database->text);
	free(database);
}

void catalog_free(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	catalog_forget(catalog);
	for (size_t i = 0; i < catalog->ntables; i++)
		release_entry(catalog->tables[i]);
	for (size_t i = 0; i < catalog->ndatabases; i++)
		free_database(catalog->databases[i]);
	free(catalog->superseded);
	free(catalog->tables);
	free(catalog->databases);
	arena_fini(&catalog->scratch);
	free(catalog);
}

static size_t find_other(const struct catalog *catalog, const struct catalog_database *database,
			 struct slice name)
{
	size_t i = 0;
	while (i < database->nothers && compare_names(catalog, database->others[i], name) != 0)
		i++;
	return i;
}

bool catalog_other_has(const struct catalog *catalog, const struct catalog_database *database,
		       struct slice name)
{
	return find_other(catalog, database, name) < database->nothers;
}

void catalog_other_add(struct catalog *catalog, struct catalog_database *database,
		       struct slice name)
{
	if (name.len == 0 || catalog_other_has(catalog, database, name))
		return;
	if (database->nothers == database->other_cap) {
		database->other_cap = database->other_cap ? database->other_cap * 2 : 8;
		database->others = mem_resize(database->others, database->other_cap,
					      sizeof(*database->others));
	}
	char *text = mem_alloc(name.len);
	size_t at = database->nothers++;
	memcpy(text, name.ptr, name.len);
	for (; at > 0 && slice_compare(database->others[at - 1], name) > 0; at--)
		database->others[at] = database->others[at - 1];
	database->others[at] = slice_of(text, name.len);
}

bool catalog_other_remove(struct catalog *catalog, struct catalog_database *database,
			  struct slice name)
{
	size_t at = find_other(catalog, database, name);
	if (at == database->nothers)
		return false;
	free((char *)database->others[at].ptr);
	database->nothers--;
	memmove(&database->others[at], &database->others[at + 1],
		(database->nothers - at) * sizeof(*database->others));
	return true;
}

bool catalog_is_other(const struct catalog *catalog, struct slice db, struct slice name)
{
	const struct catalog_database *database = catalog_database(catalog, db);
	return database != NULL && catalog_find(catalog, db, name) == NULL &&
	       catalog_other_has(catalog, database, name);
}

/* Returns the index of a table, or else the index where it belongs. Sets *found. */
static size_t table_place(const struct catalog *catalog, struct slice db, struct slice name,
			  bool *found)
{
	size_t low = 0, high = catalog->ntables;
	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct table *table = catalog->tables[middle]->table;
		int order = compare_names(catalog, db, table->db);
		if (order == 0)
			order = compare_names(catalog, name, table->name);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct table *catalog_find(const struct catalog *catalog, struct slice db, struct slice name)
{
	bool found;
	size_t at = table_place(catalog, db, name, &found);
	return found ? catalog->tables[at]->table : NULL;
}

const struct table *catalog_next(const struct catalog *catalog, size_t *at)
{
	return *at < catalog->ntables ? catalog->tables[(*at)++]->table : NULL;
}

static size_t database_place(const struct catalog *catalog, struct slice db, bool *found)
{
	size_t low = 0, high = catalog->ndatabases;
	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare_names(catalog, db, catalog->databases[middle]->name);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct catalog_database *catalog_database(const struct catalog *catalog, struct slice db)
{
	bool found;
	size_t at = database_place(catalog, db, &found);
	return found ? catalog->databases[at] : NULL;
}

struct slice catalog_next_database(const struct catalog *catalog, size_t *at)
{
	if (*at >= catalog->ndatabases)
		return (struct slice){NULL, 0};
	return catalog->databases[(*at)++]->name;
}

bool catalog_has_database(const struct catalog *catalog, struct slice db)
{
	return catalog_database(catalog, db) != NULL;
}

void catalog_set_partial(struct catalog *catalog, struct slice db)
{
	catalog_database(catalog, db)->partial = true;
}

/* Makes room for one more element at index `at` of an array of n pointers. */
static void open_place(void *items, size_t at, size_t n)
{
	void **array = items;
	memmove(&array[at + 1], &array[at], (n - at) * sizeof(*array));
}

struct catalog_database *catalog_add_database(struct catalog *catalog, struct slice db)
{
	bool found;
	size_t at = database_place(catalog, db, &found);
	if (found)
		return catalog->databases[at];
	if (catalog->ndatabases == catalog->database_cap) {
		catalog->database_cap = catalog->database_cap ? catalog->database_cap * 2 : 4;
		catalog->databases = mem_resize(catalog->databases, catalog->database_cap,
						sizeof(*catalog->databases));
	}
	open_place(catalog->databases, at, catalog->ndatabases++);
	struct catalog_database *database = mem_array(1, sizeof(*database));
	database->text = slice_copy(db);
	database->name = slice_of(database->text, db.len);
	database->charset = CHARSET_UTF8MB4;
	catalog->databases[at] = database;
	return database;
}

static void supersede(struct catalog *catalog, struct catalog_entry *entry)
{
	if (catalog->nsuperseded == catalog->superseded_cap) {
		catalog->superseded_cap = catalog->superseded_cap ? catalog->superseded_cap * 2 : 8;
		catalog->superseded = mem_resize(catalog->superseded, catalog->superseded_cap,
						 sizeof(struct catalog_entry *));
	}
	catalog->superseded[catalog->nsuperseded++] = entry;
}

static void remove_at(struct catalog *catalog, size_t at)
{
	supersede(catalog, catalog->tables[at]);
	catalog->ntables--;
	memmove(&catalog->tables[at], &catalog->tables[at + 1],
		(catalog->ntables - at) * sizeof(*catalog->tables));
}

void catalog_remove(struct catalog *catalog, const struct table *table)
{
	bool found;
	size_t at = table_place(catalog, table->db, table->name, &found);
	if (!found)
		return;
	catalog->version++; /* the set of tables changes */
	remove_at(catalog, at);
}

void catalog_leave_out(struct catalog *catalog, struct slice db, struct slice name)
{
	const struct table *table = catalog_find(catalog, db, name);
	if (table)
		catalog_remove(catalog, table);
	if (catalog_has_database(catalog, db))
		catalog_set_partial(catalog, db);
}

void catalog_drop_database(struct catalog *catalog, struct slice db)
{
	bool found;
	size_t at = database_place(catalog, db, &found), kept = 0;
	if (!found)
		return;
	for (size_t i = 0; i < catalog->ntables; i++) {
		struct catalog_entry *entry = catalog->tables[i];
		if (compare_names(catalog, entry->table->db, catalog->databases[at]->name) == 0)
			supersede(catalog, entry);
		else
			catalog->tables[kept++] = entry;
	}
	catalog->version++;
	catalog->ntables = kept;
	free_database(catalog->databases[at]);
	catalog->ndatabases--;
	memmove(&catalog->databases[at], &catalog->databases[at + 1],
		(catalog->ndatabases - at) * sizeof(*catalog->databases));
}

uint64_t catalog_version(const struct catalog *catalog)
{
	return catalog->version;
}

struct slice catalog_name(const struct catalog *catalog, struct slice name, struct arena *arena)
{
	return catalog->lower_case == 1 ? ident_lower(name, arena) : name;
}

static void insert_entry(struct catalog *catalog, size_t at, struct catalog_entry *entry)
{
	if (catalog->ntables == catalog->table_cap) {
		catalog->table_cap = catalog->table_cap ? catalog->table_cap * 2 : 64;
		catalog->tables =
			mem_resize(catalog->tables, catalog->table_cap, sizeof(*catalog->tables));
	}
	open_place(catalog->tables, at, catalog->ntables++);
	catalog->tables[at] = entry;
}

/* Adds the entry, whose user the catalog becomes. */
static void add_entry(struct catalog *catalog, struct catalog_entry *entry)
{
	bool found;
	const struct table *table = entry->table;
	size_t at = table_place(catalog, table->db, table->name, &found);
	if (table->version > catalog->version)
		catalog->version = table->version;
	if (found) {
		supersede(catalog, catalog->tables[at]);
		catalog->tables[at] = entry;
	} else {
		insert_entry(catalog, at, entry);
	}
}

static const struct table *publish(struct catalog *catalog, struct catalog_entry *entry,
				   uint64_t version)
{
	entry->table->version = version;
	entry->table->idents = catalog->idents;
	add_entry(catalog, entry);
	return entry->table;
}

static struct catalog_entry *new_entry(void)
{
	struct catalog_entry *entry = mem_array(1, sizeof(*entry));
	atomic_init(&entry->users, 1);
	arena_init(&entry->arena, ENTRY_BLOCK);
	return entry;
}

void catalog_share_entry(struct catalog *catalog, struct catalog_entry *entry)
{
	atomic_fetch_add(&entry->users, 1);
	add_entry(catalog, entry);
}

const struct table *catalog_publish_version(struct catalog *catalog, const struct draft *draft,
					    uint64_t version)
{
	struct catalog_entry *entry = new_entry();
	entry->table = draft_finish(draft, &entry->arena);
	return publish(catalog, entry, version);
}

const struct table *catalog_publish(struct catalog *catalog, const struct draft *draft)
{
	return catalog_publish_version(catalog, draft, catalog->version + 1);
}

const struct table *catalog_put(struct catalog *catalog, const struct table *table)
{
	struct catalog_entry *entry = new_entry();
	entry->table = table_copy(&entry->arena, table);
	catalog_add_database(catalog, table->db);
	return publish(catalog, entry, catalog->version + 1);
}

void catalog_copy_database(struct catalog *to, const struct catalog *from, struct slice db)
{
	const struct catalog_database *source = catalog_database(from, db);
	struct catalog_database *copy;
	if (source == NULL)
		return;
	copy = catalog_add_database(to, source->name);
	copy->charset = source->charset;
	copy->partial = source->partial;
	if (from->variables.asked || !to->variables.asked)
		to->variables = from->variables;
	for (size_t i = 0; i < source->nothers; i++)
		catalog_other_add(to, copy, source->others[i]);
	for (size_t i = 0; i < from->ntables; i++)
		if (catalog_database(from, from->tables[i]->table->db) == source)
			catalog_share_entry(to, from->tables[i]);
}

void catalog_move_database(struct catalog *to, struct catalog *from, struct slice db)
{
	catalog_copy_database(to, from, db);
	catalog_drop_database(from, db);
}

struct ddl_name catalog_known_name(const struct catalog *catalog, const struct ddl_name *name,
				   struct arena *arena)
{
	const struct table *table = catalog_find(catalog, name->db, name->table);
	if (table)
		return (struct ddl_name){table->db, table->name};
	return (struct ddl_name){catalog_name(catalog, name->db, arena),
				 catalog_name(catalog, name->table, arena)};
}
