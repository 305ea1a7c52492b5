/* lua_cbase: tideway.cbase, functions for the standard library only. */
#include "script/handle.h"

#include "base/file.h"
#include "model/ident.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Push "file:line", file and line of a function. */
static int push_where(lua_State *L, const lua_Debug *ar, int line)
{
	const char *file = ar->source[0] == '@' ? ar->source + 1 : ar->short_src;
	lua_pushfstring(L, "%s:%d", file, line);
	lua_pushstring(L, file);
	lua_pushinteger(L, line);
	return 3;
}

/* where([level]) -> "file:line", file, line of the innermost frame of the user's code at or above
 * the stack level */
static int where(lua_State *L)
{
	int level = (int)luaL_optinteger(L, 1, 1);
	lua_Debug ar;
	for (; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] == '@')
			return push_where(L, &ar, ar.currentline);
	}
	lua_pushstring(L, script_of(L)->entry.file);
	lua_pushstring(L, script_of(L)->entry.file);
	lua_pushinteger(L, 0);
	return 3;
}

static int function_where(lua_State *L)
{
	lua_Debug ar;
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_pushvalue(L, 1);
	lua_getinfo(L, ">S", &ar);
	if (ar.what[0] == 'C') {
		/* a function of lua_try: the function that it calls */
		if (lua_getupvalue(L, 1, 1) && lua_isfunction(L, -1)) {
			lua_replace(L, 1);
			lua_settop(L, 1);
			return function_where(L);
		}
		lua_pushstring(L, "[C]");
		return 1;
	}
	return push_where(L, &ar, ar.linedefined);
}

static int load(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	const char *name = lua_pushfstring(L, "=%s", luaL_optstring(L, 2, "tideway.load"));
	if (state_load(L, slice_of(text, len), name) != LUA_OK)
		return lua_error(L);
	if (!lua_isnoneornil(L, 3)) {
		lua_pushvalue(L, 3);
		lua_setupvalue(L, -2, 1);
	}
	return 1;
}

static int distance(lua_State *L)
{
	lua_pushinteger(L, slice_distance(slice_str(luaL_checkstring(L, 1)),
					  slice_str(luaL_checkstring(L, 2))));
	return 1;
}

/* nearest(name, list or map) -> the nearest name of the list, or key of the map; nil when none is
 * near */
static int nearest(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
		lua_pushvalue(L, lua_type(L, -2) == LUA_TSTRING ? -2 : -1);
		if (lua_type(L, -1) != LUA_TSTRING) {
			lua_pop(L, 1);
			continue;
		}
		lua_pushboolean(L, true);
		lua_rawset(L, 3);
	}
	if (!state_nearest_key(L, 3, name))
		lua_pushnil(L);
	return 1;
}

/* same_name(a, b) -> whether a supported server treats the two as the same column name */
static int same_name(lua_State *L)
{
	struct slice a = slice_str(luaL_checkstring(L, 1)), b = slice_str(luaL_checkstring(L, 2));
	lua_pushboolean(L,
			ident_equal(IDENT_UNICODE_3, a, b) || ident_equal(IDENT_UNICODE_14, a, b));
	return 1;
}

/* topic_fault(name) -> why Kafka does not accept the name: "empty", "dots", "long" or "character",
 * or nil when it does; and the index of the character */
static int topic_fault(lua_State *L)
{
	static const char *const NAMES[] = {
		[TOPIC_NAME_LEGAL] = NULL,
		[TOPIC_NAME_EMPTY] = "empty",
		[TOPIC_NAME_DOTS] = "dots",
		[TOPIC_NAME_LONG] = "long",
		[TOPIC_NAME_CHARACTER] = "character",
	};
	size_t len, at = 0;
	const char *name = luaL_checklstring(L, 1, &len);
	lua_pushstring(L, NAMES[topic_name_check(slice_of(name, len), &at)]);
	lua_pushinteger(L, (lua_Integer)at + 1);
	return 2;
}

