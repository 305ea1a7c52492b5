/* change: one change of one row: the operation, the row images, the time, and the place in the
 * binlog.
 * Thread: the lane that processes it. Owner: the lane; a change lives until the next change. */
#ifndef TIDEWAY_CHANGE_H
#define TIDEWAY_CHANGE_H

#include "model/position.h"
#include "model/row.h"

enum change_op { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE, CHANGE_READ /* full sync */ };
enum change_image { IMAGE_BEFORE, IMAGE_AFTER };

struct change {
	enum change_op op;
	const struct table *table;
	struct row *before;      /* UPDATE, DELETE; otherwise NULL */
	struct row *after;       /* INSERT, UPDATE, READ; otherwise NULL */
	int64_t time_ms;         /* commit time on the source; in full sync the time of its start */
	const struct gtid *gtid; /* of the transaction; NULL in full sync */
	const char *file;        /* name of the binlog file, NUL-terminated; NULL in full sync */
	uint64_t pos;            /* offset of the row event in the file */
	uint64_t sequence;       /* sequenceId; unused in full sync, where sequenceId is -1 */
	uint32_t row;            /* number of the row in its event, from 0 */
	uint32_t server_id;      /* of the server that wrote the event; 0 in full sync */
	uint32_t thread;         /* connection that made the change; 0: unknown, as in MariaDB */
	struct slice
		copy; /* the id of another copy of the table that the row belongs to; ptr NULL: none */
	/* full sync: the snapshot that the row was read in; NULL: unknown */
	const struct position *snapshot;
};

/* Returns "insert", "update", "delete" or "read". */
const char *change_op_name(enum change_op op);

#endif
