#include "base/slice.h"

#include "base/mem.h"

#include <stdint.h>

/* slice_distance compares only the first bytes of texts that are longer. Names are shorter. */
enum { DISTANCE_MAX = 128 };

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

char *slice_copy(struct slice s)
{
	char *copy = mem_alloc(s.len + 1);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int slice_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

size_t slice_hash(struct slice s)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
	return (size_t)hash;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

unsigned slice_distance(struct slice a, struct slice b)
{
	unsigned
		row[DISTANCE_MAX + 1]; /* distances of the first i bytes of a to each prefix of b */
	size_t na = a.len < DISTANCE_MAX ? a.len : DISTANCE_MAX;
	size_t nb = b.len < DISTANCE_MAX ? b.len : DISTANCE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned swap = diagonal + (lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]));
			diagonal = row[j];
			row[j] = min3(swap, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[nb] + (unsigned)(a.len - na + b.len - nb);
}
