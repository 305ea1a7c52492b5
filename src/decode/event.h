/* event: parses the packets of binlog events into their fields. Pure functions; only
 * event_gtid_list_parse allocates. The layout of every event, all little-endian:
 *   timestamp(4) type(1) server_id(4) size(4) end_pos(4) flags(2) | post header | body | crc32(4)?
 * Thread: any. Owner: all slices point into the packet. */
#ifndef TIDEWAY_EVENT_H
#define TIDEWAY_EVENT_H

#include "base/err.h"
#include "base/slice.h"
#include "model/gtid.h"

#include <stdint.h>

/* X(id, code, name): the known event types. event_parse refuses other types by their number, except
 * events with EVENT_FLAG_IGNORABLE. */
#define EVENT_TYPES(X)                                                                             \
	X(QUERY, 2, "Query")                                                                       \
	X(STOP, 3, "Stop")                                                                         \
	X(ROTATE, 4, "Rotate")                                                                     \
	X(INTVAR, 5, "Intvar")                                                                     \
	X(APPEND_BLOCK, 9, "Append_block")                                                         \
	X(DELETE_FILE, 11, "Delete_file")                                                          \
	X(RAND, 13, "Rand")                                                                        \
	X(USER_VAR, 14, "User_var")                                                                \
	X(FORMAT_DESCRIPTION, 15, "Format_description")                                            \
	X(XID, 16, "Xid")                                                                          \
	X(BEGIN_LOAD_QUERY, 17, "Begin_load_query")                                                \
	X(EXECUTE_LOAD_QUERY, 18, "Execute_load_query")                                            \
	X(TABLE_MAP, 19, "Table_map")                                                              \
	X(WRITE_ROWS_V1, 23, "Write_rows_v1")                                                      \
	X(UPDATE_ROWS_V1, 24, "Update_rows_v1")                                                    \
	X(DELETE_ROWS_V1, 25, "Delete_rows_v1")                                                    \
	X(INCIDENT, 26, "Incident")                                                                \
	X(HEARTBEAT, 27, "Heartbeat")                                                              \
	X(IGNORABLE, 28, "Ignorable")                                                              \
	X(ROWS_QUERY, 29, "Rows_query")                                                            \
	X(WRITE_ROWS_V2, 30, "Write_rows")                                                         \
	X(UPDATE_ROWS_V2, 31, "Update_rows")                                                       \
	X(DELETE_ROWS_V2, 32, "Delete_rows")                                                       \
	X(GTID_MYSQL, 33, "Gtid")                                                                  \
	X(ANONYMOUS_GTID, 34, "Anonymous_gtid")                                                    \
	X(PREVIOUS_GTIDS, 35, "Previous_gtids")                                                    \
	X(TRANSACTION_CONTEXT, 36, "Transaction_context")                                          \
	X(VIEW_CHANGE, 37, "View_change")                                                          \
	X(XA_PREPARE, 38, "XA_prepare")                                                            \
	X(PARTIAL_UPDATE_ROWS, 39, "Partial_update_rows")                                          \
	X(TRANSACTION_PAYLOAD, 40, "Transaction_payload")                                          \
	X(HEARTBEAT_V2, 41, "Heartbeat_v2")                                                        \
	X(GTID_TAGGED, 42, "Gtid_tagged")                                                          \
	X(ANNOTATE_ROWS, 160, "Annotate_rows")                                                     \
	X(BINLOG_CHECKPOINT, 161, "Binlog_checkpoint")                                             \
	X(GTID_MARIADB, 162, "Gtid")                                                               \
	X(GTID_LIST, 163, "Gtid_list")                                                             \
	X(START_ENCRYPTION, 164, "Start_encryption")                                               \
	X(QUERY_COMPRESSED, 165, "Query_compressed")                                               \
	X(WRITE_ROWS_COMPRESSED_V1, 166, "Write_rows_compressed_v1")                               \
	X(UPDATE_ROWS_COMPRESSED_V1, 167, "Update_rows_compressed_v1")                             \
	X(DELETE_ROWS_COMPRESSED_V1, 168, "Delete_rows_compressed_v1")                             \
	X(WRITE_ROWS_COMPRESSED, 169, "Write_rows_compressed")                                     \
	X(UPDATE_ROWS_COMPRESSED, 170, "Update_rows_compressed")                                   \
	X(DELETE_ROWS_COMPRESSED, 171, "Delete_rows_compressed")                                   \
	X(PARTIAL_ROW_DATA, 172, "Partial_row_data")

enum event_type {
#define X(id, code, name) EVENT_##id = code,
	EVENT_TYPES(X)
#undef X
};

enum {
	EVENT_HEADER_SIZE = 19,
	EVENT_FLAG_ARTIFICIAL = 0x20,
	EVENT_FLAG_IGNORABLE = 0x80,
};

/* The content of a FORMAT_DESCRIPTION event, which applies to the events after it. */
struct event_format {
	bool checksum;            /* events end with a CRC32 of 4 bytes */
	bool mariadb;             /* the server version contains "MariaDB" */
	uint8_t post_header[256]; /* post-header length by event type */
	char server_version[51];  /* NUL-terminated */
};

