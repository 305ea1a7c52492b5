/* chunk_border: the search for the end of a chunk of an integer key, for chunk_border.c and its unit test.
 * Thread: any. */
#ifndef TIDEWAY_CHUNK_BORDER_H
#define TIDEWAY_CHUNK_BORDER_H

#include "base/err.h"
#include "base/num.h"
#include "base/slice.h"

/* The keys of a range as uint64 in the order of the column. The top bit of signed keys is inverted, so that differences do not
 * overflow. */
struct border_keys {
	uint64_t first, last; /* both exist */
	uint64_t rows;        /* estimate, at least as many as the chunk searched for */
};

/* Estimates the rows of the keys first to last. */
typedef int border_estimate(void *arg, uint64_t first, uint64_t last, uint64_t *rows,
			    struct err *err);

/* Searches the last key of a chunk of about `rows` rows that begins at keys->first. Returns 0 if the estimates do not show it. */
int border_search(const struct border_keys *keys, uint64_t rows, border_estimate *estimate,
		  void *arg, uint64_t *last, struct err *err) MUST_CHECK;
uint64_t border_parse(struct slice text, bool is_unsigned);
/* Returns the length of the text. */
size_t border_print(uint64_t key, bool is_unsigned, char text[NUM_INT_MAX]);

#endif
