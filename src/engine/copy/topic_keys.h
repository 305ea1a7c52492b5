/* topic_keys: the keys of a partition, each with the offset of its last message, in bounded memory (docs/decisions/0040). It keeps the
 * keys whose hashes are in a range, at first all. When it is full, it halves the range and forgets the keys that are outside. The
 * caller reads the partition once for each range.
 * Pure. Thread: one at a time. Owner: topic_keys_init / topic_keys_fini. */
#ifndef TIDEWAY_TOPIC_KEYS_H
#define TIDEWAY_TOPIC_KEYS_H

#include "base/hash128.h"
#include "base/slice.h"

#include <stdint.h>

struct topic_key;

struct topic_keys {
	struct topic_key *slots; /* NULL when cap is 0 */
	size_t cap;              /* number of slots: 0 or a power of two */
	size_t count;            /* keys */
	size_t max;              /* of the keys */
	uint64_t from, to;       /* the range of hash128.high, both included */
};

enum { TOPIC_KEYS_MAX = 3 << 19 }; /* that take at most 50 MB */

/* max: of the keys. The first range begins. */
void topic_keys_init(struct topic_keys *keys, size_t max);
void topic_keys_fini(struct topic_keys *keys);
/* Forget the keys, and begin the next range. Return false if there is none. */
bool topic_keys_next_range(struct topic_keys *keys);
/* Record the next message of a key, if the key is in the range. gone: the message says that its row is gone. */
void topic_keys_put(struct topic_keys *keys, struct slice key, int64_t offset, bool gone);
/* Record a later message of a key, if the key is known. */
void topic_keys_update(struct topic_keys *keys, struct slice key, int64_t offset);
/* Return whether the last message of the key is the one at this offset. */
bool topic_keys_is_last(const struct topic_keys *keys, struct slice key, int64_t offset);
/* Return the offsets of the last messages before this offset, in their order, without those whose row is gone. Set *n to their number.
 * The caller frees the array. */
int64_t *topic_keys_before(const struct topic_keys *keys, int64_t offset, size_t *n);

#endif
