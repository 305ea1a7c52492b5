#include "model/charset_text.h"

#include "base/utf8.h"
#include "model/charset_tables.h"

#include <stdint.h>

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

static inline bool is_ascii(const uint8_t *eight)
{
	uint64_t v;
	memcpy(&v, eight, 8);
	return (v & UINT64_C(0x8080808080808080)) == 0;
}

/* Returns the number of leading ASCII bytes. */
static size_t ascii_prefix(const uint8_t *ptr, size_t len)
{
	size_t i = 0;
	while (i + 8 <= len && is_ascii(ptr + i))
		i += 8;
	/* the rest, with bytes before it that are ASCII */
	if (len >= 8 && i + 8 > len && is_ascii(ptr + len - 8))
		return len;
	while (i < len && ptr[i] < 0x80)
		i++;
	return i;
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

/* ---- output ---------------------------------------------------------------------------------- */

enum { BAD = -1 }; /* not a valid character; becomes '?' */

/* Writes one character. Returns the address after it. */
static char *put_utf8(char *dst, int32_t c)
{
	if (c < 0 || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
		*dst++ = '?';
	} else if (c < 0x80) {
		*dst++ = (char)c;
	} else if (c < 0x800) {
		*dst++ = (char)(0xc0 | c >> 6);
		*dst++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*dst++ = (char)(0xe0 | c >> 12);
		*dst++ = (char)(0x80 | (c >> 6 & 63));
		*dst++ = (char)(0x80 | (c & 63));
	} else {
		*dst++ = (char)(0xf0 | c >> 18);
		*dst++ = (char)(0x80 | (c >> 12 & 63));
		*dst++ = (char)(0x80 | (c >> 6 & 63));
		*dst++ = (char)(0x80 | (c & 63));
	}
	return dst;
}

/* Reads one character at ptr into *c, which the caller has set to BAD. len is not 0. Returns the
 * number of bytes read. */
typedef size_t take_fn(const struct charset_table *table, const uint8_t *ptr, size_t len,
		       int32_t *c);

/* A byte of any set becomes at most 3 bytes of UTF-8. A character of 4 bytes needs at least 2
 * bytes. */
enum { GROWTH = 3 };

static void convert(take_fn *take, const struct charset_table *table, struct slice text,
		    struct arena *arena, struct slice *out)
{
	const uint8_t *ptr = (const uint8_t *)text.ptr, *end = ptr + text.len;
	char *dst = arena_alloc(arena, text.len * GROWTH);
	char *at = dst;
	while (ptr < end) {
		int32_t c = BAD;
		ptr += take(table, ptr, (size_t)(end - ptr), &c);
		at = put_utf8(at, c);
	}
	*out = slice_of(dst, (size_t)(at - dst));
}

/* ---- sets of one byte, and the one-byte characters of the others ----------------------------- */

static size_t take_single(const struct charset_table *table, const uint8_t *ptr, size_t len,
			  int32_t *c)
{
	(void)len;
	if (ptr[0] == 0 || table->single[ptr[0]] != 0)
		*c = table->single[ptr[0]];
	return 1;
}

/* ---- sets of several bytes ------------------------------------------------------------------- */

static uint16_t pair(const struct charset_pairs *pairs, const uint8_t *ptr)
{
	if (pairs->blocks == NULL || ptr[0] < pairs->first || ptr[0] > pairs->last)
		return 0;
	unsigned row = (unsigned)(ptr[0] - pairs->first) * CHARSET_ROW_BLOCKS;
	unsigned block = pairs->blocks[row + ptr[1] / CHARSET_BLOCK];
	return charset_blocks[block][ptr[1] % CHARSET_BLOCK];
}

static size_t take_mapped(int32_t *c, uint16_t mapped, size_t n)
{
	if (mapped != 0)
		*c = mapped;
	return n;
}

/* Returns whether two bytes have the form of a character, mapped or not. If not mapped, both become
 * one '?'. */
typedef bool form_fn(const uint8_t *ptr);

static bool between(uint8_t c, uint8_t low, uint8_t high)
{
	return c >= low && c <= high;
}

static bool form_big5(const uint8_t *p)
{
	return between(p[0], 0xa1, 0xf9) &&
	       (between(p[1], 0x40, 0x7e) || between(p[1], 0xa1, 0xfe));
}

static bool form_gb2312(const uint8_t *p)
{
	return between(p[0], 0xa1, 0xf7) && between(p[1], 0xa1, 0xfe);
}

static bool form_gbk(const uint8_t *p)
{
	return between(p[0], 0x81, 0xfe) &&
	       (between(p[1], 0x40, 0x7e) || between(p[1], 0x80, 0xfe));
}

static bool form_sjis(const uint8_t *p)
{
	return (between(p[0], 0x81, 0x9f) || between(p[0], 0xe0, 0xfc)) &&
	       (between(p[1], 0x40, 0x7e) || between(p[1], 0x80, 0xfc));
}

static bool form_euckr(const uint8_t *p)
{
	return between(p[0], 0x81, 0xfe) &&
	       (between(p[1], 0x41, 0x5a) || between(p[1], 0x61, 0x7a) ||
		between(p[1], 0x81, 0xfe));
}

static bool form_ujis(const uint8_t *p)
{
	return between(p[0], 0xa1, 0xfe) ? between(p[1], 0xa1, 0xfe)
					 : p[0] == 0x8e && between(p[1], 0xa1, 0xdf);
}

static inline size_t take_double(form_fn *form, const struct charset_table *table,
				 const uint8_t *ptr, size_t len, int32_t *c)
{
	if (ptr[0] >= 0x80 && len >= 2 && form(ptr))
		return take_mapped(c, pair(&table->double_, ptr), 2);
	return take_single(table, ptr, len, c);
}

#define DOUBLE_SET(set)                                                                            \
	static size_t take_##set(const struct charset_table *table, const uint8_t *ptr,            \
				 size_t len, int32_t *c)                                           \
	{                                                                                          \
		return take_double(form_##set, table, ptr, len, c);                                \
	}

DOUBLE_SET(big5)
DOUBLE_SET(gb2312)
DOUBLE_SET(gbk)
DOUBLE_SET(sjis)
DOUBLE_SET(euckr)

static size_t take_ujis(const struct charset_table *table, const uint8_t *ptr, size_t len,
			int32_t *c)
{
	if (ptr[0] == 0x8f && len >= 3 && between(ptr[1], 0xa1, 0xfe) &&
	    between(ptr[2], 0xa1, 0xfe))
		return take_mapped(c, pair(&table->triple_, ptr + 1), 3);
	return take_double(form_ujis, table, ptr, len, c);
}

/* ---- gb18030: characters of four bytes are numbered ------------------------------------------ */

enum {
	GB_SUPPLEMENT = 189000,     /* number of U+10000 */
	GB_LAST = 189000 + 0xfffff, /* number of U+10FFFF */
};

static int32_t gb18030_code(uint32_t number)
{
	unsigned low = 0, high = gb18030_nruns;
	if (number >= GB_SUPPLEMENT)
		return number <= GB_LAST ? (int32_t)(number - GB_SUPPLEMENT + 0x10000) : BAD;
	while (low < high) { /* find the last run that begins at or before number */
		unsigned middle = (low + high) / 2;
		if (gb18030_runs[middle].first <= number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return BAD;
	const struct gb18030_run *run = &gb18030_runs[low - 1];
	return number - run->first < run->length ? (int32_t)(run->code + (number - run->first))
						 : BAD;
}

static size_t take_gb18030(const struct charset_table *table, const uint8_t *ptr, size_t len,
			   int32_t *c)
{
	if (len >= 4 && between(ptr[0], 0x81, 0xfe) && between(ptr[1], 0x30, 0x39) &&
	    between(ptr[2], 0x81, 0xfe) && between(ptr[3], 0x30, 0x39)) {
		*c = gb18030_code(((uint32_t)(ptr[0] - 0x81) * 10 + (uint32_t)(ptr[1] - 0x30)) *
					  1260 +
				  (uint32_t)(ptr[2] - 0x81) * 10 + (uint32_t)(ptr[3] - 0x30));
		return 4;
	}
	return take_double(form_gbk, table, ptr, len, c);
}

/* ---- Unicode in units of two or four bytes --------------------------------------------------- */

static int32_t unit(const uint8_t *ptr, bool little)
{
	return little ? ptr[0] | ptr[1] << 8 : ptr[0] << 8 | ptr[1];
}

static inline size_t take_utf16_order(const uint8_t *ptr, size_t len, bool little, int32_t *c)
{
	if (len < 2)
		return len;
	int32_t high = unit(ptr, little);
	if (high < 0xd800 || high >= 0xe000) {
		*c = high;
		return 2;
	}
	int32_t low = len >= 4 ? unit(ptr + 2, little) : 0;
	if (high >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		return 2;
	*c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 4;
}

static size_t take_utf16(const struct charset_table *table, const uint8_t *ptr, size_t len,
			 int32_t *c)
{
	(void)table;
	return take_utf16_order(ptr, len, false, c);
}

static size_t take_utf16le(const struct charset_table *table, const uint8_t *ptr, size_t len,
			   int32_t *c)
{
	(void)table;
	return take_utf16_order(ptr, len, true, c);
}

static size_t take_ucs2(const struct charset_table *table, const uint8_t *ptr, size_t len,
			int32_t *c)
{
	(void)table;
	if (len < 2)
		return len;
	*c = unit(ptr, false);
	return 2;
}

static size_t take_utf32(const struct charset_table *table, const uint8_t *ptr, size_t len,
			 int32_t *c)
{
	(void)table;
	if (len < 4)
		return len;
	*c = ptr[0] != 0 || ptr[1] > 0x10 ? BAD : ptr[1] << 16 | unit(ptr + 2, false);
	return 4;
}

static size_t take_ascii(const struct charset_table *table, const uint8_t *ptr, size_t len,
			 int32_t *c)
{
	(void)table, (void)len;
	if (ptr[0] < 0x80)
		*c = ptr[0];
	return 1;
}

/* ---- the choice ------------------------------------------------------------------------------ */

static take_fn *choose(enum charset charset)
{
	switch (charset) {
	case CHARSET_ASCII:
		return take_ascii;
	case CHARSET_UCS2:
		return take_ucs2;
	case CHARSET_UTF16:
		return take_utf16;
	case CHARSET_UTF16LE:
		return take_utf16le;
	case CHARSET_UTF32:
		return take_utf32;
	case CHARSET_BIG5:
		return take_big5;
	case CHARSET_GB2312:
		return take_gb2312;
	case CHARSET_GBK:
		return take_gbk;
	case CHARSET_GB18030:
		return take_gb18030;
	case CHARSET_SJIS:
	case CHARSET_CP932:
		return take_sjis;
	case CHARSET_UJIS:
	case CHARSET_EUCJPMS:
		return take_ujis;
	case CHARSET_EUCKR:
		return take_euckr;
	default:
		return charset_tables[charset].single ? take_single : NULL;
	}
}

bool charset_supported(enum charset charset)
{
	switch (charset) {
	case CHARSET_UTF8MB4:
	case CHARSET_UTF8MB3:
	case CHARSET_BINARY:
		return true;
	default:
		return choose(charset) != NULL;
	}
}

void charset_to_utf8(enum charset charset, struct slice text, struct arena *arena,
		     struct slice *out)
{
	const struct charset_table *table = &charset_tables[charset];
	if (charset == CHARSET_UTF8MB4 || charset == CHARSET_UTF8MB3 || charset == CHARSET_BINARY) {
		utf8_text(text, charset == CHARSET_UTF8MB3 ? 3 : 4, arena, out);
		return;
	}
	*out = text;
	if ((table->ascii || charset == CHARSET_ASCII) &&
	    ascii_prefix((const uint8_t *)text.ptr, text.len) == text.len)
		return;
	take_fn *take = choose(charset);
	if (take != NULL)
		convert(take, table, text, arena, out);
	else
		utf8_text(text, 4, arena, out);
}

/* ---- the other direction --------------------------------------------------------------------- */

/* Returns the character at offset *at of UTF-8 text and moves *at past it. *at is not the end.
 * Returns BAD and skips one byte if the character is not valid. */
static int32_t next_utf8(struct slice text, size_t *at)
{
	static const uint8_t firsts[] = {0x7f, 0x7f, 0x1f, 0x0f, 0x07};
	const uint8_t *ptr = (const uint8_t *)text.ptr + *at;
	unsigned n = utf8_length(ptr, text.len - *at, 4);
	int32_t c = n > 0 ? ptr[0] & firsts[n] : BAD;
	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (ptr[i] & 63);
	*at += n > 0 ? n : 1;
	return c;
}

static bool is_code(take_fn *take, const struct charset_table *table, const uint8_t *code, size_t n,
		    int32_t want)
{
	int32_t c = BAD;
	return take(table, code, n, &c) == n && c == want;
}

/* Searches the two bytes that encode the character c after the first `at` bytes of code. Writes
 * them to code. Returns the length of code, or 0 if there are none. */
static size_t find_pair(take_fn *take, const struct charset_table *table, uint8_t *code, size_t at,
			int32_t c)
{
	for (unsigned lead = 0x81; lead <= 0xfe; lead++) {
		for (unsigned tail = 0x40; tail <= 0xfe; tail++) {
			code[at] = (uint8_t)lead;
			code[at + 1] = (uint8_t)tail;
			if (is_code(take, table, code, at + 2, c))
				return at + 2;
		}
	}
	return 0;
}

static size_t put_gb18030(uint8_t *code, int32_t c)
{
	uint32_t number = GB_LAST + 1;
	if (c >= 0x10000)
		number = (uint32_t)c - 0x10000 + GB_SUPPLEMENT;
	for (unsigned i = 0; i < gb18030_nruns && c < 0x10000; i++) {
		const struct gb18030_run *run = &gb18030_runs[i];
		if ((uint32_t)c >= run->code && (uint32_t)c - run->code < run->length)
			number = run->first + ((uint32_t)c - run->code);
	}
	if (number > GB_LAST)
		return 0;
	code[0] = (uint8_t)(0x81 + number / 12600);
	code[1] = (uint8_t)(0x30 + number / 1260 % 10);
	code[2] = (uint8_t)(0x81 + number / 10 % 126);
	code[3] = (uint8_t)(0x30 + number % 10);
	return 4;
}

/* Searches the bytes of the character c by trying every code. That is fast enough for the few
 * characters of a statement. Returns the number of bytes, or 0 if the set does not contain the
 * character. */
static size_t find_code(enum charset charset, uint8_t *code, int32_t c)
{
	const struct charset_table *table = &charset_tables[charset];
	take_fn *take = choose(charset);
	size_t n;
	for (unsigned i = 0; i < 256; i++) {
		code[0] = (uint8_t)i;
		if (is_code(take, table, code, 1, c))
			return 1;
	}
	if (table->double_.blocks == NULL && charset != CHARSET_UJIS && charset != CHARSET_EUCJPMS)
		return 0;
	n = find_pair(take, table, code, 0, c);
	if (n == 0 && table->triple_.blocks != NULL) {
		code[0] = 0x8f;
		n = find_pair(take, table, code, 1, c);
	}
	return n == 0 && charset == CHARSET_GB18030 ? put_gb18030(code, c) : n;
}

static size_t put_unit(uint8_t *code, int32_t unit_, bool little)
{
	code[little ? 1 : 0] = (uint8_t)(unit_ >> 8);
	code[little ? 0 : 1] = (uint8_t)unit_;
	return 2;
}

static size_t put_utf16(uint8_t *code, int32_t c, bool little)
{
	if (c < 0x10000)
		return put_unit(code, c, little);
	put_unit(code, 0xd800 + ((c - 0x10000) >> 10), little);
	put_unit(code + 2, 0xdc00 + ((c - 0x10000) & 0x3ff), little);
	return 4;
}

/* Writes the character c. Returns the number of bytes, or 0 if the set does not contain the
 * character. */
static size_t put_code(enum charset charset, uint8_t *code, int32_t c)
{
	switch (charset) {
	case CHARSET_UTF8MB3:
	case CHARSET_UTF8MB4:
	case CHARSET_BINARY:
		if (charset == CHARSET_UTF8MB3 && c >= 0x10000)
			return 0;
		return (size_t)(put_utf8((char *)code, c) - (char *)code);
	case CHARSET_UCS2:
		return c < 0x10000 ? put_unit(code, c, false) : 0;
	case CHARSET_UTF16:
	case CHARSET_UTF16LE:
		return put_utf16(code, c, charset == CHARSET_UTF16LE);
	case CHARSET_UTF32:
		put_unit(code, c >> 16, false);
		return 2 + put_unit(code + 2, c & 0xffff, false);
	default:
		return choose(charset) == NULL ? 0 : find_code(charset, code, c);
	}
}

void charset_from_utf8(enum charset charset, struct slice text, struct arena *arena,
		       struct slice *out)
{
	enum { LONGEST = 4 };
	uint8_t *bytes = arena_alloc(arena, text.len * LONGEST);
	size_t n = 0;
	for (size_t at = 0; at < text.len;) {
		int32_t c = next_utf8(text, &at);
		size_t len = c < 0 ? 0 : put_code(charset, bytes + n, c);
		n += len > 0 ? len : put_code(charset, bytes + n, '?');
	}
	*out = slice_of(bytes, n);
}
