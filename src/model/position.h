/* position: the start of a transaction in the binlog, with everything needed to continue from there
 * (docs/design.md, rule: transaction-start).
 * Thread: one at a time. Owner: a position owns its memory; position_fini releases it. */
#ifndef TIDEWAY_POSITION_H
#define TIDEWAY_POSITION_H

#include "model/gtid.h"

/* A prepared XA transaction or a started two-phase ALTER that is still open at the position. */
struct pending {
	bool is_alter;     /* a two-phase ALTER; otherwise XA */
	struct slice id;   /* the xid, or the text of START ALTER's GTID; owned by the position */
	struct slice file; /* the binlog file where its transaction begins; owned by the position */
	uint64_t offset;   /* the offset in that file */
	uint64_t version;  /* the catalog version at that place */
};

/* The identity of a binlog: distinguishes it from another history with the same file names and
 * GTIDs. */
struct binlog_identity {
	char file[256];   /* the file that the other members describe; "": unknown */
	char born[160];   /* content of its FORMAT_DESCRIPTION event, from event_format_born */
	struct gtid gtid; /* the file's last transaction before the position; GTID_NONE: unknown */
	uint64_t offset;  /* the start of that transaction */
};

struct position {
	char server[64];       /* server_uuid (MySQL) or server_id (MariaDB), NUL-terminated */
	char file[256];        /* binlog file name, NUL-terminated; "": unknown (a GTID snapshot) */
	uint64_t offset;       /* start of the next transaction in the file */
	struct gtid_set gtids; /* all transactions before; GTID_NONE: the server has no GTIDs */
	/* row bytes of the next transaction already written; 0: at least once */
	uint64_t row_offset;
	uint64_t sequence;    /* sequenceId base of the next transaction */
	int64_t commit_ms;    /* highest commit time so far; 0: none */
	int64_t watermark_ms; /* watermark of the last time the end was reached; 0: none */
	struct binlog_identity identity; /* of the binlog on `server` */
	struct pending *pending;
	size_t npending;
};

/* The place where a transaction begins. Borrows its members. */
struct trx_place {
	const struct gtid *gtid; /* its GTID; GTID_NONE: it has none */
	const char *server;      /* like position.server */
	const char *file;        /* "": unknown */
	uint64_t offset;
};

void position_init(struct position *position);
void position_fini(struct position *position);
void position_copy(struct position *dst, const struct position *src);
/* Returns whether the position is set. It is not set after position_init. */
bool position_is_set(const struct position *position);
/* Adds a copy of `pending`. */
void position_pending_add(struct position *position, const struct pending *pending);
/* Returns whether the position contains an open transaction or ALTER. */
bool position_pending_find(const struct position *position, bool is_alter, struct slice id);
/* Removes an open transaction or ALTER. Returns false if the position does not contain it. */
bool position_pending_remove(struct position *position, bool is_alter, struct slice id);
/* Returns a time before which the server wrote nothing that is after the position; 0: unknown. */
int64_t position_watermark(const struct position *position);
/* Compares binlog coordinates of one server: first the numbers at the end of the file names, then
 * the offsets. Returns <0, 0 or >0. */
int position_compare_files(const char *file_a, uint64_t offset_a, const char *file_b,
			   uint64_t offset_b);
/* Returns whether the transaction is before the position, so that a snapshot there contains it.
 * Compares GTIDs if both have them, of the same flavour. Otherwise compares files and offsets if
 * both are known and of the same server. Otherwise returns false: rather send a row twice than not
 * at all. */
bool position_covers(const struct position *position, const struct trx_place *trx);
/* Returns whether everything before `place` is also before the position, by the same rule. */
bool position_passed(const struct position *position, const struct position *place);
/* Appends the position for messages: "mysql-bin.000003:1234, GTID 0-1-17". */
void position_print(const struct position *position, struct buf *buf);
/* Fills the place of an error with code ERR_POSITION: the saved position that is lost. Returns -1. */
int position_error(const struct position *position, struct err *err);

#endif
