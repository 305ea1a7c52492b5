/* num: converts numbers to text and back. Written for the hot path. Pure functions. Thread: any. */
#ifndef TIDEWAY_NUM_H
#define TIDEWAY_NUM_H

#include "base/slice.h"

#include <stdint.h>

enum {
	NUM_INT_MAX = 20,   /* longest text of num_u64 and num_i64, bytes */
	NUM_FLOAT_MAX = 32, /* longest text of num_f32 and num_f64, bytes */
};

/* The functions that write to dst append no NUL and return the number of bytes. */
size_t num_u64(char *dst, uint64_t v);
size_t num_i64(char *dst, int64_t v);
/* Writes v as exactly `width` digits, padded with zeros on the left. v must fit. */
size_t num_pad(char *dst, uint64_t v, unsigned width);
/* Write the shortest JSON number that reads back as the same binary32 or binary64: `1.5`, `100`,
 * `1e+21`, `-0`. NaN and infinities are written as null; the database does not store them. */
size_t num_f32(char *dst, float v);
size_t num_f64(char *dst, double v);
/* Writes standard base64 with padding. Returns 4 * ((len + 2) / 3). dst must have room for that. */
size_t num_base64(char *dst, const uint8_t *src, size_t len);
/* Parse the whole text as a number into *v. Return false if it is not a valid number or does not
 * fit. */
bool num_parse_u64(struct slice text, uint64_t *v);
bool num_parse_i64(struct slice text, int64_t *v);

/* Convert a date of the proleptic Gregorian calendar (month 1..12, day 1..31) to the number of days
 * since 1970-01-01. */
int64_t num_days(int32_t year, unsigned month, unsigned day);

/* Converts pairs of hexadecimal digits to bytes. Stops at the first pair that is not valid. Returns
 * the number of bytes. */
size_t num_unhex(struct slice digits, char *dst);

#endif
