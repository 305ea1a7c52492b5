/* catalog_load: fills a catalog with the definitions that a server has, from information_schema.
 * Thread: that of the connection and the catalog. Owner: the caller of both. */
#ifndef TIDEWAY_CATALOG_LOAD_H
#define TIDEWAY_CATALOG_LOAD_H

#include "schema/catalog.h"

struct conn;
struct draft;

/* An empty catalog for the server at the other end: names compare there as they do here. catalog_free. */
struct catalog *catalog_new_for(const struct conn *conn);
/* Asks for the global variables that decide what statements mean (DDL_VARIABLES). */
int catalog_load_variables(struct catalog *catalog, struct conn *conn, struct err *err) MUST_CHECK;
/* Loads the variables, and replaces everything known about `db` by what information_schema has now. A database
 * that does not exist is dropped. */
int catalog_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			  struct err *err) MUST_CHECK;
/* Asks for the labels of ENUM and SET columns that information_schema cannot show. refused: the server does not
 * answer that for this table, and err has its reason; else an error is the connection's. */
int catalog_load_labels(struct draft *draft, struct conn *conn, bool *refused,
			struct err *err) MUST_CHECK;

#endif
