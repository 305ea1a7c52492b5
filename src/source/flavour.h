/* flavour: the differences between MySQL and MariaDB, as a table of functions for each.
 * Thread: the owner of the connection. Owner: none; the tables are constants. */
#ifndef TIDEWAY_FLAVOUR_H
#define TIDEWAY_FLAVOUR_H

#include "model/position.h"
#include "source/conn.h"

struct dump_start {
	const struct position *position;
	uint32_t server_id;
	const char *uuid; /* 36 characters */
	unsigned heartbeat_ms;
	bool non_block; /* the dump ends after the last event */
};

struct flavour {
	const char *name;        /* "MariaDB" */
	unsigned oldest;         /* the oldest supported version, like server.version */
	const char *oldest_text; /* that version for messages */
	/* statements for session settings that a version may lack; NULL at the end */
	const char *const *settings;
	/* Sets conn->server.identity and .gtid. */
	int (*identify)(struct conn *conn, struct err *err);
	/* Sets *position to the end of the binlog: the file, and on MySQL the GTIDs. Unless a lock
	 * prevents commits, a SELECT may not yet see everything before it (rule: start-under-lock). */
	int (*end_position)(struct conn *conn, struct position *position, struct err *err);
	/* Sets file and offset of the exact position of the snapshot that is open on this
	 * connection. NULL: the server does not report it. */
	int (*snapshot_position)(struct conn *conn, struct position *position, struct err *err);
	/* Sets the GTIDs of a position that has file and offset. NULL: end_position sets them. */
	int (*gtids_at)(struct conn *conn, struct position *position, struct err *err);
	/* Checks that the server still has everything after the position. Fails with ERR_POSITION
	 * if not. */
	int (*dump_check)(struct conn *conn, const struct position *position, struct err *err);
	/* Sets up the session and sends the dump command. The events follow. */
	int (*dump_start)(struct conn *conn, const struct dump_start *start, struct err *err);
	/* Appends the oldest available binlog for the error of a purged position; nothing if it is
	 * unknown. */
	void (*oldest_available)(struct conn *conn, struct buf *text);
};

extern const struct flavour flavour_mariadb, flavour_mysql;

/* Runs SHOW BINARY LOG STATUS, or SHOW MASTER STATUS if the server does not know that. */
int flavour_binlog_status(struct conn *conn, struct result *result, struct err *err) MUST_CHECK;
/* Appends the body of COM_BINLOG_DUMP. An empty file: from the first binlog, or from the GTIDs in
 * session variables. */
void flavour_encode_dump(struct buf *body, uint64_t offset, uint16_t flags, uint32_t server_id,
			 const char *file);
/* Appends the body of COM_BINLOG_DUMP_GTID. */
void flavour_encode_dump_gtid(struct buf *body, const struct gtid_set *gtids, uint16_t flags,
			      uint32_t server_id);
/* Returns whether a dump asks for the position by its GTIDs, not by file and offset. */
bool flavour_asks_by_gtid(const struct position *position);
/* Sends COM_BINLOG_DUMP with the file and offset of the position. Fails for an offset that the
 * command cannot express. */
int flavour_send_file_dump(struct conn *conn, const struct dump_start *start,
			   struct err *err) MUST_CHECK;

#endif
