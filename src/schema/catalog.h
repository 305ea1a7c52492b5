/* catalog: versioned definitions of all tables of the captured databases. Filled with what a server has
 * (source/catalog_load.h), changed by the DDL of the stream, saved with the checkpoint.
 * Thread: the stream lane (the control thread before the lane starts). Tables are immutable: other
 * threads may read them as long as nobody calls catalog_forget.
 * Owner: catalog_new / catalog_free. A superseded table lives until catalog_forget. */
#ifndef TIDEWAY_CATALOG_H
#define TIDEWAY_CATALOG_H

#include "base/buf.h"
#include "base/err.h"
#include "model/ddl.h"
#include "model/ident.h"
#include "model/table.h"

struct catalog;
struct catalog_contents;

enum { ENGINE_NAME_SIZE = 65 };

/* What the server has set globally (DDL_VARIABLES). */
struct catalog_variables {
	bool asked;                    /* false: what a server has by default */
	bool implicit_timestamp;       /* explicit_defaults_for_timestamp=OFF */
	bool utf8_is_mb4;              /* old_mode without UTF8_IS_UTF8MB3 */
	char engine[ENGINE_NAME_SIZE]; /* default_storage_engine */
};

/* lower_case: lower_case_table_names of the server (0, 1 or 2). */
struct catalog *catalog_new(unsigned lower_case);
void catalog_free(struct catalog *catalog);
/* Frees every superseded table; plans and effects that point at one must be gone. */
void catalog_forget(struct catalog *catalog);

/* How names of columns and keys compare. */
void catalog_set_idents(struct catalog *catalog, enum ident_rules rules);
/* Sets the global variables that decide what statements mean; asked becomes true. */
void catalog_set_variables(struct catalog *catalog, const struct catalog_variables *variables);
/* Whether utf8 in a statement is utf8mb4. */
bool catalog_utf8_is_mb4(const struct catalog *catalog);

/* Replaces everything known about a database by its contents now. A table whose definition is the same keeps
 * its version and its address. */
void catalog_replace_database(struct catalog *catalog, struct catalog_contents *contents);
/* NULL: not known. */
const struct table *catalog_find(const struct catalog *catalog, struct slice db, struct slice name);
/* A name of a statement as the server has it: the table's own spelling where names know no case. */
struct ddl_name catalog_known_name(const struct catalog *catalog, const struct ddl_name *name,
				   struct arena *arena);
/* Every table, in order of database and name: start with *at = 0; NULL at the end. */
const struct table *catalog_next(const struct catalog *catalog, size_t *at);
/* Every database likewise; ptr NULL at the end. */
struct slice catalog_next_database(const struct catalog *catalog, size_t *at);
/* Whether the catalog follows this database: loaded, restored, or created in the stream. */
bool catalog_has_database(const struct catalog *catalog, struct slice db);
/* Stops following a database; its tables become superseded. */
void catalog_drop_database(struct catalog *catalog, struct slice db);
/* Whether the name is a view's or a sequence's (whose changes stand in the binlog as a table's rows do):
 * no table, and nothing of it is to be followed. */
bool catalog_is_other(const struct catalog *catalog, struct slice db, struct slice name);
/* Whether the table was left out when its database was loaded, since it has something that is not known here. */
bool catalog_cannot_read(const struct catalog *catalog, struct slice db, struct slice name);
/* Puts a definition made elsewhere (row metadata FULL) in place; it is copied and gets a new version. */
const struct table *catalog_put(struct catalog *catalog, const struct table *table);
/* The highest version given so far: has anything changed since? Also when a table was not loaded any more. */
uint64_t catalog_version(const struct catalog *catalog);

/* Applies the steps of one statement (schema/ddl.h). *effects (n of them, 0 when no table or known
 * database is concerned) live until the next call of this function. Steps NONE, DML and UNPLACED have no
 * effects: the caller decides about those before (rule 12). A statement that cannot be applied (column
 * not there, ...) is an ERR_DATA that names statement and table; the catalog is then as it was before.
 * Tables of databases the catalog does not follow are ignored, except that a RENAME into a known database
 * is reported with before = NULL and after = NULL. A database created in the stream is followed from then
 * on (op QUERY). */
int catalog_apply(struct catalog *catalog, const struct ddl_context *context,
		  const struct ddl_step *steps, unsigned nsteps, const struct ddl_effect **effects,
		  unsigned *neffects, struct err *err) MUST_CHECK;

/* One table as JSON for a checkpoint record, and back (its version is kept). */
void catalog_table_to_json(const struct table *table, struct buf *buf);
int catalog_table_from_json(struct catalog *catalog, struct slice json, struct err *err) MUST_CHECK;
/* Version 0.1.0 saved the labels of ENUM and SET as information_schema shows them: those that it cannot show are taken
 * from `fresh`, where a table has the same columns there. Versions stay. */
void catalog_mend_labels(struct catalog *catalog, const struct catalog *fresh);
/* Copies a database with its tables, versions and all, from one catalog to another that does not have it; or
 * moves it there. A database that `from` does not have is no error. */
void catalog_copy_database(struct catalog *to, const struct catalog *from, struct slice db);
void catalog_move_database(struct catalog *to, struct catalog *from, struct slice db);
/* The database defaults likewise: {"db":"shop","charset":"utf8mb4",...}. */
void catalog_database_to_json(const struct catalog *catalog, struct slice db, struct buf *buf);
int catalog_database_from_json(struct catalog *catalog, struct slice json,
			       struct err *err) MUST_CHECK;

#endif
