#include "decode/compressed.h"

#include "base/reader.h"

#include <zlib.h>

enum {
	METHOD_NONE = 0,
	METHOD_ZLIB = 8,
	RATIO_MAX = 1032, /* two bits of a deflate stream become at most 258 bytes */
};

/* A stored value begins with a byte of the bits method(4) raw(1) n(3). The size of the value
 * follows in n bytes, big-endian, then the deflate stream. raw: the stream has no zlib header and
 * checksum. With method 0 the value itself follows the first byte. No bytes at all are the empty
 * value. */
struct head {
	unsigned method;
	bool raw;
	uint64_t size;
	struct slice data;
};

static bool read_head(struct slice stored, struct head *head)
{
	struct reader r;
	*head = (struct head){.method = METHOD_NONE};
	if (stored.len == 0)
		return true;
	reader_init(&r, stored.ptr, stored.len);
	uint8_t first = reader_u8(&r);
	head->method = first >> 4;
	head->raw = first & 8;
	for (unsigned n = head->method == METHOD_NONE ? 0 : first & 7; n > 0; n--)
		head->size = head->size << 8 | reader_u8(&r);
	head->data = reader_slice(&r, reader_left(&r));
	if (head->method == METHOD_NONE)
		head->size = head->data.len;
	return !r.failed && head->size <= (uint64_t)head->data.len * RATIO_MAX;
}

uint64_t compressed_length(struct slice stored)
{
	struct head head;
	return read_head(stored, &head) ? head.size : 0;
}

static void *allocate(void *arena, unsigned n, unsigned size)
{
	return arena_alloc(arena, (size_t)n * size);
}

static void release(void *arena, void *ptr)
{
	(void)arena, (void)ptr; /* the arena frees it */
}

static bool inflate_all(const struct head *head, struct arena *arena, char *text)
{
	z_stream stream = {
		.next_in = (Bytef *)(uintptr_t)head->data.ptr,
		.avail_in = (uInt)head->data.len,
		.next_out = (Bytef *)text,
		.avail_out = (uInt)head->size,
		.zalloc = allocate,
		.zfree = release,
		.opaque = arena,
	};
	if (inflateInit2(&stream, head->raw ? -MAX_WBITS : MAX_WBITS) != Z_OK)
		return false;
	int result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return result == Z_STREAM_END && stream.avail_out == 0;
}

int compressed_unpack(struct slice stored, struct arena *arena, struct slice *text, struct err *err)
{
	struct head head;
	if (!read_head(stored, &head) || head.size > UINT32_MAX || head.data.len > UINT32_MAX)
		return err_set(err, E_VALUE, "the compressed value of %zu bytes is damaged",
			       stored.len);
	if (head.method == METHOD_NONE) {
		*text = head.data;
		return 0;
	}
	if (head.method != METHOD_ZLIB)
		return err_set(err, E_VALUE, "the value is compressed by the unknown method %u",
			       head.method);
	char *bytes = arena_alloc(arena, head.size ? head.size : 1);
	if (!inflate_all(&head, arena, bytes))
		return err_set(err, E_VALUE, "the compressed value of %zu bytes is damaged",
			       stored.len);
	*text = slice_of(bytes, head.size);
	return 0;
}
