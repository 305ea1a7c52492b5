/* script: load a script, query it about tables, and run its functions for a change or an image. */
#include "script/script_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/regex.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CORE "tideway.core.loaded"

/* ---- loading ---- */

static int load_entry(lua_State *L)
{
	const struct script *script = script_of(L);
	if (state_load_file(L, script->entry.path, script->entry.file) != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 0);
	return 0;
}

static void push_core(lua_State *L, const char *function)
{
	lua_getfield(L, LUA_REGISTRYINDEX, CORE);
	if (lua_getfield(L, -1, function) != LUA_TFUNCTION)
		luaL_error(L, "tideway.core has no function %s", function);
	lua_remove(L, -2);
}

void script_core(lua_State *L, const char *function)
{
	push_core(L, function);
}

static int load_core(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushstring(L, "tideway.core");
	lua_call(L, 1, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, CORE);
	return 0;
}

static int read_configs(lua_State *L)
{
	struct script *script = script_of(L);
	load_core(L);
	push_core(L, "count");
	lua_call(L, 0, 1);
	script->nsyncs = (unsigned)luaL_checkinteger(L, -1);
	script->configs = ARENA_ARRAY(&script->arena, script->nsyncs + 1, struct sync_config);
	for (unsigned i = 0; i < script->nsyncs; i++) {
		push_core(L, "config");
		lua_pushinteger(L, i + 1);
		lua_call(L, 1, 1);
		config_read(L, -1, &script->arena, &script->configs[i]);
		lua_pop(L, 1);
	}
	return 0;
}

static void set_path(struct script *script, const char *path)
{
	const char *slash = strrchr(path, '/');
	script->entry.path = arena_cstr(&script->arena, slice_str(path));
	script->entry.file = slash ? script->entry.path + (slash + 1 - path) : script->entry.path;
	script->entry.folder = arena_cstr(
		&script->arena, slash ? slice_of(path, (size_t)(slash + 1 - path)) : SLICE(""));
}

static void copy_args(struct script *script, const struct script_options *options)
{
	struct property *args = ARENA_ARRAY(&script->arena, options->nargs + 1, struct property);
	for (unsigned i = 0; i < options->nargs; i++) {
		args[i].name = arena_cstr(&script->arena, slice_str(options->args[i].name));
		args[i].value = arena_cstr(&script->arena, slice_str(options->args[i].value));
	}
	script->entry.args = args;
	script->entry.nargs = options->nargs;
}

static struct script *script_make(const struct script_options *options, bool test)
{
	struct script *script = mem_array(1, sizeof(*script));
	arena_init(&script->arena, 0);
	arena_init(&script->event, 16 * 1024);
	buf_init(&script->scratch);
	script->limits.memory_max = options->exec || test ? SCRIPT_MEMORY : SCRIPT_MEMORY_LOAD;
	script->limits.regex_steps = REGEX_STEPS;
	script->limits.call_budget =
		options->instruction_limit ? options->instruction_limit : SCRIPT_BUDGET;
	script->entry.exec = options->exec;
	script->entry.test = test;
	if (options->host)
		script->host = *options->host;
	set_path(script, options->path);
	copy_args(script, options);
	return script;
}

/* Let the state use what the sync may use, if that is more. */
static void add_limits(struct script_limits *limits, const struct sync_config *config)
{
	if (config->script_memory > limits->memory_max)
		limits->memory_max = (size_t)config->script_memory;
	if ((int64_t)config->script_instructions > limits->call_budget)
		limits->call_budget = (int64_t)config->script_instructions;
	if (config->script_regex_steps > limits->regex_steps)
		limits->regex_steps = (uint32_t)config->script_regex_steps;
}

static void clear_limits(struct script_limits *limits)
{
	limits->memory_max = limits->regex_steps = 0;
	limits->call_budget = 0;
}

