/* lua_metrics: tideway.metrics: counters, gauges and histograms of the script, which status shows. */
#include "script/script_priv.h"

#include "script/script_metrics.h"

#include <math.h>

static const char *const kinds[] = {"counter", "gauge", "histogram"};

/* Return whether Prometheus accepts the name. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > 100 || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (; *name; name++)
		if (!((*name | 32) >= 'a' && (*name | 32) <= 'z') &&
		    !(*name >= '0' && *name <= '9') && *name != '_')
			return false;
	return true;
}

/* Read the bounds at idx, a list of ascending numbers. Return how many there are. */
static unsigned read_bounds(lua_State *L, int idx, double bounds[METRIC_BOUNDS])
{
	unsigned n = lua_type(L, idx) == LUA_TTABLE ? (unsigned)lua_rawlen(L, idx) : 0;
	bool ascending = n > 0 && n <= METRIC_BOUNDS;
	for (unsigned i = 0; ascending && i < n; i++) {
		ascending = lua_rawgeti(L, idx, i + 1) == LUA_TNUMBER;
		bounds[i] = lua_tonumber(L, -1);
		ascending =
			ascending && isfinite(bounds[i]) && (i == 0 || bounds[i] > bounds[i - 1]);
		lua_pop(L, 1);
	}
	if (!ascending)
		state_raise(L,
			    "metrics.histogram(name, bounds): expected a list of 1 to %d ascending "
			    "numbers, such as { 0.1, 1, 10 }",
			    METRIC_BOUNDS);
	return n;
}

/* Make a metric: a userdata with the pointer, whose metatable is the first upvalue. */
static int make(lua_State *L, enum metric_kind kind)
{
	double bounds[METRIC_BOUNDS];
	unsigned n = 0;
	struct script_metric **metric;
	if (lua_type(L, 1) != LUA_TSTRING || strlen(lua_tostring(L, 1)) != lua_rawlen(L, 1) ||
	    !is_name(lua_tostring(L, 1)))
		state_raise(
			L,
			"metrics.%s: %s is not a name: letters, digits and _, not beginning with a "
			"digit",
			kinds[kind], luaL_tolstring(L, 1, NULL));
	if (kind == METRIC_HISTOGRAM)
		n = read_bounds(L, 2, bounds);
	metric = lua_newuserdatauv(L, sizeof(*metric), 0);
	*metric = script_metric(lua_tostring(L, 1), kind, bounds, n);
	if (*metric == NULL)
		state_raise(
			L,
			"metrics.%s: '%s' exists with another type or other bounds, or there are "
			"more than %d metrics",
			kinds[kind], lua_tostring(L, 1), SCRIPT_METRICS);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_setmetatable(L, -2);
	return 1;
}

static int counter(lua_State *L)
{
	return make(L, METRIC_COUNTER);
}

static int gauge(lua_State *L)
{
	return make(L, METRIC_GAUGE);
}

static int histogram(lua_State *L)
{
	return make(L, METRIC_HISTOGRAM);
}

/* Return the metric, the first argument. The first upvalue is its metatable. */
static struct script_metric *self(lua_State *L, enum metric_kind kind, const char *method)
{
	if (lua_type(L, 1) != LUA_TUSERDATA || !lua_getmetatable(L, 1) ||
	    !lua_rawequal(L, -1, lua_upvalueindex(1)))
		state_raise(L, "metrics: write %s:%s(...), with a colon", kinds[kind], method);
	lua_pop(L, 1);
	return *(struct script_metric **)lua_touserdata(L, 1);
}

static double number(lua_State *L, enum metric_kind kind, const char *method)
{
	double value = lua_tonumber(L, 2);
	if (lua_type(L, 2) != LUA_TNUMBER || !isfinite(value))
		state_raise(L, "%s:%s: expected a finite number, got %s", kinds[kind], method,
			    luaL_tolstring(L, 2, NULL));
	return value;
}

static int counter_add(lua_State *L)
{
	struct script_metric *metric = self(L, METRIC_COUNTER, "add");
	double n = lua_isnoneornil(L, 2) ? 1 : number(L, METRIC_COUNTER, "add");
	if (n < 0)
		state_raise(L, "counter:add: a counter cannot go down: use a gauge");
	script_metric_add(metric, n);
	return 0;
}

static int gauge_set(lua_State *L)
{
	script_metric_set(self(L, METRIC_GAUGE, "set"), number(L, METRIC_GAUGE, "set"));
	return 0;
}

static int gauge_add(lua_State *L)
{
	script_metric_add(self(L, METRIC_GAUGE, "add"), number(L, METRIC_GAUGE, "add"));
	return 0;
}

static int histogram_observe(lua_State *L)
{
	script_metric_observe(self(L, METRIC_HISTOGRAM, "observe"),
			      number(L, METRIC_HISTOGRAM, "observe"));
	return 0;
}

/* Set the function `name` of the module, whose metrics have these methods. */
static void set_kind(lua_State *L, const char *name, lua_CFunction function,
		     const luaL_Reg *methods)
{
	lua_createtable(L, 0, 3); /* the metatable */
	lua_newtable(L);
	lua_pushvalue(L, -2);
	luaL_setfuncs(L, methods, 1);
	lua_setfield(L, -2, "__index");
	lua_pushstring(L, name);
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pushcclosure(L, function, 1);
	lua_setfield(L, -2, name);
}

int lua_metrics_open(lua_State *L)
{
	static const luaL_Reg counters[] = {{"add", counter_add}, {NULL, NULL}},
			      gauges[] = {{"set", gauge_set}, {"add", gauge_add}, {NULL, NULL}},
			      histograms[] = {{"observe", histogram_observe}, {NULL, NULL}};
	lua_newtable(L);
	set_kind(L, "counter", counter, counters);
	set_kind(L, "gauge", gauge, gauges);
	set_kind(L, "histogram", histogram, histograms);
	return 1;
}
