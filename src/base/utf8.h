/* utf8: characters of UTF-8 text. Pure functions. Thread: any. */
#ifndef TIDEWAY_UTF8_H
#define TIDEWAY_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether all n bytes are continuation bytes. */
static inline bool utf8_continues(const uint8_t *ptr, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((ptr[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Returns the bytes of the character at ptr, at most `longest`; 0: not a valid character.
 * Surrogates and overlong forms are not valid. len must not be 0. */
static inline unsigned utf8_length(const uint8_t *ptr, size_t len, unsigned longest)
{
	uint8_t c = ptr[0];
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;
	if (c < 0xe0)
		return len >= 2 && utf8_continues(ptr + 1, 1) ? 2 : 0;
	if (c < 0xf0) {
		if (len < 3 || !utf8_continues(ptr + 1, 2) || (c == 0xe0 && ptr[1] < 0xa0) ||
		    (c == 0xed && ptr[1] >= 0xa0))
			return 0;
		return 3;
	}
	if (c > 0xf4 || longest < 4 || len < 4 || !utf8_continues(ptr + 1, 3) ||
	    (c == 0xf0 && ptr[1] < 0x90) || (c == 0xf4 && ptr[1] >= 0x90))
		return 0;
	return 4;
}

#endif
