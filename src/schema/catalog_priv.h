/* catalog_priv: the structures of a catalog, for catalog*.c only.
 * Thread: the owner of the catalog. Owner: the catalog; catalog_free releases. */
#ifndef TIDEWAY_CATALOG_PRIV_H
#define TIDEWAY_CATALOG_PRIV_H

#include "schema/catalog.h"
#include "schema/catalog_draft.h"

/* One version of one table, which does not change any more. Catalogs share it, also those of different threads. */
struct catalog_entry {
	_Atomic unsigned users; /* catalogs that have it; the last one frees it */
	struct arena arena;     /* contains the table */
	struct table *table;
};

struct catalog_database {
	char *text; /* owns the name */
	struct slice name;
	enum charset charset;
	/* it may have unknown tables: a statement about one is not an error */
	bool partial;
	struct slice *unread; /* names of tables that the loader left out; each text is owned */
	size_t nunread;
	struct slice *others; /* names of views and sequences, ascending; each text is owned */
	size_t nothers, other_cap;
};

struct catalog {
	unsigned lower_case;
	enum ident_rules idents; /* how names of columns and keys compare */
	struct catalog_variables variables;
	bool lacks_labels;             /* as catalog_lacks_labels returns it */
	uint64_t version;              /* the highest version so far */
	struct catalog_entry **tables; /* ascending by database and name */
	size_t ntables, table_cap;
	struct catalog_entry **superseded; /* until catalog_forget */
	size_t nsuperseded, superseded_cap;
	struct catalog_database **databases; /* ascending by name */
	size_t ndatabases, database_cap;
	struct arena scratch; /* effects of the last statement, drafts */
};

/* Returns a tracked database, or NULL. */
struct catalog_database *catalog_database(const struct catalog *catalog, struct slice db);
/* Finds a database or adds it. */
struct catalog_database *catalog_add_database(struct catalog *catalog, struct slice db);
/* The names of views and sequences of a database. */
bool catalog_other_has(const struct catalog *catalog, const struct catalog_database *database,
		       struct slice name);
void catalog_other_add(struct catalog *catalog, struct catalog_database *database,
		       struct slice name);
/* Returns false if there was no such name. */
bool catalog_other_remove(struct catalog *catalog, struct catalog_database *database,
			  struct slice name);
void catalog_other_clear(struct catalog_database *database);
void catalog_unread_clear(struct catalog_database *database);
/* Returns the name as the server stores it: in lower case with lower_case_table_names=1. */
struct slice catalog_name(const struct catalog *catalog, struct slice name, struct arena *arena);
/* Publishes the draft as a new version of its table. Supersedes the old version. */
const struct table *catalog_publish(struct catalog *catalog, const struct draft *draft);
/* Publishes the draft with a version that the catalog has assigned before. */
const struct table *catalog_publish_version(struct catalog *catalog, const struct draft *draft,
					    uint64_t version);
/* Makes the catalog one more user of the entry, in place of its own for that table. */
void catalog_share_entry(struct catalog *catalog, struct catalog_entry *entry);
/* Removes the table. It stays readable until catalog_forget. */
void catalog_remove(struct catalog *catalog, const struct table *table);

#endif
