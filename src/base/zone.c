#include "base/zone.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEADER = 44,       /* bytes of each of the two headers of a file */
	TYPE = 6,          /* bytes of a type */
	ABBREVIATION = 16, /* bytes of an abbreviation, with its NUL */
	DAY = 86400,
};

/* A date on which clocks are changed each year, by the rule after the table (RFC 8536, POSIX TZ). */
struct rule {
	enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } kind;
	int month, week, day; /* day: of the week (RULE_MONTH), or of the year */
	int32_t at;           /* seconds after local midnight */
};

/* A type of local time. */
struct kind {
	struct zone_time time;
	char abbreviation[ABBREVIATION];
};

struct zone {
	unsigned ntimes, nkinds;
	int64_t *times;     /* ntimes: seconds at which clocks change */
	uint8_t *kind_of;   /* ntimes: the kind from then on */
	struct kind *kinds; /* nkinds; without a table, the first one always holds */
	bool has_rule, has_dst;
	struct kind standard, dst; /* after the last of the times, if has_rule */
	struct rule start, end;    /* of dst, if has_dst */
};

/* ---- the rule after the table ---- */

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* Read a number of at most three digits; -1: there is none. */
static int number(const char **at)
{
	int n = 0, digits = 0;
	for (; **at >= '0' && **at <= '9' && digits < 3; ++*at, digits++)
		n = n * 10 + (**at - '0');
	return digits > 0 ? n : -1;
}

/* Read [+-]hh[:mm[:ss]] as seconds. */
static bool read_time(const char **at, int32_t *seconds)
{
	int sign = **at == '-' ? -1 : 1, part;
	int32_t unit = 3600;
	if (!skip(at, '-'))
		skip(at, '+');
	*seconds = 0;
	do {
		if ((part = number(at)) < 0)
			return false;
		*seconds += sign * part * unit;
		unit /= 60;
	} while (unit > 0 && skip(at, ':'));
	return true;
}

/* Read an abbreviation: letters, or anything in < >. */
static bool read_name(const char **at, char name[ABBREVIATION])
{
	bool quoted = skip(at, '<');
	size_t n = 0;
	for (; **at && n + 1 < ABBREVIATION; ++*at) {
		char c = **at;
		if (quoted ? c == '>' : !((c | 32) >= 'a' && (c | 32) <= 'z'))
			break;
		name[n++] = c;
	}
	name[n] = '\0';
	return n > 0 && (!quoted || skip(at, '>'));
}

static bool read_rule(const char **at, struct rule *rule)
{
	*rule = (struct rule){.at = 2 * 3600};
	if (skip(at, 'M')) {
		rule->kind = RULE_MONTH;
		rule->month = number(at);
		if (!skip(at, '.'))
			return false;
		rule->week = number(at);
		if (!skip(at, '.'))
			return false;
		rule->day = number(at);
		if (rule->month < 1 || rule->month > 12 || rule->week < 1 || rule->week > 5 ||
		    rule->day < 0 || rule->day > 6)
			return false;
	} else {
		rule->kind = skip(at, 'J') ? RULE_JULIAN : RULE_DAY;
		rule->day = number(at);
		if (rule->day < (rule->kind == RULE_JULIAN) || rule->day > 365)
			return false;
	}
	return !skip(at, '/') || read_time(at, &rule->at);
}

/* Read a POSIX TZ text, such as "CET-1CEST,M3.5.0,M10.5.0/3". Its offsets count west of Greenwich. */
static bool read_posix(struct zone *zone, const char *at)
{
	int32_t west;
	if (!read_name(&at, zone->standard.abbreviation) || !read_time(&at, &west))
		return false;
	zone->standard.time = (struct zone_time){-west, false, zone->standard.abbreviation};
	zone->has_rule = true;
	if (*at == '\0')
		return true;
	if (!read_name(&at, zone->dst.abbreviation))
		return false;
	zone->dst.time = (struct zone_time){3600 - west, true, zone->dst.abbreviation};
	if (*at != ',') {
		if (!read_time(&at, &west))
			return false;
		zone->dst.time.offset = -west;
	}
	zone->has_dst = true;
	return skip(&at, ',') && read_rule(&at, &zone->start) && skip(&at, ',') &&
	       read_rule(&at, &zone->end) && *at == '\0';
}

