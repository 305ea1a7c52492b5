/* arena_priv: the blocks of an arena. For arena.c and its unit test.
 * Thread: see arena.h. Owner: the arena. */
#ifndef TIDEWAY_ARENA_PRIV_H
#define TIDEWAY_ARENA_PRIV_H

#include "base/arena.h"

/* 1: each allocation is a block of its own, so that AddressSanitizer detects overruns. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_EACH_REAL 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_EACH_REAL 1
#endif
#endif
#ifndef ARENA_EACH_REAL
#define ARENA_EACH_REAL 0
#endif

struct arena_block {
	struct arena_block *older; /* next block of the list, which has the newest first */
	size_t size;               /* bytes of data */
	char data[];               /* 16-byte aligned, because the header has 16 bytes */
};

#endif
