/* mem: malloc that does not return NULL: out of memory aborts, with a line that says how much was
 * asked for. Thread: any. Owner: the caller; free() releases. */
#ifndef TIDEWAY_MEM_H
#define TIDEWAY_MEM_H

#include <stddef.h>

/* size 0 gives a pointer that may be freed. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* Zeroed array of n elements. */
void *mem_array(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
/* realloc to n elements; the new ones are not zeroed. */
void *mem_resize(void *ptr, size_t n, size_t size) __attribute__((returns_nonnull));

#endif
