/* lua_time: tideway.time: convert milliseconds since 1970 to texts and back, in UTC or a time zone. */
#include "script/script_priv.h"

#include "base/clock.h"
#include "base/zone.h"
#include "script/time_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define YEAR_0 INT64_C(-62167219200000)
#define YEAR_10000 INT64_C(253402300800000)

static int now(lua_State *L)
{
	lua_pushinteger(L, clock_wall_ms());
	return 1;
}

/* ---- zones ---- */

static int free_zone(lua_State *L)
{
	struct zone **zone = lua_touserdata(L, 1);
	zone_free(*zone);
	*zone = NULL;
	return 0;
}

/* Return the zone named at idx; NULL: nil. The first upvalue of the function is the table of the zones that were used. */
static const struct zone *zone_argument(lua_State *L, int idx, const char *function)
{
	struct err err = ERR_INIT;
	struct zone **zone;
	if (lua_isnoneornil(L, idx))
		return NULL;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise(L, "time.%s: a zone is a name such as \"Europe/Berlin\", not a %s",
			    function, luaL_typename(L, idx));
	lua_pushvalue(L, idx);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
		const char *name = lua_tostring(L, idx);
		zone = lua_newuserdatauv(L, sizeof(*zone), 0);
		*zone = NULL;
		lua_createtable(L, 0, 1);
		lua_pushcfunction(L, free_zone);
		lua_setfield(L, -2, "__gc");
		lua_setmetatable(L, -2);
		*zone = zone_load(strlen(name) == lua_rawlen(L, idx) ? name : "", &err);
		if (*zone == NULL)
			state_raise(L, "time.%s: %s", function, err.text);
		lua_pushvalue(L, idx);
		lua_pushvalue(L, -2);
		lua_rawset(L, lua_upvalueindex(1));
	}
	return *(struct zone **)lua_touserdata(L, -1);
}

/* ---- parse ---- */

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool parse_date(const char **at, int64_t *ms)
{
	int year = time_digits(at, 4), month, day;
	if (!skip(at, '-'))
		return false;
	month = time_digits(at, 2);
	if (!skip(at, '-'))
		return false;
	day = time_digits(at, 2);
	return time_civil(year, month, day, ms);
}

static bool parse_clock(const char **at, int64_t *ms)
{
	int hour = time_digits(at, 2), minute, second = 0, part = 0;
	if (hour < 0 || hour > 23 || !skip(at, ':'))
		return false;
	minute = time_digits(at, 2);
	if (minute < 0 || minute > 59)
		return false;
	if (skip(at, ':')) {
		second = time_digits(at, 2);
		if (second < 0 || second > 59)
			return false;
		if (skip(at, '.') && (part = time_fraction(at)) < 0)
			return false;
	}
	*ms += ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + part;
	return true;
}

/* Read the forms that need no pattern. */
static bool parse_plain(const char *at, struct time_text *result)
{
	int offset = 0;
	if (!parse_date(&at, &result->ms))
		return false;
	if (skip(&at, 'T') || skip(&at, 't') || skip(&at, ' ')) {
		if (!parse_clock(&at, &result->ms))
			return false;
		result->has_offset = *at != '\0';
		if (result->has_offset && !time_offset(&at, &offset))
			return false;
		result->ms -= offset * INT64_C(60000);
	}
	return *at == '\0';
}

/* Return the pattern at idx; NULL: nil. Raise when it is wrong. */
static const char *pattern_argument(lua_State *L, int idx)
{
	const char *pattern;
	char fault;
	if (lua_isnoneornil(L, idx))
		return NULL;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise(L, "time.parse: a pattern is a text such as \"%%d.%%m.%%Y\", not a %s",
			    luaL_typename(L, idx));
	pattern = lua_tostring(L, idx);
	fault = time_pattern_fault(pattern);
	if (fault == '-')
		state_raise(L,
			    "time.parse: the pattern '%s' has no complete date: it needs a year, a "
			    "month and a day, or %%s",
			    pattern);
	if (fault == 'I')
		state_raise(
			L,
			"time.parse: the pattern '%s' has %%I without %%p: write %%H for 24 hours",
			pattern);
	if (fault)
		state_raise(L, "time.parse: '%%%c' in the pattern '%s' is not one of: %s", fault,
			    pattern, TIME_PATTERN_LETTERS);
	return pattern;
}

/* Push nil and why the text is not a time. */
static int refuse(lua_State *L, const char *text, const char *pattern)
{
	lua_pushnil(L);
	if (pattern)
		lua_pushfstring(L, "'%s' is not a time of the form '%s'", text, pattern);
	else
		lua_pushfstring(
			L,
			"'%s' is not a time: expected 2024-02-29, 2024-02-29 12:30:00.250 or "
			"2024-02-29T12:30:00Z (or +01:00)",
			text);
	return 2;
}

/* Return the remainder of the division by 1000, which is not negative. */
static int part_of(int64_t ms)
{
	return (int)(((ms % 1000) + 1000) % 1000);
}

