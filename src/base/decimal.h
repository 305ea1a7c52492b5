/* decimal: decimal numbers as text, [-]digits[.digits]. Pure functions. Thread: any. */
#ifndef TIDEWAY_BASE_DECIMAL_H
#define TIDEWAY_BASE_DECIMAL_H

#include "base/slice.h"

/* Returns the maximum bytes that decimal_round writes for a text of `len` bytes. */
static inline size_t decimal_round_size(size_t len, unsigned scale)
{
	return len + scale + 3;
}

/* Writes the number with exactly `scale` digits after the point, rounded half away from zero. Zero
 * has no sign. Returns the bytes written; 0: the text is not a valid decimal number. */
size_t decimal_round(struct slice text, unsigned scale, char *out);

#endif
