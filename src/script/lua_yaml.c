/* lua_yaml: tideway.yaml: convert one YAML document to Lua values and back, with libyaml. Plain
 * scalars follow the core schema of YAML 1.2: null, true/false, integers and floats. Every other
 * plain scalar is a string, also `no` and `on`. An alias is the same table as its anchor. */
#include "script/script_priv.h"

#include "base/num.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include <yaml.h>

#define PARSER_NAME "tideway.yaml.parser"
#define EMITTER_NAME "tideway.yaml.emitter"

enum { DEPTH_MAX = 100, NODES_MAX = 1000000 };

struct parsing {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_parser, has_event;
	int anchors; /* stack index of the table anchor -> value */
	int depth;
	int nodes;
};

static int free_parsing(lua_State *L)
{
	struct parsing *p = lua_touserdata(L, 1);
	if (p->has_event)
		yaml_event_delete(&p->event);
	if (p->has_parser)
		yaml_parser_delete(&p->parser);
	p->has_event = p->has_parser = false;
	return 0;
}

/* ---- scalars ---- */

static bool is_one_of(struct slice text, const char *const *words)
{
	for (; *words; words++)
		if (slice_equal(text, slice_str(*words)))
			return true;
	return false;
}

static bool is_float(struct slice text)
{
	size_t i = 0, digits = 0;
	if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
		i++;
	for (; i < text.len && isdigit((unsigned char)text.ptr[i]); i++)
		digits++;
	if (i < text.len && text.ptr[i] == '.')
		for (i++; i < text.len && isdigit((unsigned char)text.ptr[i]); i++)
			digits++;
	if (digits == 0)
		return false;
	if (i < text.len && (text.ptr[i] | 32) == 'e') {
		i++;
		if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
			i++;
		if (i == text.len)
			return false;
		while (i < text.len && isdigit((unsigned char)text.ptr[i]))
			i++;
	}
	return i == text.len;
}

