/* map: slices to pointers, open addressing. Keys are borrowed: they must outlive the entry (point
 * them into the value). Thread: one at a time. Owner: the map owns its slots, not keys or values. */
#ifndef TIDEWAY_MAP_H
#define TIDEWAY_MAP_H

#include "base/slice.h"

struct map_slot {
	struct slice key; /* ptr NULL: free slot (use "" with a non-NULL ptr as the empty key) */
	void *value;      /* NULL: deleted */
};

struct map {
	struct map_slot *slots; /* power of two of them, or NULL */
	size_t cap;             /* slots */
	size_t used;            /* slots taken, deleted ones included */
	size_t count;           /* entries */
};

void map_init(struct map *map);
void map_fini(struct map *map);
void *map_get(const struct map *map, struct slice key);
/* Sets or replaces (the key of the newer value is kept); value must not be NULL. Returns the old value. */
void *map_set(struct map *map, struct slice key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *map_remove(struct map *map, struct slice key);
/* Walks the entries in no order: start with *at = 0; NULL at the end. The map must not change. */
void *map_next(const struct map *map, size_t *at);

#endif
