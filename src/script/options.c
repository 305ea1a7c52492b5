#include "script/options.h"

#include <math.h>
#include <stdio.h>

#define NO_RANGE 0, 0
#define END                                                                                        \
	{                                                                                          \
		NULL, OPTION_TEXT, NULL, NO_RANGE, false, NULL                                     \
	}

static const struct option tls_list[] = {
	{"ca", OPTION_TEXT, NULL, NO_RANGE, false,
	 "File with the certificates that sign the server's."},
	{"cert", OPTION_TEXT, NULL, NO_RANGE, false,
	 "File with our certificate, when the server wants one."},
	{"key", OPTION_TEXT, NULL, NO_RANGE, false, "File with the key of our certificate."},
	{"verify", OPTION_BOOLEAN, "true", NO_RANGE, false,
	 "Whether the server's certificate and name are checked."},
	END,
};

static const struct option mysql_list[] = {
	{"host", OPTION_TEXT, "\"127.0.0.1\"", NO_RANGE, false, "Name or address of the server."},
	{"hosts", OPTION_HOSTS, NULL, NO_RANGE, false,
	 "Several servers of one replication set, tried in order, instead of host and socket: "
	 "\"db1\", \"db2:3307\", \"[::1]:3306\"; those without a port have port."},
	{"port", OPTION_INTEGER, "3306", 1, 65535, false, "TCP port."},
	{"socket", OPTION_TEXT, NULL, NO_RANGE, false,
	 "Path of a Unix socket, instead of host and port."},
	{"user", OPTION_TEXT, NULL, NO_RANGE, true,
	 "Account, with the privileges of docs/operations.md."},
	{"password", OPTION_SECRET, NULL, NO_RANGE, false,
	 "Password: a string, env.need or secret(path)."},
	{"tls", OPTION_TLS, "false", NO_RANGE, false,
	 "TLS: true, or a table with ca, cert, key and verify."},
	{"tables", OPTION_LIST, NULL, NO_RANGE, false,
	 "Patterns of the tables to copy; \"!\" in front excludes."},
	{"server_id", OPTION_INTEGER, "0", 0, 4294967295.0, false,
	 "Our id among the server's replicas; 0: made from the sync's name."},
	{"name", OPTION_TEXT, NULL, NO_RANGE, false,
	 "What DATASOURCE_NAME_SRC and change.source say: \"mysql\" without one. Required in a "
	 "list of sources."},
	{"connect_timeout_s", OPTION_INTEGER, "10", 1, 600, false,
	 "Seconds to wait for a connection."},
	END,
};

#define BROKERS                                                                                    \
	{                                                                                          \
		"brokers", OPTION_LIST, NULL, NO_RANGE, true,                                      \
			"host:port of brokers to begin with, comma-separated or a list."           \
	}
#define PROPERTIES                                                                                 \
	{                                                                                          \
		"properties", OPTION_PROPERTIES, NULL, NO_RANGE, false,                            \
			"Client settings: Java's names are translated, librdkafka's pass, others " \
			"are refused."                                                             \
	}

static const struct option sink_list[] = {
	BROKERS,
	PROPERTIES,
	{"name", OPTION_TEXT, "\"kafka\"", NO_RANGE, false, "What DATASOURCE_NAME_DEST says."},
	END,
};

static const struct option lines_list[] = {
	{"file", OPTION_TEXT, NULL, NO_RANGE, false,
	 "File that gets one line for each message; none: stdout."},
	{"name", OPTION_TEXT, "\"lines\"", NO_RANGE, false, "What DATASOURCE_NAME_DEST says."},
	END,
};

static const struct option client_list[] = {BROKERS, PROPERTIES, END};

static const struct option consumer_list[] = {
	BROKERS,
	PROPERTIES,
	{"topics", OPTION_LIST, NULL, NO_RANGE, true, "Topics to read."},
	{"group", OPTION_TEXT, NULL, NO_RANGE, false,
	 "Consumer group; none: every partition, no offsets are stored."},
	{"from_beginning", OPTION_BOOLEAN, "true", NO_RANGE, false,
	 "Where to begin without stored offsets."},
	END,
};

static const struct option topic_list[] = {
	{"name", OPTION_TEXT, NULL, NO_RANGE, true, "Name of the topic."},
	{"partitions", OPTION_INTEGER, "1", 1, 100000, false, "Number of partitions."},
	{"replication", OPTION_INTEGER, "-1", -1, 1000, false,
	 "Copies of each partition; -1: the broker's default."},
	{"config", OPTION_PROPERTIES, NULL, NO_RANGE, false,
	 "Settings of the topic, such as cleanup.policy."},
	END,
};

