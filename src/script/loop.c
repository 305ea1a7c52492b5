/* loop: run loop = function(changes, out) of a sync as a coroutine: resume it with each item; it
 * yields when it asks for the next. It sends through host->lane.send. */
#include "script/script_priv.h"

#define OUT_NAME "tideway.loop.out"
#define LOOP_REF "tideway.loop.thread"

/* for change in changes do: changes() */
static int next_item(lua_State *L)
{
	struct script *script = script_of(L);
	if (script->loop.thread != L)
		state_raise(L, "changes() must be called from the loop function itself, not from "
			       "another coroutine");
	script->loop.asking = true;
	return lua_yield(L, 0);
}

/* out:send(record) */
static int send(lua_State *L)
{
	struct script *script = script_of(L);
	struct message record;
	struct err err = ERR_INIT;
	if (lua_type(L, 1) != LUA_TUSERDATA || luaL_testudata(L, 1, OUT_NAME) == NULL)
		state_raise(L, "call it with a colon: out:send(record)");
	if (script->host.lane.send == NULL)
		state_raise(L, "out:send is not available here");
	lua_record_check(L, 2, &script->event, &record);
	if (script->host.lane.send(script->host.arg, &record, &err) < 0)
		state_raise(L, "%s", err.text);
	return 0;
}

static void push_out(lua_State *L)
{
	static const luaL_Reg methods[] = {{"send", send}, {NULL, NULL}};
	lua_newuserdatauv(L, 0, 0);
	if (luaL_newmetatable(L, OUT_NAME)) {
		luaL_newlib(L, methods);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, false);
		lua_setfield(L, -2, "__metatable");
	}
	lua_setmetatable(L, -2);
}

/* Make the coroutine, with the function and its arguments on its stack. */
static int start(lua_State *L)
{
	struct script *script = script_of(L);
	const unsigned *sync = lua_touserdata(L, 1);
	lua_State *thread;
	lua_getfield(L, LUA_REGISTRYINDEX, "tideway.core.loaded");
	lua_getfield(L, -1, "loop");
	lua_pushinteger(L, *sync + 1);
	lua_call(L, 1, 1);
	luaL_checktype(L, -1, LUA_TFUNCTION);
	thread = lua_newthread(L);
	lua_setfield(L, LUA_REGISTRYINDEX, LOOP_REF);
	lua_xmove(L, thread, 1);
	lua_pushcfunction(thread, next_item);
	push_out(L);
	lua_xmove(L, thread, 1);
	script->loop.thread = thread;
	script->loop.sync = *sync;
	return 0;
}

/* Run the coroutine until it asks for an item. Return 1 if it has returned. */
static int resume(struct script *script, int nargs, struct err *err)
{
	int status, nresults, depth = script->call.depth;
	script->loop.asking = false;
	script->call.phase = PHASE_LOOP;
	if (script->call.depth++ == 0)
		state_budget(script, script->limits.call_budget);
	status = lua_resume(script->loop.thread, script->main, nargs, &nresults);
	script->call.depth = depth; /* an error may leave the depth of a nested call */
	script->L = script->main;
	script->call.base = 0;
	script->call.phase = PHASE_NONE;
	if (status == LUA_OK && !script->limits.exhausted)
		return 1;
	if (status != LUA_YIELD || script->limits.exhausted)
		return state_failed(script, script->loop.thread, status, E_FUNCTION, err);
	lua_pop(script->loop.thread, nresults);
	if (!script->loop.asking)
		return err_set(err, E_FUNCTION,
			       "%s: the loop function called coroutine.yield outside of a "
			       "coroutine of its own",
			       script->entry.file);
	return 0;
}

static void set_text(lua_State *L, const char *key, struct slice text)
{
	if (text.ptr == NULL)
		return;
	lua_pushlstring(L, text.ptr, text.len);
	lua_setfield(L, -2, key);
}

/* Push the item on the coroutine's stack. */
static int push_item(lua_State *L)
{
	struct script *script = script_of(L);
	const struct loop_item *item = lua_touserdata(L, 1);
	if (item->kind == LOOP_CHANGE) {
		bind_change(item->mapping->functions.hooks, item->change);
		bind_push(L, script);
	} else {
		lua_createtable(L, 0, 5);
		set_text(L, "op", item->kind == LOOP_DDL ? SLICE("ddl") : SLICE("heartbeat"));
		set_text(L, "db", item->db);
		set_text(L, "table", item->table);
		set_text(L, "text", item->text);
		lua_pushinteger(L, item->time_ms);
		lua_setfield(L, -2, "time");
		lua_change_item(L);
	}
	lua_xmove(L, script->loop.thread, 1);
	return 0;
}

static int step(struct script *script, unsigned sync, const struct loop_item *item, struct err *err)
{
	int rc = 0;
	if (script->loop.thread == NULL) {
		if (state_protect(script, start, &sync, SCRIPT_BUDGET_LOAD, E_SCRIPT, err) < 0)
			return -1;
		rc = resume(script, 2, err);
	}
	if (rc != 0)
		return rc;
	if (script->loop.sync != sync || lua_status(script->loop.thread) != LUA_YIELD)
		return err_set(err, E_BUG, "%s: the loop has ended already", script->entry.file);
	if (state_protect(script, push_item, (void *)(uintptr_t)item, SCRIPT_BUDGET_LOAD,
			  E_FUNCTION, err) < 0)
		return -1;
	return resume(script, 1, err);
}

int script_loop(struct script *script, unsigned sync, const struct loop_item *item, struct err *err)
{
	int rc = step(script, sync, item, err);
	bind_expire(script);
	arena_reset(&script->event);
	return rc;
}
