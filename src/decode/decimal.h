/* decimal: DECIMAL from the binlog's packed form, and from the text of the binary protocol.
 * Packed: the integer part from the left in groups of 9 digits (4 bytes each), the leading group
 * shorter; then the fraction, the last group shorter; the first bit inverted, so that it is 1 for
 * positive numbers; all bytes inverted when negative. Pure. Thread: any. */
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

/* Bytes of the packed form; 0: no such type. */
unsigned decimal_size(unsigned precision, unsigned scale);
/* ptr holds decimal_size bytes. Writes at most DECIMAL_TEXT_MAX bytes to dst and returns their number;
 * 0: not a packed decimal. "12.30", "-0.50", "0"; never "-0". */
size_t decimal_unpack(const uint8_t *ptr, unsigned precision, unsigned scale, char *dst);
/* The same form from the server's text: without the zeros ZEROFILL puts in front and without the sign of
 * zero. *out is a part of text, or a copy in the arena. False: not a decimal literal. */
bool decimal_trim(struct slice text, struct arena *arena, struct slice *out);

#endif