static int parse(lua_State *L)
{
	const char *text, *pattern = pattern_argument(L, 2);
	const struct zone *zone = zone_argument(L, 3, "parse");
	struct time_text result = {0, false};
	int64_t seconds;
	bool ok;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "time.parse: expected a text, got %s", luaL_typename(L, 1));
	text = lua_tostring(L, 1);
	ok = strlen(text) == lua_rawlen(L, 1);
	ok = ok &&
	     (pattern ? time_pattern_read(pattern, text, &result) : parse_plain(text, &result));
	if (!ok)
		return refuse(L, text, pattern);
	if (zone && !result.has_offset) {
		int part = part_of(result.ms);
		if (!zone_utc(zone, (result.ms - part) / 1000, &seconds)) {
			lua_pushnil(L);
			lua_pushfstring(L, "'%s' does not exist in %s: the clocks are set forward",
					text, lua_tostring(L, 3));
			return 2;
		}
		result.ms = seconds * 1000 + part;
	}
	lua_pushinteger(L, result.ms);
	return 1;
}

/* ---- format ---- */

static int64_t check_ms(lua_State *L)
{
	lua_Integer ms = lua_tointeger(L, 1);
	if (!lua_isinteger(L, 1))
		state_raise(L, "time.format: expected integer milliseconds, got %s",
			    luaL_typename(L, 1));
	if (ms < YEAR_0 || ms >= YEAR_10000)
		state_raise(L, "time.format: %lld is outside of the years 0 to 9999",
			    (long long)ms);
	return ms;
}

/* A time to be written. */
struct moment {
	int64_t seconds;
	int part; /* milliseconds */
	struct tm tm;
};

/* Push the text in the form of RFC 3339. */
static int format_plain(lua_State *L, const struct moment *moment, bool is_utc)
{
	char text[64];
	const struct tm *tm = &moment->tm;
	int n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03d",
			 tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour, tm->tm_min,
			 tm->tm_sec, moment->part);
	int minutes = (int)(labs(tm->tm_gmtoff) / 60);
	if (is_utc)
		snprintf(text + n, sizeof(text) - (size_t)n, "Z");
	else
		snprintf(text + n, sizeof(text) - (size_t)n, "%c%02d:%02d",
			 tm->tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
	lua_pushstring(L, text);
	return 1;
}

/* Push the pattern with the parts that strftime does not know: %L, and %s, for which it would take the zone of the process. */
static const char *push_pattern(lua_State *L, const char *pattern, const struct moment *moment)
{
	luaL_Buffer out;
	char text[32];
	luaL_buffinit(L, &out);
	for (; *pattern; pattern++) {
		luaL_addchar(&out, *pattern);
		if (*pattern != '%' || pattern[1] == '\0')
			continue;
		pattern++;
		if (*pattern != 'L' && *pattern != 's') {
			luaL_addchar(&out, *pattern);
			continue;
		}
		luaL_buffsub(&out, 1);
		if (*pattern == 'L')
			snprintf(text, sizeof(text), "%03d", moment->part);
		else
			snprintf(text, sizeof(text), "%lld", (long long)moment->seconds);
		luaL_addstring(&out, text);
	}
	luaL_pushresult(&out);
	return lua_tostring(L, -1);
}

static int format_pattern(lua_State *L, const struct moment *moment)
{
	char text[256];
	size_t n;
	luaL_checktype(L, 2, LUA_TSTRING);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = strftime(text, sizeof(text), push_pattern(L, lua_tostring(L, 2), moment), &moment->tm);
#pragma GCC diagnostic pop
	if (n == 0 && lua_rawlen(L, 2) > 0)
		state_raise(L, "time.format: '%s' gives no text, or too long a one",
			    lua_tostring(L, 2));
	lua_pushlstring(L, text, n);
	return 1;
}

static int format(lua_State *L)
{
	int64_t ms = check_ms(L);
	const struct zone *zone = zone_argument(L, 3, "format");
	struct zone_time at = {0, false, "UTC"};
	struct moment moment = {.part = part_of(ms)};
	time_t local;
	moment.seconds = (ms - moment.part) / 1000;
	if (zone)
		at = zone_at(zone, moment.seconds);
	local = (time_t)(moment.seconds + at.offset);
	gmtime_r(&local, &moment.tm);
	moment.tm.tm_gmtoff = at.offset;
	moment.tm.tm_zone = at.abbreviation;
	moment.tm.tm_isdst = at.is_dst;
	return lua_isnoneornil(L, 2) ? format_plain(L, &moment, zone == NULL)
				     : format_pattern(L, &moment);
}

int lua_time_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"now", now}, {"parse", parse}, {"format", format}, {NULL, NULL}};
	luaL_newlibtable(L, functions);
	lua_newtable(L); /* the zones that were used */
	luaL_setfuncs(L, functions, 1);
	return 1;
}
