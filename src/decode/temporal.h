/* temporal: converts dates and times from their packed forms to values. Each decoder, of the binlog
 * or of the full sync, fills a struct temporal; the rest is common.
 * Pure functions. Thread: any. */
#ifndef TIDEWAY_TEMPORAL_H
#define TIDEWAY_TEMPORAL_H

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

/* Set *value. `digits` are the fractional digits of the column, 0 to 6. Return -1 if a part is out
 * of its range. A zero month or day is valid. */
int temporal_date(const struct temporal *t, struct value *value, struct err *err) MUST_CHECK;
int temporal_datetime(const struct temporal *t, unsigned digits, struct value *value,
		      struct err *err) MUST_CHECK;
int temporal_time(const struct temporal *t, unsigned digits, struct value *value,
		  struct err *err) MUST_CHECK;
/* Sets *value to the VALUE_TIMESTAMP of a time in UTC. */
int temporal_timestamp(const struct temporal *t, unsigned digits, struct value *value,
		       struct err *err) MUST_CHECK;
/* Sets *value to the VALUE_TIMESTAMP of seconds since 1970. 0 seconds without a fraction are the
 * zero date. */
int temporal_instant(uint64_t seconds, uint32_t micros, unsigned digits, struct value *value,
		     struct err *err) MUST_CHECK;

/* Decoders of the binlog's forms. ptr points to the bytes of the type with `digits` fractional
 * digits. The comments are the numbers of bytes. */
unsigned temporal_fraction_size(unsigned digits);
uint32_t temporal_fraction(const uint8_t *ptr, unsigned digits);
void temporal_from_date(const uint8_t *ptr, struct temporal *t); /* 3 */
void temporal_from_datetime2(const uint8_t *ptr, unsigned digits,
			     struct temporal *t); /* 5 + fraction */
void temporal_from_time2(const uint8_t *ptr, unsigned digits,
			 struct temporal *t);                        /* 3 + fraction */
void temporal_from_datetime(const uint8_t *ptr, struct temporal *t); /* 8, MySQL 5.5 */
void temporal_from_time(const uint8_t *ptr, struct temporal *t);     /* 3, MySQL 5.5 */
/* Decoders of MariaDB's own forms with a fraction of 1 to 6 digits. Tables created before version
 * 10.1 or with mysql56_temporal_format=OFF contain them. */
unsigned temporal_datetime_53_size(unsigned digits);
unsigned temporal_time_53_size(unsigned digits);
uint32_t temporal_fraction_53(const uint8_t *ptr, unsigned digits); /* of a TIMESTAMP */
void temporal_from_datetime_53(const uint8_t *ptr, unsigned digits, struct temporal *t);
void temporal_from_time_53(const uint8_t *ptr, unsigned digits, struct temporal *t);
/* Decode the forms of the binary protocol: year(2) month day [h m s [us(4)]], and neg days(4) h m s
 * [us(4)]. Return false if the length is not valid. */
bool temporal_from_protocol(const uint8_t *ptr, size_t len, struct temporal *t);
bool temporal_from_protocol_time(const uint8_t *ptr, size_t len, struct temporal *t);

#endif
