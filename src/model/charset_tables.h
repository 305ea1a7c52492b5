/* charset_tables: the Unicode character to which the servers' CONVERT maps each character of the
 * sets that are not Unicode. 0 means "not a valid character", except for byte 0.
 * scripts/dev/gen-charsets generates the .c file. Thread: any; constants only. */
#ifndef TIDEWAY_CHARSET_TABLES_H
#define TIDEWAY_CHARSET_TABLES_H

#include "model/charset.h"

#include <stdint.h>

enum {
	CHARSET_BLOCK = 32,                       /* characters of a block */
	CHARSET_ROW_BLOCKS = 256 / CHARSET_BLOCK, /* blocks of one lead byte */
};

/* Characters of two bytes: CHARSET_ROW_BLOCKS indexes of charset_blocks for each lead byte of a
 * range. */
struct charset_pairs {
	const uint16_t *blocks; /* NULL: the set has no such characters */
	uint8_t first, last;    /* lead bytes, both inclusive */
};

struct charset_table {
	const uint16_t *single; /* the 256 characters of one byte; NULL: the set has no table */
	bool ascii;             /* bytes below 0x80 are ASCII */
	struct charset_pairs double_; /* characters of two bytes */
	struct charset_pairs triple_; /* characters of 0x8f and two bytes */
};

/* Four-byte characters of gb18030 below U+10000, which are numbered. Number first + i is the
 * character code + i, for i < length. */
struct gb18030_run {
	uint16_t first, length, code;
};

extern const uint16_t charset_blocks[][CHARSET_BLOCK];
extern const struct charset_table charset_tables[CHARSET_COUNT];
extern const struct gb18030_run gb18030_runs[];
extern const unsigned gb18030_nruns;

#endif