static bool is_leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Return the local time of a rule in a year, as seconds. */
static int64_t rule_time(const struct rule *rule, int32_t year)
{
	int64_t day = num_days(year, 1, 1), first;
	if (rule->kind == RULE_DAY) {
		day += rule->day;
	} else if (rule->kind == RULE_JULIAN) { /* 29 February does not count */
		day += rule->day - 1 + (is_leap(year) && rule->day >= 60);
	} else {
		int64_t next = rule->month == 12 ? num_days(year + 1, 1, 1)
						 : num_days(year, (unsigned)rule->month + 1, 1);
		first = num_days(year, (unsigned)rule->month, 1);
		/* 1 January 1970 was a Thursday */
		day = first + ((rule->day - (first + 4)) % 7 + 7) % 7 + (rule->week - 1) * 7;
		if (day >= next)
			day -= 7;
	}
	return day * DAY + rule->at;
}

static struct zone_time at_by_rule(const struct zone *zone, int64_t seconds)
{
	time_t local = (time_t)(seconds + zone->standard.time.offset);
	struct tm tm;
	int64_t start, end;
	bool is_dst;
	if (!zone->has_dst || gmtime_r(&local, &tm) == NULL)
		return zone->standard.time;
	start = rule_time(&zone->start, tm.tm_year + 1900) - zone->standard.time.offset;
	end = rule_time(&zone->end, tm.tm_year + 1900) - zone->dst.time.offset;
	is_dst =
		start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
	return is_dst ? zone->dst.time : zone->standard.time;
}

/* ---- the file ---- */

static uint32_t read_u32(const char *at)
{
	const uint8_t *b = (const uint8_t *)at;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The sizes in a header. */
struct sizes {
	uint32_t isut, isstd, leap, time, type, chars;
};

/* Read a header and return the bytes of the data after it, whose times have `width` bytes; 0: not a header. */
static size_t read_header(const char *at, size_t len, unsigned width, struct sizes *sizes)
{
	if (len < HEADER || memcmp(at, "TZif", 4) != 0)
		return 0;
	*sizes = (struct sizes){read_u32(at + 20), read_u32(at + 24), read_u32(at + 28),
				read_u32(at + 32), read_u32(at + 36), read_u32(at + 40)};
	if (sizes->time > 100000 || sizes->type == 0 || sizes->type > 256 || sizes->chars > 4096 ||
	    sizes->leap > 1000 || sizes->isut > 256 || sizes->isstd > 256)
		return 0;
	return sizes->time * (width + 1) + sizes->type * TYPE + sizes->chars +
	       sizes->leap * (width + 4) + sizes->isstd + sizes->isut;
}

static bool read_kinds(struct zone *zone, const char *at, const struct sizes *sizes)
{
	const char *chars = at + sizes->type * TYPE;
	for (unsigned i = 0; i < zone->nkinds; i++, at += TYPE) {
		struct kind *kind = &zone->kinds[i];
		unsigned name = (uint8_t)at[5];
		if (name >= sizes->chars)
			return false;
		snprintf(kind->abbreviation, ABBREVIATION, "%.*s", (int)(sizes->chars - name),
			 chars + name);
		kind->time =
			(struct zone_time){(int32_t)read_u32(at), at[4] != 0, kind->abbreviation};
	}
	return true;
}

/* Read the data after the second header. */
static bool read_table(struct zone *zone, const char *at, const struct sizes *sizes)
{
	zone->ntimes = sizes->time;
	zone->nkinds = sizes->type;
	zone->times = mem_array(zone->ntimes + 1, sizeof(*zone->times));
	zone->kind_of = mem_array(zone->ntimes + 1, 1);
	zone->kinds = mem_array(zone->nkinds, sizeof(*zone->kinds));
	for (unsigned i = 0; i < zone->ntimes; i++, at += 8)
		zone->times[i] = (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
	for (unsigned i = 0; i < zone->ntimes; i++) {
		zone->kind_of[i] = (uint8_t)*at++;
		if (zone->kind_of[i] >= zone->nkinds)
			return false;
	}
	return read_kinds(zone, at, sizes);
}

/* Read the rule after the table, a line that may be empty. */
static bool read_footer(struct zone *zone, const char *at, size_t len)
{
	char text[128];
	const char *end = len > 1 && at[0] == '\n' ? memchr(at + 1, '\n', len - 1) : NULL;
	if (end == NULL || (size_t)(end - at) > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - at - 1), at + 1);
	return text[0] == '\0' || read_posix(zone, text);
}

struct zone *zone_parse(struct slice content)
{
	struct sizes sizes;
	const char *at = content.ptr;
	size_t left = content.len, size = read_header(at, left, 4, &sizes);
	struct zone *zone;
	/* version 1 ends after the first table, and has neither 64-bit times nor a rule */
	if (size == 0 || at[4] < '2' || left < HEADER + size)
		return NULL;
	at += HEADER + size;
	left -= HEADER + size;
	size = read_header(at, left, 8, &sizes);
	if (size == 0 || left < HEADER + size)
		return NULL;
	zone = mem_array(1, sizeof(*zone));
	if (read_table(zone, at + HEADER, &sizes) &&
	    read_footer(zone, at + HEADER + size, left - HEADER - size))
		return zone;
	zone_free(zone);
	return NULL;
}

void zone_free(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->times);
	free(zone->kind_of);
	free(zone->kinds);
	free(zone);
}

