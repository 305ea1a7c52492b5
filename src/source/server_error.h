/* server_error: what the numbers and texts of the servers' errors mean. Pure.
 * Thread: any. Owner: nothing is owned. */
#ifndef TIDEWAY_SERVER_ERROR_H
#define TIDEWAY_SERVER_ERROR_H

#include "base/err.h"

/* What can be done when the position means nothing any more. */
#define REMEDY_COPY_AGAIN                                                                          \
	"a sync that has lost its position must copy again: give it another name, or delete its "  \
	"checkpoint topic or file while it is stopped; and keep the binlog longer"

/* A lost connection, a server that starts, stops or is full, a lock that was not had: the same thing
 * may succeed later. */
bool server_error_retriable(unsigned number);
/* The connection itself is gone; nothing more can be asked on it. */
bool server_error_lost(unsigned number);
/* The server lets no one in with this statement: a privilege is missing. */
bool server_error_denied(unsigned number);
/* The statement, variable or syntax is not known to this version or this flavour. */
bool server_error_unknown(unsigned number);
/* The definition of a table changed under a statement (consistency rule 7). */
bool server_error_table_changed(unsigned number);
/* The remedy for an error met at the connect, to stand behind the server's text; never NULL. */
const char *server_error_connect_remedy(unsigned number, const char *text);
/* The kind of an error that ends a binlog dump: ERR_POSITION, ERR_DISPLACED or ERR_SOURCE. */
enum err_code server_error_dump_code(unsigned number, const char *text);

#endif