/* Refuse a script that needs more memory than the limit before it has seen a row. */
static int check_memory(const struct script *script, struct err *err)
{
	const struct script_limits *limits = &script->limits;
	if (limits->memory > limits->memory_max)
		lua_gc(script->main, LUA_GCCOLLECT);
	if (limits->memory <= limits->memory_max)
		return 0;
	return err_set(err, E_SCRIPT_MEMORY,
		       "%s: not enough memory: the script takes %zu bytes as soon as it is "
		       "loaded, and limits.memory is %zu",
		       script->entry.file, limits->memory, limits->memory_max);
}

int script_limit(struct script *script, unsigned sync, struct err *err)
{
	clear_limits(&script->limits);
	add_limits(&script->limits, &script->configs[sync]);
	return check_memory(script, err);
}

/* A state that is not a lane's works for all syncs. */
static int limit_to_largest(struct script *script, struct err *err)
{
	clear_limits(&script->limits);
	for (unsigned i = 0; i < script->nsyncs; i++)
		add_limits(&script->limits, &script->configs[i]);
	return check_memory(script, err);
}

static int load(struct script *script, struct err *err)
{
	bool endless =
		script->entry.exec || script->entry.test; /* these scripts may run for ever */
	if (state_open(script, err) < 0 ||
	    state_protect(script, globals_open, NULL, SCRIPT_BUDGET_LOAD, E_SCRIPT, err) < 0)
		return -1;
	if (state_protect(script, load_entry, NULL, endless ? 0 : script->limits.call_budget * 10,
			  E_SCRIPT, err) < 0)
		return -1;
	script->entry.loaded = script->entry.text;
	if (endless)
		return 0;
	if (state_protect(script, read_configs, NULL, SCRIPT_BUDGET_LOAD, E_SCRIPT, err) < 0)
		return -1;
	if (script->nsyncs > 0)
		return limit_to_largest(script, err);
	return err_set(err, E_NO_SYNC,
		       "%s: no sync.run call: a script must register at least one sync (tideway "
		       "exec runs one that registers none)",
		       script->entry.file);
}

struct script *script_new(const struct script_options *options, struct err *err)
{
	struct script *script = script_make(options, false);
	if (load(script, err) == 0)
		return script;
	script_free(script);
	return NULL;
}

uint64_t script_hash(const struct script *script)
{
	return script->entry.loaded;
}

void script_free(struct script *script)
{
	if (script == NULL)
		return;
	state_close(script);
	buf_fini(&script->scratch);
	arena_fini(&script->event);
	arena_fini(&script->arena);
	free(script);
}

int script_test(const char *path, const struct script_host *host, unsigned *passed,
		unsigned *failed, struct err *err)
{
	const struct script_options options = {.path = path, .host = host};
	struct script *script = script_make(&options, true);
	int rc = load(script, err);
	if (rc < 0) { /* a test file that raises counts as a failure */
		printf("FAIL %s\n", err->text);
		script->tests.failed++;
		*err = (struct err)ERR_INIT;
	}
	*passed += script->tests.passed;
	*failed += script->tests.failed;
	script_free(script);
	return 0;
}

unsigned script_syncs(const struct script *script)
{
	return script->nsyncs;
}

const struct sync_config *script_config(const struct script *script, unsigned sync)
{
	return &script->configs[sync];
}

size_t script_memory(const struct script *script)
{
	return script->limits.memory;
}

/* ---- queries about tables ---- */

struct question {
	struct script *script;
	unsigned sync;
	struct slice db, table_name;
	bool wanted;
	const char **databases;
	const struct table *const *tables;
	unsigned ntables;
	bool folded; /* the server stores names in lower case */
	bool all;
	const struct table *table;
	struct arena *arena;
	struct mapping *mapping;
	union {
		struct script_destination *destination;
		struct script_copy *copy;
	} answer;
	struct slice topic;
	const struct table *after;
	const struct ddl_rename *renamed;
	unsigned nrenamed;
	struct {
		const struct chosen_table *tables;
		unsigned n;
	} chosen;
	enum script_naming naming;
};

