/* buf: a growable byte buffer, used wherever bytes are appended.
 * Thread: one at a time. Owner: the buf owns its bytes; views into it die at the next append.
 * Out of memory aborts. */
#ifndef TIDEWAY_BUF_H
#define TIDEWAY_BUF_H

#include "base/slice.h"

#include <stdarg.h>
#include <stdint.h>

struct buf {
	char *ptr;  /* the bytes; NULL before the first reserve */
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
};

void buf_init(struct buf *buf);
void buf_fini(struct buf *buf);
/* Makes room for n more bytes. This is the slow path of buf_reserve. */
void buf_grow(struct buf *buf, size_t n);
/* Empties the buffer. Frees its memory if more than `keep` bytes are allocated. */
void buf_shrink(struct buf *buf, size_t keep);
/* Append formatted text. */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args);

/* Returns an address where n bytes may be written. The caller adds the bytes it wrote to len. */
static inline char *buf_reserve(struct buf *buf, size_t n)
{
	if (buf->cap - buf->len < n)
		buf_grow(buf, n);
	return buf->ptr + buf->len;
}

static inline void buf_append(struct buf *buf, const void *ptr, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(buf, len), ptr, len);
	buf->len += len;
}

static inline void buf_put(struct buf *buf, struct slice s)
{
	buf_append(buf, s.ptr, s.len);
}

static inline void buf_char(struct buf *buf, char c)
{
	*buf_reserve(buf, 1) = c;
	buf->len++;
}

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->ptr, buf->len};
}

static inline void buf_clear(struct buf *buf)
{
	buf->len = 0;
}

/* Returns the content with a NUL after it. The NUL is not counted in len. */
static inline const char *buf_cstr(struct buf *buf)
{
	*buf_reserve(buf, 1) = '\0';
	return buf->ptr;
}

#endif
