/* conn: one connection to MySQL or MariaDB, SQL and raw packets (the only place with mysql.h is
 * src/source). Sessions are set up as rule: long-sessions says: net_write_timeout, wait_timeout 86400,
 * net_read_timeout 600, character_set_results NULL for row readers, time_zone '+00:00', sql_mode ''.
 * Thread: the one that opened it; only conn_shutdown may be called from another.
 * Owner: conn_free. Slices of a packet or result live until the next call on the connection. */
#ifndef TIDEWAY_CONN_H
#define TIDEWAY_CONN_H

#include "base/buf.h"
#include "base/err.h"
#include "source/source.h"

struct conn;

/* What the server is, asked once at the connect. */
struct server {
	bool mariadb;
	unsigned version; /* 100511: 10.5.11; 90704: 9.7.4 */
	char version_text[64];
	char identity[64]; /* server_uuid (MySQL) or server_id (MariaDB) */
	uint32_t server_id;
	unsigned lower_case_table_names;
	bool gtid;              /* MariaDB: always; MySQL: gtid_mode=ON */
	bool row_metadata_full; /* of a CONN_DUMP: binlog_row_metadata=FULL, now */
};

enum conn_role {
	CONN_CONTROL, /* SQL in UTF-8: catalog, checks, positions */
	CONN_READER,  /* full sync: character_set_results NULL, time_zone UTC */
	CONN_DUMP,    /* binlog dump */
	CONN_LOCK,    /* SQL; holds a lock that must outlast every other connection of the sync */
};

/* ERR_SOURCE, retriable when the server is away (refused, timeout, lost), not when it refuses us
 * (password, TLS required ...); an unknown host name and a failed TLS handshake are retriable once the source has been
 * connected there. Texts contain host:port, user and remedy.
 * With several hosts the connection goes to the chosen one. If none is chosen, tries them in order and chooses the first
 * that answers. */
struct conn *conn_open(struct source *source, enum conn_role role, struct err *err);
void conn_free(struct conn *conn);
const struct server *conn_server(const struct conn *conn);
/* Ends a blocked read (any error that it then gives is the stop); any thread, any time between the return of
 * conn_open and the call of conn_free, also when the connection has failed meanwhile. The caller sees to it
 * that conn_free does not run at the same time (a lock around its pointer); nothing else is needed. */
void conn_shutdown(struct conn *conn);
/* From now on a call that gets no byte from the server for so long fails as a lost connection; 0: it waits for ever. */
void conn_set_deadline(struct conn *conn, unsigned seconds);
/* The descriptor to poll for input. It belongs to the connection. */
int conn_fd(const struct conn *conn);
uint64_t conn_id(const struct conn *conn);
/* "127.0.0.1:3306" or the socket. */
const char *conn_place(const struct conn *conn);
/* Of a CONN_READER: whether ROLLBACK TO SAVEPOINT gives the metadata locks of the tables back that were read since,
 * so that an ALTER need not wait for the end of the snapshot (rule: ddl-while-copying). MariaDB: only with BINLOG ADMIN. */
bool conn_frees_locks(const struct conn *conn);

/* A whole result in memory, text protocol; cells are NUL-terminated, NULL is {NULL, 0}. */
struct result {
	unsigned ncolumns;
	unsigned nrows;
	const struct slice *cells; /* row-major */
	const struct slice *names; /* column names */
	void *private_data;
};
/* Runs SQL. result may be NULL (a result set is then read and dropped). A server error is ERR_SOURCE with
 * its number and text and the statement; conn_errno gives the number; lost connection is retriable. */
int conn_query(struct conn *conn, struct result *result, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5))) MUST_CHECK;
void result_fini(struct result *result);
struct slice result_cell(const struct result *result, unsigned row, unsigned column);
/* By column name, nocase; {NULL, 0} when there is no such column. */
struct slice result_named(const struct result *result, unsigned row, const char *column);
/* Number of the last server or client error on this connection; 0: none. */
unsigned conn_errno(const struct conn *conn);
/* 'quoted' and escaped for SQL / `quoted` identifier. */
void conn_quote(struct conn *conn, struct slice text, struct buf *buf);
void conn_quote_name(struct slice name, struct buf *buf);

#endif