static int ask_choose(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "choose");
	lua_pushinteger(L, q->sync + 1);
	lua_createtable(L, (int)q->chosen.n, 0);
	for (unsigned i = 0; i < q->chosen.n; i++) {
		const struct chosen_table *table = &q->chosen.tables[i];
		lua_createtable(L, 0, 3);
		lua_pushlstring(L, table->db.ptr, table->db.len);
		lua_setfield(L, -2, "db");
		lua_pushlstring(L, table->name.ptr, table->name.len);
		lua_setfield(L, -2, "name");
		lua_pushboolean(L, table->removed);
		lua_setfield(L, -2, "removed");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_call(L, 2, 0);
	return 0;
}

int script_choose(struct script *script, unsigned sync, const struct chosen_table *tables,
		  unsigned n, struct err *err)
{
	struct question q = {.script = script, .sync = sync, .chosen = {tables, n}};
	return state_protect(script, ask_choose, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static int ask_naming(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "naming");
	lua_pushinteger(L, q->sync + 1);
	lua_pushlstring(L, q->db.ptr, q->db.len);
	lua_pushlstring(L, q->table_name.ptr, q->table_name.len);
	lua_call(L, 3, 2);
	q->naming = lua_toboolean(L, -1)   ? SCRIPT_EXCLUDES
		    : lua_toboolean(L, -2) ? SCRIPT_SELECTS
					   : SCRIPT_NAMES_NOT;
	return 0;
}

enum script_naming script_naming(struct script *script, unsigned sync, struct slice db,
				 struct slice table)
{
	struct question q = {.script = script, .sync = sync, .db = db, .table_name = table};
	struct err err = ERR_INIT;
	if (state_protect(script, ask_naming, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, &err) < 0)
		log_error("%s", err.text); /* then the table counts as not named */
	return q.naming;
}

static int ask_wants(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "wants");
	lua_pushinteger(L, q->sync + 1);
	lua_pushlstring(L, q->db.ptr ? q->db.ptr : "", q->db.len);
	lua_pushlstring(L, q->table_name.ptr ? q->table_name.ptr : "", q->table_name.len);
	lua_call(L, 3, 1);
	q->wanted = lua_toboolean(L, -1);
	return 0;
}

bool script_wants(struct script *script, unsigned sync, struct slice db, struct slice table)
{
	struct question q = {.script = script, .sync = sync, .db = db, .table_name = table};
	struct err err = ERR_INIT;
	if (state_protect(script, ask_wants, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, &err) == 0)
		return q.wanted;
	log_error("%s", err.text); /* then script_prepare fails for the table, and stops the sync */
	return true;
}

static int ask_databases(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	size_t n;
	push_core(L, "databases");
	lua_pushinteger(L, q->sync + 1);
	lua_call(L, 1, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	n = lua_rawlen(L, -1);
	q->databases = ARENA_ARRAY(&q->script->arena, n + 1, const char *);
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		q->databases[i] = arena_cstr(&q->script->arena, slice_str(luaL_checkstring(L, -1)));
		lua_pop(L, 1);
	}
	return 0;
}

const char *const *script_databases(struct script *script, unsigned sync)
{
	static const char *const all[] = {"*", NULL};
	struct question q = {.script = script, .sync = sync};
	struct err err = ERR_INIT;
	if (state_protect(script, ask_databases, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, &err) == 0)
		return q.databases;
	log_error("%s", err.text);
	return all;
}

static int ask_check(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "check");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_list(L, q->tables, q->ntables);
	lua_pushboolean(L, q->folded);
	lua_call(L, 3, 1);
	if (!lua_istable(L, -1))
		return 0;
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1))
		log_warn("%s", luaL_tolstring(L, -1, NULL)), lua_pop(L, 1);
	return 0;
}

