/* conn: one connection to MySQL or MariaDB, for SQL and raw packets. Only src/source includes
 * mysql.h. A session has these settings (rule: long-sessions): net_write_timeout and wait_timeout
 * 86400, net_read_timeout 600, character_set_results NULL for readers of rows, time_zone '+00:00',
 * sql_mode ''.
 * Thread: the one that opened it; only conn_shutdown may be called from another.
 * Owner: conn_open / conn_free. Slices of a packet or result are valid until the next call on the
 * connection. */
#ifndef TIDEWAY_CONN_H
#define TIDEWAY_CONN_H

#include "base/buf.h"
#include "base/err.h"
#include "source/source.h"

struct conn;

/* The server, as it answered at the connect. */
struct server {
	bool mariadb;
	unsigned version; /* 100511: 10.5.11; 90704: 9.7.4 */
	char version_text[64];
	char identity[64]; /* server_uuid (MySQL) or server_id (MariaDB) */
	uint32_t server_id;
	unsigned lower_case_table_names;
	bool gtid;              /* MariaDB: always; MySQL: gtid_mode=ON */
	bool row_metadata_full; /* CONN_DUMP only: binlog_row_metadata was FULL at the connect */
};

enum conn_role {
	CONN_CONTROL, /* SQL in UTF-8: catalog, checks, positions */
	CONN_READER,  /* full sync: character_set_results NULL, time_zone UTC */
	CONN_DUMP,    /* binlog dump */
	CONN_LOCK,    /* SQL; holds a lock that must outlast every other connection of the sync */
};

/* Open a connection. Fail with ERR_SOURCE: retriable if the server is away (refused, timeout,
 * lost), permanent if it refuses us (password, TLS required etc.). An unknown host name and a
 * failed TLS handshake are retriable once the source has been connected there. Texts contain
 * host:port, user and remedy.
 * With several hosts, connect to the chosen one. If none is chosen, try them in order and choose
 * the first that answers. */
struct conn *conn_open(struct source *source, enum conn_role role, struct err *err);
void conn_free(struct conn *conn);
const struct server *conn_server(const struct conn *conn);
/* End a blocked read, for a stop; the error that it then returns means the stop. May be called from
 * any thread between the return of conn_open and the call of conn_free, even if the connection has
 * failed meanwhile. The caller must not let conn_free run at the same time: a lock around its
 * pointer is sufficient. */
void conn_shutdown(struct conn *conn);
/* From now on, a call that receives no byte from the server for this long fails as a lost
 * connection. 0: no limit. */
void conn_set_deadline(struct conn *conn, unsigned seconds);
/* The descriptor to poll for input. It belongs to the connection. */
int conn_fd(const struct conn *conn);
uint64_t conn_id(const struct conn *conn);
/* "127.0.0.1:3306" or the socket. */
const char *conn_place(const struct conn *conn);
/* For a CONN_READER: return whether ROLLBACK TO SAVEPOINT releases the metadata locks of the tables
 * read since the savepoint, so that an ALTER need not wait for the end of the snapshot (rule:
 * ddl-while-copying). On MariaDB that needs BINLOG ADMIN. */
bool conn_frees_locks(const struct conn *conn);

/* A whole result of the text protocol, in memory. Cells are NUL-terminated; NULL is {NULL, 0}. */
struct result {
	unsigned ncolumns;
	unsigned nrows;
	const struct slice *cells; /* row-major */
	const struct slice *names; /* column names */
	void *private_data;
};
/* Run SQL. result: NULL to read and drop the result set. A server error is ERR_SOURCE with its
 * number, its text and the statement; conn_errno returns the number. A lost connection is
 * retriable. */
int conn_query(struct conn *conn, struct result *result, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5))) MUST_CHECK;
void result_fini(struct result *result);
struct slice result_cell(const struct result *result, unsigned row, unsigned column);
/* Return the cell of the column with this name, in any case; {NULL, 0} if there is no such
 * column. */
struct slice result_named(const struct result *result, unsigned row, const char *column);
/* Return the number of the last server or client error on this connection; 0: none. */
unsigned conn_errno(const struct conn *conn);
/* Append the text 'quoted' and escaped for SQL, or as a `quoted` identifier. */
void conn_quote(struct conn *conn, struct slice text, struct buf *buf);
void conn_quote_name(struct slice name, struct buf *buf);

#endif