/* ---- by name ---- */

/* Return a zone without rules for "UTC" and "+02:00"; NULL for other names. */
static struct zone *fixed_zone(const char *name)
{
	const char *at = name;
	struct zone *zone;
	int32_t east = 0;
	bool is_offset = name[0] == '+' || name[0] == '-';
	if (is_offset ? strlen(name) != 6 || name[3] != ':' || !read_time(&at, &east) || *at ||
				abs(east) > 14 * 3600
		      : strcmp(name, "UTC") != 0)
		return NULL;
	zone = mem_array(1, sizeof(*zone));
	zone->has_rule = true;
	snprintf(zone->standard.abbreviation, ABBREVIATION, "%s", name);
	zone->standard.time = (struct zone_time){east, false, zone->standard.abbreviation};
	return zone;
}

/* Return whether the name cannot leave the folder of the database. */
static bool is_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '/' || strlen(name) > 100 || strstr(name, "//"))
		return false;
	for (const char *at = name; *at; at++) {
		char c = *at;
		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') &&
		    strchr("/_+-", c) == NULL)
			return false;
	}
	return true;
}

struct zone *zone_load(const char *name, struct err *err)
{
	static const char FOLDER[] = "/usr/share/zoneinfo";
	struct zone *zone = fixed_zone(name);
	struct err reading = ERR_INIT;
	struct buf content;
	char path[160];
	if (zone)
		return zone;
	snprintf(path, sizeof(path), "%s/%s", FOLDER, is_name(name) ? name : "");
	buf_init(&content);
	if (is_name(name) && file_read(path, &content, &reading) == 0)
		zone = zone_parse(buf_slice(&content));
	buf_fini(&content);
	if (zone == NULL)
		err_set(err, E_OPTION_VALUE,
			"'%.100s' is not a time zone of this system. Expected a name of the IANA "
			"database such as Europe/Berlin (a file of %s, package tzdata), UTC, or an "
			"offset such as +02:00",
			name, FOLDER);
	return zone;
}

/* ---- times ---- */

struct zone_time zone_at(const struct zone *zone, int64_t seconds)
{
	unsigned low = 0, high = zone->ntimes;
	if (zone->has_rule && (zone->ntimes == 0 || seconds >= zone->times[zone->ntimes - 1]))
		return at_by_rule(zone, seconds);
	while (low < high) { /* the number of times that are not later */
		unsigned middle = (low + high) / 2;
		if (zone->times[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return zone->kinds[low > 0 ? zone->kind_of[low - 1] : 0].time;
}

bool zone_utc(const struct zone *zone, int64_t local, int64_t *seconds)
{
	bool found = false;
	for (unsigned i = 0; i < zone->nkinds + 2; i++) {
		const struct kind *kind = i < zone->nkinds    ? &zone->kinds[i]
					  : i == zone->nkinds ? &zone->standard
							      : &zone->dst;
		int64_t utc = local - kind->time.offset;
		if (zone_at(zone, utc).offset != kind->time.offset || (found && utc >= *seconds))
			continue;
		*seconds = utc;
		found = true;
	}
	return found;
}