static const struct option heartbeat_list[] = {
	{"interval", OPTION_NUMBER, "5", 0.1, 86400, false, "Seconds between two beats."},
	{"topic", OPTION_TEXT, NULL, NO_RANGE, false,
	 "One topic for the beats; none: every destination topic."},
	END,
};

static const struct option changes_list[] = {
	{"from", OPTION_TEXT, "\"now\"", NO_RANGE, false,
	 "\"now\", \"earliest\" or \"<binlog file>:<position>\", where a transaction begins."},
	{"wait_s", OPTION_NUMBER, "-1", -1, 86400, false,
	 "At the end of the binlog, wait so many seconds for a change; -1: for ever."},
	END,
};

const struct option_group tls_options = {"source.mysql tls", "TLS to the server.", tls_list};
const struct option_group source_mysql_options = {
	"source.mysql", "A MySQL or MariaDB server to read from.", mysql_list};
const struct option_group changes_options = {
	"source.mysql{...}:changes", "The stream of changes, in `tideway exec`.", changes_list};
const struct option_group kafka_sink_options = {"kafka.sink", "A Kafka cluster to write to.",
						sink_list};
const struct option_group kafka_lines_options = {
	"kafka.lines", "Messages as lines instead of Kafka, for trying things out.", lines_list};
const struct option_group kafka_producer_options = {"kafka.producer",
						    "A producer, in `tideway exec`.", client_list};
const struct option_group kafka_consumer_options = {
	"kafka.consumer", "A consumer, in `tideway exec`.", consumer_list};
const struct option_group kafka_topics_options = {
	"kafka.topics", "Topics of a cluster, in `tideway exec`.", client_list};
const struct option_group kafka_topic_options = {"kafka.topics{...}:create", "One topic to create.",
						 topic_list};
const struct option_group heartbeat_options = {"heartbeat.new", "Heartbeats.", heartbeat_list};

const struct option_group *const option_groups[] = {
	&source_mysql_options,
	&tls_options,
	&changes_options,
	&kafka_sink_options,
	&kafka_lines_options,
	&kafka_producer_options,
	&kafka_consumer_options,
	&kafka_topics_options,
	&kafka_topic_options,
	&heartbeat_options,
	NULL,
};

static const char *type_name(enum option_type type)
{
	static const char *const names[] = {
		"string",
		"string or secret",
		"integer",
		"number",
		"boolean",
		"string or list of strings",
		"table of name = string, number or boolean",
		"boolean or table",
		"list of host or host:port",
	};
	return names[type];
}

/* ---- checks ---- */

static const char *option_name(void *ctx, unsigned i)
{
	return ((const struct option_group *)ctx)->options[i].name;
}

static const struct option *find(const struct option_group *group, const char *name)
{
	for (const struct option *option = group->options; option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

static void unknown(lua_State *L, const struct option_group *group, const char *name)
{
	const char *near = state_nearest(name, option_name, (void *)(uintptr_t)group);
	luaL_Buffer all;
	luaL_buffinit(L, &all);
	for (const struct option *option = group->options; option->name; option++) {
		if (option != group->options)
			luaL_addstring(&all, ", ");
		luaL_addstring(&all, option->name);
	}
	luaL_pushresult(&all);
	state_raise(L, "%s: unknown option '%s'%s%s%s (options: %s)", group->name, name,
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
		    lua_tostring(L, -1));
}

static void wrong(lua_State *L, const struct option_group *group, const struct option *option,
		  int idx)
{
	const char *got = luaL_typename(L, idx);
	if (lua_type(L, idx) == LUA_TNUMBER)
		got = lua_pushfstring(L, "%s", luaL_tolstring(L, idx, NULL));
	state_raise(L, "%s: %s: expected %s, got %s", group->name, option->name,
		    type_name(option->type), got);
}

static void check_range(lua_State *L, const struct option_group *group, const struct option *option,
			int idx)
{
	double v = lua_tonumber(L, idx);
	if (option->min < option->max && !(v >= option->min && v <= option->max))
		state_raise(L, "%s: %s: expected %.10g to %.10g, got %s", group->name, option->name,
			    option->min, option->max, luaL_tolstring(L, idx, NULL));
}

static bool is_list(lua_State *L, int idx)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, idx), keys = 0;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		keys++;
		if (lua_isinteger(L, -2) && lua_type(L, -1) == LUA_TSTRING)
			continue;
		lua_pop(L, 2);
		return false;
	}
	return keys == n;
}

static bool is_properties(lua_State *L, int idx)
{
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		int type = lua_type(L, -1);
		if (lua_type(L, -2) == LUA_TSTRING &&
		    (type == LUA_TBOOLEAN || type == LUA_TNUMBER ||
		     lua_secret_text(L, lua_gettop(L)).ptr))
			continue;
		lua_pop(L, 2);
		return false;
	}
	return true;
}

