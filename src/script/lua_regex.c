/* lua_regex: tideway.regex: PCRE2 (base/regex) for scripts. Wrong arguments and patterns raise. A
 * search that exceeds the match limit raises too, since "no match" would be a wrong result. */
#include "script/script_priv.h"

#include "base/regex.h"

#define NAME "tideway.regex"

enum { CAPTURES_MAX = 64 };

struct regex_ud {
	struct regex *regex; /* NULL until it is compiled */
};

static int close_regex(lua_State *L)
{
	struct regex_ud *ud = luaL_checkudata(L, 1, NAME);
	regex_free(ud->regex);
	ud->regex = NULL;
	return 0;
}

static struct slice string_at(lua_State *L, int idx)
{
	size_t len;
	const char *text;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise(L, "regex: expected a string, got %s", luaL_typename(L, idx));
	text = lua_tolstring(L, idx, &len);
	return slice_of(text, len);
}

/* Read the flags: "i", { nocase = true } or nothing. */
static bool nocase_at(lua_State *L, int idx)
{
	bool nocase;
	if (lua_type(L, idx) == LUA_TTABLE) {
		lua_getfield(L, idx, "nocase");
		nocase = lua_toboolean(L, -1);
		lua_pop(L, 1);
		return nocase;
	}
	if (lua_isnoneornil(L, idx))
		return false;
	if (lua_type(L, idx) != LUA_TSTRING || strcmp(lua_tostring(L, idx), "i") != 0)
		state_raise(L, "regex.new: the second argument is \"i\" or nothing");
	return true;
}

static int new (lua_State *L)
{
	struct slice pattern = string_at(L, 1);
	bool nocase = nocase_at(L, 2);
	struct regex_ud *ud = lua_newuserdatauv(L, sizeof(*ud), 0);
	struct err err = ERR_INIT;
	ud->regex = NULL;
	luaL_setmetatable(L, NAME);
	ud->regex = regex_new(pattern, nocase, &err);
	if (ud->regex == NULL)
		state_raise(L, "%s", err.text);
	return 1;
}

static struct regex *check(lua_State *L)
{
	struct regex_ud *ud = luaL_testudata(L, 1, NAME);
	if (ud == NULL || ud->regex == NULL)
		state_raise(L, "expected a regex, got %s: call it with a colon, re:match(text)",
			    luaL_typename(L, 1));
	return ud->regex;
}

static struct slice text_argument(lua_State *L)
{
	check(L);
	return string_at(L, 2);
}

static int search(lua_State *L, struct slice text, size_t from, struct slice *captures)
{
	uint32_t steps = script_of(L)->limits.regex_steps;
	struct regex *regex = check(L);
	int n;
	regex_limit(regex, steps);
	n = regex_match(regex, text, from, captures, CAPTURES_MAX);
	if (n < 0)
		state_raise(L,
			    "regex: the search took more than %d steps (limits.regex_steps): the "
			    "pattern backtracks without end",
			    (int)steps);
	return n > CAPTURES_MAX ? CAPTURES_MAX : n;
}

/* Convert a start index of Lua (from 1; negative: from the end) to an offset. */
static size_t start_at(lua_State *L, int idx, struct slice text)
{
	lua_Integer init = luaL_optinteger(L, idx, 1);
	if (init < 0)
		init = (lua_Integer)text.len + init + 1;
	return init < 1 ? 0 : (size_t)(init - 1);
}

static void push_capture(lua_State *L, struct slice capture)
{
	if (capture.ptr)
		lua_pushlstring(L, capture.ptr, capture.len);
	else
		lua_pushboolean(L, false);
}

/* Push the groups, or the whole match when the pattern has no groups. */
static int push_captures(lua_State *L, const struct slice *captures, int n)
{
	luaL_checkstack(L, n + 1, NULL);
	if (n == 1) {
		push_capture(L, captures[0]);
		return 1;
	}
	for (int i = 1; i < n; i++)
		push_capture(L, captures[i]);
	return n - 1;
}

static int test(lua_State *L)
{
	struct slice captures[CAPTURES_MAX];
	lua_pushboolean(L, search(L, text_argument(L), 0, captures) > 0);
	return 1;
}

static int match(lua_State *L)
{
	struct slice captures[CAPTURES_MAX], text = text_argument(L);
	int n = search(L, text, start_at(L, 3, text), captures);
	if (n > 0)
		return push_captures(L, captures, n);
	lua_pushnil(L);
	return 1;
}

static int find(lua_State *L)
{
	struct slice captures[CAPTURES_MAX], text = text_argument(L);
	int n = search(L, text, start_at(L, 3, text), captures);
	if (n == 0) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, captures[0].ptr - text.ptr + 1);
	lua_pushinteger(L, captures[0].ptr - text.ptr + (lua_Integer)captures[0].len);
	return 2 + (n > 1 ? push_captures(L, captures, n) : 0);
}

