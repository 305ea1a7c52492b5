/* backfill_window: a bounded set of identities: which rows the stream has sent since it began to record them (sent_rows).
 * Pure. Thread: the stream lane. Owner: backfill_window_init / backfill_window_fini. */
#ifndef TIDEWAY_BACKFILL_WINDOW_H
#define TIDEWAY_BACKFILL_WINDOW_H

#include "base/arena.h"
#include "base/map.h"

enum { BACKFILL_WINDOW_BYTES = 16 << 20 };

struct backfill_window {
	struct arena arena;
	struct map identities; /* in the arena */
	size_t bytes;          /* that they take */
	size_t max;
	bool is_full; /* some are missing */
};

/* max: of the bytes. */
void backfill_window_init(struct backfill_window *window, size_t max);
void backfill_window_fini(struct backfill_window *window);
/* Forget everything. */
void backfill_window_clear(struct backfill_window *window);
/* Record an identity. When there is no room, forget all of them, and record none until the window is cleared. */
void backfill_window_add(struct backfill_window *window, struct slice identity);
bool backfill_window_has(const struct backfill_window *window, struct slice identity);
/* Return whether no identity is recorded. */
bool backfill_window_is_empty(const struct backfill_window *window);

#endif
