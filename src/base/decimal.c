#include "base/decimal.h"

static size_t digits_at(const char *at, size_t len)
{
	size_t n = 0;
	while (n < len && at[n] >= '0' && at[n] <= '9')
		n++;
	return n;
}

/* Splits [-]digits[.digits]. Returns false if the text has another form. */
static bool split(struct slice text, bool *negative, struct slice *whole, struct slice *fraction)
{
	*negative = text.len > 0 && text.ptr[0] == '-';
	if (*negative)
		text = slice_of(text.ptr + 1, text.len - 1);
	*whole = slice_of(text.ptr, digits_at(text.ptr, text.len));
	*fraction = slice_of(text.ptr + whole->len, text.len - whole->len);
	if (whole->len == 0)
		return false;
	if (fraction->len == 0)
		return true;
	if (fraction->ptr[0] != '.')
		return false;
	*fraction = slice_of(fraction->ptr + 1, fraction->len - 1);
	return digits_at(fraction->ptr, fraction->len) == fraction->len;
}

/* Adds one to the last digit of a number with or without a point. Returns the carry. */
static bool increment(char *digits, size_t n)
{
	while (n-- > 0) {
		if (digits[n] == '.')
			continue;
		if (digits[n] != '9') {
			digits[n]++;
			return false;
		}
		digits[n] = '0';
	}
	return true;
}

static bool is_zero(const char *digits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (digits[i] != '0' && digits[i] != '.')
			return false;
	return true;
}

size_t decimal_round(struct slice text, unsigned scale, char *out)
{
	struct slice whole, fraction;
	char *digits = out + 2; /* room for a sign and a carry */
	bool negative, carry = false;
	size_t n, kept, at = 0;
	if (!split(text, &negative, &whole, &fraction))
		return 0;
	memcpy(digits, whole.ptr, whole.len);
	n = whole.len;
	if (scale > 0) {
		kept = fraction.len < scale ? fraction.len : scale;
		digits[n++] = '.';
		memcpy(digits + n, fraction.ptr, kept);
		memset(digits + n + kept, '0', scale - kept);
		n += scale;
	}
	if (fraction.len > scale && fraction.ptr[scale] >= '5')
		carry = increment(digits, n);
	if (negative && (carry || !is_zero(digits, n)))
		out[at++] = '-';
	if (carry)
		out[at++] = '1';
	memmove(out + at, digits, n);
	return at + n;
}
