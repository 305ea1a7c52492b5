/* state: the sandboxed Lua state. The allocator has a limit, only listed library functions are
 * available, undefined globals raise, each call has an instruction budget, and error messages begin
 * with file and line. */
#include "script/script_priv.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- memory ---- */

static void *allocate(void *ud, void *ptr, size_t old_size, size_t size)
{
	struct script *script = ud;
	size_t old = ptr ? old_size : 0;
	void *fresh;
	if (size == 0) {
		free(ptr);
		script->limits.memory -= old;
		return NULL;
	}
	if (size > old && script->limits.memory + (size - old) > script->limits.memory_max)
		return NULL; /* Lua collects garbage and tries again, then raises */
	fresh = realloc(ptr, size);
	if (fresh)
		script->limits.memory += size - old;
	return fresh;
}

/* ---- where ---- */

int state_where(lua_State *L, char where[SCRIPT_WHERE])
{
	lua_Debug ar;
	where[0] = '\0';
	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] != '@')
			continue;
		snprintf(where, SCRIPT_WHERE, "%s:%d", ar.source + 1, ar.currentline);
		return ar.currentline;
	}
	return 0;
}

static char raised_text; /* the key of the registry under which state_note keeps the text */

void state_note(lua_State *L, enum err_id id)
{
	script_of(L)->raised = id;
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &raised_text);
}

static void push_raised(lua_State *L, const char *format, va_list args)
{
	char where[SCRIPT_WHERE], text[1500];
	vsnprintf(text, sizeof(text), format, args);
	if (state_where(L, where))
		lua_pushfstring(L, "%s: %s", where, text);
	else
		lua_pushstring(L, text);
}

int state_raise(lua_State *L, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	push_raised(L, format, args);
	va_end(args);
	lua_error(L);
	abort(); /* lua_error does not return */
}

int state_raise_as(lua_State *L, enum err_id id, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	push_raised(L, format, args);
	va_end(args);
	state_note(L, id);
	lua_error(L);
	abort();
}

/* Return whether the text begins with a place, "name.lua:12:" or "tideway.x:12:". */
static bool has_position(const char *text)
{
	const char *at = text;
	while (*at && *at != ':' && *at != '\n')
		at++;
	if (*at != ':' || at == text || at[1] < '0' || at[1] > '9')
		return false;
	for (at++; *at >= '0' && *at <= '9';)
		at++;
	return *at == ':';
}

/* Keep a place of a user's file. A place in the standard library follows the user's file and
 * line. */
int state_message(lua_State *L)
{
	char where[SCRIPT_WHERE], context[CONTEXT_SIZE] = "";
	const char *text;
	bool placed;
	if (lua_type(L, 1) != LUA_TSTRING && !luaL_callmeta(L, 1, "__tostring"))
		lua_pushfstring(L, "error(%s)", luaL_typename(L, 1));
	text = lua_tostring(L, -1);
	if (text == NULL)
		text = "error";
	if (script_of(L)->call.phase != PHASE_NONE)
		context_write(L, text, context);
	placed = has_position(text);
	if ((placed && strncmp(text, "tideway.", 8) != 0) || !state_where(L, where))
		lua_pushfstring(L, "%s%s", text, context);
	else
		lua_pushfstring(L, "%s: %s%s", where, text, context);
	return 1;
}

/* ---- budget ---- */

static bool is_used_up(const struct script *script)
{
	if (script->limits.deadline_ms > 0 && clock_mono_ms() > script->limits.deadline_ms)
		return true;
	return script->limits.budget > 0 && script->limits.used > script->limits.budget;
}

static void count_hook(lua_State *L, lua_Debug *ar)
{
	struct script *script = script_of(L);
	if (!script->limits.exhausted) {
		script->limits.used += lua_gethookcount(L);
		if (lua_gethookcount(L) != SCRIPT_STEP)
			lua_sethook(L, count_hook, LUA_MASKCOUNT, SCRIPT_STEP);
		if (!is_used_up(script))
			return;
		script->limits.exhausted = true;
		if (!state_where(L, script->limits.exhausted_at) && lua_getinfo(L, "Sl", ar))
			snprintf(script->limits.exhausted_at, SCRIPT_WHERE, "%s:%d", ar->short_src,
				 ar->currentline);
	}
	/* a pcall of the script may catch this error: let every further instruction raise again */
	lua_sethook(L, count_hook, LUA_MASKCOUNT, 1);
	luaL_error(L, "instruction budget used up");
}

