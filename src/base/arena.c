#include "base/arena_priv.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 4096, ARENA_ALIGN = 8 };

void arena_init(struct arena *arena, size_t block_size)
{
	*arena = (struct arena){.block_size = block_size ? block_size : ARENA_BLOCK};
}

static void free_blocks(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *older = block->older;
		free(block);
		block = older;
	}
}

void arena_fini(struct arena *arena)
{
	free_blocks(arena->blocks);
	arena_init(arena, arena->block_size);
}

static void use_block(struct arena *arena, struct arena_block *block)
{
	arena->next = block->data;
	arena->end = block->data + block->size;
}

void arena_reset(struct arena *arena)
{
	struct arena_block **link = &arena->blocks;
	while (*link != NULL && (ARENA_EACH_REAL || (*link)->size != arena->block_size))
		link = &(*link)->older;
	struct arena_block *keep = *link;
	if (keep == NULL) {
		arena_fini(arena);
		return;
	}
	*link = keep->older;
	free_blocks(arena->blocks);
	keep->older = NULL;
	arena->blocks = keep;
	use_block(arena, keep);
}

static struct arena_block *new_block(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct arena_block))
		size = SIZE_MAX - sizeof(struct arena_block); /* mem_alloc aborts */
	struct arena_block *block = mem_alloc(sizeof(*block) + size);
	block->size = size;
	return block;
}

/* Allocates a separate block. Links it after the newest block, which continues to be filled. */
static void *alloc_alone(struct arena *arena, size_t size)
{
	struct arena_block *block = new_block(size);
	struct arena_block **link = &arena->blocks;
	if (*link != NULL)
		link = &(*link)->older;
	block->older = *link;
	*link = block;
	return block->data;
}

static void *alloc_slow(struct arena *arena, size_t size)
{
	if (ARENA_EACH_REAL || size > arena->block_size / 4)
		return alloc_alone(arena, size);
	struct arena_block *block = new_block(arena->block_size);
	block->older = arena->blocks;
	arena->blocks = block;
	use_block(arena, block);
	arena->next += size;
	return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX - ARENA_ALIGN)
		return alloc_alone(arena, size);
	size_t room = (size_t)(arena->end - arena->next);
	size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (ARENA_EACH_REAL)
		return alloc_slow(arena, size);
	if (arena->next == NULL || room < rounded)
		return alloc_slow(arena, rounded);
	void *ptr = arena->next;
	arena->next += rounded;
	return ptr;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		bytes = SIZE_MAX;
	void *ptr = arena_alloc(arena, bytes);
	return memset(ptr, 0, bytes);
}

char *arena_cstr(struct arena *arena, struct slice s)
{
	char *text = arena_alloc(arena, s.len + 1);
	if (s.len)
		memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	return text;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
	char *copy = arena_alloc(arena, s.len);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return slice_of(copy, s.len);
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort(); /* only a wrong format or an unencodable wide character fails */
	char *text = arena_alloc(arena, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return slice_of(text, (size_t)n);
}
