/* lua_secret: tideway.secret: secret(path) reads a file into a value that prints as ***. Options
 * such as passwords accept it. The text never becomes a Lua string. */
#include "script/script_priv.h"

#include "base/file.h"

#define NAME "tideway.secret"

struct slice lua_secret_text(lua_State *L, int idx)
{
	const char *text;
	size_t len;
	if (lua_type(L, idx) == LUA_TSTRING) {
		text = lua_tolstring(L, idx, &len);
		return slice_of(text, len);
	}
	if (lua_type(L, idx) != LUA_TUSERDATA)
		return (struct slice){NULL, 0};
	text = luaL_testudata(L, idx, NAME);
	return slice_of(text, text ? lua_rawlen(L, idx) : 0);
}

static int tostring(lua_State *L)
{
	lua_pushstring(L, "***");
	return 1;
}

/* Read the file at the path at idx, without the line ends at its end, which editors add. */
static int read(lua_State *L, int idx)
{
	struct buf *text = &script_of(L)->scratch;
	struct err err = ERR_INIT;
	char *copy;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise(L, "secret: expected a path, got %s", luaL_typename(L, idx));
	buf_clear(text);
	if (file_read(state_path(L, lua_tostring(L, idx)), text, &err) < 0)
		state_raise(L, "secret: %s", err.text);
	while (text->len > 0 &&
	       (text->ptr[text->len - 1] == '\n' || text->ptr[text->len - 1] == '\r'))
		text->len--;
	copy = lua_newuserdatauv(L, text->len, 0);
	if (text->len > 0) {
		memcpy(copy, text->ptr, text->len);
		explicit_bzero(text->ptr, text->len);
	}
	luaL_setmetatable(L, NAME);
	return 1;
}

static int call(lua_State *L)
{
	return read(L, 2);
}

static int new (lua_State *L)
{
	return read(L, 1);
}

int lua_secret_open(lua_State *L)
{
	luaL_newmetatable(L, NAME);
	lua_pushcfunction(L, tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_newtable(L);
	lua_pushcfunction(L, new);
	lua_setfield(L, -2, "file");
	lua_newtable(L);
	lua_pushcfunction(L, call);
	lua_setfield(L, -2, "__call");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	return 1;
}
