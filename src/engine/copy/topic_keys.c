#include "engine/copy/topic_keys.h"

#include "base/mem.h"

#include <stdlib.h>

enum { CAP_MIN = 1024 };

struct topic_key {
	struct hash128 hash;
	int64_t offset; /* of the last message; NONE: the slot is free */
	bool gone;      /* that message says that the row is gone */
};

#define NONE (-1)

void topic_keys_init(struct topic_keys *keys, size_t max)
{
	*keys = (struct topic_keys){.max = max, .to = UINT64_MAX};
}

void topic_keys_fini(struct topic_keys *keys)
{
	free(keys->slots);
	topic_keys_init(keys, keys->max);
}

bool topic_keys_next_range(struct topic_keys *keys)
{
	uint64_t last = keys->to;
	topic_keys_fini(keys);
	if (last == UINT64_MAX)
		return false;
	keys->from = last + 1;
	return true;
}

/* Return the slot of the key, or else the free slot where the search ended. cap must not be 0. */
static struct topic_key *find(const struct topic_keys *keys, struct hash128 hash)
{
	size_t mask = keys->cap - 1;
	size_t at = hash.low & mask;
	/* the loop ends because at least a quarter of the slots is free */
	while (keys->slots[at].offset != NONE &&
	       (keys->slots[at].hash.high != hash.high || keys->slots[at].hash.low != hash.low))
		at = (at + 1) & mask;
	return &keys->slots[at];
}

/* Move the keys of the range into other slots. */
static void rehash(struct topic_keys *keys, size_t cap)
{
	struct topic_key *old = keys->slots;
	size_t old_cap = keys->cap;
	keys->slots = mem_array(cap, sizeof(*keys->slots));
	keys->cap = cap;
	keys->count = 0;
	for (size_t i = 0; i < cap; i++)
		keys->slots[i].offset = NONE;
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].offset == NONE || old[i].hash.high > keys->to)
			continue;
		*find(keys, old[i].hash) = old[i];
		keys->count++;
	}
	free(old);
}

static void make_room(struct topic_keys *keys)
{
	while (keys->count >= keys->max && keys->to > keys->from) {
		keys->to = keys->from + (keys->to - keys->from) / 2;
		rehash(keys, keys->cap);
	}
	if ((keys->count + 1) * 4 > keys->cap * 3)
		rehash(keys, keys->cap ? keys->cap * 2 : CAP_MIN);
}

static bool is_in_range(const struct topic_keys *keys, struct hash128 hash)
{
	return hash.high >= keys->from && hash.high <= keys->to;
}

void topic_keys_put(struct topic_keys *keys, struct slice key, int64_t offset, bool gone)
{
	struct hash128 hash = hash128_of(key);
	struct topic_key *slot;
	if (!is_in_range(keys, hash))
		return;
	make_room(keys);
	if (!is_in_range(keys, hash))
		return;
	slot = find(keys, hash);
	keys->count += slot->offset == NONE;
	*slot = (struct topic_key){hash, offset, gone};
}

static struct topic_key *find_known(const struct topic_keys *keys, struct slice key)
{
	struct topic_key *slot = keys->cap ? find(keys, hash128_of(key)) : NULL;
	return slot && slot->offset != NONE ? slot : NULL;
}

void topic_keys_update(struct topic_keys *keys, struct slice key, int64_t offset)
{
	struct topic_key *slot = find_known(keys, key);
	if (slot)
		slot->offset = offset;
}

bool topic_keys_is_last(const struct topic_keys *keys, struct slice key, int64_t offset)
{
	const struct topic_key *slot = find_known(keys, key);
	return slot && slot->offset == offset;
}

static int compare_offsets(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Return whether the last message of the key is before the offset, and its row is not gone. */
static bool is_before(const struct topic_key *slot, int64_t offset)
{
	return slot->offset != NONE && !slot->gone && slot->offset < offset;
}

int64_t *topic_keys_before(const struct topic_keys *keys, int64_t offset, size_t *n)
{
	int64_t *offsets;
	*n = 0;
	for (size_t i = 0; i < keys->cap; i++)
		*n += is_before(&keys->slots[i], offset);
	offsets = mem_array(*n + 1, sizeof(*offsets));
	*n = 0;
	for (size_t i = 0; i < keys->cap; i++)
		if (is_before(&keys->slots[i], offset))
			offsets[(*n)++] = keys->slots[i].offset;
	qsort(offsets, *n, sizeof(*offsets), compare_offsets);
	return offsets;
}
