/* hash128: a hash of 128 bits. Two texts of any practical number of texts have different ones. It does not protect against
 * somebody who looks for equal ones. Pure. Thread: any. */
#ifndef TIDEWAY_HASH128_H
#define TIDEWAY_HASH128_H

#include "base/slice.h"

#include <stdint.h>

struct hash128 {
	uint64_t high, low;
};

struct hash128 hash128_of(struct slice text);

#endif