int script_check(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool folded, struct err *err)
{
	struct question q = {
		.script = script, .sync = sync, .tables = tables, .ntables = n, .folded = folded};
	return state_protect(script, ask_check, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

/* Return whether the script names columns. A list of many tables is not made in vain. */
static bool names_columns(lua_State *L, unsigned sync)
{
	bool names;
	push_core(L, "names_columns");
	lua_pushinteger(L, sync + 1);
	lua_call(L, 1, 1);
	names = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return names;
}

static int ask_check_columns(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	if (!names_columns(L, q->sync))
		return 0;
	push_core(L, "check_columns");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_list(L, q->tables, q->ntables);
	lua_call(L, 2, 0);
	return 0;
}

int script_check_columns(struct script *script, unsigned sync, const struct table *const *tables,
			 unsigned n, struct err *err)
{
	struct question q = {.script = script, .sync = sync, .tables = tables, .ntables = n};
	return state_protect(script, ask_check_columns, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static int ask_learn(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	if (!names_columns(L, q->sync))
		return 0;
	push_core(L, "learn");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_list(L, q->tables, q->ntables);
	lua_pushboolean(L, q->all);
	lua_call(L, 3, 0);
	return 0;
}

int script_learn(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool all, struct err *err)
{
	struct question q = {
		.script = script, .sync = sync, .tables = tables, .ntables = n, .all = all};
	return state_protect(script, ask_learn, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static int ask_known(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "known");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_table(L, q->table);
	lua_call(L, 2, 0);
	return 0;
}

int script_known(struct script *script, unsigned sync, const struct table *table, struct err *err)
{
	struct question q = {.script = script, .sync = sync, .table = table};
	return state_protect(script, ask_known, &q, SCRIPT_BUDGET_LOAD, E_MAPPING_LATE, err);
}

static int ask_prepare(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "prepare");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_table(L, q->table);
	lua_call(L, 2, 1);
	prepare_read(L, lua_gettop(L), q->script, q->table, &q->script->configs[q->sync], q->arena,
		     q->mapping);
	return 0;
}

int script_prepare(struct script *script, unsigned sync, const struct table *table,
		   struct arena *arena, struct mapping *mapping, struct err *err)
{
	struct question q = {
		.script = script, .sync = sync, .table = table, .arena = arena, .mapping = mapping};
	*mapping = (struct mapping){
		.functions = {.event = MAPPING_NO_FUNCTION, .image = MAPPING_NO_FUNCTION}};
	if (state_protect(script, ask_prepare, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err) == 0)
		return 0;
	script_release(script, mapping);
	return -1;
}

void script_release(struct script *script, struct mapping *mapping)
{
	if (mapping->functions.hooks == NULL)
		return;
	bind_free(mapping->functions.hooks);
	mapping->functions.hooks = NULL;
	if (mapping->functions.event != MAPPING_NO_FUNCTION)
		luaL_unref(script->main, LUA_REGISTRYINDEX, mapping->functions.event);
	mapping->functions.event = mapping->functions.image = MAPPING_NO_FUNCTION;
}

void script_collect(struct script *script)
{
	lua_gc(script->main, LUA_GCCOLLECT);
}

static int ask_destination(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	struct script_destination *to = q->answer.destination;
	size_t len;
	const char *topic;
	push_core(L, "destination");
	lua_pushinteger(L, q->sync + 1);
	lua_pushlstring(L, q->table->full_name.ptr, q->table->full_name.len);
	lua_call(L, 2, 4);
	topic = lua_tolstring(L, -4, &len);
	if (topic)
		to->topic = arena_copy(q->arena, slice_of(topic, len));
	to->by_function = lua_toboolean(L, -3);
	to->wanted = topic || to->by_function;
	to->empty_key = lua_toboolean(L, -2);
	to->not_compacted = lua_toboolean(L, -1);
	return 0;
}

int script_destination(struct script *script, unsigned sync, const struct table *table,
		       struct arena *arena, struct script_destination *destination, struct err *err)
{
	struct question q = {.script = script,
			     .sync = sync,
			     .table = table,
			     .arena = arena,
			     .answer.destination = destination};
	*destination = (struct script_destination){.wanted = false};
	return state_protect(script, ask_destination, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static const char *text_in(struct arena *arena, lua_State *L, int idx)
{
	size_t len;
	const char *text = lua_tolstring(L, idx, &len);
	return text ? arena_cstr(arena, slice_of(text, len)) : NULL;
}

static int ask_copy(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "copy");
	lua_pushinteger(L, q->sync + 1);
	lua_pushlstring(L, q->table->db.ptr, q->table->db.len);
	lua_pushlstring(L, q->table->name.ptr, q->table->name.len);
	lua_call(L, 3, 4);
	*q->answer.copy = (struct script_copy){.where = text_in(q->arena, L, -4),
					       .place = text_in(q->arena, L, -3),
					       .order = (unsigned)lua_tointeger(L, -2),
					       .skips = lua_toboolean(L, -1)};
	return 0;
}

int script_copy(struct script *script, unsigned sync, const struct table *table,
		struct arena *arena, struct script_copy *copy, struct err *err)
{
	struct question q = {.script = script,
			     .sync = sync,
			     .table = table,
			     .arena = arena,
			     .answer.copy = copy};
	*copy = (struct script_copy){.where = NULL};
	return state_protect(script, ask_copy, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static int ask_compacted(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "compacted");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_table(L, q->table);
	lua_pushlstring(L, q->topic.ptr, q->topic.len);
	lua_call(L, 3, 0);
	return 0;
}

int script_compacted(struct script *script, unsigned sync, const struct table *table,
		     struct slice topic, struct err *err)
{
	struct question q = {.script = script, .sync = sync, .table = table, .topic = topic};
	return state_protect(script, ask_compacted, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, err);
}

static int ask_guard(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "guard");
	lua_pushinteger(L, q->sync + 1);
	prepare_push_table(L, q->table);
	prepare_push_table(L, q->after);
	if (q->renamed == NULL) {
		lua_call(L, 3, 0);
		return 0;
	}
	lua_createtable(L, 0, (int)q->nrenamed);
	for (unsigned i = 0; i < q->nrenamed; i++) {
		lua_pushlstring(L, q->renamed[i].from.ptr, q->renamed[i].from.len);
		lua_pushlstring(L, q->renamed[i].to.ptr, q->renamed[i].to.len);
		lua_rawset(L, -3);
	}
	lua_call(L, 4, 0);
	return 0;
}

int script_guard(struct script *script, unsigned sync, const struct table *before,
		 const struct table *after, const struct ddl_rename *renamed, unsigned n,
		 struct err *err)
{
	struct question q = {.script = script,
			     .sync = sync,
			     .table = before,
			     .after = after,
			     .renamed = renamed,
			     .nrenamed = n};
	return state_protect(script, ask_guard, &q, SCRIPT_BUDGET_LOAD, E_MAPPING_LATE, err);
}

static int ask_forget(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);
	push_core(L, "forget");
	lua_pushinteger(L, q->sync + 1);
	lua_pushlstring(L, q->table_name.ptr ? q->table_name.ptr : "", q->table_name.len);
	lua_call(L, 2, 0);
	return 0;
}

void script_forget(struct script *script, unsigned sync, struct slice full_name)
{
	struct question q = {.script = script, .sync = sync, .table_name = full_name};
	struct err err = ERR_INIT;
	if (state_protect(script, ask_forget, &q, SCRIPT_BUDGET_LOAD, E_SCRIPT, &err) < 0)
		log_error("%s", err.text); /* the topic stays taken: at worst, a table is refused */
}

/* ---- one change ---- */

static int verdict(struct script *script, struct event_result *result, struct err *err)
{
	lua_State *L = script->L;
	const char *text;
	if (lua_isnil(L, -1) || (lua_isboolean(L, -1) && lua_toboolean(L, -1))) {
		result->verdict = VERDICT_KEEP;
		return 0;
	}
	if (lua_isboolean(L, -1)) {
		result->verdict = VERDICT_DROP;
		return 0;
	}
	text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	if (strcmp(text, "insert") == 0 || strcmp(text, "delete") == 0) {
		result->verdict = text[0] == 'i' ? VERDICT_INSERT : VERDICT_DELETE;
		return 0;
	}
	return err_set(err, E_FUNCTION_RESULT,
		       "%s: on_change returned a %s: expected nothing, nil, true or false",
		       script->entry.file, luaL_typename(L, -1));
}

int script_event(struct script *script, const struct mapping *mapping, struct change *change,
		 struct event_result *result, struct err *err)
{
	lua_State *L = script->L;
	enum script_phase phase = script->call.phase;
	struct event_result *outer = script->call.result;
	int rc;
	*result = (struct event_result){.verdict = VERDICT_KEEP};
	if (script->call.depth == 0)
		lua_settop(L, script->call.base);
	if (!lua_checkstack(L, 20))
		return err_set(err, E_FUNCTION_MEMORY, "%s: not enough memory for the Lua stack",
			       script->entry.file);
	bind_change(mapping->functions.hooks, change);
	mapping->functions.hooks->verdict = VERDICT_KEEP;
	script->call.phase = PHASE_EVENT;
	script->call.result = result;
	lua_pushcfunction(L, state_message);
	lua_rawgeti(L, LUA_REGISTRYINDEX, mapping->functions.event);
	bind_push(L, script);
	rc = state_call(script, -3, 1, 1, script->limits.call_budget, E_FUNCTION, err);
	script->call.phase = phase;
	script->call.result = outer;
	if (rc == 0) {
		rc = verdict(script, result, err);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return rc;
}

/* ---- one image ---- */

static const char *type_at(lua_State *L, int idx)
{
	if (lua_type(L, idx) == LUA_TNUMBER)
		return lua_isinteger(L, idx) ? "an integer" : "a float";
	if (lua_type(L, idx) == LUA_TNIL)
		return "nil";
	if (lua_decimal_test(L, idx).ptr)
		return "a decimal";
	return lua_pushfstring(L, "a %s", luaL_typename(L, idx));
}

/* Set an error about result i of the functions. It begins with the place of the function, or with
 * the name of the script. Return -1. */
static int wrong(const struct script_table *bound, unsigned i, enum err_id id, struct err *err,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
static int wrong(const struct script_table *bound, unsigned i, enum err_id id, struct err *err,
		 const char *format, ...)
{
	char text[600];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_set(err, id, "%s: %s",
		       bound->where ? bound->where[i] : bound->script->entry.file, text);
}

static struct slice slice_at(lua_State *L, int idx)
{
	size_t len;
	const char *text = lua_tolstring(L, idx, &len);
	return slice_of(text, len);
}

/* Read and check the topic at idx, whose Lua type is `type`. Skip the check when the topic equals
 * the last checked one, as for most records. */
static int topic_of(struct script_table *bound, int idx, int type, struct slice *topic,
		    struct err *err)
{
	lua_State *L = bound->script->L;
	const char *why;
	if (__builtin_expect(type != LUA_TSTRING, 0))
		return wrong(
			bound, 0, E_TOPIC_RESULT, err,
			"the topic function returned %s: expected a string or a list of strings",
			type_at(L, idx));
	*topic = slice_at(L, idx);
	if (__builtin_expect(topic->len > 0 && slice_equal(*topic, bound->legal), 1))
		return 0;
	why = lua_topic_check(*topic);
	if (__builtin_expect(why != NULL, 0))
		return wrong(bound, 0, E_ROW_TOPIC_NAME, err,
			     "the topic function returned '%.*s': %s", SLICE_FMT(*topic), why);
	memcpy(bound->legal_text, topic->ptr, topic->len);
	bound->legal = slice_of(bound->legal_text, topic->len);
	return 0;
}

static int read_topics(struct script_table *bound, int idx, struct image_result *result,
		       struct err *err)
{
	lua_State *L = bound->script->L;
	struct slice *topics;
	unsigned n;
	int type = lua_type(L, idx);
	if (__builtin_expect(type != LUA_TTABLE, 1)) {
		result->topics = &bound->topic;
		result->ntopics = 1;
		return topic_of(bound, idx, type, &bound->topic, err);
	}
	n = (unsigned)lua_rawlen(L, idx);
	if (n == 0)
		return wrong(
			bound, 0, E_TOPIC_RESULT, err,
			"the topic function returned an empty table: expected a string or a list");
	topics = ARENA_ARRAY(&bound->script->event, n, struct slice);
	for (unsigned i = 0; i < n; i++) {
		type = lua_rawgeti(L, idx, i + 1); /* the list on the stack keeps the text alive */
		if (topic_of(bound, lua_gettop(L), type, &topics[i], err) < 0)
			return -1;
		lua_pop(L, 1);
	}
	result->topics = topics;
	result->ntopics = n;
	return 0;
}

static int key_of(struct script_table *bound, unsigned at, int idx, struct value *key,
		  struct err *err)
{
	lua_State *L = bound->script->L;
	if (!lua_value_any(L, idx, key) || key->kind == VALUE_NULL || key->kind == VALUE_BOOL ||
	    key->kind == VALUE_F64)
		return wrong(bound, at, E_KEY_RESULT, err,
			     "the key function returned %s: expected a string, an integer or a "
			     "list of them",
			     type_at(L, idx));
	if (key->kind == VALUE_TEXT && !lua_value_utf8(key->text))
		return wrong(bound, at, E_KEY_RESULT, err,
			     "the key function returned a string that is not valid UTF-8");
	return 0;
}

static int read_key(struct script_table *bound, unsigned at, int idx, struct image_result *result,
		    struct err *err)
{
	lua_State *L = bound->script->L;
	struct value *key;
	unsigned n;
	if (__builtin_expect(lua_type(L, idx) != LUA_TTABLE, 1)) {
		result->key = &bound->key;
		result->nkey = 1;
		return key_of(bound, at, idx, &bound->key, err);
	}
	n = (unsigned)lua_rawlen(L, idx);
	if (n == 0)
		return wrong(
			bound, at, E_KEY_RESULT, err,
			"the key function returned an empty table: expected at least one part");
	key = ARENA_ARRAY(&bound->script->event, n, struct value);
	for (unsigned i = 0; i < n; i++) {
		lua_rawgeti(L, idx, i + 1);
		if (key_of(bound, at, lua_gettop(L), &key[i], err) < 0)
			return -1;
		lua_pop(L, 1);
	}
	result->key = key;
	result->nkey = n;
	result->key_list = true;
	return 0;
}

static int read_slot(struct script_table *bound, unsigned at, unsigned slot, int idx,
		     struct err *err)
{
	lua_State *L = bound->script->L;
	struct value *value = &bound->slots[slot];
	const struct out_field *field;
	if (__builtin_expect(!lua_value_any(L, idx, value), 0))
		return wrong(bound, at, E_FIELD_RESULT, err,
			     "field '%.*s': the function returned %s: expected nil, a boolean, a "
			     "number, a decimal or a "
			     "string",
			     SLICE_FMT(context_field(bound->mapping, slot)->name), type_at(L, idx));
	if (value->kind == VALUE_F64 && !isfinite(value->f))
		return wrong(bound, at, E_FIELD_RESULT, err,
			     "field '%.*s': the function returned a number that is not finite",
			     SLICE_FMT(context_field(bound->mapping, slot)->name));
	if (value->kind != VALUE_TEXT || lua_value_utf8(value->text))
		return 0;
	field = context_field(bound->mapping, slot);
	if (field->typed && field->transport == TRANSPORT_BYTES)
		return 0;
	return wrong(bound, at, E_FIELD_RESULT, err,
		     "field '%.*s': the function returned a string that is not valid UTF-8 "
		     "(field.bytes takes any)",
		     SLICE_FMT(field->name));
}

/* Read the value of a header: a text, a number, or nil. */
static int read_header(struct script_table *bound, unsigned at, unsigned slot, int idx,
		       struct err *err)
{
	const struct mapping *mapping = bound->mapping;
	struct value *value = &bound->slots[slot];
	const struct out_field *header = mapping->headers;
	if (__builtin_expect(lua_value_any(bound->script->L, idx, value) &&
				     value->kind != VALUE_BOOL &&
				     (value->kind != VALUE_F64 || isfinite(value->f)),
			     1))
		return 0;
	while (header->source != FIELD_FUNCTION || header->slot != slot)
		header++;
	return wrong(bound, at, E_HEADER_RESULT, err,
		     "header '%.*s': the function returned %s: expected a string, a finite number, "
		     "or nil for no header",
		     SLICE_FMT(header->name), type_at(bound->script->L, idx));
}

/* Read the results of bound->functions from the stack; the first is at index `first`. */
static int read_results(struct script_table *bound, int first, struct image_result *result,
			struct err *err)
{
	const struct mapping *mapping = bound->mapping;
	unsigned at = 0;
	*result = (struct image_result){.slots = bound->slots};
	if (mapping->topic_function && read_topics(bound, first + (int)at++, result, err) < 0)
		return -1;
	if (mapping->key.kind == KEY_FUNCTION &&
	    read_key(bound, at, first + (int)at, result, err) < 0)
		return -1;
	at += mapping->key.kind == KEY_FUNCTION;
	for (unsigned slot = 0; slot < mapping->functions.nslots; slot++, at++)
		if ((slot < mapping->functions.nfield_slots ? read_slot : read_header)(
			    bound, at, slot, first + (int)at, err) < 0)
			return -1;
	return 0;
}

/* Call each function in a protected call of its own. That is faster than a Lua function that calls
 * all of them, since the instructions of that function would be counted too. */
static int call_functions(struct script *script, const struct script_table *bound, int handler,
			  struct err *err)
{
	lua_State *L = script->L;
	for (unsigned i = 0; i < bound->nfunctions; i++) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, bound->functions[i]);
		bind_push(L, script);
		script->call.function = i;
		if (state_call(script, handler, 1, 1, script->limits.call_budget, E_FUNCTION, err) <
		    0)
			return -1;
	}
	return 0;
}

int script_image(struct script *script, const struct mapping *mapping, struct change *change,
		 enum change_image image, struct image_result *result, struct err *err)
{
	struct script_table *bound = mapping->functions.hooks;
	lua_State *L = script->L;
	enum script_phase phase = script->call.phase;
	int rc, handler;
	if (!lua_checkstack(L, (int)bound->nfunctions + 20))
		return err_set(err, E_FUNCTION_MEMORY, "%s: not enough memory for the Lua stack",
			       script->entry.file);
	bind_change(bound, change);
	bound->image = image;
	script->call.phase = PHASE_IMAGE;
	lua_pushcfunction(L, state_message);
	handler = lua_gettop(L);
	rc = call_functions(script, bound, handler, err);
	script->call.phase = phase;
	if (rc == 0) /* the results stay on the stack, so that nothing is copied */
		return read_results(bound, handler + 1, result, err);
	lua_settop(L, handler - 1);
	return -1;
}

void script_done(struct script *script)
{
	if (script->call.depth > 0)
		return; /* called inside loop or on_change by change:records(): keep its change */
	lua_settop(script->L, script->call.base);
	bind_expire(script);
	arena_reset(&script->event);
}
