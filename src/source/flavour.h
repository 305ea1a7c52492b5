/* flavour: what differs between MySQL and MariaDB, one table of functions for each.
 * Thread: the owner of the connection. Owner: nothing is owned; the tables are constants. */
#ifndef TIDEWAY_FLAVOUR_H
#define TIDEWAY_FLAVOUR_H

#include "model/position.h"
#include "source/conn.h"

struct dump_start {
	const struct position *position;
	uint32_t server_id;
	const char *uuid; /* 36 characters */
	unsigned heartbeat_ms;
	bool non_block; /* end at the last event */
};

struct flavour {
	const char *name;            /* "MariaDB" */
	unsigned oldest;             /* the oldest version that we read from, as server.version */
	const char *oldest_text;     /* the same for people */
	const char *const *settings; /* session settings that a version may lack; NULL ends them */
	/* Fills conn->server.identity and .gtid. */
	int (*identify)(struct conn *conn, struct err *err);
	/* Where the binlog ends, GTIDs and file. Ahead of what a SELECT sees unless commits are held off
	 * (rule 1). */
	int (*end_position)(struct conn *conn, struct position *position, struct err *err);
	/* The exact position of the snapshot that is open on this connection: file and offset only.
	 * NULL: the server cannot say. */
	int (*snapshot_position)(struct conn *conn, struct position *position, struct err *err);
	/* Gives the GTIDs of a position that has file and offset. NULL: it has them already. */
	int (*gtids_at)(struct conn *conn, struct position *position, struct err *err);
	/* Whether the server still has everything behind the position: ERR_POSITION when not. */
	int (*dump_check)(struct conn *conn, const struct position *position, struct err *err);
	/* Sets the session up and sends the dump command; the events come after it. */
	int (*dump_start)(struct conn *conn, const struct dump_start *start, struct err *err);
	/* Appends ", the oldest ... is ..." for the text of a purged position; nothing when it is not known. */
	void (*oldest_available)(struct conn *conn, struct buf *text);
};

extern const struct flavour flavour_mariadb, flavour_mysql;

/* SHOW BINARY LOG STATUS, or SHOW MASTER STATUS where that is not known: decided by the error. */
int flavour_binlog_status(struct conn *conn, struct result *result, struct err *err) MUST_CHECK;
/* Body of COM_BINLOG_DUMP; file empty: from the first binlog, or as the session variables say. */
void flavour_encode_dump(struct buf *body, uint64_t offset, uint16_t flags, uint32_t server_id,
			 const char *file);
/* Body of COM_BINLOG_DUMP_GTID. */
void flavour_encode_dump_gtid(struct buf *body, const struct gtid_set *gtids, uint16_t flags,
			      uint32_t server_id);

#endif
