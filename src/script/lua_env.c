/* lua_env: tideway.env. env.NAME is the NAME=value of the command line, else the environment
 * variable, else nil. env.need "NAME" raises when neither is set. */
#include "script/script_priv.h"

#include <stdlib.h>

const char *lua_env_get(const struct script *script, const char *name)
{
	for (unsigned i = 0; i < script->entry.nargs; i++)
		if (strcmp(script->entry.args[i].name, name) == 0)
			return script->entry.args[i].value;
	return getenv(name);
}

static int index_env(lua_State *L)
{
	if (lua_type(L, 2) != LUA_TSTRING)
		state_raise(L, "env: expected a name, got %s", luaL_typename(L, 2));
	lua_pushstring(L, lua_env_get(script_of(L), lua_tostring(L, 2)));
	return 1;
}

static int newindex_env(lua_State *L)
{
	return state_raise(L, "env is read-only");
}

static int need(lua_State *L)
{
	const char *name, *value;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "env.need: expected a name, got %s", luaL_typename(L, 1));
	name = lua_tostring(L, 1);
	value = lua_env_get(script_of(L), name);
	if (value == NULL)
		state_raise(L,
			    "env.need: %s is not set: export %s=..., or put %s=... after the "
			    "script on the command line",
			    name, name, name);
	lua_pushstring(L, value);
	return 1;
}

int lua_env_open(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, need);
	lua_setfield(L, -2, "need");
	lua_newtable(L);
	lua_pushcfunction(L, index_env);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, newindex_env);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	return 1;
}
