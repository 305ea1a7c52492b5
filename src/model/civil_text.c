#include "model/civil_text.h"

#include "base/num.h"

enum { HOUR_MAX = 838 }; /* of a TIME */

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

/* The microseconds of one unit of the last of n fractional digits. */
static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

/* Converts days since 1970-01-01 to a date: years begin in March, so that the leap day is the last of its year. */
static void set_date(int64_t days, struct civil *civil)
{
	int64_t shifted = days + 719468; /* since 0000-03-01 */
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned day = (unsigned)(shifted - era * 146097); /* of the 400 years */
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned left = day - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * left + 2) / 153; /* 0: March */
	civil->day = (uint8_t)(left - (153 * month + 2) / 5 + 1);
	civil->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
	civil->year = (uint16_t)(era * 400 + year + (month >= 10));
}

void civil_from_micros(int64_t us, struct civil *civil)
{
	int64_t days = us / DAY_US - (us % DAY_US < 0);
	int64_t left = us - days * DAY_US;
	int64_t seconds = left / SECOND_US;
	set_date(days, civil);
	civil->hour = (uint8_t)(seconds / 3600);
	civil->minute = (uint8_t)(seconds / 60 % 60);
	civil->second = (uint8_t)(seconds % 60);
	civil->micros = (uint32_t)(left % SECOND_US);
}

size_t civil_write(const struct civil *civil, bool has_time, unsigned digits, char *dst)
{
	char *at = dst;
	at += num_pad(at, civil->year, 4);
	*at++ = '-';
	at += num_pad(at, civil->month, 2);
	*at++ = '-';
	at += num_pad(at, civil->day, 2);
	if (!has_time)
		return (size_t)(at - dst);
	*at++ = ' ';
	at += num_pad(at, civil->hour, 2);
	*at++ = ':';
	at += num_pad(at, civil->minute, 2);
	*at++ = ':';
	at += num_pad(at, civil->second, 2);
	if (digits == 0 || digits > CIVIL_DIGITS_MAX)
		return (size_t)(at - dst);
	*at++ = '.';
	at += num_pad(at, civil->micros / units[digits], digits);
	return (size_t)(at - dst);
}

/* Takes `n` digits off the text. */
static bool take_digits(struct slice *text, size_t n, uint32_t *v)
{
	*v = 0;
	if (text->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text->ptr[i] < '0' || text->ptr[i] > '9')
			return false;
		*v = *v * 10 + (uint32_t)(text->ptr[i] - '0');
	}
	*text = slice_of(text->ptr + n, text->len - n);
	return true;
}

static bool take_char(struct slice *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = slice_of(text->ptr + 1, text->len - 1);
	return true;
}

/* Takes ":MM:SS" and a fraction of up to `digits` digits, which must be the rest of the text. */
static bool take_minutes(struct slice *text, unsigned digits, uint32_t *minute, uint32_t *second,
			 uint32_t *micros)
{
	size_t n;
	*micros = 0;
	if (!take_char(text, ':') || !take_digits(text, 2, minute) || !take_char(text, ':') ||
	    !take_digits(text, 2, second) || *minute > 59 || *second > 59)
		return false;
	if (text->len == 0)
		return true;
	if (!take_char(text, '.'))
		return false;
	n = text->len;
	if (n == 0 || n > digits || !take_digits(text, n, micros))
		return false;
	*micros *= units[n];
	return true;
}

bool civil_read(struct slice text, bool has_time, unsigned digits, struct civil *civil)
{
	uint32_t year, month, day, hour, minute, second, micros;
	if (!take_digits(&text, 4, &year) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &month) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &day) || month > 12 || day > 31)
		return false;
	*civil = (struct civil){
		.year = (uint16_t)year, .month = (uint8_t)month, .day = (uint8_t)day};
	if (!has_time)
		return text.len == 0;
	if (!take_char(&text, ' ') || !take_digits(&text, 2, &hour) || hour > 23 ||
	    !take_minutes(&text, digits, &minute, &second, &micros))
		return false;
	civil->hour = (uint8_t)hour;
	civil->minute = (uint8_t)minute;
	civil->second = (uint8_t)second;
	civil->micros = micros;
	return true;
}

bool time_read(struct slice text, int64_t *us)
{
	bool negative = take_char(&text, '-');
	uint32_t hour, minute, second, micros;
	size_t n = 0;
	while (n < text.len && n < 3 && text.ptr[n] != ':')
		n++;
	if (n == 0 || !take_digits(&text, n, &hour) || hour > HOUR_MAX ||
	    !take_minutes(&text, CIVIL_DIGITS_MAX, &minute, &second, &micros))
		return false;
	*us = ((int64_t)hour * 3600 + minute * 60 + second) * SECOND_US + micros;
	if (negative)
		*us = -*us;
	return true;
}
