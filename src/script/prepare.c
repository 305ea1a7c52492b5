/* prepare: convert a definition to the Lua table that the standard library reads, and the result of
 * core.prepare to a struct mapping. A wrong result is a defect of the standard library. It is
 * checked nevertheless, since C uses its indexes. */
#include "script/script_priv.h"

/* ---- definition to Lua ---- */

static void set_text(lua_State *L, const char *key, struct slice text)
{
	lua_pushlstring(L, text.ptr ? text.ptr : "", text.len);
	lua_setfield(L, -2, key);
}

static void push_column(lua_State *L, const struct column *column)
{
	lua_createtable(L, 0, 10);
	set_text(L, "name", column->name);
	set_text(L, "type", slice_str(column_type_name(column->type)));
	set_text(L, "sql_type", column->sql_type);
	set_text(L, "transport", slice_str(transport_name(column_transport(column))));
	lua_pushboolean(L, column->is_unsigned);
	lua_setfield(L, -2, "unsigned");
	lua_pushboolean(L, column->nullable);
	lua_setfield(L, -2, "nullable");
	lua_pushboolean(L, column->is_virtual || column->is_stored);
	lua_setfield(L, -2, "generated");
	lua_pushboolean(L, column_type_is_free_text(column->type));
	lua_setfield(L, -2, "free_text");
	lua_pushinteger(L, column->length);
	lua_setfield(L, -2, "length");
	lua_pushinteger(L, column->scale);
	lua_setfield(L, -2, "scale");
}

static void push_positions(lua_State *L, const unsigned *columns, unsigned n)
{
	lua_createtable(L, (int)n, 0);
	for (unsigned i = 0; i < n; i++) {
		lua_pushinteger(L, columns[i] + 1);
		lua_rawseti(L, -2, i + 1);
	}
}

