/* bind: the userdata of one version of one table, shown one change after the other. */
#include "script/script_priv.h"

struct script_table *bind_new(lua_State *L, struct script *script, const struct table *table,
			      const struct mapping *mapping, const char *source,
			      struct arena *arena)
{
	struct script_table *bound = ARENA_NEW(arena, struct script_table);
	bound->script = script;
	bound->table = table;
	bound->mapping = mapping;
	bound->change_ref = LUA_NOREF;
	if (mapping)
		bound->slots = ARENA_ARRAY(arena, mapping->nslots + 1, struct value);
	lua_change_new(L, bound, source);
	return bound;
}

void bind_free(struct script_table *table)
{
	struct script *script = table->script;
	if (script->current == table)
		bind_expire(script);
	table->change->table = NULL;
	table->row[IMAGE_BEFORE]->table = NULL;
	table->row[IMAGE_AFTER]->table = NULL;
	luaL_unref(script->main, LUA_REGISTRYINDEX, table->change_ref);
	table->change_ref = LUA_NOREF;
}

void bind_change(struct script_table *table, struct change *change)
{
	struct script *script = table->script;
	if (script->current != table)
		bind_expire(script);
	script->current = table;
	table->change->change = change;
	table->change->image = change->after ? IMAGE_AFTER : IMAGE_BEFORE;
	table->row[IMAGE_BEFORE]->row = change->before;
	table->row[IMAGE_BEFORE]->open = false;
	table->row[IMAGE_AFTER]->row = change->after;
	table->row[IMAGE_AFTER]->open = false;
}

void bind_expire(struct script *script)
{
	struct script_table *table = script->current;
	if (table == NULL)
		return;
	table->change->change = NULL;
	table->row[IMAGE_BEFORE]->row = NULL;
	table->row[IMAGE_AFTER]->row = NULL;
	script->current = NULL;
}
