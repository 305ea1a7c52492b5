/* record_batch: a list of records to be saved in the checkpoint, in order, on the heap.
 * Thread: the owner of the list. Owner: the list; record_batch_fini frees the remaining records. */
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
