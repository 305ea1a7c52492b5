#include "script/handle.h"

bool handle_is_row(lua_State *L, int idx)
{
	uintptr_t handle = handle_at(L, idx);
	return handle_is(handle) && handle_kind(handle) != HANDLE_CHANGE;
}

bool handle_is_change(lua_State *L, int idx)
{
	uintptr_t handle = handle_at(L, idx);
	return handle_is(handle) && handle_kind(handle) == HANDLE_CHANGE;
}

int handle_dead(lua_State *L, uintptr_t handle)
{
	if (!handle_is(handle))
		return state_raise(L, "expected a row or a change");
	return state_raise_as(L, E_ROW_EXPIRED,
			      "row expired: a row and a change live until their function returns; "
			      "%s keeps the values",
			      handle_kind(handle) == HANDLE_CHANGE ? "change:copy()"
								   : "sync.copy(row)");
}

struct script_table *handle_change(lua_State *L, int idx)
{
	if (!handle_is_change(L, idx))
		state_raise(L,
			    "expected a change, got %s: call it with a colon, change:method(...)",
			    handle_is_row(L, idx) ? "a row" : luaL_typename(L, idx));
	handle_live(L, idx);
	return script_of(L)->bound.current;
}

struct row_view *handle_row(lua_State *L, int idx)
{
	if (!handle_is_row(L, idx))
		state_raise(L, "expected a row, got %s",
			    handle_is_change(L, idx) ? "a change" : luaL_typename(L, idx));
	return &script_of(L)->bound.current->rows[handle_kind(handle_live(L, idx))];
}
