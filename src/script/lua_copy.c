/* lua_copy: copies of rows, which outlive them: plain tables that json.encode writes as it writes the row. */
#include "script/handle.h"

static int json_column(const struct column *column)
{
	if (column_transport(column) == TRANSPORT_BYTES)
		return JSON_BYTES;
	if (column->type == COLUMN_FLOAT)
		return JSON_FLOAT;
	return column->type == COLUMN_DECIMAL ? JSON_DECIMAL + (int)column->scale : JSON_PLAIN;
}

/* Push the description by which json.encode writes copies of the table's rows. Make it once. */
static void push_description(lua_State *L, struct script_table *bound)
{
	const struct table *table = bound->table;
	if (bound->copy_ref == LUA_NOREF) {
		lua_createtable(L, (int)table->ncolumns, (int)table->ncolumns);
		for (unsigned i = 0; i < table->ncolumns; i++) {
			lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
			lua_pushvalue(L, -1);
			lua_rawseti(L, -3, i + 1);
			lua_pushinteger(L, json_column(&table->columns[i]));
			lua_rawset(L, -3);
		}
		bound->copy_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, bound->copy_ref);
}

void lua_copy_push(lua_State *L, struct row_view *view)
{
	const struct table *table = view->table->table;
	lua_createtable(L, 0, (int)table->ncolumns);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (!lua_row_carries(view, i))
			continue;
		lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
		lua_row_value(L, view, i);
		if (lua_isnil(L, -1)) {
			lua_pop(L, 1);
			lua_null_push(L);
		}
		lua_rawset(L, -3);
	}
	push_description(L, view->table);
	lua_json_describe(L, lua_gettop(L) - 1);
}

int lua_copy_row(lua_State *L)
{
	lua_copy_push(L, handle_row(L, 1));
	return 1;
}
