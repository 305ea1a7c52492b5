/* saves: records on their way into the checkpoint, in order. Plain linked list on the heap.
 * Thread: whoever holds the list. Owner: the list; saves_fini frees what is left. */
#ifndef TIDEWAY_SAVES_H
#define TIDEWAY_SAVES_H

#include "base/slice.h"

struct save {
	struct save *next;
	struct slice name;  /* without the sync's prefix: "full/shop.orders"; in the same block */
	struct slice value; /* JSON; ptr NULL: remove the record */
};

struct saves {
	struct save *first, *last;
};

void saves_add(struct saves *saves, struct slice name, struct slice value);
/* Moves everything of `from` behind what is in `to`. */
void saves_move(struct saves *to, struct saves *from);
void saves_fini(struct saves *saves);

#endif
