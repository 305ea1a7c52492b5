/* catalog_priv: the body of a catalog, for catalog*.c only. Thread: the owner of the catalog. Owner:
 * catalog_free. */
#ifndef TIDEWAY_CATALOG_PRIV_H
#define TIDEWAY_CATALOG_PRIV_H

#include "schema/catalog.h"
#include "schema/catalog_draft.h"

/* One version of one table. */
struct catalog_entry {
	struct arena arena; /* holds the table */
	struct table *table;
	struct catalog_entry *next; /* in the list of superseded ones */
};

struct catalog_database {
	char *text; /* owns the name */
	struct slice name;
	enum charset charset;
	bool partial;         /* it may have tables that are not known: nothing is an error
	                                 for lack of a table */
	struct slice *unread; /* tables that were left out of it for that; each text is owned */
	size_t nunread;
	struct slice *others; /* names of views and sequences, ascending; each text is owned */
	size_t nothers, other_cap;
};

struct catalog {
	unsigned lower_case;
	enum ident_rules idents; /* of columns and keys */
	struct catalog_variables variables;
	uint64_t version;              /* the highest given */
	struct catalog_entry **tables; /* ascending by database and name */
	size_t ntables, table_cap;
	struct catalog_entry *superseded;
	struct catalog_database **databases; /* ascending by name */
	size_t ndatabases, database_cap;
	struct arena scratch; /* effects of the last statement, drafts */
};

struct catalog_database *catalog_database(const struct catalog *catalog, struct slice db);
/* Finds or makes it. */
struct catalog_database *catalog_add_database(struct catalog *catalog, struct slice db);
/* Views and sequences of a database, kept with it. */
bool catalog_other_has(const struct catalog *catalog, const struct catalog_database *database,
		       struct slice name);
void catalog_other_add(struct catalog *catalog, struct catalog_database *database,
		       struct slice name);
/* True when it was there. */
bool catalog_other_remove(struct catalog *catalog, struct catalog_database *database,
			  struct slice name);
void catalog_other_clear(struct catalog_database *database);
void catalog_unread_clear(struct catalog_database *database);
/* The name as the server stores it: in lower case with lower_case_table_names=1. */
struct slice catalog_name(const struct catalog *catalog, struct slice name, struct arena *arena);
/* Publishes the draft as a new version of its table, superseding the one of that name. */
const struct table *catalog_publish(struct catalog *catalog, const struct draft *draft);
/* The same with a version that was given before. */
const struct table *catalog_publish_version(struct catalog *catalog, const struct draft *draft,
					    uint64_t version);
/* Takes the table out; it stays readable until catalog_forget. */
void catalog_remove(struct catalog *catalog, const struct table *table);

#endif
