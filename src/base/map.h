/* map: a hash map from slices to pointers with open addressing. Keys are borrowed and must outlive
 * their entries, so let a key point into its value.
 * Thread: one at a time. Owner: the map owns its slots, but neither keys nor values. */
#ifndef TIDEWAY_MAP_H
#define TIDEWAY_MAP_H

#include "base/slice.h"

struct map_slot {
	struct slice key; /* ptr NULL: free slot; an empty key therefore needs a non-NULL ptr */
	void *value;      /* NULL in a slot that has a key: deleted */
};

struct map {
	struct map_slot *slots; /* NULL when cap is 0 */
	size_t cap;             /* number of slots: 0 or a power of two */
	size_t used;            /* slots in use, deleted slots included */
	size_t count;           /* entries */
};

void map_init(struct map *map);
void map_fini(struct map *map);
/* Returns the value of the key, or NULL. */
void *map_get(const struct map *map, struct slice key);
/* Adds an entry, or replaces both key and value of the entry with an equal key. The value must not
 * be NULL. Returns the replaced value, or NULL. */
void *map_set(struct map *map, struct slice key, void *value);
/* Removes the entry. Returns its value, or NULL if there was no entry. */
void *map_remove(struct map *map, struct slice key);
/* Returns the next value in no particular order, or NULL at the end. Start with *at = 0. The map
 * must not change meanwhile. */
void *map_next(const struct map *map, size_t *at);

#endif
