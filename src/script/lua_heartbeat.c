/* lua_heartbeat: tideway.heartbeat. heartbeat.new{interval=, topic=} describes heartbeats;
 * :message(ms) returns the text of a heartbeat. */
#include "script/options.h"

#define NAME "tideway.heartbeat"

static int new (lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	options_check(L, 1, "heartbeat.new", "heartbeat");
	luaL_setmetatable(L, NAME);
	return 1;
}

/* beat:message(ms) -> the heartbeat whose watermark is ms */
static int message(lua_State *L)
{
	struct script *script = script_of(L);
	struct buf *text = &script->scratch;
	if (lua_description_kind(L, 1) == NULL)
		state_raise(L, "expected a heartbeat: call it with a colon, beat:message(ms)");
	if (!lua_isinteger(L, 2))
		state_raise(L, "heartbeat:message: expected integer milliseconds, got %s",
			    luaL_typename(L, 2));
	if (script->host.heartbeat == NULL)
		state_raise(L, "heartbeat:message is not available here");
	buf_clear(text);
	script->host.heartbeat(script->host.arg, lua_tointeger(L, 2), text);
	lua_pushlstring(L, text->ptr ? text->ptr : "", text->len);
	return 1;
}

int lua_heartbeat_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
	static const luaL_Reg methods[] = {{"message", message}, {NULL, NULL}};
	luaL_newmetatable(L, NAME);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	luaL_newlib(L, functions);
	return 1;
}
