/* regex: UTF-8 regular expressions by PCRE2, compiled by its JIT if there is one. Only regex.c
 * includes pcre2.h. Thread: a compiled regex belongs to one thread. Owner: the caller; regex_free
 * releases. */
#ifndef TIDEWAY_REGEX_H
#define TIDEWAY_REGEX_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { REGEX_STEPS = 1000000 };

struct regex;

/* Compiles a pattern. Returns NULL if it is not valid; *err (ERR_SCRIPT) then contains the pattern
 * and the place of the fault. */
struct regex *regex_new(struct slice pattern, bool nocase, struct err *err);
void regex_free(struct regex *regex);
/* Searches the text from offset `start`. Sets all ncaptures slices: the whole match, then the
 * groups. A slice with a NULL ptr is a group that is not set. Returns the number of groups of the
 * pattern + 1, 0 for no match, -1 for an error such as too many steps (regex_limit). */
int regex_match(struct regex *regex, struct slice text, size_t start, struct slice *captures,
		unsigned ncaptures);
/* Limits the steps of each search, which backtracking can make very many. Without it they are REGEX_STEPS. */
void regex_limit(struct regex *regex, uint32_t steps);

#endif
