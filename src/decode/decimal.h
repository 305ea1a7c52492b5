/* decimal: converts DECIMAL from the binlog's packed form and from the text of the binary protocol.
 * The packed form contains the integer part, then the fraction, in groups of 9 digits (4 bytes
 * each). The first group of the integer part and the last group of the fraction may be shorter. The
 * first bit is inverted: it is 1 for positive numbers. All bytes of a negative number are inverted.
 * Pure functions. Thread: any. */
#ifndef TIDEWAY_DECIMAL_H
#define TIDEWAY_DECIMAL_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

enum {
	DECIMAL_PRECISION_MAX = 65,
	DECIMAL_SCALE_MAX = 38,                       /* MariaDB's; MySQL's is 30 */
	DECIMAL_SIZE_MAX = 32,                        /* bytes of the packed form */
	DECIMAL_TEXT_MAX = DECIMAL_PRECISION_MAX + 3, /* sign, leading zero, point */
};

/* Returns the bytes of the packed form; 0: not a valid type. */
unsigned decimal_size(unsigned precision, unsigned scale);
/* Converts decimal_size bytes at ptr to text: "12.30", "-0.50", "0", never "-0". Writes at most
 * DECIMAL_TEXT_MAX bytes to dst. Returns their number; 0: not a valid packed decimal. */
size_t decimal_unpack(const uint8_t *ptr, unsigned precision, unsigned scale, char *dst);
/* Converts the server's text to the same form: removes the leading zeros of ZEROFILL and the sign
 * of zero. *out is a part of text, or a copy in the arena. Returns false if text is not a valid
 * decimal literal. */
bool decimal_trim(struct slice text, struct arena *arena, struct slice *out);

#endif
