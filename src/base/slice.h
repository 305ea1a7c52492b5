/* slice: a string or bytes as pointer + length, by value. Never NUL-terminated, never owned.
 * Thread: any. Owner: whoever owns the bytes; a slice only points. */
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
/* For printf: "%.*s", SLICE_FMT(s). */
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

/* ASCII case-insensitive comparison. */
bool slice_equal_nocase(struct slice a, struct slice b);
/* memcmp order, then length: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);
/* FNV-1a, for the maps in memory; never written anywhere. */
size_t slice_hash(struct slice s);
/* Edit distance (ASCII case ignored), for "did you mean". */
unsigned slice_distance(struct slice a, struct slice b);

#endif
