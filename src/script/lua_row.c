/* lua_row: a row as scripts see it. One userdata for each image of a table, with a metatable of its
 * own whose
 * __index has the table name -> position as upvalue: a column costs one lookup by an interned
 * string. The metatable is locked, so what reaches these functions as first argument is always such
 * a userdata. */
#include "script/script_priv.h"

#define NAME "tideway.row"

static const char EXPIRED[] =
	"row expired: a row and a change live until their function returns; sync.copy(row) "
	"keeps the values";

/* Addresses mark the userdata, whatever its metatable. */
static const char MARK = 0;

static struct row_ud *live(lua_State *L, struct row_ud *ud)
{
	if (__builtin_expect(ud->row == NULL || ud->table == NULL, 0))
		state_raise(L, "%s", EXPIRED);
	return ud;
}

/* "a, b, c and 12 more" */
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

/* The script used the destination's name of a column. */
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
		state_raise(L, "table %.*s: a column is named by a string, not by a %s",
			    SLICE_FMT(table->full_name), luaL_typename(L, idx));
	name = lua_tolstring(L, idx, &len);
	source = renamed(bound, slice_of(name, len));
	if (source)
		state_raise(L,
			    "table %.*s has no column '%s': that is the destination's name of "
			    "column '%.*s', and "
			    "functions use source names",
			    SLICE_FMT(table->full_name), name, SLICE_FMT(source->name));
	near = nearest_column(L, table, name);
	column_list(L, table);
	state_raise(L, "table %.*s has no column '%s'%s%s%s (columns: %s)",
		    SLICE_FMT(table->full_name), name, near ? "; did you mean '" : "",
		    near ? near : "", near ? "'?" : "", lua_tostring(L, -1));
}

unsigned lua_row_column(lua_State *L, struct script_table *bound, int idx)
{
	size_t len;
	const char *name = lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, &len) : NULL;
	for (unsigned i = 0; name && i < bound->table->ncolumns; i++)
		if (slice_equal(bound->table->columns[i].name, slice_of(name, len)))
			return i;
	no_column(L, bound, idx);
	return 0;
}

static int absent(lua_State *L, const struct row_ud *ud, unsigned column)
{
	return state_raise(L,
			   "column '%.*s' of table %.*s is not in this row image: binlog_row_image "
			   "is not FULL on the "
			   "source",
			   SLICE_FMT(ud->table->table->columns[column].name),
			   SLICE_FMT(ud->table->table->full_name));
}

void lua_row_value(lua_State *L, struct row_ud *ud, unsigned column)
{
	const struct column *definition = &ud->table->table->columns[column];
	struct value value;
	struct err err; /* large: not cleared for each read */
	err.text[0] = '\0';
	if (row_value(ud->row, column, &ud->table->script->event, &value, &err) < 0)
		state_raise(L, "%s", err.text);
	if (value.kind == VALUE_UNSET && !definition->is_virtual)
		absent(L, ud, column);
	lua_value_push(L, definition, &value);
}

/* row.column */
static int index_row(lua_State *L)
{
	struct row_ud *ud = lua_touserdata(L, 1);
	unsigned column;
	live(L, ud);
	lua_pushvalue(L, 2);
	if (__builtin_expect(lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER, 0))
		return no_column(L, ud->table, 2);
	column = (unsigned)lua_tointeger(L, -1);
	lua_row_value(L, ud, column);
	return 1;
}

static void store(lua_State *L, struct row_ud *ud, unsigned column, const struct value *value)
{
	if (ud->row->edits == NULL)
		state_raise(L, "a row of table %.*s cannot be changed here",
			    SLICE_FMT(ud->table->table->full_name));
	ud->row->edits[column] = *value;
}

/* row.column = value */
static int newindex_row(lua_State *L)
{
	struct row_ud *ud = live(L, lua_touserdata(L, 1));
	const struct column *column;
	struct value value;
	const char *why;
	unsigned i;
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER)
		return no_column(L, ud->table, 2);
	if (!ud->open)
		state_raise(L, "a row is read-only here: only on_row may change it");
	i = (unsigned)lua_tointeger(L, -1);
	column = &ud->table->table->columns[i];
	why = lua_value_check(L, 3, column, &ud->table->script->event, &value);
	if (why)
		state_raise(L, "column '%.*s' %.*s of table %.*s does not take %s%s: %s",
			    SLICE_FMT(column->name), SLICE_FMT(column->sql_type),
			    SLICE_FMT(ud->table->table->full_name),
			    lua_type(L, 3) == LUA_TNUMBER ? lua_tostring(L, 3) : "a ",
			    lua_type(L, 3) == LUA_TNUMBER ? "" : luaL_typename(L, 3), why);
	store(L, ud, i, &value);
	return 0;
}

static int next_cell(lua_State *L)
{
	struct row_ud *ud = live(L, lua_touserdata(L, 1));
	const struct table *table = ud->table->table;
	unsigned i = (unsigned)lua_tointeger(L, lua_upvalueindex(1));
	while (i < table->ncolumns && ud->row->cells[i].len == CELL_ABSENT)
		i++;
	if (i >= table->ncolumns)
		return 0;
	lua_pushinteger(L, i + 1);
	lua_replace(L, lua_upvalueindex(1));
	lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
	lua_row_value(L, ud, i);
	return 2;
}

/* pairs(row): columns in table order, those that the image has. */
static int pairs_row(lua_State *L)
{
	live(L, lua_touserdata(L, 1));
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_cell, 1);
	lua_pushvalue(L, 1);
	return 2;
}

