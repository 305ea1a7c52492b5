#include "base/map.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { MAP_MIN = 16 }; /* slots of the first allocation */

void map_init(struct map *map)
{
	*map = (struct map){NULL, 0, 0, 0};
}

void map_fini(struct map *map)
{
	free(map->slots);
	map_init(map);
}

/* Returns the slot of the key, or else the free slot where the search ended. The search skips
 * deleted slots, because the key may be in a later slot. Only a rehash reclaims them. cap must not
 * be 0. */
static struct map_slot *find(const struct map *map, struct slice key)
{
	size_t mask = map->cap - 1;
	size_t at = slice_hash(key) & mask;
	/* the loop ends because at least a quarter of the slots is free */
	for (; map->slots[at].key.ptr != NULL; at = (at + 1) & mask)
		if (map->slots[at].value != NULL && slice_equal(map->slots[at].key, key))
			break;
	return &map->slots[at];
}

void *map_get(const struct map *map, struct slice key)
{
	return map->cap ? find(map, key)->value : NULL;
}

/* Moves the entries into new slots that are at most half full. Drops deleted slots. */
static void rehash(struct map *map)
{
	struct map old = *map;
	size_t cap = MAP_MIN;
	while (cap < (old.count + 1) * 2)
		cap *= 2;
	map->slots = mem_array(cap, sizeof(*map->slots));
	map->cap = cap;
	map->used = map->count = old.count;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value != NULL)
			*find(map, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *map_set(struct map *map, struct slice key, void *value)
{
	assert(key.ptr != NULL && value != NULL);
	if ((map->used + 1) * 4 > map->cap * 3)
		rehash(map);
	struct map_slot *slot = find(map, key);
	void *old = slot->value;
	map->used += slot->key.ptr == NULL;
	map->count += old == NULL;
	*slot = (struct map_slot){key, value};
	return old;
}

void *map_remove(struct map *map, struct slice key)
{
	if (map->cap == 0)
		return NULL;
	struct map_slot *slot = find(map, key);
	void *old = slot->value;
	slot->value = NULL;
	map->count -= old != NULL;
	return old;
}

void *map_next(const struct map *map, size_t *at)
{
	while (*at < map->cap) {
		void *value = map->slots[(*at)++].value;
		if (value != NULL)
			return value;
	}
	return NULL;
}
