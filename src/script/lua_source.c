/* lua_source: tideway.source. source.mysql{...} describes a server and does not connect. The
 * methods of the description connect at once; they work only in `tideway exec`. */
#include "script/options.h"

#define NAME "tideway.source.mysql"
#define CHANGES_NAME "tideway.source.changes"

const char *lua_description_kind(lua_State *L, int idx)
{
	static const char *const kinds[] = {"mysql", "kafka", "lines", "heartbeat"};
	const char *found = NULL;
	if (lua_type(L, idx) != LUA_TTABLE)
		return NULL;
	lua_pushstring(L, "kind");
	if (lua_rawget(L, lua_absindex(L, idx)) == LUA_TSTRING)
		for (unsigned i = 0; i < 4; i++)
			if (strcmp(lua_tostring(L, -1), kinds[i]) == 0)
				found = kinds[i];
	lua_pop(L, 1);
	return found;
}

/* Raise when the table at idx has this option, which `hosts` replaces. */
static void refuse_beside_hosts(lua_State *L, int idx, const char *option)
{
	lua_pushstring(L, option);
	if (lua_rawget(L, idx) != LUA_TNIL)
		state_raise(L, "source.mysql: hosts: it replaces %s: give one of the two", option);
	lua_pop(L, 1);
}

/* Check host number `at` of the list. Raise when it is not valid or equals an earlier host.
 * fallback: the port of hosts without one. */
static void check_host(lua_State *L, int list, lua_Integer at, unsigned fallback)
{
	struct slice name, other;
	unsigned port = fallback, other_port;
	const char *wrong, *text;
	size_t len;
	if (lua_rawgeti(L, list, at) != LUA_TSTRING)
		state_raise(L, "source.mysql: hosts: host %lld: expected a string, got %s",
			    (long long)at, luaL_typename(L, -1));
	text = lua_tolstring(L, -1, &len);
	wrong = source_host_parse(slice_of(text, len), &name, &port);
	if (wrong)
		state_raise(L, "source.mysql: hosts: \"%s\": %s", text, wrong);
	for (lua_Integer i = 1; i < at; i++, lua_pop(L, 1)) {
		lua_rawgeti(L, list, i);
		other_port = fallback;
		text = lua_tolstring(L, -1, &len);
		if (source_host_parse(slice_of(text, len), &other, &other_port) == NULL &&
		    slice_equal_nocase(name, other) && port == other_port)
			state_raise(L, "source.mysql: hosts: \"%s\" is listed twice", text);
	}
	lua_pop(L, 1);
}

/* given: the options as written; checked: the options with their defaults. */
static void check_hosts(lua_State *L, int given, int checked)
{
	lua_Integer n, keys = 0;
	unsigned port;
	int list;
	lua_getfield(L, checked, "port");
	port = (unsigned)lua_tointeger(L, -1);
	if (lua_getfield(L, checked, "hosts") == LUA_TNIL) {
		lua_pop(L, 2);
		return;
	}
	list = lua_gettop(L);
	refuse_beside_hosts(L, given, "host");
	refuse_beside_hosts(L, given, "socket");
	n = (lua_Integer)lua_rawlen(L, list);
	for (lua_pushnil(L); lua_next(L, list); lua_pop(L, 1))
		keys++;
	if (n == 0 || keys != n)
		state_raise(L,
			    "source.mysql: hosts: expected a list of \"host\" or "
			    "\"host:port\", got %s",
			    keys == 0 ? "an empty one" : "a table with names");
	for (lua_Integer i = 1; i <= n; i++)
		check_host(L, list, i, port);
	lua_pop(L, 2);
}

static int mysql(lua_State *L)
{
	options_check(L, 1, "source.mysql", "mysql");
	check_hosts(L, 1, lua_gettop(L));
	luaL_setmetatable(L, NAME);
	return 1;
}

static int later(lua_State *L)
{
	return state_raise_as(L, E_NOT_IN_VERSION, "source.%s is not in this version yet",
			      lua_tostring(L, lua_upvalueindex(1)));
}

