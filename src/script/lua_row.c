/* lua_row: reading, editing, iterating and copying rows. A column is found by the address of its
 * name, which Lua has interned. So reading a column pushes no name and hashes no text. */
#include "script/handle.h"

/* Push the names of the columns, such as "a, b, c and 12 more". */
static void column_list(lua_State *L, const struct table *table)
{
	unsigned shown = table->ncolumns < 30 ? table->ncolumns : 30;
	luaL_Buffer text;
	luaL_buffinit(L, &text);
	for (unsigned i = 0; i < shown; i++) {
		if (i > 0)
			luaL_addstring(&text, ", ");
		luaL_addlstring(&text, table->columns[i].name.ptr, table->columns[i].name.len);
	}
	luaL_pushresult(&text);
	if (shown < table->ncolumns)
		lua_pushfstring(L, "%s and %d more", lua_tostring(L, -1),
				(int)(table->ncolumns - shown));
}

/* Return the column whose destination name this is, or NULL. */
static const struct column *renamed(const struct script_table *bound, struct slice name)
{
	const struct mapping *mapping = bound->mapping;
	for (unsigned i = 0; mapping && i < mapping->ncolumns; i++)
		if (slice_equal(mapping->columns[i].name, name))
			return &bound->table->columns[mapping->columns[i].column];
	return NULL;
}

static const char *nearest_column(lua_State *L, const struct table *table, const char *name)
{
	const char *best = NULL;
	unsigned best_distance = 4;
	for (unsigned i = 0; i < table->ncolumns; i++) {
		unsigned d = slice_distance(slice_str(name), table->columns[i].name);
		if (d >= best_distance || (d > 1 && strlen(name) < 4))
			continue;
		best_distance = d;
		best = lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
	}
	return best;
}

static int no_column(lua_State *L, struct script_table *bound, int idx)
{
	const struct table *table = bound->table;
	const struct column *source;
	const char *name, *near;
	size_t len;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise_as(L, E_ROW_COLUMN,
			       "table %.*s: a column is named by a string, not by a %s",
			       SLICE_FMT(table->full_name), luaL_typename(L, idx));
	name = lua_tolstring(L, idx, &len);
	source = renamed(bound, slice_of(name, len));
	if (source)
		state_raise_as(L, E_ROW_COLUMN,
			       "table %.*s has no column '%s': that is the destination's name of "
			       "column '%.*s', and "
			       "functions use source names",
			       SLICE_FMT(table->full_name), name, SLICE_FMT(source->name));
	near = nearest_column(L, table, name);
	column_list(L, table);
	state_raise_as(L, E_ROW_COLUMN, "table %.*s has no column '%s'%s%s%s (columns: %s)",
		       SLICE_FMT(table->full_name), name, near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "", lua_tostring(L, -1));
}

unsigned lua_row_column(lua_State *L, struct script_table *bound, int idx)
{
	size_t len;
	const char *name;
	unsigned at = names_find(&bound->columns, L, idx);
	if (at != NAME_NONE)
		return at;
	name = lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, &len) : NULL;
	for (unsigned i = 0; name && i < bound->table->ncolumns; i++)
		if (slice_equal(bound->table->columns[i].name, slice_of(name, len)))
			return i;
	no_column(L, bound, idx);
	return 0;
}

static int absent(lua_State *L, const struct row_view *view, unsigned column)
{
	return state_raise_as(
		L, E_ROW_IMAGE,
		"column '%.*s' of table %.*s is not in this row image: binlog_row_image "
		"is not FULL on the "
		"source",
		SLICE_FMT(view->table->table->columns[column].name),
		SLICE_FMT(view->table->table->full_name));
}

bool lua_row_carries(const struct row_view *view, unsigned column)
{
	const struct row *row = view->row;
	return row->cells[column].len != CELL_ABSENT ||
	       (row->edits && row->edits[column].kind != VALUE_UNSET) ||
	       view->table->table->columns[column].is_virtual;
}

void lua_row_cell(lua_State *L, const struct row_view *view, unsigned column, struct value *value)
{
	struct script *script = view->table->script;
	if (row_value(view->row, column, &script->event, value, &script->err) < 0)
		state_raise(L, "%s", script->err.text);
	if (!value_is_plain(value))
		value_plain(value, &script->event);
	if (value->kind == VALUE_UNSET && !view->table->table->columns[column].is_virtual)
		absent(L, view, column);
}

void lua_row_value(lua_State *L, const struct row_view *view, unsigned column)
{
	struct value value;
	lua_row_cell(L, view, column, &value);
	if (__builtin_expect(value.kind == VALUE_I64, 1))
		lua_pushinteger(L, value.i);
	else
		lua_value_push(L, &view->table->table->columns[column], &value);
}

static void store(lua_State *L, struct row_view *view, unsigned column, const struct value *value)
{
	if (view->row->edits == NULL)
		state_raise_as(L, E_ROW_ASSIGN, "a row of table %.*s cannot be changed here",
			       SLICE_FMT(view->table->table->full_name));
	view->row->edits[column] = *value;
}

