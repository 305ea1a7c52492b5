/* slice: a string or bytes as pointer and length, passed by value. Do not expect a NUL at the end.
 * Thread: any. Owner: the owner of the bytes; a slice only points to them. */
#ifndef TIDEWAY_SLICE_H
#define TIDEWAY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *ptr; /* first byte; may be NULL only when len is 0 */
	size_t len;      /* bytes */
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* The arguments of "%.*s" in printf. */
#define SLICE_FMT(s) (int)(s).len, (s).ptr

static inline struct slice slice_of(const void *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

static inline struct slice slice_str(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* Compares without regard to the case of ASCII letters. */
bool slice_equal_nocase(struct slice a, struct slice b);
/* Compares bytes like memcmp; a prefix is less than the longer slice. Returns <0, 0 or >0. */
int slice_compare(struct slice a, struct slice b);
/* Returns the FNV-1a hash. Use it only in memory; never store it. */
size_t slice_hash(struct slice s);
/* Returns a copy with a NUL at the end; free() releases it. */
char *slice_copy(struct slice s);
/* Returns the edit distance without regard to ASCII case, for "did you mean". */
unsigned slice_distance(struct slice a, struct slice b);

#endif