/* Set the large fields of the table on the stack: columns, pk and unique. */
static void fill_table(lua_State *L, const struct table *table)
{
	const struct table_index *unique = table_unique_key(table);
	lua_createtable(L, (int)table->ncolumns, 0);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		push_column(L, &table->columns[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "columns");
	push_positions(L, table->pk, table->npk);
	lua_setfield(L, -2, "pk");
	if (unique == NULL)
		return;
	push_positions(L, unique->columns, unique->ncolumns);
	lua_setfield(L, -2, "unique");
}

void prepare_push_table(lua_State *L, const struct table *table)
{
	lua_createtable(L, 0, 6);
	set_text(L, "db", table->db);
	set_text(L, "name", table->name);
	fill_table(L, table);
}

static const char TABLE = 0; /* its address is the key of the pointer to the struct table */

static void clear_field(lua_State *L, int idx, const char *key)
{
	lua_pushstring(L, key);
	lua_pushnil(L);
	lua_rawset(L, idx);
}

/* __index of an entry of the list: fill the entry with its large fields, and clear those of the
 * entry filled before. So the list needs memory for the columns of only one table. */
static int index_lazy(lua_State *L)
{
	lua_settop(L, 2);
	if (!lua_rawequal(L, 1, lua_upvalueindex(1))) {
		if (lua_istable(L, lua_upvalueindex(1))) {
			clear_field(L, lua_upvalueindex(1), "columns");
			clear_field(L, lua_upvalueindex(1), "pk");
			clear_field(L, lua_upvalueindex(1), "unique");
		}
		lua_rawgetp(L, 1, &TABLE);
		lua_pushvalue(L, 1);
		fill_table(L, lua_touserdata(L, -2));
		lua_pushvalue(L, 1);
		lua_replace(L, lua_upvalueindex(1));
	}
	lua_settop(L, 2);
	lua_rawget(L, 1);
	return 1;
}

void prepare_push_list(lua_State *L, const struct table *const *tables, unsigned n)
{
	int list, metatable;
	lua_createtable(L, (int)n, 0);
	list = lua_gettop(L);
	lua_newtable(L);
	metatable = lua_gettop(L);
	lua_pushnil(L);
	lua_pushcclosure(L, index_lazy, 1);
	lua_setfield(L, metatable, "__index");
	for (unsigned i = 0; i < n; i++) {
		lua_createtable(L, 0, 8);
		set_text(L, "db", tables[i]->db);
		set_text(L, "name", tables[i]->name);
		lua_pushlightuserdata(L, (void *)(uintptr_t)tables[i]);
		lua_rawsetp(L, -2, &TABLE);
		lua_pushvalue(L, metatable);
		lua_setmetatable(L, -2);
		lua_rawseti(L, list, i + 1);
	}
	lua_settop(L, list);
}

/* ---- mapping ---- */

struct reading {
	lua_State *L;
	struct arena *arena;
	struct mapping *mapping;
	const struct table *table;
};

static struct slice text_at(struct reading *r, int idx, const char *key)
{
	struct slice text = {NULL, 0};
	size_t len;
	if (lua_getfield(r->L, idx, key) == LUA_TSTRING) {
		text.ptr = lua_tolstring(r->L, -1, &len);
		text = arena_copy(r->arena, slice_of(text.ptr, len));
	} else if (!lua_isnil(r->L, -1)) {
		state_raise(r->L, "core.prepare: %s: expected a string, got %s", key,
			    luaL_typename(r->L, -1));
	}
	lua_pop(r->L, 1);
	return text;
}

static struct slice need_text(struct reading *r, int idx, const char *key)
{
	struct slice text = text_at(r, idx, key);
	if (text.ptr == NULL)
		state_raise(r->L, "core.prepare: %s is missing", key);
	return text;
}

/* Read an index from 1 to limit. Return it less 1, as an index of C. */
static unsigned index_at(struct reading *r, int idx, const char *key, unsigned limit)
{
	lua_Integer v;
	lua_getfield(r->L, idx, key);
	v = lua_tointeger(r->L, -1);
	if (!lua_isinteger(r->L, -1) || v < 1 || v > (lua_Integer)limit)
		state_raise(r->L, "core.prepare: %s: expected 1 to %u", key, limit);
	lua_pop(r->L, 1);
	return (unsigned)(v - 1);
}

/* Push the list, or nil. Return its length. */
static unsigned list_at(struct reading *r, int idx, const char *key)
{
	int type = lua_getfield(r->L, idx, key);
	if (type == LUA_TNIL)
		return 0;
	if (type != LUA_TTABLE)
		state_raise(r->L, "core.prepare: %s: expected a list, got %s", key,
			    luaL_typename(r->L, -1));
	return (unsigned)lua_rawlen(r->L, -1);
}

/* Return the number of the text among the names; `fallback` when the field is nil. */
static unsigned choice_at(struct reading *r, int idx, const char *key, const char *const *names,
			  unsigned fallback)
{
	unsigned found = fallback;
	int type = lua_getfield(r->L, idx, key);
	if (type != LUA_TNIL) {
		const char *text =
			type == LUA_TSTRING ? lua_tostring(r->L, -1) : luaL_typename(r->L, -1);
		for (found = 0; names[found] && strcmp(names[found], text) != 0;)
			found++;
		if (names[found] == NULL)
			state_raise(r->L, "core.prepare: %s: '%s' is unknown", key, text);
	}
	lua_pop(r->L, 1);
	return found;
}

static bool flag_at(struct reading *r, int idx, const char *key)
{
	bool flag;
	lua_getfield(r->L, idx, key);
	flag = lua_toboolean(r->L, -1);
	lua_pop(r->L, 1);
	return flag;
}

static bool transport_at(struct reading *r, int idx, enum transport *transport)
{
	struct slice name = text_at(r, idx, "transport");
	if (name.ptr && !transport_parse(name, transport))
		state_raise(r->L, "core.prepare: transport '%.*s' is unknown", SLICE_FMT(name));
	return name.ptr != NULL;
}

/* Read a text such as "sync.lua:12", or a condition; NULL: the field is nil. */
static const char *place_at(struct reading *r, int idx, const char *key)
{
	struct slice text = text_at(r, idx, key);
	return text.ptr ? arena_cstr(r->arena, text) : NULL;
}

static void read_columns(struct reading *r, int idx)
{
	unsigned n = list_at(r, idx, "columns");
	int list = lua_gettop(r->L);
	struct out_column *columns = ARENA_ARRAY(r->arena, n + 1, struct out_column);
	for (unsigned i = 0; i < n; i++) {
		lua_rawgeti(r->L, list, i + 1);
		columns[i].column = index_at(r, list + 1, "column", r->table->ncolumns);
		columns[i].name = text_at(r, list + 1, "name");
		if (columns[i].name.ptr == NULL)
			columns[i].name =
				arena_copy(r->arena, r->table->columns[columns[i].column].name);
		if (!transport_at(r, list + 1, &columns[i].transport))
			columns[i].transport =
				column_transport(&r->table->columns[columns[i].column]);
		lua_settop(r->L, list);
	}
	r->mapping->columns = columns;
	r->mapping->ncolumns = n;
	lua_settop(r->L, list - 1);
}

static const struct conversion *read_conversion(struct reading *r, int idx, unsigned column)
{
	static const char *const zeros[] = {"null", "string", "epoch", "dirty", NULL};
	struct conversion *conversion = ARENA_NEW(r->arena, struct conversion);
	struct slice kind = need_text(r, idx, "kind");
	if (!conversion_find(kind, &r->table->columns[column], conversion))
		state_raise(r->L, "core.prepare: conversion '%.*s' is unknown", SLICE_FMT(kind));
	conversion->zero = (enum zero_date)choice_at(r, idx, "zero", zeros, ZERO_DATE_NULL);
	lua_getfield(r->L, idx, "offset_ms");
	conversion->offset_ms = lua_tointeger(r->L, -1); /* nil: 0 */
	lua_pop(r->L, 1);
	conversion->remedy = need_text(r, idx, "remedy");
	return conversion;
}

static void read_conversions(struct reading *r, int idx)
{
	unsigned n = list_at(r, idx, "conversions");
	int list = lua_gettop(r->L);
	const struct conversion **conversions = NULL;
	if (n > 0)
		conversions = ARENA_ARRAY(r->arena, r->table->ncolumns, const struct conversion *);
	for (unsigned i = 0; i < n; i++) {
		unsigned column;
		lua_rawgeti(r->L, list, i + 1);
		column = index_at(r, list + 1, "column", r->table->ncolumns);
		conversions[column] = read_conversion(r, list + 1, column);
		lua_settop(r->L, list);
	}
	r->mapping->conversions = conversions;
	lua_settop(r->L, list - 1);
}

static enum transport transport_of_value(const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOL:
		return TRANSPORT_BOOLEAN;
	case VALUE_I64:
		return TRANSPORT_LONG;
	case VALUE_F64:
	case VALUE_DECIMAL:
		return TRANSPORT_DOUBLE;
	default:
		return TRANSPORT_STRING;
	}
}

