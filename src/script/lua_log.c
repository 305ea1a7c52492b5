/* lua_log: tideway.log: write lines to the program's log. Debug lines begin with the file and line
 * of the script. */
#include "script/script_priv.h"

#include "base/log.h"

/* Return the text of the line. One argument of any type is converted to a text; several are the
 * arguments of string.format. */
static const char *text_of(lua_State *L)
{
	int n = lua_gettop(L);
	if (n == 0)
		return "";
	if (n == 1)
		return luaL_tolstring(L, 1, NULL);
	for (int i = 2; i <= n; i++) {
		if (lua_type(L, i) == LUA_TNUMBER || lua_type(L, i) == LUA_TSTRING)
			continue;
		luaL_tolstring(L, i, NULL);
		lua_replace(L, i);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, n, 1);
	return lua_tostring(L, -1);
}

static int log_debug_line(lua_State *L)
{
	char where[SCRIPT_WHERE];
	const char *text = text_of(L);
	state_where(L, where);
	log_debug("%s: %s", where, text);
	return 0;
}

static int log_info_line(lua_State *L)
{
	log_info("%s", text_of(L));
	return 0;
}

static int log_warn_line(lua_State *L)
{
	log_warn("%s", text_of(L));
	return 0;
}

static int log_error_line(lua_State *L)
{
	log_error("%s", text_of(L));
	return 0;
}

int lua_log_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"debug", log_debug_line},
		{"info", log_info_line},
		{"warn", log_warn_line},
		{"error", log_error_line},
		{NULL, NULL},
	};
	luaL_newlibtable(L, functions);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_getfield(L, -1, "string");
	lua_getfield(L, -1, "format");
	lua_replace(L, -3);
	lua_pop(L, 1);
	luaL_setfuncs(L, functions, 1);
	return 1;
}
