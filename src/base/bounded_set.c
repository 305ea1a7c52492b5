#include "engine/lane/backfill_window.h"

/* What the map needs for an identity: at least half of its slots are free. */
enum { SLOTS_BYTES = 4 * sizeof(struct map_slot) };

void backfill_window_init(struct backfill_window *window, size_t max)
{
	*window = (struct backfill_window){.max = max};
	arena_init(&window->arena, 0);
	map_init(&window->identities);
}

void backfill_window_fini(struct backfill_window *window)
{
	map_fini(&window->identities);
	arena_fini(&window->arena);
}

static void forget(struct backfill_window *window)
{
	map_fini(&window->identities);
	map_init(&window->identities);
	arena_reset(&window->arena);
	window->bytes = 0;
}

void backfill_window_clear(struct backfill_window *window)
{
	if (window->bytes > 0)
		forget(window);
	window->is_full = false;
}

void backfill_window_add(struct backfill_window *window, struct slice identity)
{
	struct slice copy;
	if (window->is_full || map_get(&window->identities, identity))
		return;
	window->bytes += identity.len + SLOTS_BYTES;
	if (window->bytes > window->max) {
		forget(window);
		window->is_full = true;
		return;
	}
	copy = arena_copy(&window->arena, identity);
	map_set(&window->identities, copy, window);
}

bool backfill_window_has(const struct backfill_window *window, struct slice identity)
{
	return map_get(&window->identities, identity) != NULL;
}

bool backfill_window_is_empty(const struct backfill_window *window)
{
	return window->identities.count == 0;
}
