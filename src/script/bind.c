/* bind: bound tables. Each gives scripts access to one definition of one table, and to one change
 * of it after another. */
#include "script/handle.h"

/* ---- names ---- */

void names_init(struct name_map *map, unsigned n, struct arena *arena)
{
	map->bits = 3;
	while (1u << map->bits < 2 * n)
		map->bits++;
	map->slots = ARENA_ARRAY(arena, 1u << map->bits, struct name_slot);
	for (unsigned i = 0; i < 1u << map->bits; i++)
		map->slots[i] = (struct name_slot){NULL, NAME_NONE};
}

void names_add(struct name_map *map, lua_State *L, int idx, unsigned at)
{
	const void *name = lua_topointer(L, idx);
	unsigned i = names_hash(map, name);
	assert(name != NULL);
	while (map->slots[i].name != NULL)
		i = (i + 1) & ((1u << map->bits) - 1);
	map->slots[i] = (struct name_slot){name, at};
}

static void set_name(lua_State *L, int names, struct slice name, unsigned at)
{
	lua_pushlstring(L, name.ptr ? name.ptr : "", name.len);
	lua_rawseti(L, names, at);
}

/* Make the list names_ref and the map of column names. May raise. */
static void make_names(lua_State *L, struct script_table *bound, const char *source,
		       struct arena *arena)
{
	const struct table *table = bound->table;
	int names;
	luaL_checkstack(L, 10, NULL);
	names_init(&bound->columns, table->ncolumns, arena);
	lua_createtable(L, TABLE_NAME_COLUMNS + (int)table->ncolumns, 0);
	names = lua_gettop(L);
	set_name(L, names, table->db, TABLE_NAME_DB);
	set_name(L, names, table->name, TABLE_NAME_TABLE);
	set_name(L, names, slice_str(source), TABLE_NAME_SOURCE);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		lua_pushlstring(L, table->columns[i].name.ptr, table->columns[i].name.len);
		names_add(&bound->columns, L, -1, i);
		lua_rawseti(L, names, TABLE_NAME_COLUMNS + i);
	}
	bound->names_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* ---- tables ---- */

struct script_table *bind_new(lua_State *L, struct script *script, const struct table *table,
			      const struct mapping *mapping, const char *source,
			      struct arena *arena)
{
	struct script_table *bound = ARENA_NEW(arena, struct script_table);
	bound->script = script;
	bound->table = table;
	bound->mapping = mapping;
	bound->names_ref = LUA_NOREF;
	bound->copy_ref = LUA_NOREF;
	bound->rows[IMAGE_BEFORE].table = bound->rows[IMAGE_AFTER].table = bound;
	if (mapping)
		bound->slots = ARENA_ARRAY(arena, mapping->functions.nslots + 1, struct value);
	make_names(L, bound, source, arena);
	return bound;
}

void bind_free(struct script_table *table)
{
	struct script *script = table->script;
	if (script->bound.current == table)
		bind_expire(script);
	for (unsigned i = 0; i < table->nfunctions; i++)
		luaL_unref(script->main, LUA_REGISTRYINDEX, table->functions[i]);
	table->nfunctions = 0;
	luaL_unref(script->main, LUA_REGISTRYINDEX, table->names_ref);
	luaL_unref(script->main, LUA_REGISTRYINDEX, table->copy_ref);
	table->names_ref = table->copy_ref = LUA_NOREF;
}

/* ---- changes ---- */

void bind_change(struct script_table *table, struct change *change)
{
	struct script *script = table->script;
	/* change:records() binds the same change again, and its caller continues to use it */
	bool nested =
		script->call.depth > 0 && script->bound.current == table && table->change == change;
	if (!nested)
		script->bound.oldest = script->bound.newest + HANDLE_EPOCH;
	script->bound.current = table;
	table->change = change;
	table->image = change->after ? IMAGE_AFTER : IMAGE_BEFORE;
	table->rows[IMAGE_BEFORE].row = change->before;
	table->rows[IMAGE_BEFORE].open = false;
	table->rows[IMAGE_AFTER].row = change->after;
	table->rows[IMAGE_AFTER].open = false;
}

void bind_push(lua_State *L, struct script *script)
{
	script->bound.newest += HANDLE_EPOCH;
	if (script->call.depth == 0)
		script->bound.oldest = script->bound.newest;
	handle_push(L, script->bound.newest, HANDLE_CHANGE);
}

void bind_expire(struct script *script)
{
	script->bound.oldest = script->bound.newest + HANDLE_EPOCH;
	script->bound.current = NULL;
}
