/* charset_ids: the collation ids of MySQL and MariaDB as ascending ranges, each of one character
 * set. scripts/dev/gen-charsets generates the .c file. Thread: any; constants only. */
#ifndef TIDEWAY_MODEL_CHARSET_IDS_H
#define TIDEWAY_MODEL_CHARSET_IDS_H

#include "model/charset.h"

#include <stdint.h>

struct charset_range {
	uint16_t first, last; /* collation ids, both inclusive */
	uint16_t charset;     /* enum charset */
};

extern const struct charset_range charset_ranges[];
extern const unsigned charset_nranges;

#endif