/* source() -> text and name of the entry script; nothing when it cannot be read */
static int source(lua_State *L)
{
	const struct script *script = script_of(L);
	struct err err = ERR_INIT;
	struct buf *text = &script_of(L)->scratch;
	buf_clear(text);
	if (file_read(script->entry.path, text, &err) < 0)
		return 0;
	lua_pushlstring(L, text->ptr ? text->ptr : "", text->len);
	lua_pushstring(L, script->entry.file);
	return 2;
}

/* raise(entry, text): raise the text, without a place, as an entry of base/errors.def ("E_OPTION_VALUE") */
static int raise(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	const struct err_entry *entry = err_entry_named(name);
	luaL_checkstring(L, 2);
	if (entry == NULL)
		state_raise(L, "there is no entry %s in the list of errors", name);
	lua_settop(L, 2);
	state_note(L, entry->id);
	return lua_error(L);
}

/* refuse(name): raise in topic and key functions, for a function whose result depends on more than the change */
static int refuse(lua_State *L)
{
	const struct script *script = script_of(L);
	const struct mapping *mapping =
		script->bound.current ? script->bound.current->mapping : NULL;
	const char *name = luaL_checkstring(L, 1);
	if (script->call.phase != PHASE_IMAGE || mapping == NULL ||
	    script->call.function >=
		    (unsigned)mapping->topic_function + (mapping->key.kind == KEY_FUNCTION))
		return 0;
	return state_raise(
		L,
		"%s is not for topic and key functions: its result may differ when a change is "
		"sent again after a restart, which would then get another topic or key",
		name);
}

/* random() -> 16 random bytes */
static int random_bytes(lua_State *L)
{
	char bytes[16];
	if (getentropy(bytes, sizeof(bytes)) < 0)
		state_raise(L, "no random numbers: %s", strerror(errno));
	lua_pushlstring(L, bytes, sizeof(bytes));
	return 1;
}

/* read(path) -> content of a file, its path relative to the script; nil and a message when it cannot be read */
static int read_file(lua_State *L)
{
	struct buf *text = &script_of(L)->scratch;
	struct err err = ERR_INIT;
	buf_clear(text);
	if (file_read(state_path(L, luaL_checkstring(L, 1)), text, &err) < 0) {
		lua_pushnil(L);
		lua_pushstring(L, err.text);
		return 2;
	}
	lua_pushlstring(L, text->ptr ? text->ptr : "", text->len);
	return 1;
}

static int kind(lua_State *L)
{
	const char *name = NULL;
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TTABLE)
		name = lua_description_kind(L, 1);
	else if (handle_is_row(L, 1))
		name = "row";
	else if (handle_is_change(L, 1))
		name = "change";
	else if (lua_type(L, 1) != LUA_TUSERDATA)
		name = NULL;
	else if (lua_decimal_test(L, 1).ptr)
		name = "decimal";
	else if (lua_secret_text(L, 1).ptr)
		name = "secret";
	else if (lua_null_test(L, 1))
		name = "json.null";
	lua_pushstring(L, name);
	return 1;
}

/* image(change, "before" | "after"): set which image change.row is */
static int image(lua_State *L)
{
	const char *name = luaL_checkstring(L, 2);
	handle_change(L, 1)->image = strcmp(name, "before") == 0 ? IMAGE_BEFORE : IMAGE_AFTER;
	return 0;
}

/* filtered(change, "insert" | "delete"): only the new or only the old image of an update has passed the filter */
static int filtered(lua_State *L)
{
	handle_change(L, 1)->verdict =
		luaL_checkstring(L, 2)[0] == 'i' ? VERDICT_INSERT : VERDICT_DELETE;
	return 0;
}

int lua_cbase_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"where", where},
		{"function_where", function_where},
		{"load", load},
		{"distance", distance},
		{"nearest", nearest},
		{"same_name", same_name},
		{"topic_fault", topic_fault},
		{"source", source},
		{"raise", raise},
		{"kind", kind},
		{"try", lua_try},
		{"label", context_label},
		{"refuse", refuse},
		{"random", random_bytes},
		{"read", read_file},
		{"image", image},
		{"filtered", filtered},
		{NULL, NULL},
	};
	luaL_newlib(L, functions);
	lua_row_functions(L);
	lua_pushcfunction(L, lua_copy_row);
	lua_setfield(L, -2, "row_copy");
	return 1;
}
