#include "decode/temporal.h"

#include "base/reader.h"

#include <inttypes.h>

enum {
	HOUR_MAX = 838,
	YEAR_MAX = 9999,
	FRACTION_DIGITS_MAX = 6,
};

static int set_civil(const struct temporal *t, enum value_kind kind, unsigned digits,
		     struct value *value, struct err *err)
{
	if (t->year > YEAR_MAX || t->month > 12 || t->day > 31 || t->hour > 23 || t->minute > 59 ||
	    t->second > 59 || t->micros > 999999 || digits > FRACTION_DIGITS_MAX)
		return err_set(err, E_VALUE,
			       "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32 " %02" PRIu32 ":%02" PRIu32
			       ":%02" PRIu32 ".%06" PRIu32 " is not a valid date and time",
			       t->year, t->month, t->day, t->hour, t->minute, t->second, t->micros);
	value->kind = kind;
	value->digits = (uint8_t)digits;
	value->civil = (struct civil){
		.year = (uint16_t)t->year,
		.month = (uint8_t)t->month,
		.day = (uint8_t)t->day,
		.hour = (uint8_t)t->hour,
		.minute = (uint8_t)t->minute,
		.second = (uint8_t)t->second,
		.micros = t->micros,
	};
	return 0;
}

int temporal_date(const struct temporal *t, struct value *value, struct err *err)
{
	return set_civil(t, VALUE_DATE, 0, value, err);
}

int temporal_datetime(const struct temporal *t, unsigned digits, struct value *value,
		      struct err *err)
{
	return set_civil(t, VALUE_DATETIME, digits, value, err);
}

static void set_timestamp(int64_t micros, unsigned digits, struct value *value)
{
	value->kind = VALUE_TIMESTAMP;
	value->digits = (uint8_t)digits;
	value->i = micros;
}

int temporal_timestamp(const struct temporal *t, unsigned digits, struct value *value,
		       struct err *err)
{
	int64_t micros;
	if (temporal_datetime(t, digits, value, err) < 0)
		return -1;
	if (!value_micros(value, &micros))
		micros = VALUE_ZERO_TIMESTAMP;
	set_timestamp(micros, digits, value);
	return 0;
}

int temporal_instant(uint64_t seconds, uint32_t micros, unsigned digits, struct value *value,
		     struct err *err)
{
	if (micros > 999999)
		return err_set(err, E_VALUE, "%" PRIu32 " microseconds in a TIMESTAMP", micros);
	bool zero = seconds == 0 && micros == 0;
	set_timestamp(zero ? VALUE_ZERO_TIMESTAMP : (int64_t)seconds * 1000000 + micros, digits,
		      value);
	return 0;
}

/* The microseconds of one unit of the last of n fractional digits. */
static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

int temporal_time(const struct temporal *t, unsigned digits, struct value *value, struct err *err)
{
	if (t->hour > HOUR_MAX || t->minute > 59 || t->second > 59 || t->micros > 999999 ||
	    digits > FRACTION_DIGITS_MAX)
		return err_set(err, E_VALUE,
			       "%" PRIu32 ":%02" PRIu32 ":%02" PRIu32 ".%06" PRIu32
			       " is not a valid TIME",
			       t->hour, t->minute, t->second, t->micros);
	int64_t seconds = (int64_t)t->hour * 3600 + t->minute * 60 + t->second;
	int64_t micros = seconds * 1000000 + t->micros;
	value->kind = VALUE_TIME;
	value->digits = (uint8_t)digits;
	value->i = t->negative ? -micros : micros;
	return 0;
}

static uint64_t big_endian(const uint8_t *ptr, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | ptr[i];
	return v;
}

unsigned temporal_fraction_size(unsigned digits)
{
	return (digits + 1) / 2;
}

/* The microseconds of one unit of a fraction of 0 to 3 bytes. */
static const uint32_t fraction_units[] = {0, 10000, 100, 1};

uint32_t temporal_fraction(const uint8_t *ptr, unsigned digits)
{
	unsigned size = temporal_fraction_size(digits);
	return (uint32_t)big_endian(ptr, size) * fraction_units[size];
}

/* Layout: year(15) month(4) day(5), little-endian. */
void temporal_from_date(const uint8_t *ptr, struct temporal *t)
{
	uint32_t v = (uint32_t)little_endian(ptr, 3);
	*t = (struct temporal){.year = v >> 9, .month = v >> 5 & 15, .day = v & 31};
}

/* Layout: sign(1) year*13+month(17) day(5) hour(5) minute(6) second(6), big-endian, then the
 * fraction. The sign bit is always set. Without it the year becomes too large, and
 * temporal_datetime fails. */
void temporal_from_datetime2(const uint8_t *ptr, unsigned digits, struct temporal *t)
{
	uint64_t v = big_endian(ptr, 5) ^ UINT64_C(0x8000000000);
	uint32_t months = (uint32_t)(v >> 22);
	*t = (struct temporal){
		.year = months / 13,
		.month = months % 13,
		.day = (uint32_t)(v >> 17 & 31),
		.hour = (uint32_t)(v >> 12 & 31),
		.minute = (uint32_t)(v >> 6 & 63),
		.second = (uint32_t)(v & 63),
		.micros = temporal_fraction(ptr + 5, digits),
	};
}

/* Layout: sign(1) unused(1) hour(10) minute(6) second(6) fraction. That is one big-endian number
 * with an offset of half its range. A negative time, fraction included, is the complement. */
