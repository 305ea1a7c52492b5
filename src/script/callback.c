/* callback: call the script's functions outside of the lanes. */
#include "script/script_priv.h"

#include "base/clock.h"

struct calling {
	unsigned sync;
	const struct script_callback *callback;
};

static int call(lua_State *L)
{
	const struct calling *calling = lua_touserdata(L, 1);
	const struct script_callback *callback = calling->callback;
	int base = lua_gettop(L);
	script_core(L, "callback");
	lua_pushinteger(L, calling->sync + 1);
	if (callback->kind == CALLBACK_TIMER)
		lua_pushinteger(L, callback->timer + 1);
	else
		lua_pushstring(L, callback->kind == CALLBACK_START ? "on_start" : "on_stop");
	if (callback->kind == CALLBACK_STOP) {
		lua_pushstring(L, callback->reason);
		lua_pushstring(L, callback->message);
	}
	lua_call(L, lua_gettop(L) - base - 1, 0);
	return 0;
}

int script_call(struct script *script, unsigned sync, const struct script_callback *callback,
		struct err *err)
{
	struct calling calling = {sync, callback};
	int rc;
	script->deadline_ms = clock_mono_ms() + SCRIPT_CALL_MS;
	rc = state_protect(script, call, &calling, 0, E_SCRIPT, err);
	script->deadline_ms = 0;
	return rc;
}
