/* record_batch: records on their way into the checkpoint, in order. Plain linked list on the heap.
 * Thread: whoever holds the list. Owner: the list; record_batch_fini frees what is left. */
#ifndef TIDEWAY_RECORD_BATCH_H
#define TIDEWAY_RECORD_BATCH_H

#include "base/slice.h"

struct batch_record {
	struct batch_record *next;
	struct slice name;  /* without the sync's prefix: "full/shop.orders"; in the same block */
	struct slice value; /* JSON; ptr NULL: remove the record */
};

struct record_batch {
	struct batch_record *first, *last;
};

void record_batch_add(struct record_batch *records, struct slice name, struct slice value);
/* Move everything in `from` to the end of `to`. */
void record_batch_move(struct record_batch *to, struct record_batch *from);
void record_batch_fini(struct record_batch *records);

#endif
