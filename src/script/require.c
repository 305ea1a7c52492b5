/* require: load modules written in C, modules of the embedded standard library, and the user's
 * files in the folder of the script. */
#include "script/script_priv.h"

#include "script/stdlib.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

struct c_module {
	const char *name;
	lua_CFunction open;
};

static const struct c_module c_modules[] = {
	{"tideway.source", lua_source_open},
	{"tideway.kafka", lua_kafka_open},
	{"tideway.heartbeat", lua_heartbeat_open},
	{"tideway.json", lua_json_open},
	{"tideway.yaml", lua_yaml_open},
	{"tideway.regex", lua_regex_open},
	{"tideway.base64", lua_base64_open},
	{"tideway.hash", lua_hash_open},
	{"tideway.text", lua_text_open},
	{"tideway.time", lua_time_open},
	{"tideway.env", lua_env_open},
	{"tideway.metrics", lua_metrics_open},
	{"tideway.log", lua_log_open},
	{"tideway.decimal", lua_decimal_open},
	{"tideway.secret", lua_secret_open},
	{"tideway.cbase", lua_cbase_open},
	{"tideway.ctest", lua_test_open},
	{NULL, NULL},
};

static bool is_core(const char *name)
{
	return strcmp(name, "tideway.core") == 0 || strncmp(name, "tideway.core.", 13) == 0;
}

static bool is_base(const char *name)
{
	return strcmp(name, "tideway.cbase") == 0 || strcmp(name, "tideway.ctest") == 0;
}

/* Return whether only the standard library may require the module. Test files may also require
 * tideway.core and its modules. */
static bool internal(const struct script *script, const char *name)
{
	return is_base(name) || (is_core(name) && script->host.test.load == NULL);
}

static bool called_by_user(lua_State *L)
{
	lua_Debug ar;
	if (!lua_getstack(L, 1, &ar))
		return false;
	lua_getinfo(L, "S", &ar);
	return ar.source[0] == '@';
}

static const char *module_name(void *ctx, unsigned i)
{
	size_t nc = sizeof(c_modules) / sizeof(*c_modules) - 1;
	(void)ctx;
	if (i < nc)
		return c_modules[i].name;
	return i - nc < stdlib_count ? stdlib_files[i - nc].name : NULL;
}

/* Compile a file and push the function, or push a message. Return the Lua status; LUA_ERRFILE, with
 * nothing pushed: the file cannot be read. */
static int load_path(lua_State *L, const char *path, const char *name)
{
	if (access(path, R_OK) != 0)
		return LUA_ERRFILE;
	return state_load_file(L, path, name);
}

static int load_embedded(lua_State *L, const char *name)
{
	for (size_t i = 0; i < stdlib_count; i++) {
		const struct stdlib_file *file = &stdlib_files[i];
		int status;
		if (strcmp(file->name, name) != 0)
			continue;
		lua_pushfstring(L, "=%s", name);
		status = state_load(L, slice_of(file->text, file->len), lua_tostring(L, -1));
		lua_remove(L, -2);
		return status;
	}
	return LUA_ERRFILE;
}

/* Return whether a name has only letters, digits, _ and -, in parts separated by single dots. Such
 * a name cannot leave the script's folder. */
static bool plain_name(const char *name)
{
	bool part = false;
	for (; *name; name++) {
		if (*name == '.' && !part)
			return false;
		part = *name != '.';
		if (part && !isalnum((unsigned char)*name) && *name != '_' && *name != '-')
			return false;
	}
	return part;
}

static int load_user(lua_State *L, const char *name)
{
	const char *base = luaL_gsub(L, name, ".", "/");
	const char *file = lua_pushfstring(L, "%s.lua", base);
	int status = load_path(L, state_path(L, file), file);
	if (status == LUA_ERRFILE) {
		file = lua_pushfstring(L, "%s/init.lua", base);
		status = load_path(L, state_path(L, file), file);
	}
	return status;
}

static void not_found(lua_State *L, const char *name)
{
	const char *near = state_nearest(name, module_name, NULL);
	if (strncmp(name, "tideway.", 8) == 0)
		state_raise(L, "there is no module '%s'%s%s%s", name,
			    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	state_raise(L, "module '%s' not found: no %s%s.lua beside the script%s%s%s", name,
		    script_of(L)->entry.folder, luaL_gsub(L, name, ".", "/"),
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void load_module(lua_State *L, const char *name)
{
	int status;
	for (const struct c_module *module = c_modules; module->name; module++)
		if (strcmp(module->name, name) == 0) {
			lua_pushcfunction(L, module->open);
			return;
		}
	if (strncmp(name, "tideway.", 8) == 0)
		status = load_embedded(L, name);
	else if (plain_name(name))
		status = load_user(L, name);
	else
		state_raise(L,
			    "require: '%s' is not a module name: parts of letters, digits, _ and - "
			    "with dots between",
			    name);
	if (status == LUA_ERRFILE)
		not_found(L, name);
	if (status != LUA_OK)
		lua_error(L);
}

/* __index of a module: raise for a name that the module does not have, as for an undefined
 * global. */
static int no_such_name(lua_State *L)
{
	const char *module = lua_tostring(L, lua_upvalueindex(1)), *name, *near;
	if (lua_type(L, 2) != LUA_TSTRING)
		return 0;
	name = lua_tostring(L, 2);
	near = state_nearest_key(L, 1, name) ? lua_tostring(L, -1) : NULL;
	return state_raise(L, "%s has no '%s'%s%s%s", module, name, near ? ", did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

/* Make the module on the stack strict, with no_such_name as its __index. Existing names are found
 * as fast as before, since Lua calls __index only for absent names. */
static void make_strict(lua_State *L, const char *name)
{
	if (strncmp(name, "tideway.", 8) != 0 || is_core(name) || is_base(name) ||
	    !lua_istable(L, -1))
		return;
	if (!lua_getmetatable(L, -1))
		lua_newtable(L);
	lua_pushstring(L, "__index");
	if (lua_rawget(L, -2) == LUA_TNIL) { /* env has an __index already */
		lua_pushstring(L, name);
		lua_pushcclosure(L, no_such_name, 1);
		lua_setfield(L, -3, "__index");
	}
	lua_pop(L, 1);
	lua_setmetatable(L, -2);
}

static const char LOADING = 0; /* its address marks a module that is being loaded */

static int require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	lua_settop(L, 1);
	if (internal(script_of(L), name) && called_by_user(L))
		state_raise(L, "module '%s' is internal to the standard library", name);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_getfield(L, 2, name);
	if (lua_touserdata(L, 3) == &LOADING)
		state_raise(L, "modules require each other in a circle: '%s' is still being loaded",
			    name);
	if (!lua_isnil(L, 3))
		return 1;
	load_module(L, name);
	lua_pushlightuserdata(L, (void *)(uintptr_t)&LOADING);
	lua_setfield(L, 2, name);
	lua_pushvalue(L, 1);
	if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
		lua_pushnil(L);
		lua_setfield(L, 2, name);
		lua_error(L);
	}
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, true);
	}
	make_strict(L, name);
	lua_pushvalue(L, -1);
	lua_setfield(L, 2, name);
	return 1;
}

void require_module(lua_State *L, const char *name)
{
	lua_pushcfunction(L, require);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
}

void require_open(lua_State *L)
{
	lua_pushcfunction(L, require);
	lua_setglobal(L, "require");
}
