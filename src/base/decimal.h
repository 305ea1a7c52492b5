/* decimal: decimal numbers as text, [-]digits[.digits]. Pure. Thread: any. */
#ifndef TIDEWAY_BASE_DECIMAL_H
#define TIDEWAY_BASE_DECIMAL_H

#include "base/slice.h"

/* Bytes that decimal_round writes at most for a text of that length. */
static inline size_t decimal_round_size(size_t len, unsigned scale)
{
	return len + scale + 3;
}

/* Writes the number with exactly `scale` digits after the point, rounded half away from zero; a zero
 * has no sign. Returns the bytes written, 0 when the text is not a decimal number. */
size_t decimal_round(struct slice text, unsigned scale, char *out);

#endif
