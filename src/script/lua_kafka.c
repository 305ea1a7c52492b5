/* lua_kafka: tideway.kafka. kafka.sink and kafka.lines describe a destination. kafka.producer,
 * kafka.consumer and kafka.topics are clients for `tideway exec`; they connect when first used. */
#include "script/options.h"

#include <stdlib.h>

#define PRODUCER_NAME "tideway.kafka.producer"
#define CONSUMER_NAME "tideway.kafka.consumer"
#define TOPICS_NAME "tideway.kafka.topics"

/* A client: its options, and its handle once it is open. */
struct client {
	struct arena arena;
	struct sink_config config;
	const char *const *topics; /* of a consumer */
	unsigned ntopics;
	const char *group; /* NULL: none */
	bool from_beginning;
	void *handle; /* NULL: not open */
	void (*close)(void *handle);
};

/* Join a list of brokers with commas. */
static void join_brokers(lua_State *L, int idx)
{
	luaL_Buffer all;
	lua_Integer n;
	int list;
	if (lua_getfield(L, idx, "brokers") != LUA_TTABLE) {
		lua_pop(L, 1);
		return;
	}
	list = lua_gettop(L);
	n = (lua_Integer)lua_rawlen(L, list);
	luaL_buffinit(L, &all);
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&all, ',');
		lua_rawgeti(L, list, i);
		luaL_addvalue(&all);
	}
	luaL_pushresult(&all);
	lua_setfield(L, idx, "brokers");
	lua_pop(L, 1);
}

/* Convert property values to texts, so that each number has one spelling. Leave secrets. */
static void property_texts(lua_State *L, int idx)
{
	int map;
	if (lua_getfield(L, idx, "properties") != LUA_TTABLE) {
		lua_pop(L, 1);
		return;
	}
	map = lua_gettop(L);
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, map);) {
		lua_pushvalue(L, -2);
		if (lua_type(L, -2) == LUA_TUSERDATA)
			lua_pushvalue(L, -2);
		else
			luaL_tolstring(L, -2, NULL);
		lua_rawset(L, map + 1);
		lua_pop(L, 1);
	}
	lua_setfield(L, idx, "properties");
	lua_pop(L, 1);
}

static int describe(lua_State *L, const char *function, const char *kind)
{
	options_check(L, 1, function, kind);
	join_brokers(L, lua_gettop(L));
	property_texts(L, lua_gettop(L));
	luaL_setmetatable(L, "tideway.sink");
	return 1;
}

static int sink(lua_State *L)
{
	return describe(L, "kafka.sink", "kafka");
}

static int lines(lua_State *L)
{
	return describe(L, "kafka.lines", "lines");
}

/* ---- clients ---- */

static int close_client(lua_State *L)
{
	struct client *client = lua_touserdata(L, 1);
	if (client->handle)
		client->close(client->handle);
	client->handle = NULL;
	return 0;
}

static int free_client(lua_State *L)
{
	struct client *client = lua_touserdata(L, 1);
	close_client(L);
	arena_fini(&client->arena);
	arena_init(&client->arena, 0);
	return 0;
}

static struct client *new_client(lua_State *L, const char *function, const char *name)
{
	struct client *client;
	options_check(L, 1, function, "kafka");
	join_brokers(L, lua_gettop(L));
	client = lua_newuserdatauv(L, sizeof(*client), 0);
	memset(client, 0, sizeof(*client));
	arena_init(&client->arena, 0);
	luaL_setmetatable(L, name);
	config_sink(L, -2, &client->arena, &client->config);
	return client;
}

static struct client *check_client(lua_State *L, const char *name, const char *what)
{
	struct client *client = lua_type(L, 1) == LUA_TUSERDATA ? luaL_testudata(L, 1, name) : NULL;
	if (client == NULL)
		state_raise(L, "expected a kafka.%s, got %s: call its methods with a colon", what,
			    luaL_typename(L, 1));
	return client;
}

static int failed(lua_State *L, const struct err *err)
{
	lua_pushnil(L);
	lua_pushstring(L, err->text);
	return 2;
}

