/* mem: malloc that never returns NULL. Out of memory prints the requested size and aborts.
 * Thread: any. Owner: the caller; free() releases. */
#ifndef TIDEWAY_MEM_H
#define TIDEWAY_MEM_H

#include <stddef.h>

/* Returns `size` bytes. A size of 0 returns a pointer that may be freed. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* Returns a zeroed array of n elements of `size` bytes. */
void *mem_array(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
/* Resizes an array to n elements of `size` bytes. New elements are not zeroed. */
void *mem_resize(void *ptr, size_t n, size_t size) __attribute__((returns_nonnull));

/* Gives freed memory back to the system, after much of it was used for a while. */
void mem_trim(void);

#endif
