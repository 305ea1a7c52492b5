/* lua_test: tideway.ctest, the C functions of tideway.test: an offline lane of the host, and the
 * count of passed and failed tests. */
#include "script/script_priv.h"

#include <stdio.h>

#define NAME "tideway.ctest.sync"

struct sync_ud {
	void *handle; /* NULL: closed */
	void (*free)(void *handle);
	struct arena arena; /* values of the current change */
};

static int close_sync(lua_State *L)
{
	struct sync_ud *ud = luaL_checkudata(L, 1, NAME);
	if (ud->handle)
		ud->free(ud->handle);
	ud->handle = NULL;
	return 0;
}

static int free_sync(lua_State *L)
{
	struct sync_ud *ud = luaL_checkudata(L, 1, NAME);
	close_sync(L);
	arena_fini(&ud->arena);
	arena_init(&ud->arena, 0);
	return 0;
}

/* load(path, { NAME = value }) -> handle; raises when the script is not valid */
static int load(lua_State *L)
{
	const struct script_host *host = &script_of(L)->host;
	struct err err = ERR_INIT;
	const struct property *env;
	struct sync_ud *ud;
	unsigned n;
	const char *path = state_path(L, luaL_checkstring(L, 1));
	if (host->test.load == NULL)
		state_raise(L, "test.load works in tideway test only");
	ud = lua_newuserdatauv(L, sizeof(*ud), 0);
	memset(ud, 0, sizeof(*ud));
	ud->free = host->test.free;
	arena_init(&ud->arena, 0);
	luaL_setmetatable(L, NAME);
	lua_newtable(L);
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "env");
	env = config_properties(L, lua_gettop(L), "env", &ud->arena, &n);
	lua_pop(L, 1);
	ud->handle = host->test.load(host->arg, path, env, n, &err);
	if (ud->handle == NULL)
		state_raise(L, "%s", err.text);
	return 1;
}

static struct sync_ud *check(lua_State *L)
{
	struct sync_ud *ud = luaL_checkudata(L, 1, NAME);
	if (ud->handle == NULL)
		state_raise(L, "the sync is closed");
	return ud;
}

