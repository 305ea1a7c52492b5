/* lua_time: tideway.time: convert milliseconds since 1970 to texts and back, always in UTC. */
#include "script/script_priv.h"

#include "base/clock.h"
#include "base/num.h"

#include <stdio.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

static int now(lua_State *L)
{
	lua_pushinteger(L, clock_wall_ms());
	return 1;
}

/* Read n digits at *at and advance *at after them. Return their value; -1 when fewer follow. */
static int digits(const char **at, int n)
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

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool parse_date(const char **at, int64_t *ms)
{
	int year = digits(at, 4), month, day;
	if (year < 0 || !skip(at, '-'))
		return false;
	month = digits(at, 2);
	if (month < 1 || month > 12 || !skip(at, '-'))
		return false;
	day = digits(at, 2);
	if (day < 1 || day > month_days(year, month))
		return false;
	*ms = num_days(year, (unsigned)month, (unsigned)day) * DAY_MS;
	return true;
}

/* Read the digits after the point of a second. Return milliseconds, with further digits truncated;
 * -1 when no digit follows. */
static int fraction(const char **at)
{
	int ms = 0, n = 0;
	for (; **at >= '0' && **at <= '9'; ++*at, n++)
		if (n < 3)
			ms = ms * 10 + (**at - '0');
	for (int i = n; i < 3; i++)
		ms *= 10;
	return n > 0 ? ms : -1;
}

static bool parse_clock(const char **at, int64_t *ms)
{
	int hour = digits(at, 2), minute, second = 0, part = 0;
	if (hour < 0 || hour > 23 || !skip(at, ':'))
		return false;
	minute = digits(at, 2);
	if (minute < 0 || minute > 59)
		return false;
	if (skip(at, ':')) {
		second = digits(at, 2);
		if (second < 0 || second > 59)
			return false;
		if (skip(at, '.') && (part = fraction(at)) < 0)
			return false;
	}
	*ms += ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + part;
	return true;
}

/* Read a time zone: Z, +01:00, +0100, +01 or nothing. Subtract its offset from *ms. */
static bool parse_zone(const char **at, int64_t *ms)
{
	int sign = **at == '-' ? -1 : 1, hour, minute = 0;
	if (skip(at, 'Z') || skip(at, 'z'))
		return true;
	if (!skip(at, '+') && !skip(at, '-'))
		return true;
	hour = digits(at, 2);
	if (hour < 0 || hour > 14)
		return false;
	if (**at != '\0') {
		skip(at, ':');
		minute = digits(at, 2);
		if (minute < 0 || minute > 59)
			return false;
	}
	*ms -= sign * (hour * 60 + minute) * INT64_C(60000);
	return true;
}

static int parse(lua_State *L)
{
	const char *text, *at;
	int64_t ms = 0;
	bool ok;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "time.parse: expected a text, got %s", luaL_typename(L, 1));
	text = at = lua_tostring(L, 1);
	ok = parse_date(&at, &ms);
	if (ok && (skip(&at, 'T') || skip(&at, 't') || skip(&at, ' ')))
		ok = parse_clock(&at, &ms) && parse_zone(&at, &ms);
	if (ok && *at == '\0' && (size_t)(at - text) == lua_rawlen(L, 1)) {
		lua_pushinteger(L, ms);
		return 1;
	}
	lua_pushnil(L);
	lua_pushfstring(L,
			"'%s' is not a time: expected 2024-02-29, 2024-02-29 12:30:00.250 or "
			"2024-02-29T12:30:00Z (or +01:00)",
			text);
	return 2;
}

static int64_t check_ms(lua_State *L)
{
	lua_Integer ms = lua_tointeger(L, 1);
	if (!lua_isinteger(L, 1))
		state_raise(L, "time.format: expected integer milliseconds, got %s",
			    luaL_typename(L, 1));
	if (ms < -62167219200000 || ms > 253402300799999)
		state_raise(L, "time.format: %lld is outside of the years 0 to 9999",
			    (long long)ms);
	return ms;
}

static int format(lua_State *L)
{
	int64_t ms = check_ms(L), part = ((ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((ms - part) / 1000);
	char text[256];
	struct tm tm;
	size_t n;
	gmtime_r(&seconds, &tm);
	if (lua_isnoneornil(L, 2)) {
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec, (int)part);
		lua_pushstring(L, text);
		return 1;
	}
	luaL_checktype(L, 2, LUA_TSTRING);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = strftime(text, sizeof(text), lua_tostring(L, 2), &tm);
#pragma GCC diagnostic pop
	if (n == 0 && lua_rawlen(L, 2) > 0)
		state_raise(L, "time.format: '%s' gives no text, or too long a one",
			    lua_tostring(L, 2));
	lua_pushlstring(L, text, n);
	return 1;
}

int lua_time_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"now", now}, {"parse", parse}, {"format", format}, {NULL, NULL}};
	luaL_newlib(L, functions);
	return 1;
}
