/* catalog_contents: what a server has in one database, as the loader reads it and the catalog takes it over.
 * Thread: the one that loads. Owner: catalog_contents_init / _fini. */
#ifndef TIDEWAY_CATALOG_CONTENTS_H
#define TIDEWAY_CATALOG_CONTENTS_H

#include "base/arena.h"
#include "base/map.h"
#include "schema/catalog_draft.h"

struct found_table {
	struct draft draft;
	bool unknown; /* left out: it has something that is not known here */
};

struct catalog_contents {
	struct arena arena; /* holds everything below */
	struct slice db;    /* as the server spells it; ptr NULL: there is no such database */
	enum charset charset;
	bool partial; /* a table was left out */
	struct found_table *tables;
	unsigned ntables;
	struct map by_name;   /* names as the server spells them to struct found_table */
	struct slice *others; /* names of views and sequences */
	unsigned nothers;
};

void catalog_contents_init(struct catalog_contents *contents);
void catalog_contents_fini(struct catalog_contents *contents);

#endif
