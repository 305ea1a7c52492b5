/* num: numbers to text and back, by hand, for the hot path. Pure. Thread: any. */
#ifndef TIDEWAY_NUM_H
#define TIDEWAY_NUM_H

#include "base/slice.h"

#include <stdint.h>

enum {
	NUM_INT_MAX = 20,   /* longest text of num_u64 and num_i64, bytes */
	NUM_FLOAT_MAX = 32, /* longest text of num_f32 and num_f64, bytes */
};

/* Each writes to dst (no NUL) and returns the number of bytes. */
size_t num_u64(char *dst, uint64_t v);
size_t num_i64(char *dst, int64_t v);
/* v as exactly `width` digits, zero-padded on the left; v must fit. */
size_t num_pad(char *dst, uint64_t v, unsigned width);
/* Shortest text that reads back to the same binary32 / binary64, as a JSON number: `1.5`, `100`,
 * `1e+21`, `-0`. NaN and infinities do not occur in the database; they are written as null. */
size_t num_f32(char *dst, float v);
size_t num_f64(char *dst, double v);
/* Standard base64 with padding; returns 4 * ((len + 2) / 3), which dst must hold. */
size_t num_base64(char *dst, const uint8_t *src, size_t len);
/* Whole text as a number; false when it is not one or does not fit. */
bool num_parse_u64(struct slice text, uint64_t *v);
bool num_parse_i64(struct slice text, int64_t *v);

/* Days from 1970-01-01 of a proleptic Gregorian date (month 1..12, day 1..31), and back. */
int64_t num_days(int32_t year, unsigned month, unsigned day);
void num_civil(int64_t days, int32_t *year, unsigned *month, unsigned *day);

/* Pairs of hexadecimal digits to bytes, up to the first that is none; returns how many bytes. */
size_t num_unhex(struct slice digits, char *dst);

#endif