static void read_constant(struct reading *r, int idx, struct out_field *field)
{
	lua_getfield(r->L, idx, "value");
	if (!lua_value_any(r->L, lua_gettop(r->L), &field->value))
		state_raise(r->L, "core.prepare: field '%.*s': a constant cannot be a %s",
			    SLICE_FMT(field->name), luaL_typename(r->L, -1));
	if (field->value.kind == VALUE_TEXT || field->value.kind == VALUE_DECIMAL)
		field->value.text = arena_copy(r->arena, field->value.text);
	lua_pop(r->L, 1);
}

static void read_field(struct reading *r, int idx, struct out_field *field)
{
	static const char *const sources[] = {"constant", "execute_time", "update_time", "topic",
					      "template", "function",     NULL};
	lua_Integer scale;
	int has_scale;
	field->name = need_text(r, idx, "name");
	field->source = (enum field_source)choice_at(r, idx, "source", sources, FIELD_CONSTANT);
	field->typed = transport_at(r, idx, &field->transport);
	lua_getfield(r->L, idx, "scale");
	scale = lua_tointegerx(r->L, -1, &has_scale);
	lua_pop(r->L, 1);
	field->scale = has_scale ? (int)scale : -1;
	if (field->source == FIELD_CONSTANT)
		read_constant(r, idx, field);
	if (field->source == FIELD_TEMPLATE)
		field->template = need_text(r, idx, "template");
	if (field->source == FIELD_FUNCTION) {
		field->slot = index_at(r, idx, "slot", r->mapping->functions.nslots);
		field->where = place_at(r, idx, "where");
	}
	if (field->typed)
		return;
	field->transport = TRANSPORT_STRING;
	if (field->source == FIELD_CONSTANT)
		field->transport = transport_of_value(&field->value);
	if (field->source == FIELD_EXECUTE_TIME || field->source == FIELD_UPDATE_TIME)
		field->transport = TRANSPORT_LONG;
	field->typed = field->source != FIELD_FUNCTION;
}

/* Read the list of fields, or that of headers. */
static const struct out_field *read_fields(struct reading *r, int idx, const char *key,
					   unsigned *count)
{
	unsigned n = list_at(r, idx, key);
	int list = lua_gettop(r->L);
	struct out_field *fields = ARENA_ARRAY(r->arena, n + 1, struct out_field);
	for (unsigned i = 0; i < n; i++) {
		lua_rawgeti(r->L, list, i + 1);
		read_field(r, list + 1, &fields[i]);
		lua_settop(r->L, list);
	}
	*count = n;
	lua_settop(r->L, list - 1);
	return fields;
}

