/* context: what an error of a function says beside its message: which function of the sync it was, and the calls in the
 * user's files that led to the error. */
#include "script/script_priv.h"

#include <stdio.h>

enum { PLACES = 5 }; /* of the calls that are shown */

static char labels; /* the key of the registry for the table of labels: function -> line -> text */

const struct out_field *context_field(const struct mapping *mapping, unsigned slot)
{
	static const struct out_field none = {.name = {"?", 1}};
	for (unsigned i = 0; i < mapping->nfields; i++)
		if (mapping->fields[i].source == FIELD_FUNCTION && mapping->fields[i].slot == slot)
			return &mapping->fields[i];
	return &none;
}

int context_label(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 2);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &labels) == LUA_TNIL) {
		lua_newtable(L);
		lua_createtable(L, 0, 1);
		lua_pushstring(L, "k");
		lua_setfield(L, -2, "__mode");
		lua_setmetatable(L, -2);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &labels);
		lua_replace(L, 3);
	}
	lua_insert(L, 1);
	lua_rawset(L, 1);
	return 0;
}

/* Write the name of the topic, key or field function that runs. */
static void name_image_function(const struct script *script, char *name, size_t size)
{
	const struct mapping *mapping = script->bound.current->mapping;
	unsigned at = script->call.function, first = mapping->topic_function;
	bool has_key = mapping->key.kind == KEY_FUNCTION;
	if (at < first)
		snprintf(name, size, "topic");
	else if (has_key && at == first)
		snprintf(name, size, "key");
	else
		snprintf(name, size, "field '%.*s'",
			 SLICE_FMT(context_field(mapping, at - first - has_key)->name));
}

/* Write the label of the line that a generated function executes; leave `name` empty when it has none. */
static void name_by_label(lua_State *L, lua_Debug *ar, char *name, size_t size)
{
	int top = lua_gettop(L);
	lua_getinfo(L, "f", ar);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &labels) == LUA_TTABLE) {
		lua_pushvalue(L, top + 1);
		if (lua_rawget(L, -2) == LUA_TTABLE &&
		    lua_rawgeti(L, -1, ar->currentline) == LUA_TSTRING)
			snprintf(name, size, "%s", lua_tostring(L, -1));
	}
	lua_settop(L, top);
}

/* The calls in the user's files, the innermost first. */
struct chain {
	char text[PLACES * 64];
	size_t len;
	unsigned calls; /* in the user's files */
	unsigned shown; /* those in `text` */
};

/* Add a call, unless the message begins with its place. */
static void add_call(struct chain *chain, const lua_Debug *ar, const char *message)
{
	char place[64];
	size_t n = (size_t)snprintf(place, sizeof(place), "%s:%d", ar->source + 1, ar->currentline);
	if (n >= sizeof(place))
		n = sizeof(place) - 1;
	if (chain->calls++ == 0 && strncmp(message, place, n) == 0 && message[n] == ':')
		return;
	if (chain->shown == PLACES)
		return;
	chain->len += (size_t)snprintf(chain->text + chain->len, sizeof(chain->text) - chain->len,
				       "%s%s", chain->shown++ ? ", " : "", place);
	if (chain->len >= sizeof(chain->text))
		chain->len = sizeof(chain->text) - 1;
}

void context_write(lua_State *L, const char *message, char context[CONTEXT_SIZE])
{
	const struct script *script = script_of(L);
	struct chain chain = {.len = 0};
	char name[128] = "";
	lua_Debug ar;
	context[0] = '\0';
	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] == '@')
			add_call(&chain, &ar, message);
		else if (name[0] == '\0' && script->call.phase == PHASE_EVENT && ar.what[0] != 'C')
			name_by_label(L, &ar, name, sizeof(name));
	}
	/* without a call, the standard library has raised the error, and names the function itself, except for a mask */
	if (chain.calls == 0 && strncmp(name, "mask", 4) != 0)
		return;
	if (script->call.phase == PHASE_IMAGE && script->bound.current)
		name_image_function(script, name, sizeof(name));
	if (name[0] || chain.shown)
		snprintf(context, CONTEXT_SIZE, " (%s%s%s%s%s)", name[0] ? "in " : "", name,
			 name[0] && chain.shown ? ", " : "", chain.shown ? "called from " : "",
			 chain.text);
}
