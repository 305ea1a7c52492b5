#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void refuse(size_t n, size_t size)
{
	fprintf(stderr, "tideway: out of memory (%zu x %zu bytes)\n", n, size);
	abort();
}

void *mem_alloc(size_t size)
{
	void *ptr = malloc(size ? size : 1);
	if (ptr == NULL)
		refuse(1, size);
	return ptr;
}

void *mem_array(size_t n, size_t size)
{
	void *ptr = calloc(n ? n : 1, size ? size : 1);
	if (ptr == NULL)
		refuse(n, size);
	return ptr;
}

void *mem_resize(void *ptr, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		refuse(n, size);
	ptr = realloc(ptr, bytes ? bytes : 1);
	if (ptr == NULL)
		refuse(n, size);
	return ptr;
}

void mem_trim(void)
{
	(void)malloc_trim(0);
}