void state_budget(struct script *script, int64_t budget)
{
	script->limits.used = 0;
	script->limits.budget = budget;
	if (script->limits.exhausted) {
		script->limits.exhausted = false;
		lua_sethook(script->main, count_hook, LUA_MASKCOUNT, SCRIPT_STEP);
	}
}

/* ---- calls ---- */

/* Whether an error contains the text that state_note has kept. state_message may have put a place before it, and a context
 * after it. */
static bool is_noted(lua_State *L, const char *text)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &raised_text);
	const char *noted = lua_tostring(L, -1);
	bool same = noted && strstr(text, noted) != NULL;
	lua_pop(L, 1);
	return same;
}

/* The entry of an error that Lua raised: the noted one if it has the same exit code, else the general one. */
static enum err_id entry_of(struct script *script, lua_State *L, const char *text,
			    enum err_id general)
{
	enum err_id id = script->raised;
	bool fits = id != E_NONE && (unsigned)id / 100 == (unsigned)general / 100;
	return fits && text && is_noted(L, text) ? id : general;
}

static int out_of_memory(const struct script *script, enum err_id general, struct err *err)
{
	return err_set(err, general == E_SCRIPT ? E_SCRIPT_MEMORY : E_FUNCTION_MEMORY,
		       "%s: not enough memory: the Lua heap is limited to %zu bytes "
		       "(limits.memory)",
		       script->entry.file, script->limits.memory_max);
}

static int exhausted(struct script *script, enum err_id general, struct err *err)
{
	enum err_id id = general == E_SCRIPT ? E_SCRIPT_BUDGET : E_FUNCTION_BUDGET;
	if (script->limits.deadline_ms > 0)
		return err_set(err, id,
			       "%s: stopped after %d s in one call: an endless loop, or work that "
			       "takes too long",
			       script->limits.exhausted_at, SCRIPT_CALL_MS / 1000);
	return err_set(err, id,
		       "%s: stopped after %lld instructions in one call (limits.instructions): an "
		       "endless loop, or work that belongs outside of the function",
		       script->limits.exhausted_at, (long long)script->limits.budget);
}

int state_failed(struct script *script, lua_State *L, int status, enum err_id general,
		 struct err *err)
{
	const char *text = lua_tostring(L, -1);
	if (script->limits.exhausted)
		return exhausted(script, general, err);
	if (status == LUA_ERRMEM)
		return out_of_memory(script, general, err);
	return err_set(err, entry_of(script, L, text, general), "%s",
		       text ? text : "error without a message");
}

int state_call(struct script *script, int handler, int nargs, int nresults, int64_t budget,
	       enum err_id general, struct err *err)
{
	lua_State *L = script->L;
	int status;
	/* save this: an error may leave nested calls without restoring it */
	const struct script_call outer = script->call;
	if (script->call.depth++ == 0)
		state_budget(script, budget);
	status = lua_pcall(L, nargs, nresults, handler);
	script->L = L;
	script->call = outer;
	if (__builtin_expect(status == LUA_OK && !script->limits.exhausted, 1))
		return 0;
	state_failed(script, L, status, general, err);
	lua_pop(L, status == LUA_OK ? nresults : 1);
	return -1;
}

int state_protect(struct script *script, lua_CFunction body, void *ctx, int64_t budget,
		  enum err_id general, struct err *err)
{
	int rc;
	if (!lua_checkstack(script->L, 8))
		return out_of_memory(script, general, err);
	lua_pushcfunction(script->L, state_message);
	lua_pushcfunction(script->L, body);
	lua_pushlightuserdata(script->L, ctx);
	rc = state_call(script, -3, 1, 0, budget, general, err);
	lua_pop(script->L, 1);
	return rc;
}

struct nest state_nest(struct script *script, lua_State *L)
{
	struct nest nest = {script->L, script->call,
			    script->bound.current ? script->bound.current->image : IMAGE_AFTER};
	script->L = L;
	script->call.base = lua_gettop(L);
	script->call.depth++;
	return nest;
}

