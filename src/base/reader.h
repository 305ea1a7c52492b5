/* reader: a bounds-checked cursor over bytes. A read returns data inside the buffer or fails.
 * Failure is sticky: read a whole structure, then test `failed` once. After a failure numbers are
 * 0, addresses are NULL and slices are empty.
 * Thread: any. Owner: borrows the bytes. All integers are little-endian. */
#ifndef TIDEWAY_READER_H
#define TIDEWAY_READER_H

#include "base/slice.h"

#include <stdint.h>

struct reader {
	const uint8_t *next; /* next unread byte */
	const uint8_t *end;  /* one past the last byte */
	bool failed;         /* a read went past the end, or a length was not valid */
};

static inline void reader_init(struct reader *r, const void *ptr, size_t len)
{
	r->next = ptr ? ptr : ""; /* arithmetic on NULL, the ptr of an empty slice, is undefined */
	r->end = r->next + len;
	r->failed = false;
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->next);
}

static inline const uint8_t *reader_bytes(struct reader *r, size_t n)
{
	const uint8_t *at = r->next;
	if (reader_left(r) < n) {
		r->failed = true;
		r->next = r->end;
		return NULL;
	}
	r->next += n;
	return at;
}

/* Returns the little-endian number in n bytes; n is at most 8. The machine is little-endian too: a
 * size that the compiler knows becomes one or two loads. */
static inline uint64_t little_endian(const uint8_t *at, unsigned n)
{
	uint64_t v = 0;
	if (__builtin_constant_p(n)) {
		memcpy(&v, at, n);
		return v;
	}
	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

static inline uint64_t reader_uint(struct reader *r, unsigned n)
{
	const uint8_t *at = reader_bytes(r, n);
	return at ? little_endian(at, n) : 0;
}

static inline uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)reader_uint(r, 1);
}

static inline uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)reader_uint(r, 2);
}

static inline uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)reader_uint(r, 4);
}

static inline uint64_t reader_u64(struct reader *r)
{
	return reader_uint(r, 8);
}

static inline struct slice reader_slice(struct reader *r, size_t n)
{
	const uint8_t *at = reader_bytes(r, n);
	return at ? slice_of(at, n) : (struct slice){NULL, 0};
}

/* Reads MySQL's length-encoded integer (1, 3, 4 or 9 bytes). 0xfb (NULL) and 0xff fail. */
uint64_t reader_lenenc(struct reader *r);
/* Reads a length-encoded string. */
struct slice reader_lenenc_slice(struct reader *r);

#endif
