/* temporal: dates and times from their packed forms to milliseconds and text. One way for both phases:
 * every decoder fills a struct temporal, the rest is common. Pure but for one counter. Thread: any. */
#ifndef TIDEWAY_TEMPORAL_H
#define TIDEWAY_TEMPORAL_H

#include "base/arena.h"
#include "base/err.h"
#include "model/value.h"

#include <stdint.h>

struct temporal {
	bool negative; /* TIME only */
	uint32_t year, month, day;
	uint32_t hour; /* TIME: up to 838 */
	uint32_t minute, second;
	uint32_t micros;
};

/* Zero and partial-zero dates seen by any thread since the start; each is a NULL in the output. */
uint64_t decode_zero_dates(void);
/* VALUE_MS of a DATE or DATETIME (wall clock as UTC), or VALUE_NULL, counted. -1: no such date. */
int temporal_date(const struct temporal *t, struct value *value, struct err *err) MUST_CHECK;
/* VALUE_MS of a TIMESTAMP's seconds; 0 with no fraction is the zero date. */
int temporal_instant(uint64_t seconds, uint32_t micros, struct value *value,
		     struct err *err) MUST_CHECK;
/* VALUE_TEXT "[-]HH:MM:SS[.ffffff]" with `digits` (0..6) of the fraction. */
int temporal_time(const struct temporal *t, unsigned digits, struct arena *arena,
		  struct value *value, struct err *err) MUST_CHECK;

/* The binlog's forms. ptr holds the bytes the type has with this number of fraction digits. */
unsigned temporal_fraction_size(unsigned digits);
uint32_t temporal_fraction(const uint8_t *ptr, unsigned digits);
void temporal_from_date(const uint8_t *ptr, struct temporal *t); /* 3, little-endian */
void temporal_from_datetime2(const uint8_t *ptr, unsigned digits,
			     struct temporal *t); /* 5 + fraction */
void temporal_from_time2(const uint8_t *ptr, unsigned digits,
			 struct temporal *t);                        /* 3 + fraction */
void temporal_from_datetime(const uint8_t *ptr, struct temporal *t); /* 8, MySQL 5.5 */
void temporal_from_time(const uint8_t *ptr, struct temporal *t);     /* 3, MySQL 5.5 */
/* MariaDB's own form of a fraction of 1 to 6 digits, which tables keep that were made before version 10.1 or with
 * mysql56_temporal_format=OFF. */
unsigned temporal_datetime_53_size(unsigned digits);
unsigned temporal_time_53_size(unsigned digits);
uint32_t temporal_fraction_53(const uint8_t *ptr, unsigned digits); /* of a TIMESTAMP */
void temporal_from_datetime_53(const uint8_t *ptr, unsigned digits, struct temporal *t);
void temporal_from_time_53(const uint8_t *ptr, unsigned digits, struct temporal *t);
/* The binary protocol's: year(2) month day [h m s [us(4)]], or neg days(4) h m s [us(4)]. False: a
 * length that neither has. */
bool temporal_from_protocol(const uint8_t *ptr, size_t len, struct temporal *t);
bool temporal_from_protocol_time(const uint8_t *ptr, size_t len, struct temporal *t);

#endif
