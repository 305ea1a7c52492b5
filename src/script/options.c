#include "script/options.h"

void options_check(lua_State *L, int idx, const char *function, const char *kind)
{
	idx = lua_absindex(L, idx);
	if (lua_isnone(L, idx))
		state_raise(L, "%s: expected a table of options, got no value", function);
	luaL_checkstack(L, 10, NULL);
	require_module(L, "tideway.core.option");
	lua_getfield(L, -1, "check_call");
	lua_pushstring(L, function);
	lua_pushvalue(L, idx);
	lua_pushstring(L, kind);
	lua_call(L, 3, 1);
	lua_remove(L, -2);
}
