/* arena: memory for objects that are freed together. Callers reset the arena and free nothing.
 * Thread: one at a time. Owner: the arena; an allocation lives until arena_reset or arena_fini.
 * Under AddressSanitizer each allocation is a separate malloc. Out of memory aborts. */
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

/* A block_size of 0 means 4 KiB. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t block_size);
void arena_fini(struct arena *arena);
/* Ends the life of all allocations. Keeps one ordinary block for reuse and frees the others. */
void arena_reset(struct arena *arena);
/* Returns `size` bytes, aligned to at least 8 bytes and not zeroed. */
void *arena_alloc(struct arena *arena, size_t size);
/* Returns a zeroed array of n elements of `size` bytes. */
void *arena_array(struct arena *arena, size_t n, size_t size);
/* Return a copy of s: as a slice, and as a NUL-terminated string. */
struct slice arena_copy(struct arena *arena, struct slice s);
char *arena_cstr(struct arena *arena, struct slice s);
struct slice arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type) ((type *)arena_array((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, n, type) ((type *)arena_array((arena), (n), sizeof(type)))

#endif
