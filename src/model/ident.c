#include "model/ident.h"

#include "model/ident_tables.h"

enum { MARIADB_UNICODE_14 = 110500 };

enum ident_rules ident_rules_of(bool mariadb, unsigned version)
{
	return mariadb && version >= MARIADB_UNICODE_14 ? IDENT_UNICODE_14 : IDENT_UNICODE_3;
}

static uint32_t fold_ascii(enum ident_rules rules, uint32_t c)
{
	if (rules == IDENT_UNICODE_3)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static uint32_t fold_run(const struct ident_run *runs, unsigned count, uint32_t c)
{
	unsigned low = 0, high = count;
	while (low < high) { /* find the first run that ends at or after c */
		unsigned middle = (low + high) / 2;
		if (runs[middle].last < c)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || c < runs[low].first || (c - runs[low].first) % runs[low].step != 0)
		return c;
	return (uint32_t)((int32_t)c + runs[low].difference);
}

uint32_t ident_fold(enum ident_rules rules, uint32_t code)
{
	if (code < 0x80)
		return fold_ascii(rules, code);
	if (rules == IDENT_UNICODE_3)
		return fold_run(ident_lower_3, ident_lower_3_count, code);
	return fold_run(ident_upper_14, ident_upper_14_count, code);
}

enum { NOT_UTF8 = 0x110000 }; /* plus the byte: a byte that is not part of a character */

static bool continues(struct slice name, size_t at)
{
	return at < name.len && (name.ptr[at] & 0xc0) == 0x80;
}

/* Returns the character at offset *at and moves *at past it. *at is not the end. */
static uint32_t next_code(struct slice name, size_t *at)
{
	const unsigned char *p = (const unsigned char *)name.ptr + *at;
	if (p[0] < 0x80) {
		*at += 1;
		return p[0];
	}
	if (p[0] >= 0xc2 && p[0] < 0xe0 && continues(name, *at + 1)) {
		*at += 2;
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if (p[0] >= 0xe0 && p[0] < 0xf0 && continues(name, *at + 1) && continues(name, *at + 2)) {
		*at += 3;
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	}
	*at += 1;
	return NOT_UTF8 + p[0];
}

int ident_compare(enum ident_rules rules, struct slice a, struct slice b)
{
	size_t i = 0, j = 0;
	while (i < a.len && j < b.len) {
		uint32_t x = ident_fold(rules, next_code(a, &i));
		uint32_t y = ident_fold(rules, next_code(b, &j));
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a.len) - (j < b.len);
}

bool ident_equal(enum ident_rules rules, struct slice a, struct slice b)
{
	return slice_equal(a, b) || ident_compare(rules, a, b) == 0;
}

static size_t put_code(char *out, uint32_t c)
{
	if (c >= NOT_UTF8) {
		out[0] = (char)(c - NOT_UTF8);
		return 1;
	}
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 63));
	out[2] = (char)(0x80 | (c & 63));
	return 3;
}

enum { GROWTH = 3 }; /* a byte of a name becomes at most 3 bytes */

struct slice ident_lower(struct slice name, struct arena *arena)
{
	char *text = arena_alloc(arena, name.len * GROWTH);
	size_t n = 0;
	for (size_t at = 0; at < name.len;)
		n += put_code(text + n, ident_fold(IDENT_UNICODE_3, next_code(name, &at)));
	return slice_of(text, n);
}
