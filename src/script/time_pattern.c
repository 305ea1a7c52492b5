#include "script/time_pattern.h"

#include "base/num.h"

#include <string.h>
#include <strings.h>

#define DAY_MS INT64_C(86400000)

/* ---- parts of a time ---- */

int time_digits(const char **at, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return -1;
		v = v * 10 + ((*at)[i] - '0');
	}
	*at += n;
	return v;
}

int time_fraction(const char **at)
{
	int ms = 0, n = 0;
	for (; **at >= '0' && **at <= '9'; ++*at, n++)
		if (n < 3)
			ms = ms * 10 + (**at - '0');
	for (int i = n; i < 3; i++)
		ms *= 10;
	return n > 0 ? ms : -1;
}

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

bool time_offset(const char **at, int *minutes)
{
	int sign = **at == '-' ? -1 : 1, hour, minute = 0;
	const char *next;
	*minutes = 0;
	if (skip(at, 'Z') || skip(at, 'z'))
		return true;
	if (!skip(at, '+') && !skip(at, '-'))
		return false;
	hour = time_digits(at, 2);
	if (hour < 0 || hour > 14)
		return false;
	next = *at;
	if (skip(&next, ':') || (*next >= '0' && *next <= '9')) {
		minute = time_digits(&next, 2);
		if (minute < 0 || minute > 59)
			return false;
		*at = next;
	}
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

bool time_civil(int year, int month, int day, int64_t *ms)
{
	if (year < 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	*ms = num_days(year, (unsigned)month, (unsigned)day) * DAY_MS;
	return true;
}

/* ---- patterns ---- */

/* Return the pattern that a letter stands for; NULL: none. */
static const char *expansion(char letter)
{
	switch (letter) {
	case 'T':
		return "%H:%M:%S";
	case 'R':
		return "%H:%M";
	case 'F':
		return "%Y-%m-%d";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

char time_pattern_fault(const char *pattern)
{
	bool year = false, month = false, day = false, half = false, has_half = false;
	for (const char *at = pattern; *at; at++) {
		if (*at != '%')
			continue;
		at++;
		if (*at == '\0')
			return '%';
		if (strchr(TIME_PATTERN_LETTERS, *at) == NULL)
			return *at;
		year = year || strchr("YyFDs", *at);
		month = month || strchr("mbBhFDs", *at);
		day = day || strchr("deFDs", *at);
		half = half || *at == 'I';
		has_half = has_half || *at == 'p';
	}
	if (half && !has_half)
		return 'I';
	return year && month && day ? '\0' : '-';
}

/* What was read so far. */
struct fields {
	int year, month, day, hour, minute, second, ms;
	int half; /* -1: no %p; 0: AM; 1: PM */
	bool has_offset, is_unix;
	int offset; /* minutes */
	int64_t unix_seconds;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Read a number of one or two digits. */
static bool small(const char **text, int *value, int least, int most)
{
	*value = time_digits(text, 2);
	if (*value < 0)
		*value = time_digits(text, 1);
	return *value >= least && *value <= most;
}

/* Read a name of the list, or its first three letters. Set *value to its place, beginning with 1. */
static bool name(const char **text, const char *const *names, int *value)
{
	for (int i = 0; names[i]; i++) {
		size_t len = strlen(names[i]);
		if (strncasecmp(*text, names[i], len) != 0)
			len = 3;
		if (strncasecmp(*text, names[i], len) != 0)
			continue;
		*text += len;
		*value = i + 1;
		return true;
	}
	return false;
}

static const char *const months[] = {"January",  "February", "March",  "April",     "May",
				     "June",     "July",     "August", "September", "October",
				     "November", "December", NULL};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday",  "Wednesday",
				       "Thursday", "Friday", "Saturday", NULL};

static bool read_unix(const char **text, struct fields *fields)
{
	bool negative = skip(text, '-');
	int digits = 0;
	fields->is_unix = true;
	for (; **text >= '0' && **text <= '9' && digits < 12; ++*text, digits++)
		fields->unix_seconds = fields->unix_seconds * 10 + (**text - '0');
	if (negative)
		fields->unix_seconds = -fields->unix_seconds;
	return digits > 0;
}

static bool read_half(const char **text, struct fields *fields)
{
	static const char *const names[] = {"AM", "PM"};
	for (int i = 0; i < 2; i++)
		if (strncasecmp(*text, names[i], 2) == 0) {
			fields->half = i;
			*text += 2;
			return true;
		}
	return false;
}

static bool read_letter(char letter, const char **text, struct fields *fields)
{
	int ignored;
	switch (letter) {
	case 'Y':
		return (fields->year = time_digits(text, 4)) >= 0;
	case 'y':
		fields->year = time_digits(text, 2);
		fields->year += fields->year < 0 ? 0 : fields->year < 69 ? 2000 : 1900;
		return fields->year >= 0;
	case 'm':
		return small(text, &fields->month, 1, 12);
	case 'e':
		skip(text, ' ');
		return small(text, &fields->day, 1, 31);
	case 'd':
		return small(text, &fields->day, 1, 31);
	case 'H':
		return small(text, &fields->hour, 0, 23);
	case 'I':
		return small(text, &fields->hour, 1, 12);
	case 'M':
		return small(text, &fields->minute, 0, 59);
	case 'S':
		return small(text, &fields->second, 0, 59);
	case 'L':
		return (fields->ms = time_fraction(text)) >= 0;
	case 'p':
		return read_half(text, fields);
	case 'b':
	case 'B':
	case 'h':
		return name(text, months, &fields->month);
	case 'a':
	case 'A':
		return name(text, weekdays, &ignored);
	case 'z':
		fields->has_offset = true;
		return time_offset(text, &fields->offset);
	case 's':
		return read_unix(text, fields);
	default: /* %% */
		return skip(text, letter);
	}
}

static bool read_fields(const char *pattern, const char **text, struct fields *fields)
{
	for (; *pattern; pattern++) {
		char letter = *pattern == '%' ? *++pattern : '\0';
		bool space = letter ? letter == 'n' || letter == 't' : is_space(*pattern);
		const char *longer = letter ? expansion(letter) : NULL;
		if (space) {
			while (is_space(**text))
				++*text;
			continue;
		}
		if (longer   ? !read_fields(longer, text, fields)
		    : letter ? !read_letter(letter, text, fields)
			     : !skip(text, *pattern))
			return false;
	}
	return true;
}

bool time_pattern_read(const char *pattern, const char *text, struct time_text *result)
{
	struct fields fields = {.half = -1};
	if (!read_fields(pattern, &text, &fields) || *text != '\0')
		return false;
	if (fields.half >= 0 && (fields.hour < 1 || fields.hour > 12))
		return false;
	if (fields.half >= 0)
		fields.hour = fields.hour % 12 + 12 * fields.half;
	result->has_offset = fields.has_offset || fields.is_unix;
	result->ms = fields.unix_seconds * 1000 + fields.ms;
	if (fields.is_unix)
		return true;
	if (!time_civil(fields.year, fields.month, fields.day, &result->ms))
		return false;
	result->ms += ((fields.hour * 60 + fields.minute - fields.offset) * 60 + fields.second) *
			      INT64_C(1000) +
		      fields.ms;
	return true;
}
