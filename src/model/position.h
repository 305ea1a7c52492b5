/* position: where a transaction begins in the binlog, and all that is needed to go on from there
 * (design.md, rule 22). Thread: one at a time. Owner: owns its memory; position_fini. */
#ifndef TIDEWAY_POSITION_H
#define TIDEWAY_POSITION_H

#include "model/gtid.h"

/* A prepared XA transaction or a started two-phase ALTER that is still open here. */
struct pending {
	bool is_alter;     /* else XA */
	struct slice id;   /* xid, or the GTID text of START ALTER; owned by the position */
	struct slice file; /* where its group begins; owned */
	uint64_t offset;
	uint64_t version; /* catalog version then */
};

/* By which a binlog is known again: another history has files of the same names, and the same GTIDs. */
struct binlog_identity {
	char file[256]; /* the file that the rest is about; "": not known */
	char born[160]; /* what its FORMAT_DESCRIPTION event contains (event_format_born) */
	struct gtid
		gtid; /* a transaction of the file, the last one before the position; GTID_NONE: not known */
	uint64_t offset; /* where it begins */
};

struct position {
	char server[64]; /* server_uuid (MySQL) or server_id (MariaDB), NUL-terminated */
	char file[256];  /* binlog file name, "" when unknown (a GTID snapshot), NUL-terminated */
	uint64_t offset; /* in the file: start of the next transaction */
	struct gtid_set gtids; /* everything before; GTID_NONE when the server has no GTIDs */
	uint64_t row_offset;   /* row bytes of that transaction already written (0 at least once) */
	uint64_t sequence;     /* sequenceId base of that transaction */
	int64_t commit_ms;     /* highest commit time so far; 0: none */
	int64_t watermark_ms; /* likewise, of what the server had written when it was at the end; 0: none */
	struct binlog_identity identity; /* of the binlog on `server` that the position is in */
	struct pending *pending;
	size_t npending;
};

/* Where a transaction begins. Borrowed. */
struct trx_place {
	const struct gtid *gtid; /* its own; GTID_NONE: it has none */
	const char *server;      /* as in struct position */
	const char *file;        /* "": not known */
	uint64_t offset;
};

void position_init(struct position *position);
void position_fini(struct position *position);
void position_copy(struct position *dst, const struct position *src);
/* Whether it is a place: what position_init makes is not. */
bool position_is_set(const struct position *position);
void position_pending_add(struct position *position, const struct pending *pending);
/* True when it was there. */
bool position_pending_remove(struct position *position, bool is_alter, struct slice id);
/* A time before which the server wrote nothing that is after the position; 0: not known. */
int64_t position_watermark(const struct position *position);
/* Compares binlog coordinates of one server: by the number at the end of the file name, then by
 * offset. <0, 0, >0. */
int position_compare_files(const char *file_a, uint64_t offset_a, const char *file_b,
			   uint64_t offset_b);
/* Whether the transaction is before the position, so that a snapshot there contains it. Two places are compared by GTID where
 * both have one of the same flavour, else by file and offset where both are of one server and known; otherwise the answer
 * is no: a row is sent twice rather than never. */
bool position_covers(const struct position *position, const struct trx_place *trx);
/* Whether everything before `place` is before the position, too, by the same rule. */
bool position_passed(const struct position *position, const struct position *place);
/* "mysql-bin.000003:1234, GTID 0-1-17", for people. */
void position_print(const struct position *position, struct buf *buf);

#endif
