/* config: read the result of core.config(i) into structs. The Lua code has checked it: a wrong
 * value here is a defect of the standard library. */
#include "script/script_priv.h"

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
	return arena_printf(arena, "%s%s", script_of(L)->folder, path).ptr;
}

static double number_at(lua_State *L, int idx, const char *key, double fallback)
{
	double v = fallback;
	if (lua_getfield(L, idx, key) == LUA_TNUMBER)
		v = lua_tonumber(L, -1);
	else if (!lua_isnil(L, -1))
		state_raise(L, "%s: expected a number, got %s", key, luaL_typename(L, -1));
	lua_pop(L, 1);
	return v;
}

static bool boolean_at(lua_State *L, int idx, const char *key, bool fallback)
{
	bool v = lua_getfield(L, idx, key) == LUA_TNIL ? fallback : lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
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

/* ---- parts ---- */

static void config_hosts(lua_State *L, int idx, struct arena *arena, struct source_config *source)
{
	unsigned n;
	const char *const *texts = config_list(L, idx, "hosts", arena, &n);
	struct source_host *hosts;
	if (n == 0)
		return;
	hosts = ARENA_ARRAY(arena, n, struct source_host);
	for (unsigned i = 0; i < n; i++) {
		struct slice name;
		const char *wrong;
		hosts[i].port = source->port;
		wrong = source_host_parse(slice_str(texts[i]), &name, &hosts[i].port);
		if (wrong)
			state_raise(L, "hosts: \"%s\": %s", texts[i], wrong);
		hosts[i].name = arena_cstr(arena, name);
	}
	source->hosts = hosts;
	source->nhosts = n;
}

void config_source(lua_State *L, int idx, struct arena *arena, struct source_config *source)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx))
		state_raise(L, "source: expected source.mysql{...}, got %s", luaL_typename(L, idx));
	*source = (struct source_config){
		.name = config_text(L, idx, "name", arena),
		.host = config_text(L, idx, "host", arena),
		.port = (unsigned)number_at(L, idx, "port", 3306),
		.socket = config_text(L, idx, "socket", arena),
		.user = config_text(L, idx, "user", arena),
		.password = config_text(L, idx, "password", arena),
		.tls = boolean_at(L, idx, "tls", false),
		.tls_verify = boolean_at(L, idx, "tls_verify", true),
		.tls_ca = path_at(L, idx, "tls_ca", arena),
		.tls_cert = path_at(L, idx, "tls_cert", arena),
		.tls_key = path_at(L, idx, "tls_key", arena),
		.server_id = (uint32_t)number_at(L, idx, "server_id", 0),
		.connect_timeout_s = (unsigned)number_at(L, idx, "connect_timeout_s", 10),
	};
	if (source->name == NULL)
		source->name = "mysql";
	config_hosts(L, idx, arena, source);
	source->tables = config_list(L, idx, "tables", arena, &source->ntables);
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
		.name = config_text(L, idx, "name", arena),
		.brokers = config_text(L, idx, "brokers", arena),
		.file = path_at(L, idx, "file", arena),
	};
	sink->properties = config_properties(L, idx, "properties", arena, &sink->nproperties);
	lua_pop(L, 1);
}

static void config_topics(lua_State *L, int idx, struct arena *arena, struct topics_config *topics)
{
	*topics = (struct topics_config){
		.create = boolean_at(L, idx, "create", true),
		.partitions = (int)number_at(L, idx, "partitions", 6),
		.adopt = boolean_at(L, idx, "adopt", false),
		.partitions_without_key = (int)number_at(L, idx, "partitions_without_key", 1),
		.replication = (int)number_at(L, idx, "replication", -1),
		.max = (unsigned)number_at(L, idx, "max", 1000),
	};
	topics->config = config_properties(L, idx, "config", arena, &topics->nconfig);
}

static void config_callbacks(lua_State *L, int idx, struct arena *arena,
			     struct callbacks_config *callbacks)
{
	double *timers;
	int list;
	callbacks->on_start = boolean_at(L, idx, "on_start", false);
	callbacks->on_stop = boolean_at(L, idx, "on_stop", false);
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

static enum sync_mode config_mode(lua_State *L, int idx)
{
	static const char *const names[] = {"full_then_stream", "full", "stream"};
	enum sync_mode mode = MODE_FULL_THEN_STREAM;
	if (lua_getfield(L, idx, "mode") == LUA_TSTRING)
		for (unsigned i = 0; i < 3; i++)
			if (strcmp(lua_tostring(L, -1), names[i]) == 0)
				mode = (enum sync_mode)i;
	lua_pop(L, 1);
	return mode;
}

void config_read(lua_State *L, int idx, struct arena *arena, struct sync_config *config)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx))
		state_raise(L, "core.config: expected a table, got %s", luaL_typename(L, idx));
	*config = (struct sync_config){
		.name = config_text(L, idx, "name", arena),
		.source_number = (unsigned)number_at(L, idx, "source_number", 1) - 1,
		.sources = (unsigned)number_at(L, idx, "sources", 1),
		.mode = config_mode(L, idx),
		.format = config_text(L, idx, "format", arena),
		.checkpoint_topic = config_text(L, idx, "checkpoint_topic", arena),
		.checkpoint_file = path_at(L, idx, "checkpoint_file", arena),
		.heartbeat_s = number_at(L, idx, "heartbeat_s", 5),
		.heartbeat_topic = config_text(L, idx, "heartbeat_topic", arena),
		.full_parallel = (unsigned)number_at(L, idx, "full_parallel", 4),
		.full_rows_per_second = number_at(L, idx, "full_rows_per_second", 0),
		.row_max = (uint64_t)number_at(L, idx, "row_max", 0),
		.key_json = boolean_at(L, idx, "key_json", false),
		.isolated = boolean_at(L, idx, "isolated", false),
		.has_loop = boolean_at(L, idx, "has_loop", false),
		.script = script_of(L)->path,
		.line = (unsigned)number_at(L, idx, "line", 0),
	};
	if (config->format == NULL)
		config->format = "dataworks";
	lua_getfield(L, idx, "source");
	config_source(L, -1, arena, &config->source);
	lua_getfield(L, idx, "sink");
	config_sink(L, -1, arena, &config->sink);
	if (lua_getfield(L, idx, "topics") != LUA_TTABLE)
		lua_newtable(L);
	config_topics(L, lua_gettop(L), arena, &config->topics);
	if (lua_getfield(L, idx, "callbacks") == LUA_TTABLE)
		config_callbacks(L, lua_gettop(L), arena, &config->callbacks);
	lua_settop(L, idx);
}
