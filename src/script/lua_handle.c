/* lua_handle: the metatable of rows and changes. They share it, since all light userdata have one
 * metatable. It is locked. Its functions check their arguments nevertheless, since a script can
 * reach them through pairs. */
#include "script/handle.h"

static const char NAME[] = "row or change";

/* __index: row.column, change.field, change.method. User functions spend most of their time here,
 * so this function handles the most frequent case, a column of a row, itself. */
static int index_handle(lua_State *L)
{
	uintptr_t handle = handle_live(L, 1);
	const struct script *script = script_of(L);
	struct script_table *bound = script->bound.current;
	const struct row_view *view;
	unsigned at;
	if (handle_kind(handle) == HANDLE_CHANGE)
		return lua_change_index(L, bound, handle, names_find(&script->fields, L, 2));
	view = &bound->rows[handle_kind(handle)];
	at = names_find(&bound->columns, L, 2);
	if (__builtin_expect(at == NAME_NONE, 0))
		at = lua_row_column(L, bound, 2); /* a long name is not interned */
	lua_row_value(L, view, at);
	return 1;
}

static int newindex_handle(lua_State *L)
{
	uintptr_t handle = handle_live(L, 1);
	struct script_table *bound = script_of(L)->bound.current;
	if (handle_kind(handle) == HANDLE_CHANGE)
		return lua_change_newindex(L, bound);
	return lua_row_newindex(L, &bound->rows[handle_kind(handle)]);
}

static int tostring_handle(lua_State *L)
{
	uintptr_t handle = handle_at(L, 1);
	const struct script_table *bound = script_of(L)->bound.current;
	bool change = handle_is_change(L, 1), lives = handle >= script_of(L)->bound.oldest;
	if (!handle_is(handle)) {
		lua_pushstring(L, "userdata");
		return 1;
	}
	if (!lives) {
		lua_pushfstring(L, "%s (expired)", change ? "change" : "row");
		return 1;
	}
	lua_pushlstring(L, bound->table->full_name.ptr, bound->table->full_name.len);
	lua_pushfstring(L, "%s of %s", change ? change_op_name(bound->change->op) : "row",
			lua_tostring(L, -1));
	return 1;
}

void handle_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"__index", index_handle},
		{"__newindex", newindex_handle},
		{"__pairs", lua_row_pairs},
		{"__tostring", tostring_handle},
		{NULL, NULL},
	};
	struct script *script = script_of(L);
	script->bound.newest = HANDLE_MARK;
	bind_expire(script);
	lua_pushlightuserdata(L, NULL);
	/* a large hash part, so that the frequent lookup of __index meets no collision */
	lua_createtable(L, 0, 64);
	luaL_setfuncs(L, functions, 0);
	lua_pushstring(L, NAME);
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}