static void read_parts(struct reading *r, int key)
{
	unsigned n = list_at(r, key, "parts");
	int list = lua_gettop(r->L);
	struct key_part *parts = ARENA_ARRAY(r->arena, n + 1, struct key_part);
	for (unsigned i = 0; i < n; i++) {
		lua_rawgeti(r->L, list, i + 1);
		parts[i].is_field = lua_getfield(r->L, list + 1, "field") != LUA_TNIL;
		parts[i].index = parts[i].is_field
					 ? index_at(r, list + 1, "field", r->mapping->nfields)
					 : index_at(r, list + 1, "column", r->table->ncolumns);
		parts[i].name = r->mapping->key.json ? need_text(r, list + 1, "name")
						     : (struct slice){NULL, 0};
		lua_settop(r->L, list);
	}
	r->mapping->key.parts = parts;
	r->mapping->key.nparts = n;
	lua_settop(r->L, list - 1);
}

static void read_key(struct reading *r, int idx)
{
	static const char *const kinds[] = {"reject", "empty",    "parts", "row",
					    "table",  "function", NULL};
	int key;
	if (lua_getfield(r->L, idx, "key") != LUA_TTABLE)
		state_raise(r->L, "core.prepare: key is missing");
	key = lua_gettop(r->L);
	r->mapping->key.kind = (enum key_kind)choice_at(r, key, "kind", kinds, KEY_REJECT);
	if (r->mapping->key.kind == KEY_PARTS)
		read_parts(r, key);
	lua_settop(r->L, key - 1);
}

static const char *const *read_texts(struct reading *r, int idx, const char *key, unsigned *n)
{
	const char **texts;
	int list;
	*n = list_at(r, idx, key);
	list = lua_gettop(r->L);
	texts = ARENA_ARRAY(r->arena, *n + 1, const char *);
	for (unsigned i = 0; i < *n; i++) {
		lua_rawgeti(r->L, list, i + 1);
		texts[i] = arena_cstr(r->arena, slice_str(luaL_tolstring(r->L, -1, NULL)));
		lua_settop(r->L, list);
	}
	lua_settop(r->L, list - 1);
	return texts;
}

static void read_shown(struct reading *r, int idx)
{
	struct mapping_shown *shown = &r->mapping->shown;
	unsigned nmasks;
	int at;
	if (lua_getfield(r->L, idx, "shown") == LUA_TTABLE) {
		at = lua_gettop(r->L);
		shown->topic = place_at(r, at, "topic");
		shown->key = place_at(r, at, "key");
		shown->filter = place_at(r, at, "filter");
		shown->where = place_at(r, at, "where");
		shown->skips = flag_at(r, at, "skips");
		shown->on_row = read_texts(r, at, "on_row", &shown->non_row);
		shown->on_change = read_texts(r, at, "on_change", &shown->non_change);
		shown->masks = read_texts(r, at, "masks", &nmasks);
		if (nmasks != r->table->ncolumns)
			shown->masks = NULL;
	}
	lua_pop(r->L, 1);
}

static void read_primary(struct reading *r, int idx)
{
	struct slice *primary;
	const char *const *texts = read_texts(r, idx, "primary", &r->mapping->nprimary);
	primary = ARENA_ARRAY(r->arena, r->mapping->nprimary + 1, struct slice);
	for (unsigned i = 0; i < r->mapping->nprimary; i++)
		primary[i] = slice_str(texts[i]);
	r->mapping->primary = primary;
}

static void read_dml(struct reading *r, int idx)
{
	static const char *const policies[] = {"normal", "ignore", "logical", NULL};
	static const char *const keys[] = {"insert", "update", "delete"};
	struct mapping *mapping = r->mapping;
	if (lua_getfield(r->L, idx, "dml") == LUA_TTABLE)
		for (unsigned op = CHANGE_INSERT; op <= CHANGE_DELETE; op++)
			mapping->dml.of[op] = (enum dml_policy)choice_at(
				r, lua_gettop(r->L), keys[op], policies, DML_NORMAL);
	lua_pop(r->L, 1);
	if (mapping->dml.of[CHANGE_DELETE] == DML_LOGICAL)
		mapping->dml.flag = index_at(r, idx, "flag", mapping->nfields);
}

/* Return a registry reference to the function; MAPPING_NO_FUNCTION: the field is nil. */
static int function_at(struct reading *r, int idx, const char *key)
{
	if (lua_getfield(r->L, idx, key) == LUA_TFUNCTION)
		return luaL_ref(r->L, LUA_REGISTRYINDEX);
	if (!lua_isnil(r->L, -1))
		state_raise(r->L, "core.prepare: %s: expected a function", key);
	lua_pop(r->L, 1);
	return MAPPING_NO_FUNCTION;
}