static void need(lua_State *L, bool there, const char *what)
{
	if (!there)
		state_raise(L, "kafka.%s connects at once: it works in tideway exec only", what);
}

static int done(lua_State *L)
{
	lua_pushboolean(L, true);
	return 1;
}

/* ---- producer ---- */

static int producer(lua_State *L)
{
	new_client(L, "kafka.producer", PRODUCER_NAME);
	return 1;
}

static int open_producer(lua_State *L, struct client *client, struct err *err)
{
	const struct script_host *host = &script_of(L)->host;
	need(L, host->exec.producer_open != NULL, "producer");
	if (client->handle)
		return 0;
	client->close = host->exec.producer_close;
	client->handle = host->exec.producer_open(host->arg, &client->config, err);
	return client->handle ? 0 : -1;
}

/* producer:send { topic=, key=, value=, headers=, partition= } -> true | nil, message */
static int producer_send(lua_State *L)
{
	struct client *client = check_client(L, PRODUCER_NAME, "producer");
	struct script *script = script_of(L);
	struct message record;
	struct err err = ERR_INIT;
	int rc;
	lua_record_check(L, 2, &script->event, &record);
	rc = open_producer(L, client, &err);
	if (rc == 0)
		rc = script->host.exec.producer_send(client->handle, &record, &err);
	if (script->bound.current == NULL) /* a change from source:changes may still be read */
		arena_reset(&script->event);
	return rc < 0 ? failed(L, &err) : done(L);
}

/* producer:flush(seconds) -> true | nil, message */
static int producer_flush(lua_State *L)
{
	struct client *client = check_client(L, PRODUCER_NAME, "producer");
	double seconds = luaL_optnumber(L, 2, 30);
	struct err err = ERR_INIT;
	if (client->handle == NULL)
		return done(L);
	if (script_of(L)->host.exec.producer_flush(client->handle, seconds, &err) < 0)
		return failed(L, &err);
	return done(L);
}

/* ---- consumer ---- */

static int consumer(lua_State *L)
{
	struct client *client = new_client(L, "kafka.consumer", CONSUMER_NAME);
	int options = lua_gettop(L) - 1;
	client->topics = config_list(L, options, "topics", &client->arena, &client->ntopics);
	client->group = config_text(L, options, "group", &client->arena);
	lua_getfield(L, options, "from_beginning");
	client->from_beginning = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return 1;
}

static int open_consumer(lua_State *L, struct client *client, struct err *err)
{
	const struct script_host *host = &script_of(L)->host;
	struct slice *topics;
	need(L, host->exec.consumer_open != NULL, "consumer");
	if (client->handle)
		return 0;
	topics = ARENA_ARRAY(&client->arena, client->ntopics + 1, struct slice);
	for (unsigned i = 0; i < client->ntopics; i++)
		topics[i] = slice_str(client->topics[i]);
	client->close = host->exec.consumer_close;
	client->handle =
		host->exec.consumer_open(host->arg, &client->config, topics, client->ntopics,
					 client->group, client->from_beginning, err);
	return client->handle ? 0 : -1;
}

/* consumer:poll(seconds) -> record | nil | nil, message */
static int consumer_poll(lua_State *L)
{
	struct client *client = check_client(L, CONSUMER_NAME, "consumer");
	double seconds = luaL_optnumber(L, 2, 1);
	struct message record = {.partition = -1};
	struct err err = ERR_INIT;
	int rc = open_consumer(L, client, &err);
	if (rc == 0)
		rc = script_of(L)->host.exec.consumer_poll(client->handle, seconds, &record, &err);
	if (rc < 0)
		return failed(L, &err);
	if (rc == 0) {
		lua_pushnil(L);
		return 1;
	}
	lua_record_push(L, &record);
	lua_pushinteger(L, record.offset);
	lua_setfield(L, -2, "offset");
	lua_pushinteger(L, record.time_ms);
	lua_setfield(L, -2, "time");
	return 1;
}

/* ---- topics ---- */

static int topics(lua_State *L)
{
	new_client(L, "kafka.topics", TOPICS_NAME);
	return 1;
}

