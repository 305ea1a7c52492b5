/* change: one row event on its way: what happened, to which row, when and where in the binlog.
 * Thread: the lane that has it. Owner: the lane; lives until the next change. */
#ifndef TIDEWAY_CHANGE_H
#define TIDEWAY_CHANGE_H

#include "model/gtid.h"
#include "model/row.h"

enum change_op { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE, CHANGE_READ /* full sync */ };
enum change_image { IMAGE_BEFORE, IMAGE_AFTER };

struct change {
	enum change_op op;
	const struct table *table;
	struct row *before;      /* UPDATE, DELETE; else NULL */
	struct row *after;       /* INSERT, UPDATE, READ; else NULL */
	int64_t time_ms;         /* commit time in the source; full sync: its start */
	const struct gtid *gtid; /* of the transaction; NULL in full sync */
	const char *file;        /* binlog file, NUL-terminated; NULL in full sync */
	uint64_t pos;            /* of the row event in the file */
	uint64_t sequence;       /* sequenceId; unused in full sync, which writes -1 */
};

/* "insert", "update", "delete", "read" */
const char *change_op_name(enum change_op op);

#endif
