/* config: read the result of core.config(i) into structs. The Lua code has checked it: a wrong
 * value here is a defect of the standard library. */
#include "script/script_priv.h"

#include <stddef.h>
#include <stdlib.h>

static const char *copy_text(lua_State *L, int idx, struct arena *arena)
{
	struct slice text = lua_secret_text(L, idx);
	return text.ptr ? arena_cstr(arena, text) : NULL;
}

const char *config_text(lua_State *L, int idx, const char *key, struct arena *arena)
{
	const char *text = NULL;
	int type = lua_getfield(L, idx, key);
	if (type != LUA_TNIL) {
		text = copy_text(L, lua_gettop(L), arena);
		if (text == NULL)
			state_raise(L, "%s: expected a string, got %s", key, luaL_typename(L, -1));
		if (memchr(text, '\0', lua_rawlen(L, -1)))
			state_raise(L, "%s: a NUL byte in a string", key);
	}
	lua_pop(L, 1);
	return text;
}

/* Read a path. A relative path is relative to the script. */
static const char *path_at(lua_State *L, int idx, const char *key, struct arena *arena)
{
	const char *path = config_text(L, idx, key, arena);
	if (path == NULL || path[0] == '/')
		return path;
	return arena_printf(arena, "%s%s", script_of(L)->entry.folder, path).ptr;
}

/* ---- properties ---- */

