/* unit: included by every C unit test: cmocka with the headers that it needs, and a few helpers.
 * Thread: the test's. */
#ifndef TIDEWAY_TESTS_UNIT_H
#define TIDEWAY_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* a name that the tested files use for themselves */
#undef fail
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* Asserts that the slice contains exactly this text. */
#define assert_slice(s, text)                                                                      \
	do {                                                                                       \
		struct slice assert_slice_ = (s);                                                  \
		assert_int_equal(assert_slice_.len, strlen(text));                                 \
		assert_memory_equal(assert_slice_.ptr ? assert_slice_.ptr : "", (text),            \
				    assert_slice_.len);                                            \
	} while (0)

/* Returns the next of a repeatable sequence of 64-bit numbers (splitmix64). */
static inline uint64_t unit_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

#endif
