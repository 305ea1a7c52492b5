/* server_error: classifies errors of the servers by their numbers and texts. Pure functions.
 * Thread: any. Owner: none; texts are constants. */
#ifndef TIDEWAY_SERVER_ERROR_H
#define TIDEWAY_SERVER_ERROR_H

#include "base/err.h"

/* Returns whether another try may succeed later: a lost connection, a server that starts, stops or
 * has too many connections, a lock timeout. */
bool server_error_retriable(unsigned number);
/* Returns whether the connection is lost. */
bool server_error_lost(unsigned number);
/* Returns whether the account lacks a privilege for the statement. */
bool server_error_denied(unsigned number);
/* Returns whether this version or flavour does not know the statement, variable or syntax. */
bool server_error_unknown(unsigned number);
/* Returns whether the definition of a table changed during a statement (consistency rule: ddl-while-copying). */
bool server_error_table_changed(unsigned number);
/* Returns the remedy for an error of connecting, to be appended to the server's text; never
 * NULL. */
const char *server_error_connect_remedy(unsigned number, const char *text);
/* Returns the entry of an error that ends a binlog dump: E_BINLOG_PURGED, E_SERVER_ID,
 * E_DUMP_REFUSED, or E_STATEMENT for any other. */
enum err_id server_error_dump(unsigned number, const char *text);

#endif
