#include "decode/charset.h"

#include <stdint.h>

/* ---- UTF-8 ------------------------------------------------------------------------------------ */

/* The number of bytes at the front that are ASCII. */
static size_t ascii_prefix(const uint8_t *ptr, size_t len)
{
	size_t i = 0;
	for (; i + 8 <= len; i += 8) {
		uint64_t v;
		memcpy(&v, ptr + i, 8);
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < len && ptr[i] < 0x80)
		i++;
	return i;
}

static bool continues(const uint8_t *ptr, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if ((ptr[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* Bytes of the character at ptr; 0: none stands there. Surrogates and overlong forms are none. */
static unsigned utf8_length(const uint8_t *ptr, size_t len, unsigned longest)
{
	uint8_t c = ptr[0];
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;
	if (c < 0xe0)
		return len >= 2 && continues(ptr + 1, 1) ? 2 : 0;
	if (c < 0xf0) {
		if (len < 3 || !continues(ptr + 1, 2) || (c == 0xe0 && ptr[1] < 0xa0) ||
		    (c == 0xed && ptr[1] >= 0xa0))
			return 0;
		return 3;
	}
	if (c > 0xf4 || longest < 4 || len < 4 || !continues(ptr + 1, 3) || (c == 0xf0 && ptr[1] < 0x90) ||
	    (c == 0xf4 && ptr[1] >= 0x90))
		return 0;
	return 4;
}

static size_t valid_prefix(const uint8_t *ptr, size_t len, unsigned longest)
{
	size_t i = 0;
	for (;;) {
		i += ascii_prefix(ptr + i, len - i);
		if (i == len)
			return len;
		unsigned n = utf8_length(ptr + i, len - i, longest);
		if (n == 0)
			return i;
		i += n;
	}
}

static void utf8_text(struct slice text, unsigned longest, struct arena *arena, struct slice *out)
{
	const uint8_t *ptr = (const uint8_t *)text.ptr;
	size_t i = valid_prefix(ptr, text.len, longest);
	*out = text;
	if (i == text.len)
		return;
	char *copy = arena_alloc(arena, text.len);
	memcpy(copy, ptr, text.len);
	while (i < text.len) {
		copy[i++] = '?';
		i += valid_prefix(ptr + i, text.len - i, longest);
	}
	*out = slice_of(copy, text.len);
}

/* ---- the choice ------------------------------------------------------------------------------- */

bool charset_supported(enum charset charset)
{
	switch (charset) {
	case CHARSET_UTF8MB4:
	case CHARSET_UTF8MB3:
	case CHARSET_ASCII:
	case CHARSET_BINARY:
	case CHARSET_LATIN1:
		return true;
	default:
		return false;
	}
}

void charset_to_utf8(enum charset charset, struct slice text, struct arena *arena, struct slice *out)
{
	switch (charset) {
	case CHARSET_UTF8MB3:
		utf8_text(text, 3, arena, out);
		return;
	default:
		utf8_text(text, 4, arena, out);
		return;
	}
}
