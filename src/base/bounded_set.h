/* bounded_set: texts that were seen, such as the rows that the stream has sent (sent_rows), up to a limit of memory.
 * Pure. Thread: the one that has it. Owner: bounded_set_init / bounded_set_fini. */
#ifndef TIDEWAY_BOUNDED_SET_H
#define TIDEWAY_BOUNDED_SET_H

#include "base/arena.h"
#include "base/map.h"

struct bounded_set {
	struct arena arena;
	struct map texts; /* in the arena */
	size_t bytes;     /* that they take */
	size_t max;
	bool is_full; /* some are missing */
};

/* max: of the bytes. */
void bounded_set_init(struct bounded_set *set, size_t max);
void bounded_set_fini(struct bounded_set *set);
/* Forget everything. */
void bounded_set_clear(struct bounded_set *set);
/* Add a text. When there is no room, forget all of them, and add none until the set is cleared. */
void bounded_set_add(struct bounded_set *set, struct slice text);
bool bounded_set_has(const struct bounded_set *set, struct slice text);
/* Return whether it has no text. */
bool bounded_set_is_empty(const struct bounded_set *set);

#endif