static bool fits(lua_State *L, const struct option *option, int idx)
{
	int type = lua_type(L, idx);
	switch (option->type) {
	case OPTION_TEXT:
		return type == LUA_TSTRING;
	case OPTION_SECRET:
		return lua_secret_text(L, idx).ptr != NULL;
	case OPTION_INTEGER:
		return lua_isinteger(L, idx);
	case OPTION_NUMBER:
		return type == LUA_TNUMBER;
	case OPTION_BOOLEAN:
		return type == LUA_TBOOLEAN;
	case OPTION_LIST:
		return type == LUA_TSTRING || (type == LUA_TTABLE && is_list(L, idx));
	case OPTION_PROPERTIES:
		return type == LUA_TTABLE && is_properties(L, idx);
	case OPTION_TLS:
		return type == LUA_TBOOLEAN || type == LUA_TTABLE;
	case OPTION_HOSTS:
		return type == LUA_TTABLE;
	}
	return false;
}

/* Set the option in the table `result` to the value at idx. Split a table of tls into the fields
 * tls_ca, tls_cert, tls_key and tls_verify. */
static void set_value(lua_State *L, const struct option *option, int idx, int result)
{
	if (option->type != OPTION_TLS || lua_isboolean(L, idx)) {
		lua_pushvalue(L, idx);
		lua_setfield(L, result, option->name);
		return;
	}
	options_check(L, idx, &tls_options, NULL);
	for (const struct option *part = tls_list; part->name; part++) {
		lua_pushfstring(L, "tls_%s", part->name);
		lua_getfield(L, -2, part->name);
		lua_rawset(L, result);
	}
	lua_pop(L, 1);
	lua_pushboolean(L, true);
	lua_setfield(L, result, option->name);
}

static void check_given(lua_State *L, int idx, const struct option_group *group, int result)
{
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		const struct option *option;
		int value = lua_gettop(L);
		if (lua_type(L, -2) != LUA_TSTRING)
			state_raise(L, "%s: expected name = value, got a list", group->name);
		option = find(group, lua_tostring(L, -2));
		if (option == NULL)
			unknown(L, group, lua_tostring(L, -2));
		else if (!fits(L, option, value))
			wrong(L, group, option, value);
		else if (option->type == OPTION_INTEGER || option->type == OPTION_NUMBER)
			check_range(L, group, option, value);
		if (option)
			set_value(L, option, value, result);
	}
}

static void set_default(lua_State *L, const struct option *option, int result)
{
	const char *text = option->fallback;
	if (text[0] == '"')
		lua_pushlstring(L, text + 1, strlen(text) - 2);
	else if (option->type == OPTION_BOOLEAN || option->type == OPTION_TLS)
		lua_pushboolean(L, text[0] == 't');
	else
		lua_stringtonumber(L, text);
	lua_setfield(L, result, option->name);
}

void options_check(lua_State *L, int idx, const struct option_group *group, const char *kind)
{
	char where[SCRIPT_WHERE];
	int result;
	if (lua_type(L, idx) != LUA_TTABLE)
		state_raise(L, "%s: expected a table of options, got %s", group->name,
			    luaL_typename(L, idx));
	luaL_checkstack(L, 10, NULL);
	lua_newtable(L);
	result = lua_gettop(L);
	check_given(L, idx, group, result);
	for (const struct option *option = group->options; option->name; option++) {
		int type = lua_getfield(L, result, option->name);
		lua_pop(L, 1);
		if (type == LUA_TNIL && option->required)
			state_raise(L, "%s: %s is missing: %s", group->name, option->name,
				    option->help);
		if (type == LUA_TNIL && option->fallback)
			set_default(L, option, result);
	}
	if (kind == NULL)
		return;
	lua_pushstring(L, kind);
	lua_setfield(L, result, "kind");
	state_where(L, where);
	lua_pushstring(L, where);
	lua_setfield(L, result, "where");
}

/* ---- docs ---- */

static void print_row(const struct option *option, FILE *out)
{
	fprintf(out, "| `%s` | %s | %s%s%s |", option->name, type_name(option->type),
		option->fallback ? "`" : "",
		option->fallback   ? option->fallback
		: option->required ? "required"
				   : "",
		option->fallback ? "`" : "");
	if (option->min < option->max)
		fprintf(out, " %.10g to %.10g |", option->min, option->max);
	else
		fputs(" |", out);
	fprintf(out, " %s |\n", option->help);
}

void script_options_print(FILE *out)
{
	for (const struct option_group *const *group = option_groups; *group; group++) {
		fprintf(out,
			"## %s\n\n%s\n\n| option | type | default | range | "
			"|\n|---|---|---|---|---|\n",
			(*group)->name, (*group)->help);
		for (const struct option *option = (*group)->options; option->name; option++)
			print_row(option, out);
		fputc('\n', out);
	}
}