void state_unnest(struct script *script, const struct nest *nest)
{
	lua_settop(script->L, script->call.base);
	script->L = nest->L;
	script->call = nest->call;
	if (script->bound.current)
		script->bound.current->image = nest->image;
}

/* ---- nearest names ---- */

static bool near(const char *name, unsigned distance)
{
	size_t len = strlen(name);
	return distance <= (len < 4 ? 1 : len < 8 ? 2 : 3);
}

const char *state_nearest(const char *name, const char *(*next)(void *ctx, unsigned i), void *ctx)
{
	const char *best = NULL, *candidate;
	unsigned best_distance = 0;
	for (unsigned i = 0; (candidate = next(ctx, i)); i++) {
		unsigned d = slice_distance(slice_str(name), slice_str(candidate));
		if (best == NULL || d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best && near(name, best_distance) ? best : NULL;
}

/* Return whether the key at -2 is nearer than `best`. At equal distance the name that sorts first
 * is nearer, so that a message never depends on the order of the table. */
static bool nearer(lua_State *L, int best, unsigned distance, unsigned best_distance)
{
	if (lua_isnil(L, best) || distance < best_distance)
		return true;
	return distance == best_distance && strcmp(lua_tostring(L, -2), lua_tostring(L, best)) < 0;
}

bool state_nearest_key(lua_State *L, int idx, const char *name)
{
	unsigned best_distance = 0;
	int best;
	idx = lua_absindex(L, idx);
	lua_pushnil(L);
	best = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		unsigned d;
		if (lua_type(L, -2) != LUA_TSTRING)
			continue;
		d = slice_distance(slice_str(name), slice_str(lua_tostring(L, -2)));
		if (!nearer(L, best, d, best_distance))
			continue;
		best_distance = d;
		lua_pushvalue(L, -2);
		lua_replace(L, best);
	}
	if (!lua_isnil(L, best) && near(name, best_distance))
		return true;
	lua_pop(L, 1);
	return false;
}

/* ---- loading ---- */

int state_load(lua_State *L, struct slice text, const char *chunk)
{
	if (text.len > 0 &&
	    text.ptr[0] == '#') /* skip a #! line but not its end, which keeps the line numbers */
		while (text.len > 0 && text.ptr[0] != '\n') {
			text.ptr++;
			text.len--;
		}
	return luaL_loadbufferx(L, text.len ? text.ptr : "", text.len, chunk, "t");
}

#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15) /* odd: the order of the files counts */

int state_load_file(lua_State *L, const char *path, const char *name)
{
	struct script_entry *entry = &script_of(L)->entry;
	struct err err = ERR_INIT;
	struct buf text;
	int status = LUA_ERRFILE;
	lua_pushfstring(L, "@%s", name);
	buf_init(&text);
	if (file_read(path, &text, &err) == 0) {
		entry->text = entry->text * HASH_FACTOR + slice_hash(buf_slice(&text));
		status = state_load(L, buf_slice(&text), lua_tostring(L, -1));
	}
	buf_fini(&text);
	if (status == LUA_ERRFILE)
		lua_pushstring(L, err.text);
	lua_remove(L, -2);
	return status;
}

const char *state_path(lua_State *L, const char *path)
{
	if (path[0] == '/')
		return lua_pushstring(L, path);
	return lua_pushfstring(L, "%s%s", script_of(L)->entry.folder, path);
}

/* ---- life ---- */

int state_open(struct script *script, struct err *err)
{
	lua_State *L = lua_newstate(allocate, script);
	if (L == NULL)
		return err_set(err, E_SCRIPT_MEMORY, "%s: not enough memory for a Lua state",
			       script->entry.path);
	script->main = script->L = L;
	*(struct script **)lua_getextraspace(L) = script;
	lua_gc(L, LUA_GCINC, 0, 0, 0);
	lua_sethook(L, count_hook, LUA_MASKCOUNT, SCRIPT_STEP);
	return 0;
}

void state_close(struct script *script)
{
	if (script->main)
		lua_close(script->main);
	script->main = script->L = NULL;
}