/* re:captures(text) -> { [0] = whole match, group or false, ... } | nil */
static int captures(lua_State *L)
{
	struct slice found[CAPTURES_MAX];
	int n = search(L, text_argument(L), 0, found);
	if (n == 0) {
		lua_pushnil(L);
		return 1;
	}
	lua_createtable(L, n, 1);
	for (int i = 0; i < n; i++) {
		push_capture(L, found[i]);
		lua_rawseti(L, -2, i);
	}
	return 1;
}

/* ---- gsub, gmatch ---- */

/* Return the offset where the search continues after a match. After an empty match, skip one
 * character, so that the match is not found again. */
static size_t next_start(struct slice text, struct slice whole)
{
	size_t end = (size_t)(whole.ptr - text.ptr) + whole.len;
	if (whole.len > 0)
		return end;
	for (end++; end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80;)
		end++;
	return end;
}

/* Append the template, with $1, ${1} and $0 replaced by groups, and $$ by a dollar. */
static void expand(lua_State *L, luaL_Buffer *out, struct slice template, const struct slice *found,
		   int n)
{
	for (size_t i = 0; i < template.len; i++) {
		bool braces;
		int group = 0;
		size_t at;
		if (template.ptr[i] != '$') {
			luaL_addchar(out, template.ptr[i]);
			continue;
		}
		if (i + 1 < template.len && template.ptr[i + 1] == '$') {
			luaL_addchar(out, '$');
			i++;
			continue;
		}
		braces = i + 1 < template.len && template.ptr[i + 1] == '{';
		for (at = i + 1 + braces; at < template.len && template.ptr[at] >= '0' &&
					  template.ptr[at] <= '9' && group < n;
		     at++)
			group = group * 10 + (template.ptr[at] - '0');
		if (at == i + 1 + braces ||
		    (braces && (at == template.len || template.ptr[at] != '}')))
			state_raise(L, "regex: '$' in a replacement is followed by a group number; "
				       "$$ is a dollar");
		if (group >= n)
			state_raise(L, "regex: the replacement names group %d, the pattern has %d",
				    group, n - 1);
		if (found[group].ptr)
			luaL_addlstring(out, found[group].ptr, found[group].len);
		i = at - 1 + braces;
	}
}

/* Push the replacement of one match from a function or table; the match itself when that returns
 * nil or false. */
static void replacement(lua_State *L, const struct slice *found, int n)
{
	if (lua_type(L, 3) == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		lua_call(L, push_captures(L, found, n), 1);
	} else {
		push_capture(L, found[n > 1 ? 1 : 0]);
		lua_gettable(L, 3);
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		push_capture(L, found[0]);
	} else if (!lua_isstring(L, -1)) {
		state_raise(
			L,
			"regex: the replacement is a %s: expected a string, a number, nil or false",
			luaL_typename(L, -1));
	}
}

static int gsub(lua_State *L)
{
	struct slice found[CAPTURES_MAX], text = text_argument(L);
	lua_Integer limit = luaL_optinteger(L, 4, LUA_MAXINTEGER), count = 0;
	size_t done = 0, at = 0;
	luaL_Buffer out;
	int n, type = lua_type(L, 3);
	if (type != LUA_TSTRING && type != LUA_TFUNCTION && type != LUA_TTABLE)
		state_raise(L,
			    "regex: the replacement is a string, a function or a table, not a %s",
			    luaL_typename(L, 3));
	luaL_buffinit(L, &out);
	for (; count < limit && at <= text.len && (n = search(L, text, at, found)) > 0; count++) {
		size_t start = (size_t)(found[0].ptr - text.ptr);
		luaL_addlstring(&out, text.ptr + done, start - done);
		if (type == LUA_TSTRING) {
			expand(L, &out, string_at(L, 3), found, n);
		} else {
			replacement(L, found, n);
			luaL_addvalue(&out);
		}
		done = start + found[0].len;
		at = next_start(text, found[0]);
	}
	luaL_addlstring(&out, text.ptr + done, text.len - done);
	luaL_pushresult(&out);
	lua_pushinteger(L, count);
	return 2;
}

static int next_match(lua_State *L)
{
	struct slice found[CAPTURES_MAX], text;
	size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
	int n;
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, lua_upvalueindex(2));
	text = string_at(L, 2);
	n = at <= text.len ? search(L, text, at, found) : 0;
	if (n == 0)
		return 0;
	lua_pushinteger(L, (lua_Integer)next_start(text, found[0]));
	lua_replace(L, lua_upvalueindex(3));
	return push_captures(L, found, n);
}

static int gmatch(lua_State *L)
{
	text_argument(L);
	lua_settop(L, 2);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_match, 3);
	return 1;
}

int lua_regex_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
	static const luaL_Reg methods[] = {
		{"test", test}, {"match", match},   {"find", find}, {"captures", captures},
		{"gsub", gsub}, {"gmatch", gmatch}, {NULL, NULL},
	};
	luaL_newmetatable(L, NAME);
	lua_pushcfunction(L, close_regex);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, close_regex);
	lua_setfield(L, -2, "__close");
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	luaL_newlib(L, functions);
	return 1;
}