static bool push_special_float(lua_State *L, struct slice text)
{
	static const char *const infinite[] = {".inf",  ".Inf",  ".INF", "+.inf",
					       "+.Inf", "+.INF", NULL};
	static const char *const negative[] = {"-.inf", "-.Inf", "-.INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	if (is_one_of(text, infinite))
		lua_pushnumber(L, HUGE_VAL);
	else if (is_one_of(text, negative))
		lua_pushnumber(L, -HUGE_VAL);
	else if (is_one_of(text, nans))
		lua_pushnumber(L, (lua_Number)NAN);
	else
		return false;
	return true;
}

static bool push_based(lua_State *L, struct slice text)
{
	char *end;
	unsigned long long v;
	if (text.len < 3 || text.len > 40 || text.ptr[0] != '0' ||
	    (text.ptr[1] != 'x' && text.ptr[1] != 'o'))
		return false;
	if (!isxdigit((unsigned char)text.ptr[2]))
		return false;
	v = strtoull(text.ptr + 2, &end, text.ptr[1] == 'x' ? 16 : 8);
	if (end != text.ptr + text.len)
		return false;
	lua_pushinteger(L, (lua_Integer)v);
	return true;
}

static void push_plain(lua_State *L, struct slice text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const yes[] = {"true", "True", "TRUE", NULL}, *const no[] = {
										 "false", "False",
										 "FALSE", NULL};
	struct slice digits = text;
	int64_t i;
	if (digits.len > 1 && digits.ptr[0] == '+')
		digits = slice_of(text.ptr + 1, text.len - 1);
	if (is_one_of(text, nulls))
		lua_null_push(L);
	else if (is_one_of(text, yes) || is_one_of(text, no))
		lua_pushboolean(L, is_one_of(text, yes));
	else if (num_parse_i64(digits, &i))
		lua_pushinteger(L, i);
	else if (is_float(text))
		lua_pushnumber(L, strtod(text.ptr, NULL)); /* libyaml's texts end with NUL */
	else if (!push_special_float(L, text) && !push_based(L, text))
		lua_pushlstring(L, text.ptr, text.len);
}

static bool has_tag(const yaml_char_t *tag, const char *name)
{
	return tag && strcmp((const char *)tag, name) == 0;
}

static void push_scalar(lua_State *L, const yaml_event_t *event)
{
	const yaml_char_t *tag = event->data.scalar.tag;
	struct slice text = slice_of(event->data.scalar.value, event->data.scalar.length);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == NULL;
	if (plain || has_tag(tag, YAML_INT_TAG) || has_tag(tag, YAML_FLOAT_TAG) ||
	    has_tag(tag, YAML_BOOL_TAG) || has_tag(tag, YAML_NULL_TAG))
		push_plain(L, text);
	else
		lua_pushlstring(L, text.ptr, text.len);
}

/* ---- decode ---- */

static int parse_error(lua_State *L, const yaml_parser_t *parser)
{
	lua_pushfstring(L, "YAML, line %d, column %d: %s", (int)parser->problem_mark.line + 1,
			(int)parser->problem_mark.column + 1,
			parser->problem ? parser->problem : "not enough memory");
	return lua_error(L);
}

static int place_error(lua_State *L, const struct parsing *p, const char *why)
{
	lua_pushfstring(L, "YAML, line %d, column %d: %s", (int)p->event.start_mark.line + 1,
			(int)p->event.start_mark.column + 1, why);
	return lua_error(L);
}

static yaml_event_type_t next_event(lua_State *L, struct parsing *p)
{
	if (p->has_event)
		yaml_event_delete(&p->event);
	p->has_event = false;
	if (!yaml_parser_parse(&p->parser, &p->event))
		parse_error(L, &p->parser);
	p->has_event = true;
	return p->event.type;
}

static void set_anchor(lua_State *L, struct parsing *p, const yaml_char_t *anchor)
{
	if (anchor == NULL)
		return;
	lua_pushvalue(L, -1);
	lua_setfield(L, p->anchors, (const char *)anchor);
}

static void push_node(lua_State *L, struct parsing *p);

static void push_sequence(lua_State *L, struct parsing *p)
{
	lua_pushcfunction(L, lua_json_open);
	lua_call(L, 0, 1);
	lua_getfield(L, -1, "array"); /* marks the table: an empty list stays a list */
	lua_remove(L, -2);
	lua_newtable(L);
	lua_call(L, 1, 1);
	set_anchor(L, p, p->event.data.sequence_start.anchor);
	for (lua_Integer i = 1; next_event(L, p) != YAML_SEQUENCE_END_EVENT; i++) {
		push_node(L, p);
		lua_rawseti(L, -2, i);
	}
}

static void push_mapping(lua_State *L, struct parsing *p)
{
	lua_newtable(L);
	set_anchor(L, p, p->event.data.mapping_start.anchor);
	while (next_event(L, p) != YAML_MAPPING_END_EVENT) {
		if (p->event.type != YAML_SCALAR_EVENT)
			place_error(L, p, "a key must be a scalar");
		push_node(L, p);
		if (lua_null_test(L, -1) ||
		    (lua_type(L, -1) == LUA_TNUMBER && isnan(lua_tonumber(L, -1))))
			place_error(L, p, "a key must not be null");
		next_event(L, p);
		push_node(L, p);
		lua_rawset(L, -3);
	}
}

/* Push the node that begins with the current event. */
static void push_node(lua_State *L, struct parsing *p)
{
	if (++p->depth > DEPTH_MAX)
		place_error(L, p, "nested too deeply");
	if (++p->nodes > NODES_MAX)
		place_error(L, p, "too many nodes");
	luaL_checkstack(L, 10, NULL);
	switch (p->event.type) {
	case YAML_SCALAR_EVENT:
		push_scalar(L, &p->event);
		set_anchor(L, p, p->event.data.scalar.anchor);
		break;
	case YAML_SEQUENCE_START_EVENT:
		push_sequence(L, p);
		break;
	case YAML_MAPPING_START_EVENT:
		push_mapping(L, p);
		break;
	case YAML_ALIAS_EVENT:
		if (lua_getfield(L, p->anchors, (const char *)p->event.data.alias.anchor) ==
		    LUA_TNIL)
			place_error(L, p, "an alias without its anchor");
		break;
	default:
		place_error(L, p, "unexpected end");
	}
	p->depth--;
}

static int decode_body(lua_State *L)
{
	size_t len;
	const char *text = lua_tolstring(L, 1, &len);
	struct parsing *p = lua_touserdata(L, 2);
	lua_newtable(L);
	p->anchors = lua_gettop(L);
	if (!yaml_parser_initialize(&p->parser))
		return luaL_error(L, "YAML: not enough memory");
	p->has_parser = true;
	yaml_parser_set_input_string(&p->parser, (const unsigned char *)text, len);
	next_event(L, p); /* stream start */
	if (next_event(L, p) == YAML_STREAM_END_EVENT) {
		lua_null_push(L);
		return 1;
	}
	next_event(L, p);
	push_node(L, p);
	next_event(L, p); /* document end */
	if (next_event(L, p) != YAML_STREAM_END_EVENT)
		place_error(L, p, "more than one document");
	return 1;
}

static int decode(lua_State *L)
{
	struct parsing *p;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "yaml.decode: expected a text, got %s", luaL_typename(L, 1));
	lua_settop(L, 1);
	p = lua_newuserdatauv(L, sizeof(*p), 0);
	memset(p, 0, sizeof(*p));
	luaL_setmetatable(L, PARSER_NAME);
	lua_pushcfunction(L, decode_body);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);
	if (lua_pcall(L, 2, 1, 0) == LUA_OK) {
		lua_pushcfunction(L, free_parsing);
		lua_pushvalue(L, 2);
		lua_call(L, 1, 0);
		return 1;
	}
	lua_pushnil(L);
	lua_insert(L, -2);
	return 2;
}