static int tostring_row(lua_State *L)
{
	struct row_ud *ud = lua_touserdata(L, 1);
	if (ud->row && ud->table)
		lua_pushfstring(L, "row of %s",
				lua_pushlstring(L, ud->table->table->full_name.ptr,
						ud->table->table->full_name.len));
	else
		lua_pushstring(L, "row (expired)");
	return 1;
}

void lua_row_copy(lua_State *L, struct row_ud *ud)
{
	const struct table *table = live(L, ud)->table->table;
	lua_createtable(L, 0, (int)table->ncolumns);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (ud->row->cells[i].len == CELL_ABSENT)
			continue;
		lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
		lua_row_value(L, ud, i);
		lua_rawset(L, -3);
	}
}

struct row_ud *lua_row_test(lua_State *L, int idx)
{
	struct row_ud *ud = NULL;
	if (lua_type(L, idx) != LUA_TUSERDATA || !lua_getmetatable(L, idx))
		return NULL;
	if (lua_rawgetp(L, -1, &MARK) == LUA_TBOOLEAN)
		ud = lua_touserdata(L, idx);
	lua_pop(L, 2);
	return ud;
}

static struct row_ud *check_row(lua_State *L)
{
	struct row_ud *ud = lua_row_test(L, 1);
	if (ud == NULL)
		state_raise(L, "expected a row, got %s", luaL_typename(L, 1));
	return live(L, ud);
}

/* ---- for the standard library: cbase.row_* ---- */

static int row_has(lua_State *L)
{
	struct row_ud *ud = check_row(L);
	size_t len;
	const char *name = luaL_checklstring(L, 2, &len);
	bool found = false;
	for (unsigned i = 0; i < ud->table->table->ncolumns && !found; i++)
		found = slice_equal(ud->table->table->columns[i].name, slice_of(name, len)) &&
			ud->row->cells[i].len != CELL_ABSENT;
	lua_pushboolean(L, found);
	return 1;
}

static int row_get(lua_State *L)
{
	lua_settop(L, 3);
	if (row_has(L), lua_toboolean(L, -1))
		lua_row_value(L, lua_touserdata(L, 1), lua_row_column(L, check_row(L)->table, 2));
	else
		lua_pushnil(L);
	if (lua_isnil(L, -1))
		lua_pushvalue(L, 3);
	return 1;
}

static int row_copy(lua_State *L)
{
	lua_row_copy(L, check_row(L));
	return 1;
}

static int row_open(lua_State *L)
{
	check_row(L)->open = true;
	return 0;
}

static int row_close(lua_State *L)
{
	check_row(L)->open = false;
	return 0;
}

static int row_put(lua_State *L)
{
	struct row_ud *ud = check_row(L);
	unsigned i = lua_row_column(L, ud->table, 2);
	struct value value;
	if (!lua_value_any(L, 3, &value))
		state_raise(L, "column '%s' does not take a %s", lua_tostring(L, 2),
			    luaL_typename(L, 3));
	if (value.kind == VALUE_TEXT &&
	    column_transport(&ud->table->table->columns[i]) == TRANSPORT_BYTES)
		value.kind = VALUE_BYTES;
	if (value.kind == VALUE_TEXT && !lua_value_utf8(value.text))
		state_raise(L, "column '%s': the string is not valid UTF-8", lua_tostring(L, 2));
	if (value.kind == VALUE_TEXT || value.kind == VALUE_BYTES || value.kind == VALUE_DECIMAL)
		value.text = arena_copy(&ud->table->script->event, value.text);
	store(L, ud, i, &value);
	return 0;
}

void lua_row_functions(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"row_has", row_has},   {"row_get", row_get},     {"row_copy", row_copy},
		{"row_open", row_open}, {"row_close", row_close}, {"row_put", row_put},
		{NULL, NULL},
	};
	luaL_setfuncs(L, functions, 0);
}

/* ---- making them ---- */

static void push_metatable(lua_State *L, int names)
{
	lua_createtable(L, 0, 8);
	lua_pushvalue(L, names);
	lua_pushcclosure(L, index_row, 1);
	lua_setfield(L, -2, "__index");
	lua_pushvalue(L, names);
	lua_pushcclosure(L, newindex_row, 1);
	lua_setfield(L, -2, "__newindex");
	lua_pushcfunction(L, pairs_row);
	lua_setfield(L, -2, "__pairs");
	lua_pushcfunction(L, tostring_row);
	lua_setfield(L, -2, "__tostring");
	lua_pushstring(L, NAME);
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pushboolean(L, true);
	lua_rawsetp(L, -2, &MARK);
}

void lua_row_new(lua_State *L, struct script_table *bound)
{
	int names;
	lua_createtable(L, 0, (int)bound->table->ncolumns);
	names = lua_gettop(L);
	for (unsigned i = 0; i < bound->table->ncolumns; i++) {
		const struct column *column = &bound->table->columns[i];
		lua_pushlstring(L, column->name.ptr, column->name.len);
		lua_pushinteger(L, i);
		lua_rawset(L, names);
	}
	push_metatable(L, names);
	for (int image = IMAGE_BEFORE; image <= IMAGE_AFTER; image++) {
		struct row_ud *ud = lua_newuserdatauv(L, sizeof(*ud), 0);
		*ud = (struct row_ud){NULL, bound, false};
		bound->row[image] = ud;
		lua_pushvalue(L, names + 1);
		lua_setmetatable(L, -2);
	}
	lua_remove(L, names);
	lua_remove(L, names);
}
