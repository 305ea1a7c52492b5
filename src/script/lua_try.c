/* lua_try: functions that have another result when they raise an error: sync.try, and the `default` of a field. */
#include "script/script_priv.h"

#include "base/log.h"

/* The upvalues of such a function. */
enum { TRY_FUNCTION = 1, TRY_FALLBACK, TRY_REPLACES_NIL, TRY_HAS_FAILED };

/* Log the error on top of the stack: the first one of each function as a warning. */
static void log_failure(lua_State *L)
{
	const char *text = luaL_tolstring(L, -1, NULL);
	if (lua_toboolean(L, lua_upvalueindex(TRY_HAS_FAILED))) {
		log_debug("a function failed, and its fallback was used: %s", text);
	} else {
		log_warn("a function failed, and its fallback was used: %s (further failures of "
			 "this function are logged at level debug)",
			 text);
		lua_pushboolean(L, true);
		lua_replace(L, lua_upvalueindex(TRY_HAS_FAILED));
	}
	lua_pop(L, 1);
}

static int return_all(lua_State *L, int status, lua_KContext nargs)
{
	(void)status;
	return lua_gettop(L) - (int)nargs;
}

/* Return the results of the function, which are above its nargs arguments, or the fallback. Raise again when a limit of the
 * script was reached: a fallback must not hide that. */
static int finish(lua_State *L, int status, lua_KContext nargs)
{
	int n = (int)nargs;
	if (status == LUA_ERRMEM || script_of(L)->limits.exhausted)
		return lua_error(L);
	if (status == LUA_OK || status == LUA_YIELD) {
		if (!lua_toboolean(L, lua_upvalueindex(TRY_REPLACES_NIL)) ||
		    !lua_isnoneornil(L, n + 1))
			return lua_gettop(L) - n;
		lua_pushvalue(L, lua_upvalueindex(TRY_FALLBACK));
		return 1;
	}
	log_failure(L);
	lua_pushvalue(L, lua_upvalueindex(TRY_FALLBACK));
	if (!lua_isfunction(L, -1))
		return 1;
	lua_insert(L, -2); /* fallback(message, arguments ...) */
	luaL_checkstack(L, n + 1, NULL);
	for (int i = 1; i <= n; i++)
		lua_pushvalue(L, i);
	lua_callk(L, n + 1, LUA_MULTRET, nargs, return_all);
	return lua_gettop(L) - n;
}

static int run(lua_State *L)
{
	int n = lua_gettop(L);
	luaL_checkstack(L, n + 2, NULL);
	lua_pushvalue(L, lua_upvalueindex(TRY_FUNCTION));
	for (int i = 1; i <= n; i++)
		lua_pushvalue(L, i);
	return finish(L, lua_pcallk(L, n, LUA_MULTRET, 0, n, finish), n);
}

/* try(function, fallback, replaces_nil) -> function */
int lua_try(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 3);
	lua_pushboolean(L, false);
	lua_pushcclosure(L, run, TRY_HAS_FAILED);
	return 1;
}