static int compare_properties(const void *a, const void *b)
{
	const struct property *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* Pop a string, secret, number or boolean. Return its text in the arena. */
static const char *property_text(lua_State *L, const char *name, struct arena *arena)
{
	const char *text = copy_text(L, lua_gettop(L), arena);
	if (text == NULL && (lua_isboolean(L, -1) || lua_isnumber(L, -1))) {
		luaL_tolstring(L, -1, NULL);
		text = copy_text(L, lua_gettop(L), arena);
		lua_pop(L, 1);
	}
	if (text == NULL)
		state_raise(L, "property %s: expected a string, a number or a boolean, got %s",
			    name, luaL_typename(L, -1));
	lua_pop(L, 1);
	return text;
}

/* Read { {"k", "v"}, ... } or { k = "v" }. Sort the properties of the second form by name. */
const struct property *config_properties(lua_State *L, int idx, const char *key,
					 struct arena *arena, unsigned *n)
{
	struct property *properties = NULL;
	unsigned count = 0;
	int map;
	*n = 0;
	lua_getfield(L, idx, key);
	map = lua_gettop(L);
	if (lua_istable(L, map)) {
		bool list = lua_rawlen(L, map) > 0;
		for (lua_pushnil(L); lua_next(L, map); lua_pop(L, 1))
			count++;
		properties = ARENA_ARRAY(arena, count + 1, struct property);
		for (unsigned i = 1; list && i <= count; i++, lua_pop(L, 1)) {
			lua_rawgeti(L, map, i);
			lua_rawgeti(L, -1, 1);
			properties[*n].name = property_text(L, "name", arena);
			lua_rawgeti(L, -1, 2);
			properties[*n].value = property_text(L, properties[*n].name, arena);
			(*n)++;
		}
		for (lua_pushnil(L); !list && lua_next(L, map);) {
			properties[*n].name =
				lua_type(L, -2) == LUA_TSTRING
					? arena_cstr(arena, slice_str(lua_tostring(L, -2)))
					: "";
			properties[*n].value = property_text(L, properties[*n].name, arena);
			(*n)++;
		}
		if (!list)
			qsort(properties, *n, sizeof(*properties), compare_properties);
	}
	lua_settop(L, map - 1);
	return properties;
}

/* Read a list of strings, or one string. */
const char *const *config_list(lua_State *L, int idx, const char *key, struct arena *arena,
			       unsigned *n)
{
	const char **list;
	unsigned count;
	int table;
	*n = 0;
	if (lua_getfield(L, idx, key) == LUA_TSTRING) {
		lua_createtable(L, 1, 0);
		lua_insert(L, -2);
		lua_rawseti(L, -2, 1);
	}
	table = lua_gettop(L);
	count = lua_istable(L, table) ? (unsigned)lua_rawlen(L, table) : 0;
	list = ARENA_ARRAY(arena, count + 1, const char *);
	for (; *n < count; lua_pop(L, 1)) {
		lua_rawgeti(L, table, *n + 1);
		list[*n] = copy_text(L, lua_gettop(L), arena);
		if (list[(*n)++] == NULL)
			state_raise(L, "%s: expected a list of strings", key);
	}
	lua_settop(L, table - 1);
	return list;
}

/* Read a list of hosts. port: of those without one. */
static const struct source_host *read_hosts(lua_State *L, int idx, const char *key,
					    struct arena *arena, unsigned port, unsigned *n)
{
	const char *const *texts = config_list(L, idx, key, arena, n);
	struct source_host *hosts = *n > 0 ? ARENA_ARRAY(arena, *n, struct source_host) : NULL;
	for (unsigned i = 0; i < *n; i++) {
		struct slice name;
		const char *wrong;
		hosts[i].port = port;
		wrong = source_host_parse(slice_str(texts[i]), &name, &hosts[i].port);
		if (wrong)
			state_raise(L, "hosts: \"%s\": %s", texts[i], wrong);
		hosts[i].name = arena_cstr(arena, name);
	}
	return hosts;
}

/* ---- members that are options ---- */

enum member_kind {
	MEMBER_TEXT,
	MEMBER_PATH,
	MEMBER_BOOLEAN,
	MEMBER_INT,
	MEMBER_UNSIGNED,
	MEMBER_U64,
	MEMBER_DOUBLE,
	MEMBER_CHOICE,
	MEMBER_LIST,
	MEMBER_PROPERTIES,
	MEMBER_HOSTS,
};

struct member {
	const char *name;
	enum member_kind kind;
	size_t offset, count; /* count: of the number of items of a list */
	/* the value without the option, NULL: none; MEMBER_CHOICE: the choices, "one|two" */
	const char *absent;
};

#define MEMBER_OF(config, member, kind, absent)                                                    \
	{#member, MEMBER_##kind, offsetof(struct config, member), 0, absent},
#define LIST_OF(config, member, count, kind)                                                       \
	{#member, MEMBER_##kind, offsetof(struct config, member), offsetof(struct config, count),  \
	 NULL},
#define END                                                                                        \
	{                                                                                          \
		NULL, MEMBER_TEXT, 0, 0, NULL                                                      \
	}

static const struct member source_members[] = {
#define SOURCE_OPTION(type, member, kind, absent) MEMBER_OF(source_config, member, kind, absent)
#define SOURCE_LIST(type, member, count, kind) LIST_OF(source_config, member, count, kind)
#include "model/options.def"
	END};

static const struct member sink_members[] = {
#define SINK_OPTION(type, member, kind, absent) MEMBER_OF(sink_config, member, kind, absent)
#define SINK_LIST(type, member, count, kind) LIST_OF(sink_config, member, count, kind)
#include "model/options.def"
	END};

static const struct member topics_members[] = {
#define TOPICS_OPTION(type, member, kind, absent) MEMBER_OF(topics_config, member, kind, absent)
#define TOPICS_LIST(type, member, count, kind) LIST_OF(topics_config, member, count, kind)
#include "model/options.def"
	END};

static const struct member sync_members[] = {
#define SYNC_OPTION(type, member, kind, absent) MEMBER_OF(sync_config, member, kind, absent)
#define SYNC_LIST(type, member, count, kind) LIST_OF(sync_config, member, count, kind)
#include "model/options.def"
	END};

static double read_number(lua_State *L, int idx, const struct member *member)
{
	double v = member->absent ? strtod(member->absent, NULL) : 0;
	if (lua_getfield(L, idx, member->name) == LUA_TNUMBER)
		v = lua_tonumber(L, -1);
	else if (!lua_isnil(L, -1))
		state_raise(L, "%s: expected a number, got %s", member->name, luaL_typename(L, -1));
	lua_pop(L, 1);
	return v;
}

static bool read_boolean(lua_State *L, int idx, const struct member *member)
{
	bool v = lua_getfield(L, idx, member->name) == LUA_TNIL ? member->absent != NULL
								: lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
}

static const char *read_text(lua_State *L, int idx, const struct member *member,
			     struct arena *arena)
{
	const char *text = member->kind == MEMBER_PATH ? path_at(L, idx, member->name, arena)
						       : config_text(L, idx, member->name, arena);
	return text ? text : member->absent;
}

/* Return the index of the option's value among its choices. */
static int read_choice(lua_State *L, int idx, const struct member *member)
{
	const char *at = member->absent;
	struct slice given;
	int i = 0;
	lua_getfield(L, idx, member->name);
	given = lua_secret_text(L, -1);
	for (size_t len; *at; at += len + (at[len] == '|'), i++) {
		len = strcspn(at, "|");
		if (given.ptr == NULL || slice_equal(given, slice_of(at, len)))
			break;
	}
	if (*at == '\0')
		state_raise(L, "%s: expected %s, got %.*s", member->name, member->absent,
			    SLICE_FMT(given));
	lua_pop(L, 1);
	return i;
}

static void read_list(lua_State *L, int idx, const struct member *member, struct arena *arena,
		      char *config)
{
	unsigned *n = (unsigned *)(config + member->count);
	void *at = config + member->offset;
	if (member->kind == MEMBER_LIST)
		*(const char *const **)at = config_list(L, idx, member->name, arena, n);
	else
		*(const struct property **)at = config_properties(L, idx, member->name, arena, n);
}

static void read_member(lua_State *L, int idx, const struct member *member, struct arena *arena,
			char *config)
{
	void *at = config + member->offset;
	switch (member->kind) {
	case MEMBER_TEXT:
	case MEMBER_PATH:
		*(const char **)at = read_text(L, idx, member, arena);
		break;
	case MEMBER_BOOLEAN:
		*(bool *)at = read_boolean(L, idx, member);
		break;
	case MEMBER_INT:
		*(int *)at = (int)read_number(L, idx, member);
		break;
	case MEMBER_UNSIGNED:
		*(unsigned *)at = (unsigned)read_number(L, idx, member);
		break;
	case MEMBER_U64:
		*(uint64_t *)at = (uint64_t)read_number(L, idx, member);
		break;
	case MEMBER_DOUBLE:
		*(double *)at = read_number(L, idx, member);
		break;
	case MEMBER_CHOICE:
		*(int *)at = read_choice(L, idx, member);
		break;
	case MEMBER_LIST:
	case MEMBER_PROPERTIES:
		read_list(L, idx, member, arena, config);
		break;
	case MEMBER_HOSTS: /* config_source reads them: they need the port */
		break;
	}
}

static void read_members(lua_State *L, int idx, const struct member *members, struct arena *arena,
			 void *config)
{
	for (const struct member *member = members; member->name; member++)
		read_member(L, idx, member, arena, config);
}

/* ---- structs ---- */

void config_source(lua_State *L, int idx, struct arena *arena, struct source_config *source)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx))
		state_raise(L, "source: expected source.mysql{...}, got %s", luaL_typename(L, idx));
	*source = (struct source_config){.name = NULL};
	read_members(L, idx, source_members, arena, source);
	source->hosts = read_hosts(L, idx, "hosts", arena, source->port, &source->nhosts);
}