/* ---- encode ---- */

struct emitting {
	yaml_emitter_t emitter;
	bool has_emitter;
	struct buf *out;
};

static int free_emitting(lua_State *L)
{
	struct emitting *e = lua_touserdata(L, 1);
	if (e->has_emitter)
		yaml_emitter_delete(&e->emitter);
	e->has_emitter = false;
	return 0;
}

static int write_out(void *ctx, unsigned char *bytes, size_t len)
{
	struct emitting *e = ctx;
	buf_append(e->out, bytes, len);
	return 1;
}

static void emit(lua_State *L, struct emitting *e, yaml_event_t *event)
{
	if (!yaml_emitter_emit(&e->emitter, event))
		state_raise(L, "yaml.encode: %s",
			    e->emitter.problem ? e->emitter.problem : "not enough memory");
}

static void emit_text(lua_State *L, struct emitting *e, struct slice text, bool quoted)
{
	yaml_event_t event;
	if (!lua_value_utf8(text))
		state_raise(L, "yaml.encode: a string is not valid UTF-8");
	yaml_scalar_event_initialize(
		&event, NULL, NULL, (const yaml_char_t *)text.ptr, (int)text.len, 1, 1,
		quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
	emit(L, e, &event);
}

/* Emit a string. Quote it when a parser would not read it as a string otherwise. */
static void emit_string(lua_State *L, struct emitting *e, struct slice text)
{
	static const char *const words[] = {"y",   "Y",   "n",  "N",  "yes", "Yes", "YES",
					    "no",  "No",  "NO", "on", "On",  "ON",  "off",
					    "Off", "OFF", "=",  "<<", NULL};
	bool quoted;
	push_plain(L, slice_of(lua_pushlstring(L, text.ptr, text.len), text.len));
	quoted = lua_type(L, -1) != LUA_TSTRING || is_one_of(text, words);
	lua_pop(L, 2);
	emit_text(L, e, text, quoted);
}

static void emit_node(lua_State *L, struct emitting *e, int idx, int depth);

static void emit_list(lua_State *L, struct emitting *e, int idx, int depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, idx);
	yaml_event_t event;
	yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
	emit(L, e, &event);
	for (lua_Integer i = 1; i <= n; i++, lua_pop(L, 1)) {
		lua_rawgeti(L, idx, i);
		emit_node(L, e, lua_gettop(L), depth + 1);
	}
	yaml_sequence_end_event_initialize(&event);
	emit(L, e, &event);
}