struct event {
	uint32_t timestamp; /* seconds */
	uint8_t type;       /* an enum event_type or an unknown type */
	uint32_t server_id;
	uint32_t size;    /* of the whole event, checksum included */
	uint32_t end_pos; /* low 32 bits of the offset after the event; 0 for artificial events */
	uint16_t flags;
	struct slice body; /* the event without header and checksum */
};

const char *event_name(uint8_t type); /* NULL: unknown type */
/* Reports a body that is too short for its fields, or whose fields contradict each other. Returns
 * -1. */
int event_cut_error(const struct event *event, struct err *err);
/* Sets the format that applies before the first FORMAT_DESCRIPTION: no checksum. */
void event_format_init(struct event_format *format);
/* Parses the header and removes the checksum. Verifies the checksum if `verify` is set, also of
 * artificial events. Fails on events that stop every stream: compressed transactions, tagged GTIDs,
 * encryption, incidents, unknown types without the ignorable flag. Does not fail on compressed and
 * partial rows, because only captured tables need them. */
int event_parse(struct slice packet, const struct event_format *format, bool verify,
		struct event *event, struct err *err) MUST_CHECK;
/* Returns the server version: 110802 for "11.8.2-MariaDB"; 0: unknown. */
unsigned event_format_version(const struct event_format *format);
/* Parses a FORMAT_DESCRIPTION event. The packet includes its checksum, which is always verified. */
int event_format_parse(struct slice packet, struct event_format *format,
		       struct err *err) MUST_CHECK;

enum { EVENT_BORN_SIZE = 160 };
/* Writes the text that distinguishes a binlog file from others of the same name: its time of
 * creation, server id, server version and the layout of its events. These fields of its
 * FORMAT_DESCRIPTION stay the same in every dump. event_format_parse must have accepted the
 * packet. */
void event_format_born(struct slice packet, char born[EVENT_BORN_SIZE]);

struct event_rotate {
	uint64_t offset;
	struct slice file;
};
int event_rotate_parse(const struct event *event, struct event_rotate *rotate,
		       struct err *err) MUST_CHECK;

struct event_gtid {
	struct gtid gtid;  /* GTID_NONE for Anonymous_gtid */
	int64_t commit_ms; /* MySQL: original commit timestamp, or else the immediate one;
	                      MariaDB: header, the start of the last statement */
	/* when this server wrote it, or earlier; MySQL: immediate commit timestamp;
	 * MariaDB: header */
	int64_t written_ms;
	bool standalone;   /* MariaDB: the transaction is one Query event without a COMMIT */
	bool xa_prepared;  /* MariaDB: the transaction is an XA PREPARE */
	bool xa_completed; /* MariaDB: XA COMMIT or XA ROLLBACK of a prepared transaction */
	/* with xa_prepared, xa_completed: formatID(4) gtrid_len(1) bqual_len(1) data */
	struct slice xid;
	enum { ALTER_NONE, ALTER_START, ALTER_COMMIT, ALTER_ROLLBACK } alter; /* MariaDB 10.8+ */
	uint64_t alter_seq; /* ALTER_COMMIT, ALTER_ROLLBACK: seq of the START ALTER */
};
int event_gtid_parse(const struct event *event, struct event_gtid *gtid,
		     struct err *err) MUST_CHECK;

struct event_query {
	struct slice db; /* default database; may be empty */
	struct slice sql;
	/* time when the server wrote the event; the header has the statement's start */
	uint32_t logged_s;
	uint16_t error_code;
	uint32_t thread; /* id of the connection that ran the statement */
	/* collation ids; 0: the event does not contain them */
	uint16_t charset_client;       /* of the text */
	uint16_t collation_connection; /* of the literals in the text */
	uint16_t collation_database;   /* of the default database; 0: see the catalog */
	uint16_t collation_server;     /* for CREATE DATABASE without a character set */
	uint64_t sql_mode;          /* for ANSI_QUOTES (bit 2) and NO_BACKSLASH_ESCAPES (bit 20) */
	uint32_t flags2;            /* MariaDB: more session variables, one bit each */
	bool has_explicit_defaults; /* MySQL: the event contains explicit_defaults_for_timestamp */
	bool explicit_defaults;     /* its value */
};
/* Parses a Query event or an Execute_load_query event. The latter is a LOAD DATA statement; the
 * events before it contain its file. */
int event_query_parse(const struct event *event, const struct event_format *format,
		      struct event_query *query, struct err *err) MUST_CHECK;

/* XA_PREPARE (MySQL): one_phase(1) formatID(4) gtrid_len(4) bqual_len(4) data. */
struct event_xa_prepare {
	bool one_phase;
	struct slice gtrid, bqual;
	uint32_t format_id;
};
int event_xa_prepare_parse(const struct event *event, struct event_xa_prepare *xa,
			   struct err *err) MUST_CHECK;

/* The position in a heartbeat. Heartbeat (27): the body is the file name, end_pos is the offset.
 * Heartbeat_v2 (41): the body consists of fields with type and length. */
struct event_heartbeat {
	struct slice file;
	uint64_t offset;
};
int event_heartbeat_parse(const struct event *event, struct event_heartbeat *heartbeat,
			  struct err *err) MUST_CHECK;

#endif