void config_sink(lua_State *L, int idx, struct arena *arena, struct sink_config *sink)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx))
		state_raise(L, "sink: expected kafka.sink{...}, got %s", luaL_typename(L, idx));
	lua_getfield(L, idx, "kind");
	*sink = (struct sink_config){
		.kind = lua_isstring(L, -1) && strcmp(lua_tostring(L, -1), "lines") == 0
				? SINK_LINES
				: SINK_KAFKA,
	};
	lua_pop(L, 1);
	read_members(L, idx, sink_members, arena, sink);
}

static bool boolean_at(lua_State *L, int idx, const char *key)
{
	bool v;
	lua_getfield(L, idx, key);
	v = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
}

static int integer_at(lua_State *L, int idx, const char *key, int absent)
{
	int v;
	lua_getfield(L, idx, key);
	v = lua_isnil(L, -1) ? absent : (int)lua_tointeger(L, -1);
	lua_pop(L, 1);
	return v;
}

static void named_topics(lua_State *L, int idx, struct arena *arena, struct topics_config *topics)
{
	struct named_topic *named;
	int list;
	lua_getfield(L, idx, "named");
	list = lua_gettop(L);
	topics->nnamed = (unsigned)lua_rawlen(L, list);
	topics->named = named = ARENA_ARRAY(arena, topics->nnamed + 1, struct named_topic);
	for (unsigned i = 0; i < topics->nnamed; i++, lua_settop(L, list)) {
		lua_rawgeti(L, list, i + 1);
		named[i] = (struct named_topic){
			.name = config_text(L, list + 1, "name", arena),
			.partitions = integer_at(L, list + 1, "partitions", 0),
			.replication = integer_at(L, list + 1, "replication", -1),
		};
		named[i].config =
			config_properties(L, list + 1, "config", arena, &named[i].nconfig);
	}
	lua_settop(L, list - 1);
}

