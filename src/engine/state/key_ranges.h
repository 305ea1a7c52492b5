/* key_ranges: which ranges of a table's chunk key a copy has finished, in key order. Only the server can compare keys. So the
 * order is that in which ranges were cut: the key space is a list of parts, and a range is cut from an unfinished part of it.
 * Adjacent finished parts are one part.
 * Thread: one at a time. Owner: key_ranges_fini; zeroed memory is an empty set. */
#ifndef TIDEWAY_KEY_RANGES_H
#define TIDEWAY_KEY_RANGES_H

#include "base/buf.h"
#include "base/err.h"
#include "model/key_range.h"

#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* A part begins after the end of the part before it. */
struct key_span {
	struct key_bound high; /* heap, in one block; open in the last part */
	bool finished;
};

struct key_ranges {
	struct key_span *parts; /* NULL: one unfinished part */
	unsigned nparts, cap;
	uint64_t rows;   /* that were read in the finished ranges */
	char *signature; /* heap: what the order and meaning of the bounds depend on; NULL: not set */
};

void key_ranges_fini(struct key_ranges *ranges);
/* Move everything from one set to another, whose content is freed. */
void key_ranges_move(struct key_ranges *to, struct key_ranges *from);
/* Forget what was finished and cut. Bounds that are cut from now on depend on this signature. */
void key_ranges_restart(struct key_ranges *ranges, struct slice signature);
/* Return whether any range is finished. */
bool key_ranges_any(const struct key_ranges *ranges);
/* Cut a range from the unfinished part that contains it. It must begin at the begin of an unfinished part, or end at the end of
 * one, or there must be only one of them. Otherwise its place is not known: return false. */
bool key_ranges_cut(struct key_ranges *ranges, const struct key_range *range);
/* Record that a range is finished. It is cut if it was not. Return false if its place is not known. */
bool key_ranges_finish(struct key_ranges *ranges, const struct key_range *range, uint64_t rows);
/* Forget what was cut and not finished, before ranges are cut again. */
void key_ranges_uncut(struct key_ranges *ranges);
/* Iterate over the missing ranges in key order, starting with *at = 0. Adjacent ones are one range. The bounds are borrowed. */
bool key_ranges_next_missing(const struct key_ranges *ranges, size_t *at,
			     struct key_range *missing);
/* Return the highest number of values that a bound has. */
unsigned key_ranges_width(const struct key_ranges *ranges);

/* Write {"key":"<signature>","rows":n,"ranges":[[after,to],..]} of the finished ranges. A bound is an array of values, or null
 * for an open end. A value is a string if it consists of printable ASCII characters, else {"hex":".."}. */
void key_ranges_write(const struct key_ranges *ranges, struct buf *out);
/* Fill an empty set. */
int key_ranges_read(struct key_ranges *ranges, const struct cJSON *item,
		    struct err *err) MUST_CHECK;

#endif
