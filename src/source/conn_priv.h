/* conn_priv: the body of a connection, for the files of src/source only (brings mysql.h).
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
	struct source *source;         /* borrowed: for a second connection like this one */
	int host_number;               /* which host of the source; -1: it has no list */
	struct server server;
	enum conn_role role;
	bool frees_locks; /* CONN_READER: see conn_frees_locks */
	const char *host; /* where it goes, the configuration's text; NULL: to the socket */
	unsigned port;
	char place[300]; /* "127.0.0.1:3306" or the socket, for texts */
	char user[100];  /* for texts */
	struct source_socket socket;
	unsigned last_errno; /* of the last call; 0: it went well */
};

/* conn_open with a read deadline (0: none but the TCP keepalive). */
struct conn *conn_open_deadline(struct source *source, enum conn_role role, unsigned read_timeout_s,
				struct err *err);
/* Takes the number from libmariadb and fills *err: "<server>: <doing>: 1146 (42S02) <text>"; -1.
 * Retriable by the number. */
int conn_fail(struct conn *conn, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Runs SQL whose refusal (unknown variable, missing privilege) does not matter; a lost connection does. */
int conn_query_lenient(struct conn *conn, struct err *err, const char *sql) MUST_CHECK;
/* Whether a connect that failed with this number may succeed later. At the first connect an unknown
 * host or a failed TLS handshake comes from the script's settings. Later it comes from the name
 * server, or from a server that restarts. */
bool conn_connect_retriable(const struct conn *conn, unsigned number);
/* "10.11.19-MariaDB-log" is 101119; 0: not a version. */
unsigned conn_parse_version(const char *text);
/* A cell as a C string, cut to size. */
void conn_copy_cell(char *dst, size_t size, struct slice cell);

#endif
