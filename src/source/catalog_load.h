/* catalog_load: loads a server's definitions from information_schema into a catalog.
 * Thread: the owner of the connection and the catalog. Owner: the caller owns both. */
#ifndef TIDEWAY_CATALOG_LOAD_H
#define TIDEWAY_CATALOG_LOAD_H

#include "schema/catalog.h"

struct conn;
struct draft;

/* Names that a server has returned. */
struct name_list {
	struct slice *names;
	unsigned n;
	struct arena arena; /* of the names */
};

/* Returns an empty catalog that compares names like the connection's server. Release it with
 * catalog_free. */
struct catalog *catalog_new_for(const struct conn *conn);
void name_list_fini(struct name_list *list);
/* The databases that the user sees: those of the server too (mysql, sys), or without them.
 * information_schema and performance_schema are left out. Release the list after success. */
int catalog_list_databases(struct conn *conn, bool system, struct name_list *list,
			   struct err *err) MUST_CHECK;
/* The tables of a database that have rows of their own. */
int catalog_list_tables(struct conn *conn, struct slice db, struct name_list *list,
			struct err *err) MUST_CHECK;
/* Loads the global variables that change the meaning of statements (DDL_VARIABLES). */
int catalog_load_variables(struct catalog *catalog, struct conn *conn, struct err *err) MUST_CHECK;
/* Loads the variables, and replaces the content of `db` by that of information_schema. Drops the
 * database from the catalog if it does not exist. */
int catalog_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			  struct err *err) MUST_CHECK;
/* Loads the labels of ENUM and SET columns that information_schema cannot show. On failure *refused
 * is true if the server refuses the query for this table, with its reason in err, and false if the
 * connection has failed. */
int catalog_load_labels(struct draft *draft, struct conn *conn, bool *refused,
			struct err *err) MUST_CHECK;

#endif
