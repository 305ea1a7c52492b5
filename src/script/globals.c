/* globals: what each script sees without require: the sandboxed libraries of Lua, and globals that must be defined before
 * they are read. */
#include "script/script_priv.h"

#include "base/log.h"

#include <stdio.h>

static int undefined_global(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	if (state_nearest_key(L, 1, name))
		state_raise_as(L, E_GLOBAL_UNDEFINED,
			       "global '%s' is not defined; did you mean '%s'?", name,
			       lua_tostring(L, -1));
	state_raise_as(L, E_GLOBAL_UNDEFINED, "global '%s' is not defined", name);
}

/* setmetatable without __gc, since no budget limits a finalizer. */
static int guarded_setmetatable(lua_State *L)
{
	if (lua_type(L, 2) == LUA_TTABLE) {
		lua_pushstring(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			state_raise(L, "setmetatable: __gc is not available in a script");
		lua_pop(L, 1);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

static int print(lua_State *L)
{
	const struct script *script = script_of(L);
	luaL_Buffer line;
	int n = lua_gettop(L);
	luaL_buffinit(L, &line);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&line, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&line);
	}
	luaL_pushresult(&line);
	if (script->entry.exec || script->entry.test)
		puts(lua_tostring(L, -1));
	else
		log_info("%s", lua_tostring(L, -1));
	return 0;
}

static void remove_names(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *names);
	}
}

static void keep_names(lua_State *L, const char *library, const char *const *names)
{
	lua_getglobal(L, library);
	lua_newtable(L);
	for (; *names; names++) {
		lua_getfield(L, -2, *names);
		lua_setfield(L, -2, *names);
	}
	lua_pushvalue(L, -1);
	lua_setglobal(L, library);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_insert(L, -2);
	lua_setfield(L, -2, library);
	lua_pop(L, 2);
}

static void open_libraries(lua_State *L)
{
	static const luaL_Reg libraries[] = {
		{LUA_GNAME, luaopen_base},       {LUA_STRLIBNAME, luaopen_string},
		{LUA_TABLIBNAME, luaopen_table}, {LUA_MATHLIBNAME, luaopen_math},
		{LUA_UTF8LIBNAME, luaopen_utf8}, {LUA_COLIBNAME, luaopen_coroutine},
		{LUA_OSLIBNAME, luaopen_os},     {NULL, NULL},
	};
	static const char *const not_base[] = {"load", "loadfile",   "dofile", "collectgarbage",
					       "warn", "loadstring", NULL};
	static const char *const os_names[] = {"time", "date", "clock", NULL};
	static const char *const not_string[] = {"dump", NULL};
	for (const luaL_Reg *lib = libraries; lib->name; lib++) {
		luaL_requiref(L, lib->name, lib->func, 1);
		lua_pop(L, 1);
	}
	lua_pushglobaltable(L);
	remove_names(L, not_base);
	lua_getglobal(L, "string");
	remove_names(L, not_string);
	lua_pop(L, 2);
	keep_names(L, "os", os_names);
}

static void protect_globals(lua_State *L)
{
	lua_pushstring(L, "");
	lua_getmetatable(L, -1); /* of all strings; the standard library uses it too */
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
	lua_pushglobaltable(L);
	lua_getfield(L, -1, "setmetatable");
	lua_pushcclosure(L, guarded_setmetatable, 1);
	lua_setfield(L, -2, "setmetatable");
	lua_pushcfunction(L, print);
	lua_setfield(L, -2, "print");
	lua_newtable(L);
	lua_pushcfunction(L, undefined_global);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

int globals_open(lua_State *L)
{
	open_libraries(L);
	protect_globals(L);
	require_open(L);
	handle_open(L);
	lua_change_open(L);
	lua_null_open(L);
	lua_json_open(L); /* what it marks is in the registry: arrays, objects, copies */
	return 0;
}
