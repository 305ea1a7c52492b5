/* arena: memory for everything that dies together; reset, don't free.
 * Thread: one at a time. Owner: the arena; what it gives lives until arena_reset or arena_fini.
 * Under ASan every allocation is a real one. Out of memory aborts. */
#ifndef TIDEWAY_ARENA_H
#define TIDEWAY_ARENA_H

#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next;                 /* first free byte of the newest block */
	char *end;                  /* end of the newest block */
	size_t block_size;          /* bytes of an ordinary block */
};

/* block_size 0: 4 KiB. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t block_size);
void arena_fini(struct arena *arena);
/* Empties it; keeps one ordinary block for reuse and frees the rest. */
void arena_reset(struct arena *arena);
/* 8-byte (at least) aligned bytes, not zeroed. */
void *arena_alloc(struct arena *arena, size_t size);
/* Zeroed array of n elements. */
void *arena_array(struct arena *arena, size_t n, size_t size);
struct slice arena_copy(struct arena *arena, struct slice s);
char *arena_cstr(struct arena *arena, struct slice s);
struct slice arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type) ((type *)arena_array((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, n, type) ((type *)arena_array((arena), (n), sizeof(type)))

#endif