/* A description read into a struct: a userdata with its own arena. */
struct described {
	struct arena arena;
	struct source_config config;
};

static int free_described(lua_State *L)
{
	struct described *d = lua_touserdata(L, 1);
	arena_fini(&d->arena);
	return 0;
}

static struct described *describe(lua_State *L, int idx, const char *method)
{
	struct described *d;
	if (lua_description_kind(L, idx) == NULL)
		state_raise(L, "%s: expected a source: call it with a colon, source:%s(...)",
			    method, method);
	d = lua_newuserdatauv(L, sizeof(*d), 0);
	arena_init(&d->arena, 0);
	luaL_setmetatable(L, "tideway.source.described");
	config_source(L, idx, &d->arena, &d->config);
	return d;
}

/* ---- query ---- */

struct rows {
	lua_State *L;
	bool failed; /* storing a row raised; the message is on the stack */
};

/* The argument of store_row. The host calls each_row, and an error must not jump over frames of the
 * host, so store_row runs in a protected call. */
struct row_cells {
	const struct slice *names, *cells;
	unsigned n;
};

static int store_row(lua_State *L)
{
	const struct row_cells *row = lua_touserdata(L, 1);
	lua_createtable(L, 0, (int)row->n);
	for (unsigned i = 0; i < row->n; i++) {
		lua_pushlstring(L, row->names[i].ptr, row->names[i].len);
		if (row->cells[i].ptr)
			lua_pushlstring(L, row->cells[i].ptr, row->cells[i].len);
		else
			lua_pushnil(L);
		lua_rawset(L, -3);
	}
	lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
	return 0;
}

static void each_row(void *context, const struct slice *names, const struct slice *cells,
		     unsigned n)
{
	struct rows *rows = context;
	struct row_cells row = {names, cells, n};
	if (rows->failed)
		return;
	lua_pushcfunction(rows->L, store_row);
	lua_pushlightuserdata(rows->L, &row);
	lua_pushvalue(rows->L, -3);
	rows->failed = lua_pcall(rows->L, 2, 0, 0) != LUA_OK;
}

/* source:query(sql) -> list of { column = text } | nil, message */
static int query(lua_State *L)
{
	struct script *script = script_of(L);
	struct described *d = describe(L, 1, "query");
	struct err err = ERR_INIT;
	struct rows rows = {L, false};
	size_t len;
	const char *sql = luaL_checklstring(L, 2, &len);
	if (script->host.exec.query == NULL)
		state_raise(L, "source:query connects at once: it works in tideway exec only");
	lua_newtable(L);
	if (script->host.exec.query(script->host.arg, &d->config, slice_of(sql, len), each_row,
				    &rows, &err) < 0) {
		lua_pushnil(L);
		lua_pushstring(L, err.text);
		return 2;
	}
	if (rows.failed)
		return lua_error(L); /* its message is on the stack */
	return 1;
}

/* ---- changes ---- */

struct changes_ud {
	void *handle; /* NULL: closed */
	void (*close)(void *handle);
	struct arena arena; /* the bound tables */
	double wait_s;
};

static int close_changes(lua_State *L)
{
	struct changes_ud *ud = lua_touserdata(L, 1);
	if (ud->handle) {
		bind_expire(script_of(L));
		ud->close(ud->handle);
	}
	ud->handle = NULL;
	arena_fini(&ud->arena);
	arena_init(&ud->arena, 0);
	return 0;
}

/* Return the bound table of a definition. Make it at the first change, and keep it in a user value
 * of the iterator. */
