#include "model/charset.h"

#include "model/charset_ids.h"

static const struct {
	const char *name;
	uint8_t max_bytes;
} charsets[CHARSET_COUNT] = {
#define X(id, name, bytes) {name, bytes},
	CHARSETS(X)
#undef X
};

const char *charset_name(enum charset charset)
{
	return charsets[charset].name;
}

bool charset_parse(struct slice name, enum charset *charset)
{
	if (slice_equal_nocase(name, SLICE("utf8")))
		name = SLICE("utf8mb3");
	for (unsigned i = 0; i < CHARSET_COUNT; i++) {
		if (slice_equal_nocase(name, slice_str(charsets[i].name))) {
			*charset = (enum charset)i;
			return true;
		}
	}
	return false;
}

bool charset_of_collation(struct slice collation, enum charset *charset)
{
	const char *cut = collation.len ? memchr(collation.ptr, '_', collation.len) : NULL;
	size_t len = cut ? (size_t)(cut - collation.ptr) : collation.len;
	return charset_parse(slice_of(collation.ptr, len), charset);
}

bool charset_of_id(unsigned id, enum charset *charset)
{
	unsigned low = 0, high = charset_nranges;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (id > charset_ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == charset_nranges || id < charset_ranges[low].first)
		return false;
	*charset = (enum charset)charset_ranges[low].charset;
	return true;
}

unsigned charset_max_bytes(enum charset charset)
{
	return charsets[charset].max_bytes;
}
