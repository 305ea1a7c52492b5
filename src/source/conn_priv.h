/* conn_priv: the body of a connection, for the files of src/source only. Includes mysql.h.
 * Thread: as conn.h. Owner: conn_free. */
#ifndef TIDEWAY_CONN_PRIV_H
#define TIDEWAY_CONN_PRIV_H

#include "source/conn.h"
#include "source/source_priv.h"

#include <mysql.h>

struct flavour;

struct conn {
	MYSQL *mysql;
	const struct flavour *flavour; /* what differs between MySQL and MariaDB */
	struct source *source; /* borrowed, to open a second connection to the same server */
	int host_number;       /* index of the host; -1: a source without a list of hosts */
	struct server server;
	enum conn_role role;
	bool frees_locks; /* CONN_READER: see conn_frees_locks */
	const char *host; /* points into the configuration; NULL: the socket */
	unsigned port;
	char place[300]; /* "127.0.0.1:3306" or the socket, for texts */
	char user[100];  /* for texts */
	struct source_socket socket;
	unsigned last_errno; /* of the last call; 0: no error */
};

/* As conn_open, with a read deadline. 0: only the TCP keepalive limits a read. */
struct conn *conn_open_deadline(struct source *source, enum conn_role role, unsigned read_timeout_s,
				struct err *err);
/* Fill *err with "<server>: <doing>: 1146 (42S02) <text>", and take the number from libmariadb. The
 * number decides whether it is retriable. Return -1. */
int conn_fail(struct conn *conn, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Run SQL that the server may refuse (unknown variable, missing privilege). Fail only if the
 * connection is lost. */
int conn_query_lenient(struct conn *conn, struct err *err, const char *sql) MUST_CHECK;
/* Whether a connect that failed with this number may succeed later. At the first connect an unknown
 * host or a failed TLS handshake comes from the script's settings. Later it comes from the name
 * server, or from a server that restarts. */
bool conn_connect_retriable(const struct conn *conn, unsigned number);
/* Return "10.11.19-MariaDB-log" as 101119; 0: not a version. */
unsigned conn_parse_version(const char *text);
/* Copy a cell to a C string, truncated to size. */
void conn_copy_cell(char *dst, size_t size, struct slice cell);

#endif
