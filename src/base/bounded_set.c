#include "base/bounded_set.h"

/* What the map needs for a text: at least half of its slots are free. */
enum { SLOTS_BYTES = 4 * sizeof(struct map_slot) };

void bounded_set_init(struct bounded_set *set, size_t max)
{
	*set = (struct bounded_set){.max = max};
	arena_init(&set->arena, 0);
	map_init(&set->texts);
}

void bounded_set_fini(struct bounded_set *set)
{
	map_fini(&set->texts);
	arena_fini(&set->arena);
}

static void forget(struct bounded_set *set)
{
	map_fini(&set->texts);
	map_init(&set->texts);
	arena_reset(&set->arena);
	set->bytes = 0;
}

void bounded_set_clear(struct bounded_set *set)
{
	if (set->bytes > 0)
		forget(set);
	set->is_full = false;
}

void bounded_set_add(struct bounded_set *set, struct slice text)
{
	struct slice copy;
	if (set->is_full || map_get(&set->texts, text))
		return;
	set->bytes += text.len + SLOTS_BYTES;
	if (set->bytes > set->max) {
		forget(set);
		set->is_full = true;
		return;
	}
	copy = arena_copy(&set->arena, text);
	map_set(&set->texts, copy, set);
}

bool bounded_set_has(const struct bounded_set *set, struct slice text)
{
	return map_get(&set->texts, text) != NULL;
}

bool bounded_set_is_empty(const struct bounded_set *set)
{
	return set->texts.count == 0;
}
