/* conn_priv: the body of a connection, for the files of src/source only (brings mysql.h).
 * Thread: as conn.h. Owner: conn_free. */
#ifndef TIDEWAY_CONN_PRIV_H
#define TIDEWAY_CONN_PRIV_H

#include "source/conn.h"

#include <mysql.h>
#include <stdatomic.h>

struct flavour;

struct conn {
	MYSQL *mysql;
	const struct flavour *flavour;      /* what differs between MySQL and MariaDB */
	const struct source_config *config; /* borrowed: for a second connection like this one */
	struct server server;
	enum conn_role role;
	bool frees_locks; /* CONN_READER: see conn_frees_locks */
	const char *host; /* where it goes, the configuration's text; NULL: to the socket */
	unsigned port;
	char place[300];     /* "127.0.0.1:3306" or the socket, for texts */
	char user[100];      /* for texts */
	int shutdown_fd;     /* a duplicate of the socket: libmariadb closes its own at an error, so
	                                  that its number may already be another file's when conn_shutdown
	                                  comes */
	unsigned last_errno; /* of the last call; 0: it went well */
	_Atomic int64_t asked_ms; /* monotonic, when the query that runs was sent; 0: none runs */
	struct conn *next;        /* in the list of all that are connected */
};

/* conn_open with a read deadline (0: none but the TCP keepalive). */
struct conn *conn_open_deadline(const struct source_config *config, enum conn_role role,
				unsigned read_timeout_s, struct err *err);
/* Takes the number from libmariadb and fills *err: "<server>: <doing>: 1146 (42S02) <text>"; -1.
 * Retriable by the number. */
int conn_fail(struct conn *conn, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Runs SQL whose refusal (unknown variable, missing privilege) does not matter; a lost connection does. */
int conn_query_lenient(struct conn *conn, struct err *err, const char *sql) MUST_CHECK;
/* A cell as a C string, cut to size. */
void conn_copy_cell(char *dst, size_t size, struct slice cell);

#endif
