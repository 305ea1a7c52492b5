/* time_pattern: read a text by a pattern such as "%d.%m.%Y %H:%M". Pure functions. Thread: any. */
#ifndef TIDEWAY_TIME_PATTERN_H
#define TIDEWAY_TIME_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* The letters that a pattern may have after %. */
#define TIME_PATTERN_LETTERS "YymdeHIMSLpbBhaAzsTRFDnt%"

/* What a text says. */
struct time_text {
	int64_t ms;      /* since 1970; local time, unless has_offset */
	bool has_offset; /* the text has an offset from UTC, or counts seconds since 1970 */
};

/* Return what is wrong with a pattern: a letter that is not one of TIME_PATTERN_LETTERS, '-' when it has no complete
 * date, 'I' when it has %I without %p; '\0': nothing. */
char time_pattern_fault(const char *pattern);
/* Read all of the text by the pattern. Return false when it does not match, or is not a valid date and time. */
bool time_pattern_read(const char *pattern, const char *text, struct time_text *result);

/* Return the milliseconds of a date and time; false: there is no such time. month: 1 to 12. */
bool time_civil(int year, int month, int day, int64_t *ms);
/* Read n digits at *at and advance *at after them. Return their value; -1 when fewer follow. */
int time_digits(const char **at, int n);
/* Read the digits of a fraction of a second. Return milliseconds, without the further digits; -1 when no digit follows. */
int time_fraction(const char **at);
/* Read Z, +01:00, +0100 or +01 as minutes. Return false when it is none of them. */
bool time_offset(const char **at, int *minutes);

#endif
