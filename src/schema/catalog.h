/* catalog: versioned definitions of all tables of the tracked databases. source/catalog_load.h
 * loads them from a server, the DDL of the stream changes them, and the checkpoint saves them.
 * Thread: the stream lane (before it starts, the control thread). Tables are immutable: other
 * threads may read them until a call of catalog_forget. Owner: catalog_new, catalog_free. A
 * superseded table lives until catalog_forget, and longer if another catalog shares it. */
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

/* The global values of the server's variables (DDL_VARIABLES). */
struct catalog_variables {
	bool asked;                    /* queried; false: the defaults of a server */
	bool implicit_timestamp;       /* explicit_defaults_for_timestamp=OFF */
	bool utf8_is_mb4;              /* old_mode without UTF8_IS_UTF8MB3 */
	char engine[ENGINE_NAME_SIZE]; /* default_storage_engine */
};

/* Makes an empty catalog. lower_case: lower_case_table_names of the server (0, 1 or 2). */
struct catalog *catalog_new(unsigned lower_case);
void catalog_free(struct catalog *catalog);
/* Frees every superseded table. No plan or effect may point to one any more. */
void catalog_forget(struct catalog *catalog);

/* Sets how names of columns and keys compare. */
void catalog_set_idents(struct catalog *catalog, enum ident_rules rules);
/* Sets the global variables, and `asked` to true. */
void catalog_set_variables(struct catalog *catalog, const struct catalog_variables *variables);
/* Returns whether utf8 in a statement is utf8mb4. */
bool catalog_utf8_is_mb4(const struct catalog *catalog);

/* Replaces the content of a database. A table whose definition is the same keeps its version and
 * address. */
void catalog_replace_database(struct catalog *catalog, struct catalog_contents *contents);
/* Returns the current definition of a table; NULL: unknown. */
const struct table *catalog_find(const struct catalog *catalog, struct slice db, struct slice name);
/* Returns a statement's name of a table in the server's spelling, which may differ in case. */
struct ddl_name catalog_known_name(const struct catalog *catalog, const struct ddl_name *name,
				   struct arena *arena);
/* Returns the next table in the order of database and name; NULL at the end. Start with *at = 0. */
const struct table *catalog_next(const struct catalog *catalog, size_t *at);
/* Returns the next database in the same way; ptr NULL at the end. */
struct slice catalog_next_database(const struct catalog *catalog, size_t *at);
/* Returns whether the database is tracked: loaded, restored, or created in the stream. */
bool catalog_has_database(const struct catalog *catalog, struct slice db);
/* Notes that definitions of a tracked database are not known, so that a statement on a table without one does not fail. */
void catalog_set_partial(struct catalog *catalog, struct slice db);
/* Forgets the definition of a table of a tracked database, if it has one, and notes as catalog_set_partial does that it is not known. The
 * definition becomes superseded. */
void catalog_leave_out(struct catalog *catalog, struct slice db, struct slice name);
/* Stops tracking a database. Its tables become superseded. */
void catalog_drop_database(struct catalog *catalog, struct slice db);
/* Returns whether the name is that of a view or sequence. The binlog contains changes of a sequence
 * like rows of a table; they are not to be sent. */
bool catalog_is_other(const struct catalog *catalog, struct slice db, struct slice name);
/* Returns whether loading the database left the table out, because its definition has an unknown
 * part. */
bool catalog_cannot_read(const struct catalog *catalog, struct slice db, struct slice name);
/* Publishes a copy of a definition made elsewhere (from row metadata) as a new version. Returns the
 * copy. */
const struct table *catalog_put(struct catalog *catalog, const struct table *table);
/* Returns the highest version so far. It increases with each change of the set of tables or of a
 * definition. */
uint64_t catalog_version(const struct catalog *catalog);

/* Applies the steps of one statement (schema/ddl.h). Sets *effects to *neffects effects, which live
 * until the next call. There are none if the statement does not concern a tracked database. Steps
 * NONE, DML and UNPLACED have no effects: the caller handles them before (rule: plan-key). Fails with
 * ERR_DATA if the statement does not fit the catalog, for example if a column is missing; the error
 * names the table, and the catalog is unchanged. Ignores tables of other databases. A RENAME from
 * there into a tracked database is an effect with before = NULL and after = NULL. A database
 * created in the stream becomes tracked (op QUERY). */
int catalog_apply(struct catalog *catalog, const struct ddl_context *context,
		  const struct ddl_step *steps, unsigned nsteps, const struct ddl_effect **effects,
		  unsigned *neffects, struct err *err) MUST_CHECK;

/* Convert a table with its version to the JSON of a checkpoint record, and back. */
void catalog_table_to_json(const struct table *table, struct buf *buf);
int catalog_table_from_json(struct catalog *catalog, struct slice json, struct err *err) MUST_CHECK;
/* Returns whether a table that came from JSON has ENUM or SET columns whose labels may not be complete. */
bool catalog_lacks_labels(const struct catalog *catalog);
/* Repairs labels of ENUM and SET. Version 0.1.0 saved them as information_schema shows them, which
 * cannot show some. Takes those from `fresh` for tables with the same columns there. Keeps all
 * versions. */
void catalog_mend_labels(struct catalog *catalog, const struct catalog *fresh);
/* Copy or move a database with its tables and their versions to a catalog that does not contain it.
 * Both catalogs compare names alike, and share the definitions. Do nothing if `from` does not contain it. */
void catalog_copy_database(struct catalog *to, const struct catalog *from, struct slice db);
void catalog_move_database(struct catalog *to, struct catalog *from, struct slice db);
/* Take the definitions of `other`, with their versions, for tables that are the same there. Then forget what is superseded. */
void catalog_share(struct catalog *catalog, const struct catalog *other);
/* Convert the defaults of a database to JSON, and back: {"db":"shop","charset":"utf8mb4",...}. */
void catalog_database_to_json(const struct catalog *catalog, struct slice db, struct buf *buf);
int catalog_database_from_json(struct catalog *catalog, struct slice json,
			       struct err *err) MUST_CHECK;

#endif
