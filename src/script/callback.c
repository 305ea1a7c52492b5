/* callback: call the script's functions outside of the lanes. */
#include "script/script_priv.h"

#include "base/clock.h"
#include "model/alert.h"

#include <stdio.h>

struct calling {
	unsigned sync;
	const struct script_callback *callback;
};

static void set_text(lua_State *L, const char *name, const char *text)
{
	lua_pushstring(L, text[0] ? text : NULL);
	lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, int64_t number)
{
	lua_pushinteger(L, number);
	lua_setfield(L, -2, name);
}

/* Push the argument of on_alert. */
static void push_alert(lua_State *L, const struct alert *alert)
{
	char code[16] = "";
	if (alert->code != E_NONE)
		snprintf(code, sizeof(code), "E-%d", (int)alert->code);
	lua_createtable(L, 0, 9);
	set_text(L, "sync", alert->sync);
	set_text(L, "kind", alert_name(alert->kind));
	set_text(L, "severity", alert_severity_name(alert->kind));
	lua_pushboolean(L, alert->is_resolved);
	lua_setfield(L, -2, "resolved");
	set_text(L, "text", alert->text);
	set_text(L, "code", code);
	set_text(L, "table", alert->table);
	set_number(L, "time", alert->time_ms);
	set_number(L, "since", alert->since_ms);
}

static const char *const names[] = {
	[CALLBACK_START] = "on_start",
	[CALLBACK_STOP] = "on_stop",
	[CALLBACK_ALERT] = "on_alert",
};

static int call(lua_State *L)
{
	const struct calling *calling = lua_touserdata(L, 1);
	const struct script_callback *callback = calling->callback;
	int base = lua_gettop(L);
	script_core(L, "callback");
	lua_pushinteger(L, calling->sync + 1);
	if (callback->kind == CALLBACK_TIMER)
		lua_pushinteger(L, callback->timer + 1);
	else
		lua_pushstring(L, names[callback->kind]);
	if (callback->kind == CALLBACK_STOP) {
		lua_pushstring(L, callback->reason);
		lua_pushstring(L, callback->message);
	}
	if (callback->kind == CALLBACK_ALERT)
		push_alert(L, callback->alert);
	lua_call(L, lua_gettop(L) - base - 1, 0);
	return 0;
}

int script_call(struct script *script, unsigned sync, const struct script_callback *callback,
		struct err *err)
{
	struct calling calling = {sync, callback};
	int rc;
	script->limits.deadline_ms = clock_mono_ms() + SCRIPT_CALL_MS;
	rc = state_protect(script, call, &calling, 0, E_SCRIPT, err);
	script->limits.deadline_ms = 0;
	if (rc < 0 && err->id == E_SCRIPT)
		err_become(err, E_CALLBACK);
	else if (rc < 0 && err->id == E_SCRIPT_BUDGET)
		err_become(err, E_CALLBACK_TIME);
	return rc;
}
