#include "base/hash128.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct hash128 hash128_of(struct slice text)
{
	XXH128_hash_t hash = XXH3_128bits(text.ptr, text.len);
	return (struct hash128){hash.high64, hash.low64};
}