/* Push a sorted list of the keys. Return its length. */
static lua_Integer push_names(lua_State *L, int idx)
{
	lua_Integer n = 0;
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			state_raise(L, "yaml.encode: a key of a map is a string, not a %s",
				    luaL_typename(L, -2));
		lua_pushvalue(L, -2);
		lua_rawseti(L, -4, ++n);
	}
	lua_getfield(L, lua_upvalueindex(1), "sort");
	lua_pushvalue(L, -2);
	lua_call(L, 1, 0);
	return n;
}

static void emit_map(lua_State *L, struct emitting *e, int idx, int depth)
{
	lua_Integer n = push_names(L, idx);
	yaml_event_t event;
	yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
	emit(L, e, &event);
	for (lua_Integer i = 1; i <= n; i++, lua_pop(L, 2)) {
		lua_rawgeti(L, -1, i);
		emit_string(L, e, slice_of(lua_tostring(L, -1), lua_rawlen(L, -1)));
		lua_pushvalue(L, -1);
		lua_rawget(L, idx);
		emit_node(L, e, lua_gettop(L), depth + 1);
	}
	lua_pop(L, 1);
	yaml_mapping_end_event_initialize(&event);
	emit(L, e, &event);
}

static void emit_node(lua_State *L, struct emitting *e, int idx, int depth)
{
	if (depth > DEPTH_MAX)
		state_raise(L, "yaml.encode: nested too deeply, or a table inside itself");
	luaL_checkstack(L, 12, NULL);
	switch (lua_type(L, idx)) {
	case LUA_TTABLE:
		if (lua_rawlen(L, idx) > 0 || lua_json_is_array(L, idx))
			emit_list(L, e, idx, depth);
		else
			emit_map(L, e, idx, depth);
		return;
	case LUA_TSTRING:
		emit_string(L, e, slice_of(lua_tostring(L, idx), lua_rawlen(L, idx)));
		return;
	case LUA_TNIL:
	case LUA_TBOOLEAN:
	case LUA_TNUMBER:
	case LUA_TUSERDATA:
		if (lua_type(L, idx) == LUA_TUSERDATA && !lua_null_test(L, idx) &&
		    lua_decimal_test(L, idx).ptr == NULL)
			break;
		luaL_tolstring(L, idx, NULL);
		emit_text(L, e, lua_isnil(L, idx) ? SLICE("null") : slice_str(lua_tostring(L, -1)),
			  false);
		lua_pop(L, 1);
		return;
	default:
		break;
	}
	state_raise(L, "yaml.encode: YAML has no %s", luaL_typename(L, idx));
}

static int encode(lua_State *L)
{
	struct emitting *e;
	yaml_event_t event;
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	e = lua_newuserdatauv(L, sizeof(*e), 0);
	memset(e, 0, sizeof(*e));
	luaL_setmetatable(L, EMITTER_NAME);
	e->out = &script_of(L)->scratch;
	buf_clear(e->out);
	if (!yaml_emitter_initialize(&e->emitter))
		return luaL_error(L, "YAML: not enough memory");
	e->has_emitter = true;
	yaml_emitter_set_output(&e->emitter, write_out, e);
	yaml_emitter_set_unicode(&e->emitter, 1);
	yaml_emitter_set_width(&e->emitter, -1);
	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	emit(L, e, &event);
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
	emit(L, e, &event);
	emit_node(L, e, 1, 0);
	yaml_document_end_event_initialize(&event, 1);
	emit(L, e, &event);
	yaml_stream_end_event_initialize(&event);
	emit(L, e, &event);
	lua_pushlstring(L, e->out->ptr ? e->out->ptr : "", e->out->len);
	return 1;
}

static void make_metatable(lua_State *L, const char *name, lua_CFunction gc)
{
	luaL_newmetatable(L, name);
	lua_pushcfunction(L, gc);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
}

int lua_yaml_open(lua_State *L)
{
	make_metatable(L, PARSER_NAME, free_parsing);
	make_metatable(L, EMITTER_NAME, free_emitting);
	lua_newtable(L);
	lua_pushcfunction(L, decode);
	lua_setfield(L, -2, "decode");
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_getfield(L, -1, "table");
	lua_remove(L, -2);
	lua_pushcclosure(L, encode, 1);
	lua_setfield(L, -2, "encode");
	return 1;
}