static void config_topics(lua_State *L, int idx, struct arena *arena, struct topics_config *topics)
{
	idx = lua_absindex(L, idx);
	*topics = (struct topics_config){.adopt = boolean_at(L, idx, "adopt")};
	read_members(L, idx, topics_members, arena, topics);
	named_topics(L, idx, arena, topics);
}

static void config_callbacks(lua_State *L, int idx, struct arena *arena,
			     struct callbacks_config *callbacks)
{
	double *timers;
	int list;
	callbacks->on_start = boolean_at(L, idx, "on_start");
	callbacks->on_stop = boolean_at(L, idx, "on_stop");
	callbacks->on_alert = boolean_at(L, idx, "on_alert");
	lua_getfield(L, idx, "timers");
	list = lua_gettop(L);
	callbacks->ntimers = (unsigned)lua_rawlen(L, list);
	callbacks->timers = timers = ARENA_ARRAY(arena, callbacks->ntimers + 1, double);
	for (unsigned i = 0; i < callbacks->ntimers; i++, lua_pop(L, 1)) {
		lua_rawgeti(L, list, i + 1);
		timers[i] = luaL_checknumber(L, -1);
	}
	lua_settop(L, list - 1);
}

/* Read the policy of each kind of statements. */
static void config_ddl(lua_State *L, int idx, enum ddl_policy policies[DDL_KIND_COUNT])
{
	for (unsigned kind = 0; kind < DDL_KIND_COUNT; kind++) {
		const char *name = ddl_kind_name((enum ddl_kind)kind);
		unsigned policy = 0;
		lua_getfield(L, idx, name);
		while (policy < DDL_POLICY_COUNT && strcmp(ddl_policy_name((enum ddl_policy)policy),
							   luaL_checkstring(L, -1)) != 0)
			policy++;
		if (policy == DDL_POLICY_COUNT)
			state_raise(L, "ddl.%s: expected a policy, got %s", name,
				    lua_tostring(L, -1));
		policies[kind] = (enum ddl_policy)policy;
		lua_pop(L, 1);
	}
}

static unsigned unsigned_at(lua_State *L, int idx, const char *key)
{
	unsigned v;
	lua_getfield(L, idx, key);
	v = (unsigned)lua_tointeger(L, -1);
	lua_pop(L, 1);
	return v;
}

void config_read(lua_State *L, int idx, struct arena *arena, struct sync_config *config)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx))
		state_raise(L, "core.config: expected a table, got %s", luaL_typename(L, idx));
	*config = (struct sync_config){
		.source_number = unsigned_at(L, idx, "source_number") - 1,
		.sources = unsigned_at(L, idx, "sources"),
		.script = script_of(L)->entry.path,
		.line = unsigned_at(L, idx, "line"),
		.has_loop = boolean_at(L, idx, "has_loop"),
	};
	read_members(L, idx, sync_members, arena, config);
	lua_getfield(L, idx, "source");
	config_source(L, -1, arena, &config->source);
	lua_getfield(L, idx, "sink");
	config_sink(L, -1, arena, &config->sink);
	lua_getfield(L, idx, "topics");
	config_topics(L, lua_gettop(L), arena, &config->topics);
	if (lua_getfield(L, idx, "ddl") == LUA_TTABLE)
		config_ddl(L, lua_gettop(L), config->ddl);
	if (lua_getfield(L, idx, "callbacks") == LUA_TTABLE)
		config_callbacks(L, lua_gettop(L), arena, &config->callbacks);
	lua_settop(L, idx);
}
