/* catalog_contents: the contents of one database of a server, from the loader to the catalog.
 * Thread: the one that loads. Owner: catalog_contents_init, catalog_contents_fini. */
#ifndef TIDEWAY_CATALOG_CONTENTS_H
#define TIDEWAY_CATALOG_CONTENTS_H

#include "base/arena.h"
#include "base/map.h"
#include "schema/catalog_draft.h"

struct found_table {
	struct draft draft;
	bool unknown; /* left out, because its definition has an unknown part */
};

struct catalog_contents {
	struct arena arena; /* contains all members below */
	struct slice db;    /* in the server's spelling; ptr NULL: the database does not exist */
	enum charset charset;
	bool partial; /* the loader left a table out */
	struct found_table *tables;
	unsigned ntables;
	struct map by_name;   /* from names in the server's spelling to struct found_table */
	struct slice *others; /* names of views and sequences */
	unsigned nothers;
};

void catalog_contents_init(struct catalog_contents *contents);
void catalog_contents_fini(struct catalog_contents *contents);

#endif
