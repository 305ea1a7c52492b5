#include "decode/decimal.h"

#include "base/num.h"

enum { GROUP_DIGITS = 9, GROUP_SIZE = 4 };

/* The bytes of a group of 0 to 9 digits. */
static const uint8_t group_sizes[GROUP_DIGITS + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t group_limits[GROUP_DIGITS + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

unsigned decimal_size(unsigned precision, unsigned scale)
{
	if (precision == 0 || precision > DECIMAL_PRECISION_MAX || scale > precision ||
	    scale > DECIMAL_SCALE_MAX)
		return 0;
	unsigned whole = precision - scale;
	return whole / GROUP_DIGITS * GROUP_SIZE + group_sizes[whole % GROUP_DIGITS] +
	       scale / GROUP_DIGITS * GROUP_SIZE + group_sizes[scale % GROUP_DIGITS];
}

struct unpack {
	const uint8_t *at; /* next byte */
	uint8_t mask;      /* 0xff for negative numbers */
	uint8_t flip;      /* 0x80 for the first byte, then 0 */
	char *dst;         /* where the next digit goes */
	bool zero;         /* all digits so far are zeros */
	bool wrong;        /* a group is larger than its digits allow */
};

static uint32_t next_group(struct unpack *u, unsigned digits)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < group_sizes[digits]; i++) {
		v = v << 8 | (uint8_t)(*u->at++ ^ u->mask ^ u->flip);
		u->flip = 0;
	}
	if (v >= group_limits[digits])
		u->wrong = true;
	if (v != 0)
		u->zero = false;
	return v;
}

static void put_group(struct unpack *u, unsigned digits)
{
	uint32_t v = next_group(u, digits);
	if (!u->wrong)
		u->dst += num_pad(u->dst, v, digits);
}

/* Writes the integer part without leading zeros, but with at least one digit. */
static void put_whole(struct unpack *u, unsigned whole)
{
	char *first = u->dst;
	if (whole % GROUP_DIGITS)
		put_group(u, whole % GROUP_DIGITS);
	for (unsigned i = 0; i < whole / GROUP_DIGITS; i++)
		put_group(u, GROUP_DIGITS);
	char *digit = first;
	while (digit < u->dst && *digit == '0')
		digit++;
	size_t n = (size_t)(u->dst - digit);
	memmove(first, digit, n);
	u->dst = first + n;
	if (n == 0)
		*u->dst++ = '0';
}

static void put_fraction(struct unpack *u, unsigned scale)
{
	if (scale == 0)
		return;
	*u->dst++ = '.';
	for (unsigned i = 0; i < scale / GROUP_DIGITS; i++)
		put_group(u, GROUP_DIGITS);
	if (scale % GROUP_DIGITS)
		put_group(u, scale % GROUP_DIGITS);
}

size_t decimal_unpack(const uint8_t *ptr, unsigned precision, unsigned scale, char *dst)
{
	bool negative = !(*ptr & 0x80);
	char text[DECIMAL_TEXT_MAX];
	struct unpack u = {ptr, negative ? 0xff : 0, 0x80, text, true, false};
	put_whole(&u, precision - scale);
	put_fraction(&u, scale);
	if (u.wrong)
		return 0;
	size_t n = 0;
	size_t len = (size_t)(u.dst - text);
	if (negative && !u.zero)
		dst[n++] = '-';
	memcpy(dst + n, text, len);
	return n + len;
}

/* Returns whether the text is digits [. digits]. Sets *zero if all digits are zeros. */
static bool is_literal(struct slice text, bool *zero)
{
	bool digit = false, point = false;
	*zero = true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '.' && !point && digit) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		digit = true;
		*zero = *zero && c == '0';
	}
	return digit && text.ptr[text.len - 1] != '.';
}

bool decimal_trim(struct slice text, struct arena *arena, struct slice *out)
{
	bool zero;
	bool negative = text.len > 0 && text.ptr[0] == '-';
	struct slice digits = negative ? slice_of(text.ptr + 1, text.len - 1) : text;
	if (!is_literal(digits, &zero))
		return false;
	size_t skip = 0;
	while (skip + 1 < digits.len && digits.ptr[skip] == '0' && digits.ptr[skip + 1] != '.')
		skip++;
	*out = slice_of(digits.ptr + skip, digits.len - skip);
	if (!negative || zero)
		return true;
	if (skip == 0)
		*out = text;
	else
		*out = arena_printf(arena, "-%.*s", SLICE_FMT(*out));
	return true;
}