static int push_records(lua_State *L, const struct message *records, unsigned n)
{
	lua_createtable(L, (int)n, 0);
	for (unsigned i = 0; i < n; i++) {
		lua_record_push(L, &records[i]);
		if (records[i].value.ptr == NULL) {
			lua_pushnil(L);
			lua_setfield(L, -2, "value");
		}
		if (records[i].key.ptr == NULL) {
			lua_pushnil(L);
			lua_setfield(L, -2, "key");
		}
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

static int statement(lua_State *L)
{
	struct sync_ud *ud = check(L);
	const struct message *records = NULL;
	struct err err = ERR_INIT;
	unsigned n = 0;
	size_t len;
	const char *sql = luaL_checklstring(L, 2, &len);
	if (script_of(L)->host.test.statement(ud->handle, slice_of(sql, len), &records, &n, &err) <
	    0)
		state_raise(L, "%s", err.text);
	return push_records(L, records, n);
}

static const struct table *table_at(lua_State *L, struct sync_ud *ud, int idx)
{
	size_t len;
	const char *name = luaL_checklstring(L, idx, &len);
	return script_of(L)->host.test.table(ud->handle, slice_of(name, len));
}

static bool is_key(const struct table *table, unsigned column)
{
	for (unsigned i = 0; i < table->npk; i++)
		if (table->pk[i] == column)
			return true;
	return false;
}

/* handle:columns("db.table") -> the columns that core.prepare reads, with `pk`: whether the column
 * is in the primary key; nil when the table does not exist */
static int columns(lua_State *L)
{
	const struct table *table = table_at(L, check(L), 2);
	if (table == NULL) {
		lua_pushnil(L);
		return 1;
	}
	prepare_push_table(L, table);
	lua_getfield(L, -1, "columns");
	for (unsigned i = 0; i < table->ncolumns; i++) {
		lua_rawgeti(L, -1, i + 1);
		lua_pushboolean(L, is_key(table, i));
		lua_setfield(L, -2, "pk");
		lua_pop(L, 1);
	}
	return 1;
}

/* Set the value of a column that the test omits: NULL, or the zero or empty value of its type when
 * the column is NOT NULL. */
static void set_absent(const struct column *column, struct arena *arena, struct value *value)
{
	value->kind = VALUE_NULL;
	if (column->nullable)
		return;
	switch (column_transport(column)) {
	case TRANSPORT_BOOLEAN:
		*value = (struct value){.kind = VALUE_BOOL};
		return;
	case TRANSPORT_LONG:
		*value = (struct value){.kind = VALUE_I64};
		return;
	case TRANSPORT_DATE:
		*value = (struct value){.kind = VALUE_MS};
		return;
	case TRANSPORT_DOUBLE:
		if (column->type == COLUMN_DECIMAL)
			*value = (struct value){
				.kind = VALUE_DECIMAL,
				.text = column->scale
						? arena_printf(arena, "0.%0*d", column->scale, 0)
						: SLICE("0")};
		else
			*value = (struct value){.kind = VALUE_F64};
		return;
	default:
		*value = (struct value){.kind = column_transport(column) == TRANSPORT_BYTES
							? VALUE_BYTES
							: VALUE_TEXT,
					.text = SLICE("")};
	}
}

static const struct value *row_at(lua_State *L, struct sync_ud *ud, const struct table *table,
				  int idx)
{
	struct value *values;
	if (lua_isnoneornil(L, idx))
		return NULL;
	luaL_checktype(L, idx, LUA_TTABLE);
	values = ARENA_ARRAY(&ud->arena, table->ncolumns + 1, struct value);
	for (unsigned i = 0; i < table->ncolumns; i++)
		set_absent(&table->columns[i], &ud->arena, &values[i]);
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		const char *why, *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
									: luaL_typename(L, -2);
		int value = lua_gettop(L), at = -1;
		for (unsigned i = 0; i < table->ncolumns && at < 0; i++)
			if (slice_equal(table->columns[i].name, slice_str(name)))
				at = (int)i;
		if (at < 0)
			state_raise(L, "table %.*s has no column '%s'", SLICE_FMT(table->full_name),
				    name);
		if (lua_null_test(L, value)) {
			values[at].kind = VALUE_NULL;
			continue;
		}
		if (lua_isboolean(L, value) && table->columns[at].type == COLUMN_TINYINT) {
			values[at] =
				(struct value){.kind = VALUE_I64, .i = lua_toboolean(L, value)};
			continue;
		}
		why = lua_value_check(L, value, &table->columns[at], NULL, &ud->arena, &values[at]);
		if (why)
			state_raise(L, "column '%s' %.*s does not take a %s: %s", name,
				    SLICE_FMT(table->columns[at].sql_type), luaL_typename(L, value),
				    why);
	}
	return values;
}

static enum change_op op_at(lua_State *L, int idx)
{
	static const char *const names[] = {"insert", "update", "delete", "read", NULL};
	return (enum change_op)luaL_checkoption(L, idx, NULL, names);
}

/* handle:change(op, "db.table", before, after) -> records; raises for a value that is not valid */
static int change(lua_State *L)
{
	struct sync_ud *ud = check(L);
	const struct message *records = NULL;
	const struct value *before, *after;
	const struct table *table;
	struct err err = ERR_INIT;
	unsigned n = 0;
	enum change_op op = op_at(L, 2);
	table = table_at(L, ud, 3);
	if (table == NULL)
		state_raise(L,
			    "there is no table %s: make it with :table [[CREATE TABLE %s (...)]]",
			    lua_tostring(L, 3), lua_tostring(L, 3));
	arena_reset(&ud->arena);
	before = row_at(L, ud, table, 4);
	after = row_at(L, ud, table, 5);
	if (script_of(L)->host.test.change(ud->handle, op, table, before, after, &records, &n,
					   &err) < 0)
		state_raise(L, "%s", err.text);
	return push_records(L, records, n);
}

/* report(ok, name, message): count a test; print it when it failed */
static int report(lua_State *L)
{
	struct script *script = script_of(L);
	if (lua_toboolean(L, 1)) {
		script->tests.passed++;
		return 0;
	}
	script->tests.failed++;
	printf("FAIL %s: %s\n", luaL_optstring(L, 2, "?"), luaL_optstring(L, 3, "failed"));
	return 0;
}

int lua_test_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"load", load}, {"report", report}, {NULL, NULL}};
	static const luaL_Reg methods[] = {{"statement", statement},
					   {"columns", columns},
					   {"change", change},
					   {"close", close_sync},
					   {NULL, NULL}};
	luaL_newmetatable(L, NAME);
	lua_pushcfunction(L, free_sync);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, close_sync);
	lua_setfield(L, -2, "__close");
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	luaL_newlib(L, functions);
	return 1;
}