static bool is_key(const struct mapping *mapping, unsigned column)
{
	for (unsigned i = 0; mapping && i < mapping->key.nparts; i++)
		if (!mapping->key.parts[i].is_field && mapping->key.parts[i].index == column)
			return true;
	return false;
}

/* Raise when on_row sets a key column that has a value to nil: all such rows would share one
 * key. */
static void check_key(lua_State *L, const struct row_view *view, unsigned column)
{
	const struct table *table = view->table->table;
	if (view->row->cells[column].len >= CELL_ABSENT || !is_key(view->table->mapping, column))
		return;
	state_raise_as(L, E_ROW_ASSIGN,
		       "on_row sets the key column '%.*s' of table %.*s to nil, and its rows would "
		       "share the key null. Leave it its value, or take another key: key = { "
		       "[\"%.*s\"] = ... }",
		       SLICE_FMT(table->columns[column].name), SLICE_FMT(table->full_name),
		       SLICE_FMT(table->full_name));
}

static const struct conversion *conversion_of(const struct row_view *view, unsigned column)
{
	const struct mapping *mapping = view->table->mapping;
	return mapping && mapping->conversions ? mapping->conversions[column] : NULL;
}

int lua_row_newindex(lua_State *L, struct row_view *view)
{
	const struct table *table = view->table->table;
	unsigned i = lua_row_column(L, view->table, 2);
	const struct column *column = &table->columns[i];
	struct value value;
	const char *why;
	if (!view->open)
		state_raise_as(L, E_ROW_ASSIGN,
			       "a row is read-only here: only on_row may change it");
	why = lua_value_check(L, 3, column, conversion_of(view, i), &view->table->script->event,
			      &value);
	if (why)
		state_raise_as(L, E_ROW_ASSIGN,
			       "column '%.*s' %.*s of table %.*s does not take %s%s: %s",
			       SLICE_FMT(column->name), SLICE_FMT(column->sql_type),
			       SLICE_FMT(view->table->table->full_name),
			       lua_type(L, 3) == LUA_TNUMBER ? lua_tostring(L, 3) : "a ",
			       lua_type(L, 3) == LUA_TNUMBER ? "" : luaL_typename(L, 3), why);
	if (value.kind == VALUE_NULL)
		check_key(L, view, i);
	store(L, view, i, &value);
	return 0;
}

static int next_cell(lua_State *L)
{
	const struct row_view *view = handle_row(L, 1);
	const struct table *table = view->table->table;
	unsigned i = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	while (i < table->ncolumns && !lua_row_carries(view, i))
		i++;
	if (i >= table->ncolumns)
		return 0;
	lua_pushinteger(L, i + 1);
	lua_replace(L, lua_upvalueindex(1));
	lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
	lua_row_value(L, view, i);
	return 2;
}

/* pairs(row): iterate over the columns that the image contains, in table order. */
int lua_row_pairs(lua_State *L)
{
	handle_row(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_cell, 1);
	lua_pushvalue(L, 1);
	return 2;
}

/* ---- for the standard library: cbase.row_* ---- */

static int row_has(lua_State *L)
{
	struct row_view *view = handle_row(L, 1);
	size_t len;
	const char *name = luaL_checklstring(L, 2, &len);
	bool found = false;
	for (unsigned i = 0; i < view->table->table->ncolumns && !found; i++)
		found = slice_equal(view->table->table->columns[i].name, slice_of(name, len)) &&
			lua_row_carries(view, i);
	lua_pushboolean(L, found);
	return 1;
}

static int row_get(lua_State *L)
{
	lua_settop(L, 3);
	if (row_has(L), lua_toboolean(L, -1))
		lua_row_value(L, handle_row(L, 1), lua_row_column(L, handle_row(L, 1)->table, 2));
	else
		lua_pushnil(L);
	if (lua_isnil(L, -1))
		lua_pushvalue(L, 3);
	return 1;
}

static int row_open(lua_State *L)
{
	handle_row(L, 1)->open = true;
	return 0;
}

static int row_close(lua_State *L)
{
	handle_row(L, 1)->open = false;
	return 0;
}

static int row_put(lua_State *L)
{
	struct row_view *view = handle_row(L, 1);
	unsigned i = lua_row_column(L, view->table, 2);
	struct value value;
	if (!lua_value_any(L, 3, &value))
		state_raise(L, "column '%s' does not take a %s", lua_tostring(L, 2),
			    luaL_typename(L, 3));
	if (value.kind == VALUE_TEXT &&
	    column_transport(&view->table->table->columns[i]) == TRANSPORT_BYTES)
		value.kind = VALUE_BYTES;
	if (value.kind == VALUE_TEXT && !lua_value_utf8(value.text))
		state_raise(L, "column '%s': the string is not valid UTF-8", lua_tostring(L, 2));
	if (value.kind == VALUE_TEXT || value.kind == VALUE_BYTES || value.kind == VALUE_DECIMAL)
		value.text = arena_copy(&view->table->script->event, value.text);
	store(L, view, i, &value);
	return 0;
}

void lua_row_functions(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"row_has", row_has},     {"row_get", row_get}, {"row_open", row_open},
		{"row_close", row_close}, {"row_put", row_put}, {NULL, NULL},
	};
	luaL_setfuncs(L, functions, 0);
}