static struct script_table *bound_table(lua_State *L, int idx, const struct table *table)
{
	struct changes_ud *ud = lua_touserdata(L, idx);
	struct script_table *bound;
	lua_getiuservalue(L, idx, 1);
	lua_pushfstring(L, "%s#%I", lua_pushlstring(L, table->full_name.ptr, table->full_name.len),
			(LUAI_UACINT)table->version);
	lua_remove(L, -2);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, -3) == LUA_TLIGHTUSERDATA) {
		bound = lua_touserdata(L, -1);
	} else {
		bound = bind_new(L, script_of(L), table_copy(&ud->arena, table), NULL, "mysql",
				 &ud->arena);
		lua_pop(L, 1);
		lua_pushlightuserdata(L, bound);
		lua_rawset(L, -3);
	}
	lua_settop(L, idx);
	return bound;
}

static int next_change(lua_State *L)
{
	struct changes_ud *ud;
	struct script *script = script_of(L);
	struct change *change = NULL;
	struct err err = ERR_INIT;
	struct script_table *bound;
	int rc;
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	ud = lua_touserdata(L, 1);
	if (ud->handle == NULL)
		return 0;
	bind_expire(script);
	arena_reset(&script->event);
	rc = script->host.exec.changes_next(ud->handle, ud->wait_s, &change, &err);
	if (rc < 0)
		state_raise(L, "%s", err.text);
	if (rc == 0)
		return 0;
	bound = bound_table(L, 1, change->table);
	bind_change(bound, change);
	bind_push(L, script);
	return 1;
}

/* for change in source:changes { from = "now" } do */
static int changes(lua_State *L)
{
	struct script *script = script_of(L);
	struct changes_ud *ud;
	struct err err = ERR_INIT;
	struct described *d;
	lua_settop(L, 2);
	d = describe(L, 1, "changes");
	if (script->host.exec.changes_open == NULL)
		state_raise(L, "source:changes connects at once: it works in tideway exec only");
	if (lua_isnil(L, 2)) {
		lua_newtable(L);
		lua_replace(L, 2);
	}
	options_check(L, 2, "source.mysql{...}:changes", NULL);
	ud = lua_newuserdatauv(L, sizeof(*ud), 2);
	*ud = (struct changes_ud){.close = script->host.exec.changes_close};
	arena_init(&ud->arena, 0);
	luaL_setmetatable(L, CHANGES_NAME);
	lua_newtable(L);
	lua_setiuservalue(L, -2, 1);
	lua_pushvalue(L, 3); /* keeps the description alive as long as the stream */
	lua_setiuservalue(L, -2, 2);
	lua_getfield(L, 4, "wait_s");
	ud->wait_s = lua_tonumber(L, -1);
	lua_getfield(L, 4, "from");
	ud->handle = script->host.exec.changes_open(script->host.arg, &d->config,
						    lua_tostring(L, -1), &err);
	if (ud->handle == NULL) {
		lua_pushnil(L);
		lua_pushstring(L, err.text);
		return 2;
	}
	lua_pushvalue(L, 5);
	lua_pushcclosure(L, next_change, 1);
	lua_pushnil(L);
	lua_pushnil(L);
	lua_pushvalue(L, 5); /* Lua closes it when the loop ends */
	return 4;
}

static void locked_metatable(lua_State *L, const char *name, lua_CFunction gc)
{
	luaL_newmetatable(L, name);
	if (gc) {
		lua_pushcfunction(L, gc);
		lua_setfield(L, -2, "__gc");
		lua_pushcfunction(L, gc);
		lua_setfield(L, -2, "__close");
	}
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
}

int lua_source_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"mysql", mysql}, {NULL, NULL}};
	static const luaL_Reg methods[] = {{"query", query}, {"changes", changes}, {NULL, NULL}};
	static const char *const unwritten[] = {"binlog", "lines"};
	locked_metatable(L, "tideway.source.described", free_described);
	locked_metatable(L, CHANGES_NAME, close_changes);
	locked_metatable(L, NAME, NULL);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	luaL_newlib(L, functions);
	for (unsigned i = 0; i < 2; i++) {
		lua_pushstring(L, unwritten[i]);
		lua_pushcclosure(L, later, 1);
		lua_setfield(L, -2, unwritten[i]);
	}
	return 1;
}