void temporal_from_time2(const uint8_t *ptr, unsigned digits, struct temporal *t)
{
	unsigned size = temporal_fraction_size(digits);
	int64_t v = (int64_t)big_endian(ptr, 3 + size) - (INT64_C(1) << (23 + 8 * size));
	uint64_t abs = (uint64_t)(v < 0 ? -v : v);
	uint64_t whole = abs >> (8 * size);
	uint64_t fraction = abs & ((UINT64_C(1) << (8 * size)) - 1);
	*t = (struct temporal){
		.negative = v < 0,
		.hour = (uint32_t)(whole >> 12),
		.minute = (uint32_t)(whole >> 6 & 63),
		.second = (uint32_t)(whole & 63),
		.micros = (uint32_t)fraction * fraction_units[size],
	};
}

/* Layout: YYYYMMDDhhmmss as a number, little-endian. */
void temporal_from_datetime(const uint8_t *ptr, struct temporal *t)
{
	uint64_t v = little_endian(ptr, 8);
	uint64_t date = v / 1000000, time = v % 1000000;
	uint64_t year = date / 10000;
	*t = (struct temporal){
		.year = year > UINT32_MAX ? UINT32_MAX : (uint32_t)year,
		.month = (uint32_t)(date / 100 % 100),
		.day = (uint32_t)(date % 100),
		.hour = (uint32_t)(time / 10000),
		.minute = (uint32_t)(time / 100 % 100),
		.second = (uint32_t)(time % 100),
	};
}

/* Layout: hhmmss as a signed number, little-endian. */
void temporal_from_time(const uint8_t *ptr, struct temporal *t)
{
	int32_t v = (int32_t)little_endian(ptr, 3);
	if (v & 0x800000)
		v -= 0x1000000;
	uint32_t abs = (uint32_t)(v < 0 ? -v : v);
	*t = (struct temporal){
		.negative = v < 0,
		.hour = abs / 10000,
		.minute = abs / 100 % 100,
		.second = abs % 100,
	};
}

unsigned temporal_datetime_53_size(unsigned digits)
{
	static const uint8_t sizes[] = {5, 6, 6, 7, 7, 7, 8};
	return sizes[digits];
}

unsigned temporal_time_53_size(unsigned digits)
{
	static const uint8_t sizes[] = {3, 4, 4, 5, 5, 5, 6};
	return sizes[digits];
}

uint32_t temporal_fraction_53(const uint8_t *ptr, unsigned digits)
{
	return (uint32_t)big_endian(ptr, temporal_fraction_size(digits)) * units[digits];
}

static uint32_t take(uint64_t *v, uint32_t radix)
{
	uint32_t part = (uint32_t)(*v % radix);
	*v /= radix;
	return part;
}

/* Unpacks ((((year * 13 + month) * 32 + day) * 24 + hour) * 60 + minute) * 60 + second, followed by
 * the digits of the fraction. */
static void unpack_53(uint64_t v, unsigned digits, struct temporal *t)
{
	*t = (struct temporal){0};
	t->micros = take(&v, 1000000 / units[digits]) * units[digits];
	t->second = take(&v, 60);
	t->minute = take(&v, 60);
	t->hour = take(&v, 24);
	t->day = take(&v, 32);
	t->month = take(&v, 13);
	t->year = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

/* Layout: see unpack_53, big-endian. */
void temporal_from_datetime_53(const uint8_t *ptr, unsigned digits, struct temporal *t)
{
	unpack_53(big_endian(ptr, temporal_datetime_53_size(digits)), digits, t);
}

/* Layout: see unpack_53, big-endian, with an offset of 839 hours. */
void temporal_from_time_53(const uint8_t *ptr, unsigned digits, struct temporal *t)
{
	const int64_t zero = INT64_C(839) * 3600 * (1000000 / units[digits]);
	int64_t v = (int64_t)big_endian(ptr, temporal_time_53_size(digits)) - zero;
	unpack_53((uint64_t)(v < 0 ? -v : v), digits, t);
	uint64_t days = ((uint64_t)t->year * 13 + t->month) * 32 + t->day;
	uint64_t hours = days * 24 + t->hour;
	t->negative = v < 0;
	t->hour = hours > UINT32_MAX ? UINT32_MAX : (uint32_t)hours;
	t->year = t->month = t->day = 0;
}

bool temporal_from_protocol(const uint8_t *ptr, size_t len, struct temporal *t)
{
	*t = (struct temporal){0};
	if (len == 0)
		return true;
	if (len != 4 && len != 7 && len != 11)
		return false;
	t->year = (uint32_t)little_endian(ptr, 2);
	t->month = ptr[2];
	t->day = ptr[3];
	if (len >= 7) {
		t->hour = ptr[4];
		t->minute = ptr[5];
		t->second = ptr[6];
	}
	if (len == 11)
		t->micros = (uint32_t)little_endian(ptr + 7, 4);
	return true;
}

bool temporal_from_protocol_time(const uint8_t *ptr, size_t len, struct temporal *t)
{
	*t = (struct temporal){0};
	if (len == 0)
		return true;
	if (len != 8 && len != 12)
		return false;
	uint64_t hours = little_endian(ptr + 1, 4) * 24 + ptr[5];
	t->negative = ptr[0] != 0;
	t->hour = hours > UINT32_MAX ? UINT32_MAX : (uint32_t)hours;
	t->minute = ptr[6];
	t->second = ptr[7];
	if (len == 12)
		t->micros = (uint32_t)little_endian(ptr + 8, 4);
	return true;
}
