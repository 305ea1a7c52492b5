/* key_range: a part of a table in the order of its chunk key, the key by which a copy divides it. A bound has the values of
 * the key's columns as the server's text protocol sends them, in the bytes of the column's own character set.
 * Thread: any. Owner: borrowed; the arena of the one who made it. */
#ifndef TIDEWAY_KEY_RANGE_H
#define TIDEWAY_KEY_RANGE_H

#include "base/slice.h"

/* A bound of a range: a value for each column of the key. n = 0: an open end. */
struct key_bound {
	unsigned n;
	const struct slice *parts;
};

/* The rows after `low`, up to and including `high`. */
struct key_range {
	struct key_bound low, high;
};

#endif
