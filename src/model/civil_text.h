/* civil_text: dates and times as text, as the servers print and read them. Pure functions. Thread: any. */
#ifndef TIDEWAY_CIVIL_TEXT_H
#define TIDEWAY_CIVIL_TEXT_H

#include "model/value.h"

enum {
	CIVIL_TEXT_MAX = 26, /* bytes of "2021-03-03 12:00:00.123456" */
	CIVIL_DIGITS_MAX = 6,
};

/* The milliseconds since 1970 of the years 0 to 9999. */
#define CIVIL_MS_MIN INT64_C(-62167219200000)
#define CIVIL_MS_MAX INT64_C(253402300799999)

/* Sets *civil to the time of `us` microseconds since 1970. us must be in the years 0 to 9999. */
void civil_from_micros(int64_t us, struct civil *civil);
/* Writes "2021-03-03", or with has_time "2021-03-03 12:00:00" and a fraction of `digits` digits, the others cut off. Returns the
 * number of bytes. */
size_t civil_write(const struct civil *civil, bool has_time, unsigned digits, char *dst);
/* Reads what civil_write writes; a fraction may have up to `digits` digits, or be absent. The month and day may be zero. Returns
 * false if the text is anything else. */
bool civil_read(struct slice text, bool has_time, unsigned digits, struct civil *civil);
/* Sets *us to the microseconds of a TIME: "[-]H:MM:SS[.ffffff]" with 1 to 3 digits of the hour. Returns false if the text is
 * anything else, or is out of the range of TIME. */
bool time_read(struct slice text, int64_t *us);

#endif
