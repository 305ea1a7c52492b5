/* lua_null: json.null, the value of a NULL in a table. */
#include "script/script_priv.h"

#define NAME "tideway.json.null"
#define VALUE_NAME "tideway.json.null.value"

static int null_text(lua_State *L)
{
	lua_pushstring(L, "null");
	return 1;
}

void lua_null_push(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, VALUE_NAME);
}

bool lua_null_test(lua_State *L, int idx)
{
	return lua_type(L, idx) == LUA_TUSERDATA && luaL_testudata(L, idx, NAME) != NULL;
}

void lua_null_open(lua_State *L)
{
	luaL_newmetatable(L, NAME);
	lua_pushcfunction(L, null_text);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_newuserdatauv(L, 0, 0);
	luaL_setmetatable(L, NAME);
	lua_setfield(L, LUA_REGISTRYINDEX, VALUE_NAME);
	lua_pop(L, 1);
}
