#include "base/num.h"

#include "base/num_pow10.h"

#include <assert.h>

static const char num_pairs[201] = "00010203040506070809101112131415161718192021222324"
				   "25262728293031323334353637383940414243444546474849"
				   "50515253545556575859606162636465666768697071727374"
				   "75767778798081828384858687888990919293949596979899";

static const uint64_t num_tens[20] = {
	1u,
	10u,
	100u,
	1000u,
	10000u,
	100000u,
	1000000u,
	10000000u,
	100000000u,
	1000000000u,
	10000000000u,
	100000000000u,
	1000000000000u,
	10000000000000u,
	100000000000000u,
	1000000000000000u,
	10000000000000000u,
	100000000000000000u,
	1000000000000000000u,
	10000000000000000000u,
};

/* Returns the number of decimal digits of v; 1 for 0. 1233/4096 is slightly more than log10(2). */
static unsigned count_digits(uint64_t v)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
	unsigned guess = bits * 1233 >> 12;
	return guess + ((v | 1) >= num_tens[guess]);
}

/* Writes the last `width` decimal digits of v. */
static void write_digits(char *dst, uint64_t v, unsigned width)
{
	while (width >= 2) {
		width -= 2;
		memcpy(dst + width, num_pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (width)
		*dst = (char)('0' + v % 10);
}

size_t num_u64(char *dst, uint64_t v)
{
	unsigned n = count_digits(v);
	write_digits(dst, v, n);
	return n;
}

size_t num_i64(char *dst, int64_t v)
{
	if (v >= 0)
		return num_u64(dst, (uint64_t)v);
	*dst = '-';
	return 1 + num_u64(dst + 1, 0 - (uint64_t)v);
}

size_t num_pad(char *dst, uint64_t v, unsigned width)
{
	assert(count_digits(v) <= width || v == 0);
	write_digits(dst, v, width);
	return width;
}

/* A decimal number: digits * 10^exponent. */
struct decimal {
	uint64_t digits;
	int32_t exponent;
};

/* Returns floor(g * c / 2^128), rounded to odd: sets the last bit if the fraction is not 0. That
 * keeps comparisons with integers and halves exact. */
static uint64_t scale(const uint64_t g[2], uint64_t c)
{
	unsigned __int128 low = (unsigned __int128)g[1] * c;
	unsigned __int128 sum = (unsigned __int128)g[0] * c + (uint64_t)(low >> 64);
	return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* Returns the shortest decimal in the interval of numbers that read back as c * 2^q. If there are
 * several, returns the one nearest to c * 2^q. The algorithm is Giulietti's Schubfach.
 * `narrow`: c * 2^q is a power of two, so the interval is half as wide below it as above it.
 * floor(log10()) and floor(log2()) are multiplications by a rounded constant. They are exact in
 * the range of q. */
static struct decimal shortest(uint64_t c, int32_t q, bool narrow)
{
	int32_t k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
	int32_t h = q + ((-k * 1741647) >> 19) + 1;
	const uint64_t *g = num_pow10[-k - POW10_FIRST];
	uint64_t odd = c & 1; /* reading rounds to even: an even c includes the ends */
	uint64_t low = scale(g, (4 * c - 2 + narrow) << h) + odd;
	uint64_t middle = scale(g, (4 * c) << h);
	uint64_t high = scale(g, (4 * c + 2) << h) - odd;
	uint64_t s = middle / 4;
	/* use one digit fewer if exactly one of both neighbours is in the interval */
	uint64_t tens = s / 10 * 10;
	bool below = low <= 4 * tens;
	bool above = 4 * tens + 40 <= high;
	if (s >= 10 && below != above)
		return (struct decimal){below ? tens : tens + 10, k};
	below = low <= 4 * s;
	above = 4 * s + 4 <= high;
	if (below == above) /* both or neither: take the nearer, or the even one of a tie */
		below = middle < 4 * s + 2 || (middle == 4 * s + 2 && s % 2 == 0);
	return (struct decimal){below ? s : s + 1, k};
}

static void strip_zeros(struct decimal *d)
{
	while (d->digits % 10000 == 0) {
		d->digits /= 10000;
		d->exponent += 4;
	}
	while (d->digits % 10 == 0) {
		d->digits /= 10;
		d->exponent++;
	}
}

static size_t write_zeros(char *dst, int32_t n)
{
	memset(dst, '0', (size_t)n);
	return (size_t)n;
}

/* Writes "1.25e-7": the first digit, the point, the other digits, and `power` as the exponent. */
static size_t write_scientific(char *dst, uint64_t digits, unsigned n, int32_t power)
{
	size_t len = n;
	write_digits(dst + 1, digits, n);
	dst[0] = dst[1];
	dst[1] = '.';
	len = n > 1 ? len + 1 : 1;
	dst[len++] = 'e';
	dst[len++] = power < 0 ? '-' : '+';
	return len + num_u64(dst + len, (uint64_t)(power < 0 ? -power : power));
}

/* Writes numbers from 1e-6 to below 1e21 without an exponent, like JavaScript. */
static size_t write_decimal(char *dst, struct decimal d)
{
	enum { POINT_MIN = -5, POINT_MAX = 21 };
	unsigned n = count_digits(d.digits);
	int32_t point = (int32_t)n + d.exponent; /* digits before the point */
	if (point < POINT_MIN || point > POINT_MAX)
		return write_scientific(dst, d.digits, n, point - 1);
	if (d.exponent >= 0) {
		write_digits(dst, d.digits, n);
		return n + write_zeros(dst + n, d.exponent);
	}
	if (point > 0) {
		write_digits(dst + 1, d.digits, n);
		memmove(dst, dst + 1, (size_t)point);
		dst[point] = '.';
		return n + 1;
	}
	memcpy(dst, "0.", 2);
	size_t len = 2 + write_zeros(dst + 2, -point);
	write_digits(dst + len, d.digits, n);
	return len + n;
}

/* Writes a positive number. mantissa and exponent are the fields of the binary format. */
static size_t write_fields(char *dst, uint64_t mantissa, int32_t exponent, int32_t bias,
			   unsigned bits)
{
	uint64_t hidden = (uint64_t)1 << bits;
	uint64_t c = exponent ? mantissa | hidden : mantissa;
	int32_t q = (exponent ? exponent : 1) - bias - (int32_t)bits;
	struct decimal d = {0, 0};
	if (q <= 0 && q >= -(int32_t)bits && (c & (((uint64_t)1 << -q) - 1)) == 0)
		d.digits = c >> -q; /* an integer below 2^(bits + 1) is its own shortest text */
	else
		d = shortest(c, q, mantissa == 0 && exponent > 1);
	if (d.exponent != 0)
		strip_zeros(&d);
	return write_decimal(dst, d);
}

size_t num_f64(char *dst, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
	int32_t exponent = (int32_t)(bits >> 52 & 0x7ff);
	size_t sign = bits >> 63;
	if (exponent == 0x7ff) {
		memcpy(dst, "null", 4);
		return 4;
	}
	*dst = '-'; /* overwritten when there is no sign */
	if (exponent == 0 && mantissa == 0) {
		dst[sign] = '0';
		return sign + 1;
	}
	return sign + write_fields(dst + sign, mantissa, exponent, 1023, 52);
}

size_t num_f32(char *dst, float v)
{
	uint32_t bits;
	memcpy(&bits, &v, sizeof(bits));
	uint32_t mantissa = bits & ((1u << 23) - 1);
	int32_t exponent = (int32_t)(bits >> 23 & 0xff);
	size_t sign = bits >> 31;
	if (exponent == 0xff) {
		memcpy(dst, "null", 4);
		return 4;
	}
	*dst = '-';
	if (exponent == 0 && mantissa == 0) {
		dst[sign] = '0';
		return sign + 1;
	}
	return sign + write_fields(dst + sign, mantissa, exponent, 127, 23);
}

static const char num_base64_digits[65] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_base64(char *dst, uint32_t v)
{
	dst[0] = num_base64_digits[v >> 18 & 63];
	dst[1] = num_base64_digits[v >> 12 & 63];
	dst[2] = num_base64_digits[v >> 6 & 63];
	dst[3] = num_base64_digits[v & 63];
}

size_t num_base64(char *dst, const uint8_t *src, size_t len)
{
	char *at = dst;
	for (; len >= 3; len -= 3, src += 3, at += 4)
		write_base64(at, (uint32_t)src[0] << 16 | (uint32_t)src[1] << 8 | src[2]);
	if (len != 0) {
		write_base64(at, (uint32_t)src[0] << 16 | (len == 2 ? (uint32_t)src[1] << 8 : 0));
		at[3] = '=';
		if (len == 1)
			at[2] = '=';
		at += 4;
	}
	return (size_t)(at - dst);
}

bool num_parse_u64(struct slice text, uint64_t *v)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)text.ptr[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*v = sum;
	return text.len != 0;
}

bool num_parse_i64(struct slice text, int64_t *v)
{
	bool negative = slice_starts(text, SLICE("-"));
	uint64_t u;
	if (!num_parse_u64(slice_of(text.ptr + negative, text.len - negative), &u))
		return false;
	if (u > (uint64_t)INT64_MAX + negative)
		return false;
	*v = negative ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}

/* num_days and num_civil count in eras of 400 years (146,097 days). Years begin on 1 March, so a
 * leap day is the last day of its year. 0000-03-01 is 719,468 days before 1970-01-01. */
enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

int64_t num_days(int32_t year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
		(153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t num_unhex(struct slice digits, char *dst)
{
	size_t n = 0;
	for (size_t i = 0; i + 1 < digits.len; i += 2) {
		int high = hex_digit(digits.ptr[i]), low = hex_digit(digits.ptr[i + 1]);
		if (high < 0 || low < 0)
			break;
		dst[n++] = (char)(high << 4 | low);
	}
	return n;
}