/* topics:create { name=, partitions=, replication=, config= } -> true | nil, message */
static int topics_create(lua_State *L)
{
	struct client *client = check_client(L, TOPICS_NAME, "topics");
	const struct script_host *host = &script_of(L)->host;
	const struct property *properties;
	struct err err = ERR_INIT;
	unsigned n;
	int made;
	options_check(L, 2, "kafka.topics{...}:create", NULL);
	made = lua_gettop(L);
	property_texts(L, made);
	properties = config_properties(L, made, "config", &client->arena, &n);
	lua_getfield(L, made, "name");
	lua_getfield(L, made, "partitions");
	lua_getfield(L, made, "replication");
	need(L, host->exec.topic_create != NULL, "topics");
	if (host->exec.topic_create(
		    host->arg, &client->config, slice_of(lua_tostring(L, -3), lua_rawlen(L, -3)),
		    (int)lua_tointeger(L, -2), (int)lua_tointeger(L, -1), properties, n, &err) < 0)
		return failed(L, &err);
	return done(L);
}

static int topics_delete(lua_State *L)
{
	struct client *client = check_client(L, TOPICS_NAME, "topics");
	const struct script_host *host = &script_of(L)->host;
	struct err err = ERR_INIT;
	size_t len;
	const char *name = luaL_checklstring(L, 2, &len);
	need(L, host->exec.topic_delete != NULL, "topics");
	if (host->exec.topic_delete(host->arg, &client->config, slice_of(name, len), &err) < 0)
		return failed(L, &err);
	return done(L);
}

/* Append a line "name<tab>partitions" to the buffer. The host calls this function, so it must not
 * raise. */
static void each_topic(void *context, struct slice name, int partitions)
{
	struct buf *names = context;
	buf_printf(names, "%.*s\t%d\n", SLICE_FMT(name), partitions);
}

/* topics:list() -> { name = partitions } | nil, message */
static int topics_list(lua_State *L)
{
	struct client *client = check_client(L, TOPICS_NAME, "topics");
	struct script *script = script_of(L);
	struct buf *names = &script->scratch;
	struct err err = ERR_INIT;
	need(L, script->host.exec.topic_list != NULL, "topics");
	buf_clear(names);
	if (script->host.exec.topic_list(script->host.arg, &client->config, each_topic, names,
					 &err) < 0)
		return failed(L, &err);
	lua_newtable(L);
	for (const char *at = buf_cstr(names), *tab; (tab = strchr(at, '\t'));
	     at = strchr(tab, '\n') + 1) {
		lua_pushlstring(L, at, (size_t)(tab - at));
		lua_pushinteger(L, strtol(tab + 1, NULL, 10));
		lua_rawset(L, -3);
	}
	return 1;
}

/* ---- opening ---- */

static void make_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
	luaL_newmetatable(L, name);
	lua_pushcfunction(L, free_client);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, close_client);
	lua_setfield(L, -2, "__close");
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

static int producer_close(lua_State *L)
{
	check_client(L, PRODUCER_NAME, "producer");
	return close_client(L);
}

static int consumer_close(lua_State *L)
{
	check_client(L, CONSUMER_NAME, "consumer");
	return close_client(L);
}

int lua_kafka_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"sink", sink},         {"lines", lines},   {"producer", producer},
		{"consumer", consumer}, {"topics", topics}, {NULL, NULL},
	};
	static const luaL_Reg producer_methods[] = {{"send", producer_send},
						    {"flush", producer_flush},
						    {"close", producer_close},
						    {NULL, NULL}};
	static const luaL_Reg consumer_methods[] = {
		{"poll", consumer_poll}, {"close", consumer_close}, {NULL, NULL}};
	static const luaL_Reg topics_methods[] = {{"create", topics_create},
						  {"delete", topics_delete},
						  {"list", topics_list},
						  {NULL, NULL}};
	luaL_newmetatable(L, "tideway.sink");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	make_class(L, PRODUCER_NAME, producer_methods);
	make_class(L, CONSUMER_NAME, consumer_methods);
	make_class(L, TOPICS_NAME, topics_methods);
	luaL_newlib(L, functions);
	return 1;
}
