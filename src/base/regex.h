/* regex: PCRE2 (the only place that includes pcre2.h), UTF-8, JIT where there is one.
 * Thread: a compiled regex belongs to one thread. Owner: regex_free. */
#ifndef TIDEWAY_REGEX_H
#define TIDEWAY_REGEX_H

#include "base/err.h"
#include "base/slice.h"

struct regex;

/* NULL with *err (ERR_SCRIPT) that shows the pattern and where it is wrong. */
struct regex *regex_new(struct slice pattern, bool nocase, struct err *err);
void regex_free(struct regex *regex);
/* Searches from `start`; fills up to ncaptures slices (0 is the whole match; ptr NULL: not set).
 * Returns the number of groups + 1, 0 for no match, -1 for an error such as the match limit. */
int regex_match(struct regex *regex, struct slice text, size_t start, struct slice *captures,
		unsigned ncaptures);

#endif
