/* sent_rows: what the stream has sent of the rows of a table since it began to record that: the identity of a row, and the topic.
 * A row that a backfill has read meanwhile is not sent to these topics again (docs/decisions/0033).
 * Thread: the stream lane. Owner: sent_rows_init / sent_rows_fini. */
#ifndef TIDEWAY_SENT_ROWS_H
#define TIDEWAY_SENT_ROWS_H

#include "base/bounded_set.h"
#include "engine/lane/destination.h"
#include "engine/lane/row_identity.h"
#include "model/change.h"

enum { RECORDED_BYTES = 16 << 20 }; /* of rows, or of keys */

struct sent_rows {
	struct row_key key; /* of the table; in key_arena */
	struct arena key_arena;
	struct bounded_set rows; /* identities with topics */
	bool is_incomplete;      /* a row without an identity was sent, or there were too many */
	struct arena arena;      /* values of an identity */
	struct buf identity;
};

void sent_rows_init(struct sent_rows *sent);
void sent_rows_fini(struct sent_rows *sent);
/* Begin to record the rows of a table. Its key is copied. */
void sent_rows_begin(struct sent_rows *sent, const struct table *table);
void sent_rows_clear(struct sent_rows *sent);
/* Record that a message of the change goes to the destination. It stands for both images. */
int sent_rows_add(struct sent_rows *sent, const struct change *change,
		  const struct destination *destination, struct err *err) MUST_CHECK;
/* Return 1 if a change of the row was sent to the destination, 0 if not, or -1. */
int sent_rows_has(struct sent_rows *sent, const struct row *row,
		  const struct destination *destination, struct err *err) MUST_CHECK;
bool sent_rows_is_empty(const struct sent_rows *sent);

#endif
