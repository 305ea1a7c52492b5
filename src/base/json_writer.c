#include "base/json_writer.h"

#include "base/num.h"

/* The character after the backslash for each byte below 0x20; 'u': \u00XX. */
static const char ESCAPES[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";

/* Returns whether any of 8 bytes is below 0x20, '"' or '\\'. A false positive byte is only possible
 * above a true one, so the result is exact. */
static inline bool needs_escape(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t quote = x ^ (ones * '"'), backslash = x ^ (ones * '\\');
	uint64_t control = (x - ones * 0x20) & ~x;
	uint64_t zero = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
	return ((control | zero) & highs) != 0;
}

static inline bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

enum { BLOCK = 16 };
typedef uint8_t block __attribute__((vector_size(BLOCK))); /* one register */

/* The same for a block of bytes. */
static inline bool block_needs_escape(const char *p)
{
	uint64_t found[2];
	block bytes, bad;
	memcpy(&bytes, p, BLOCK);
	bad = (block)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
	memcpy(found, &bad, BLOCK);
	return (found[0] | found[1]) != 0;
}

/* Returns the number of bytes from p on that need no escape. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	while (i + BLOCK <= n && !block_needs_escape(p + i))
		i += BLOCK;
	/* the rest, with bytes before it that are plain */
	if (n >= BLOCK && i + BLOCK > n && !block_needs_escape(p + n - BLOCK))
		return n;
	if (i + 8 <= n) {
		uint64_t word;
		memcpy(&word, p + i, 8);
		i += needs_escape(word) ? 0 : 8;
	}
	while (i < n && plain((unsigned char)p[i]))
		i++;
	return i;
}

static void put_escape(struct buf *out, unsigned char c, bool numbered)
{
	static const char HEX[] = "0123456789abcdef";
	char *at = buf_reserve(out, 6);
	at[0] = '\\';
	at[1] = c >= 0x20 ? (char)c : numbered ? 'u' : ESCAPES[c];
	if (at[1] != 'u') {
		out->len += 2;
		return;
	}
	memcpy(at + 2, "00", 2);
	at[4] = HEX[c >> 4];
	at[5] = HEX[c & 15];
	out->len += 6;
}

static inline void put_text(struct buf *out, struct slice text, bool numbered)
{
	const char *p = text.ptr;
	size_t left = text.len;
	for (;;) {
		size_t run = plain_run(p, left);
		buf_append(out, p, run);
		if (run == left)
			return;
		put_escape(out, (unsigned char)p[run], numbered);
		p += run + 1;
		left -= run + 1;
	}
}

void json_string(struct buf *out, struct slice text)
{
	buf_reserve(out, text.len + 2);
	buf_char(out, '"');
	put_text(out, text, false);
	buf_char(out, '"');
}

void json_text(struct buf *out, struct slice text)
{
	put_text(out, text, false);
}

static struct slice written_in(struct arena *arena, struct slice text,
			       void (*write)(struct buf *, struct slice))
{
	struct slice copy;
	struct buf json;
	buf_init(&json);
	write(&json, text);
	copy = arena_copy(arena, buf_slice(&json));
	buf_fini(&json);
	return copy;
}

struct slice json_string_in(struct arena *arena, struct slice text)
{
	return written_in(arena, text, json_string);
}

struct slice json_text_in(struct arena *arena, struct slice text)
{
	return written_in(arena, text, json_text);
}

void json_string_numbered(struct buf *out, struct slice text)
{
	buf_char(out, '"');
	put_text(out, text, true);
	buf_char(out, '"');
}

void json_text_numbered(struct buf *out, struct slice text)
{
	put_text(out, text, true);
}

void json_i64(struct buf *out, int64_t v)
{
	char *at = buf_reserve(out, NUM_INT_MAX);
	out->len += num_i64(at, v);
}

void json_u64(struct buf *out, uint64_t v)
{
	char *at = buf_reserve(out, NUM_INT_MAX);
	out->len += num_u64(at, v);
}

void json_base64_bare(struct buf *out, struct slice bytes)
{
	char *at = buf_reserve(out, 4 * ((bytes.len + 2) / 3));
	out->len += num_base64(at, (const uint8_t *)bytes.ptr, bytes.len);
}

void json_base64(struct buf *out, struct slice bytes)
{
	buf_char(out, '"');
	json_base64_bare(out, bytes);
	buf_char(out, '"');
}

void json_names(struct buf *out, const struct slice *names, unsigned n)
{
	if (n == 0) {
		buf_put(out, SLICE("null"));
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		buf_char(out, i == 0 ? '[' : ',');
		json_string(out, names[i]);
	}
	buf_char(out, ']');
}
