#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUF_MIN = 64 }; /* bytes of the first allocation */

void buf_init(struct buf *buf)
{
	*buf = (struct buf){NULL, 0, 0};
}

void buf_fini(struct buf *buf)
{
	free(buf->ptr);
	buf_init(buf);
}

void buf_grow(struct buf *buf, size_t n)
{
	size_t need;
	if (__builtin_add_overflow(buf->len, n, &need))
		need = SIZE_MAX; /* mem_resize aborts with a message */
	size_t cap = buf->cap < BUF_MIN / 2 ? BUF_MIN / 2 : buf->cap;
	cap = cap > SIZE_MAX / 2 || cap * 2 < need ? need : cap * 2;
	buf->ptr = mem_resize(buf->ptr, cap, 1);
	buf->cap = cap;
}

void buf_shrink(struct buf *buf, size_t keep)
{
	buf->len = 0;
	if (buf->cap > keep)
		buf_fini(buf);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	size_t room = buf->cap - buf->len;
	int n = vsnprintf(room ? buf->ptr + buf->len : NULL, room, format, args);
	if (n < 0)
		abort(); /* only a wrong format or an unencodable wide character fails */
	if ((size_t)n >= room)
		vsnprintf(buf_reserve(buf, (size_t)n + 1), (size_t)n + 1, format, again);
	va_end(again);
	buf->len += (size_t)n;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}