static void read_where(struct reading *r, int idx, struct script_table *hooks)
{
	unsigned n;
	const char *const *where = read_texts(r, idx, "image_where", &n);
	hooks->where = n == hooks->nfunctions ? where : NULL;
}

static unsigned slots_at(struct reading *r, int idx)
{
	lua_Integer n;
	lua_getfield(r->L, idx, "slots");
	n = lua_tointeger(r->L, -1);
	if (n < 0 || n > 10000)
		state_raise(r->L, "core.prepare: slots: expected 0 to 10000");
	lua_pop(r->L, 1);
	return (unsigned)n;
}

/* Read the functions of topic, key and slots, in this order. */
static void read_image(struct reading *r, int idx, struct script_table *hooks)
{
	unsigned n = list_at(r, idx, "image");
	int list = lua_gettop(r->L);
	hooks->functions = ARENA_ARRAY(r->arena, n + 1, int);
	for (unsigned i = 0; i < n; i++) {
		if (lua_rawgeti(r->L, list, i + 1) != LUA_TFUNCTION)
			state_raise(r->L, "core.prepare: image: expected functions");
		hooks->functions[hooks->nfunctions++] = luaL_ref(r->L, LUA_REGISTRYINDEX);
	}
	lua_settop(r->L, list - 1);
	read_where(r, idx, hooks);
	if (n > 0)
		r->mapping->functions.image = hooks->functions[0];
}

static unsigned image_size(struct reading *r, int idx)
{
	unsigned n = list_at(r, idx, "image");
	lua_pop(r->L, 1);
	return n;
}

static void read_functions(struct reading *r, int idx, struct script *script,
			   const struct sync_config *config)
{
	struct mapping *m = r->mapping;
	unsigned image = image_size(r, idx);
	bool event = lua_getfield(r->L, idx, "event") == LUA_TFUNCTION;
	lua_pop(r->L, 1);
	if (image !=
	    (unsigned)m->topic_function + (m->key.kind == KEY_FUNCTION) + m->functions.nslots)
		state_raise(r->L,
			    "core.prepare: image: %d functions are not those that are asked "
			    "for",
			    (int)image);
	if (image == 0 && !event && !config->has_loop)
		return;
	m->functions.hooks =
		bind_new(r->L, script, r->table, m,
			 config->source.name ? config->source.name : "mysql", r->arena);
	m->functions.event = function_at(r, idx, "event");
	read_image(r, idx, m->functions.hooks);
}

void prepare_read(lua_State *L, int idx, struct script *script, const struct table *table,
		  const struct sync_config *config, struct arena *arena, struct mapping *mapping)
{
	static const char *const updates[] = {"two", "one", NULL}, *const changes[] = {
									   "split", "after", NULL};
	struct reading r = {L, arena, mapping, table};
	if (!lua_istable(L, idx))
		state_raise(L, "core.prepare: expected a table, got %s", luaL_typename(L, idx));
	mapping->wanted = flag_at(&r, idx, "wanted");
	mapping->shown.warnings = read_texts(&r, idx, "warnings", &mapping->shown.nwarnings);
	if (!mapping->wanted)
		return;
	mapping->topic_function = flag_at(&r, idx, "topic_function");
	mapping->unseen = flag_at(&r, idx, "unseen");
	mapping->key.not_compacted = flag_at(&r, idx, "not_compacted");
	mapping->topic = text_at(&r, idx, "topic");
	if (!mapping->topic_function && mapping->topic.len == 0)
		state_raise(L, "core.prepare: topic is missing");
	mapping->key.json = config->key_format == KEY_FORMAT_JSON;
	mapping->key.refuses_null = config->key_null == KEY_NULL_ERROR;
	mapping->functions.nslots = slots_at(&r, idx);
	read_columns(&r, idx);
	read_conversions(&r, idx);
	mapping->fields = read_fields(&r, idx, "fields", &mapping->nfields);
	mapping->headers = read_fields(&r, idx, "headers", &mapping->nheaders);
	for (unsigned i = 0; i < mapping->nfields; i++)
		mapping->functions.nfield_slots += mapping->fields[i].source == FIELD_FUNCTION;
	read_key(&r, idx);
	read_primary(&r, idx);
	read_shown(&r, idx);
	read_dml(&r, idx);
	mapping->tombstones = flag_at(&r, idx, "tombstones");
	mapping->update = (enum update_mode)choice_at(&r, idx, "update", updates, UPDATE_TWO);
	mapping->key_change_split = choice_at(&r, idx, "key_change", changes, 0) == 0;
	read_functions(&r, idx, script, config);
}
