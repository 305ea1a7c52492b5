/* lua_change: a change as scripts see it: its fields, what on_change may set and send, and its
 * records as tables. */
#include "script/handle.h"

#include "base/num.h"

#include <math.h>
#include <stdlib.h>

/* X(name): the fields of a change; __index switches on their numbers */
#define CHANGE_FIELDS(X)                                                                           \
	X(row)                                                                                     \
	X(before)                                                                                  \
	X(after)                                                                                   \
	X(op)                                                                                      \
	X(effect)                                                                                  \
	X(is_new)                                                                                  \
	X(image)                                                                                   \
	X(db)                                                                                      \
	X(table)                                                                                   \
	X(source)                                                                                  \
	X(time)                                                                                    \
	X(gtid)                                                                                    \
	X(file)                                                                                    \
	X(pos)                                                                                     \
	X(full)                                                                                    \
	X(topic)                                                                                   \
	X(key)                                                                                     \
	X(headers)

enum change_field {
#define X(name) FIELD_##name,
	CHANGE_FIELDS(X)
#undef X
		FIELD_COUNT
};

static const char NAMES = 0; /* its address is the key of the table of fields and methods */

static void push_slice(lua_State *L, struct slice text)
{
	if (text.ptr)
		lua_pushlstring(L, text.ptr, text.len);
	else
		lua_pushnil(L);
}

static void push_gtid(lua_State *L, const struct change *change)
{
	struct buf *text = &script_of(L)->scratch;
	if (change->gtid == NULL || change->gtid->flavour == GTID_NONE) {
		lua_pushnil(L);
		return;
	}
	buf_clear(text);
	gtid_print(change->gtid, text);
	lua_pushlstring(L, text->ptr, text->len);
}

static void push_image(lua_State *L, const struct script_table *bound, uintptr_t handle,
		       enum change_image image)
{
	if (bound->rows[image].row)
		handle_push(L, handle, (enum handle_kind)image);
	else
		lua_pushnil(L);
}

static void push_name(lua_State *L, const struct script_table *bound, enum table_name name)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, bound->names_ref);
	lua_rawgeti(L, -1, name);
	lua_remove(L, -2);
}

/* Push the value that on_change has set, or nil. */
static void push_result(lua_State *L, enum change_field field)
{
	const struct event_result *result = script_of(L)->call.result;
	if (result == NULL) {
		lua_pushnil(L);
		return;
	}
	if (field != FIELD_headers) {
		push_slice(L, field == FIELD_topic ? result->topic : result->key);
		return;
	}
	if (result->headers == NULL) {
		lua_pushnil(L);
		return;
	}
	lua_createtable(L, 0, (int)result->nheaders);
	for (unsigned i = 0; i < result->nheaders; i++) {
		push_slice(L, result->headers[i].name);
		push_slice(L, result->headers[i].value);
		lua_rawset(L, -3);
	}
}

static int no_field(lua_State *L, const struct script_table *bound)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	for (unsigned i = 0; i < bound->table->ncolumns; i++)
		if (slice_equal(bound->table->columns[i].name, slice_str(name)))
			state_raise(L, "a change has no field '%s'; did you mean change.row.%s?",
				    name, name);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &NAMES);
	if (state_nearest_key(L, -1, name))
		state_raise(L, "a change has no field '%s'; did you mean '%s'?", name,
			    lua_tostring(L, -1));
	return state_raise(L, "a change has no field '%s'", name);
}

/* Return what the change does to the rows that pass the filter. */
static enum change_op effect(const struct script_table *bound)
{
	if (bound->verdict == VERDICT_INSERT || bound->change->op == CHANGE_READ)
		return CHANGE_INSERT;
	return bound->verdict == VERDICT_DELETE ? CHANGE_DELETE : bound->change->op;
}

static void push_field(lua_State *L, const struct script_table *bound, uintptr_t handle,
		       enum change_field field)
{
	const struct change *change = bound->change;
	switch (field) {
	case FIELD_row:
		push_image(L, bound, handle, bound->image);
		return;
	case FIELD_before:
		push_image(L, bound, handle, IMAGE_BEFORE);
		return;
	case FIELD_after:
		push_image(L, bound, handle, IMAGE_AFTER);
		return;
	case FIELD_op:
		lua_pushstring(L, change_op_name(change->op));
		return;
	case FIELD_effect:
		lua_pushstring(L, change_op_name(effect(bound)));
		return;
	case FIELD_is_new:
		lua_pushboolean(L, effect(bound) == CHANGE_INSERT);
		return;
	case FIELD_image:
		lua_pushstring(L, bound->image == IMAGE_BEFORE ? "before" : "after");
		return;
	case FIELD_db:
		push_name(L, bound, TABLE_NAME_DB);
		return;
	case FIELD_table:
		push_name(L, bound, TABLE_NAME_TABLE);
		return;
	case FIELD_source:
		push_name(L, bound, TABLE_NAME_SOURCE);
		return;
	case FIELD_time:
		lua_pushinteger(L, change->time_ms);
		return;
	case FIELD_gtid:
		push_gtid(L, change);
		return;
	case FIELD_file:
		push_slice(L, slice_str(change->file));
		return;
	case FIELD_pos:
		if (change->file)
			lua_pushinteger(L, (lua_Integer)change->pos);
		else
			lua_pushnil(L);
		return;
	case FIELD_full:
		lua_pushboolean(L, change->op == CHANGE_READ);
		return;
	default:
		push_result(L, field);
	}
}

/* Push the method at index 2, or raise. */
static int method(lua_State *L, const struct script_table *bound)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &NAMES);
	lua_pushvalue(L, 2);
	return lua_rawget(L, -2) == LUA_TFUNCTION ? 1 : no_field(L, bound);
}

int lua_change_index(lua_State *L, const struct script_table *bound, uintptr_t handle,
		     unsigned field)
{
	if (__builtin_expect(field == FIELD_row, 1))
		push_image(L, bound, handle, bound->image);
	else if (__builtin_expect(field == NAME_NONE, 0))
		return method(L, bound);
	else
		push_field(L, bound, handle, (enum change_field)field);
	return 1;
}

/* ---- keys, topics, headers ---- */

const char *lua_topic_check(struct slice name)
{
	static const char *const TEXTS[] = {
		[TOPIC_NAME_LEGAL] = NULL,
		[TOPIC_NAME_EMPTY] = "a topic name is not empty",
		[TOPIC_NAME_DOTS] = "a topic name is not . or ..",
		[TOPIC_NAME_LONG] = "a topic name has at most 249 characters",
		[TOPIC_NAME_CHARACTER] = "a topic name has letters, digits, '.', '_' and '-' only",
	};
	return TEXTS[topic_name_check(name, NULL)];
}

static struct slice string_at(lua_State *L, int idx)
{
	size_t len;
	const char *text = lua_tolstring(L, idx, &len);
	return slice_of(text, len);
}

static struct slice topic_at(lua_State *L, int idx, struct arena *arena)
{
	const char *why;
	if (lua_type(L, idx) != LUA_TSTRING)
		state_raise_as(L, E_TOPIC_RESULT, "a topic is a string, not a %s",
			       luaL_typename(L, idx));
	why = lua_topic_check(string_at(L, idx));
	if (why)
		state_raise_as(L, E_ROW_TOPIC_NAME, "topic '%s': %s", lua_tostring(L, idx), why);
	return arena_copy(arena, string_at(L, idx));
}

/* Return whether the sync of the change or the loop has key_format = "json". */
static bool key_json(const struct script *script)
{
	const struct mapping *mapping =
		script->bound.current ? script->bound.current->mapping : NULL;
	if (script->call.phase == PHASE_LOOP)
		return script->configs[script->loop.sync].key_format == KEY_FORMAT_JSON;
	return mapping && mapping->key.json;
}

/* Write one part of a key. quoted: write a string as JSON. */
static void key_part(lua_State *L, int idx, bool quoted, struct buf *out)
{
	if (lua_type(L, idx) == LUA_TSTRING) {
		if (!lua_value_utf8(string_at(L, idx)))
			state_raise_as(L, E_KEY_RESULT, "a key must be valid UTF-8");
		if (quoted)
			lua_json_write(L, idx, out, 0, 0);
		else
			buf_put(out, string_at(L, idx));
	} else if (lua_isinteger(L, idx)) {
		char digits[NUM_INT_MAX] = {0};
		buf_append(out, digits, num_i64(digits, lua_tointeger(L, idx)));
	} else if (lua_decimal_test(L, idx).ptr) {
		buf_put(out, lua_decimal_test(L, idx));
	} else {
		state_raise_as(L, E_KEY_RESULT,
			       "a key is a string, an integer or a list of them, not a %s",
			       lua_type(L, idx) == LUA_TNUMBER ? "float" : luaL_typename(L, idx));
	}
}

static void key_list(lua_State *L, int idx, bool quoted, struct buf *text)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, idx);
	if (n == 0)
		state_raise_as(L, E_KEY_RESULT,
			       "a key is a string, an integer or a list of them, not an "
			       "empty table");
	if (quoted)
		buf_char(text, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			buf_char(text, ',');
		lua_rawgeti(L, idx, i);
		key_part(L, lua_gettop(L), quoted, text);
		lua_pop(L, 1);
	}
	if (quoted)
		buf_char(text, ']');
}

struct slice lua_change_key(lua_State *L, int idx, struct arena *arena)
{
	struct buf *text = &script_of(L)->scratch;
	idx = lua_absindex(L, idx);
	if (lua_null_test(L, idx))
		return (struct slice){NULL, 0};
	buf_clear(text);
	buf_reserve(text, 1);
	if (lua_type(L, idx) == LUA_TTABLE)
		key_list(L, idx, key_json(script_of(L)), text);
	else
		key_part(L, idx, false, text);
	return arena_copy(arena, buf_slice(text));
}

static int compare_headers(const void *a, const void *b)
{
	const struct header *x = a, *y = b;
	return slice_compare(x->name, y->name);
}

/* Return the text of the value on top of the stack. It is a string or a number. */
static struct slice header_value(lua_State *L, struct slice name, struct arena *arena)
{
	char digits[NUM_FLOAT_MAX];
	struct value value;
	bool known = lua_value_any(L, lua_gettop(L), &value);
	if (known && (value.kind == VALUE_TEXT || value.kind == VALUE_DECIMAL))
		return arena_copy(arena, value.text);
	if (known && value.kind == VALUE_I64)
		return arena_copy(arena, slice_of(digits, num_i64(digits, value.i)));
	if (known && value.kind == VALUE_F64 && isfinite(value.f))
		return arena_copy(arena, slice_of(digits, num_f64(digits, value.f)));
	state_raise_as(L, E_EMIT,
		       "header '%.*s': the value is a string or a finite number, not a %s",
		       SLICE_FMT(name), luaL_typename(L, -1));
	return name;
}

const struct header *lua_change_headers(lua_State *L, int idx, struct arena *arena, unsigned *n)
{
	struct header *headers;
	unsigned count = 0;
	idx = lua_absindex(L, idx);
	if (lua_type(L, idx) != LUA_TTABLE)
		state_raise_as(L, E_EMIT, "headers are a table of name = value, not a %s",
			       luaL_typename(L, idx));
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
		count++;
	headers = ARENA_ARRAY(arena, count + 1, struct header);
	*n = 0;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			state_raise_as(
				L, E_EMIT,
				"headers are a table of name = value; a name is a string, not a %s",
				luaL_typename(L, -2));
		headers[*n].name = arena_copy(arena, string_at(L, -2));
		headers[*n].value = header_value(L, headers[*n].name, arena);
		(*n)++;
	}
	qsort(headers, *n, sizeof(*headers), compare_headers);
	return headers;
}

/* ---- change.topic = ..., change.key = ..., change.headers = ... ---- */

static struct event_result *in_event(lua_State *L, const char *what)
{
	const struct script *script = script_of(L);
	if (script->call.phase != PHASE_EVENT || script->call.result == NULL)
		state_raise(L, "%s works in on_change only", what);
	return script->call.result;
}

int lua_change_newindex(lua_State *L, struct script_table *bound)
{
	struct arena *event = &bound->script->event;
	struct event_result *result;
	unsigned field = names_find(&bound->script->fields, L, 2);
	if (field == NAME_NONE)
		method(L, bound); /* a method cannot be set either */
	if (field != FIELD_topic && field != FIELD_key && field != FIELD_headers)
		state_raise(L, "change.%s cannot be set; topic, key and headers can, in on_change",
			    lua_tostring(L, 2));
	result = in_event(L, "setting topic, key or headers of a change");
	if (field != FIELD_headers && lua_isnil(L, 3))
		state_raise(L, "change.%s was set to nil: %s", lua_tostring(L, 2),
			    field == FIELD_topic
				    ? "a topic is a string; without an assignment the rules give it"
				    : "a null key is json.null; without an assignment the rules "
				      "give it");
	if (field == FIELD_topic) {
		result->topic = topic_at(L, 3, event);
	} else if (field == FIELD_key) {
		result->key = lua_change_key(L, 3, event);
		result->has_key = true;
	} else if (lua_isnil(L, 3)) {
		result->headers = NULL;
		result->nheaders = 0;
	} else {
		result->headers = lua_change_headers(L, 3, event, &result->nheaders);
	}
	return 0;
}

/* ---- methods ---- */

static int changed(lua_State *L)
{
	struct script_table *bound = handle_change(L, 1);
	const struct change *change = bound->change;
	unsigned column = lua_row_column(L, bound, 2);
	lua_pushboolean(L, !change->before || !change->after ||
				   !row_cell_equal(change->before, change->after, column));
	return 1;
}

/* Return a string as it is, and any other value as JSON text. For json.null, ptr is NULL. */
static struct slice value_at(lua_State *L, int idx, struct arena *arena)
{
	struct buf *text = &script_of(L)->scratch;
	if (lua_null_test(L, idx))
		return (struct slice){NULL, 0};
	buf_clear(text);
	buf_reserve(text, 1);
	if (lua_type(L, idx) == LUA_TSTRING)
		buf_put(text, string_at(L, idx));
	else
		lua_json_write(L, idx, text, 0, 0);
	return arena_copy(arena, buf_slice(text));
}

static int partition_at(lua_State *L, int idx)
{
	lua_Integer partition = lua_tointeger(L, idx);
	if (lua_isnil(L, idx))
		return -1;
	if (!lua_isinteger(L, idx) || partition < 0 || partition > INT32_MAX)
		state_raise_as(L, E_EMIT, "partition: expected an integer from 0 on");
	return (int)partition;
}

static void check_names(lua_State *L, int idx, const char *what, const char *const *names)
{
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		const char *name =
			lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "a number";
		bool known = false;
		for (const char *const *at = names; *at; at++)
			known = known || strcmp(*at, name) == 0;
		if (!known)
			state_raise_as(
				L, E_EMIT,
				"%s: unknown field '%s'; it takes topic, key, value, headers "
				"and partition",
				what, name);
	}
}

/* Raise if topic, key or value is missing. Lua cannot distinguish nil from an absent field, so
 * neither may have a meaning. own: `change` means the value of the change. */
static void check_required(lua_State *L, int idx, const char *what, bool own)
{
	static const char *const fields[][2] = {
		{"topic", "the name of a topic"},
		{"key", "a key, or json.null for a null key"},
		{"value", "a value, or json.null for a tombstone"},
	};
	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (lua_getfield(L, idx, fields[i][0]) == LUA_TNIL)
			state_raise_as(L, E_EMIT, "%s: %s is missing (nil): give it %s%s", what,
				       fields[i][0], fields[i][1],
				       own ? ", or `change` for the change's own" : "");
		lua_pop(L, 1);
	}
}

/* Push a field. Return false if it is `change`, which means the value of the change. */
static bool get_other(lua_State *L, const char *name)
{
	lua_getfield(L, 2, name);
	if (!handle_is_change(L, -1))
		return true;
	handle_change(L, -1); /* raises if it has expired */
	return false;
}

static void read_emit(lua_State *L, struct arena *arena, struct emitted *emit)
{
	struct message *message = &emit->message;
	*emit = (struct emitted){.message = {.partition = MESSAGE_BY_KEY}};
	if (get_other(L, "topic"))
		message->topic = topic_at(L, -1, arena);
	emit->has_key = get_other(L, "key");
	if (emit->has_key)
		message->key = lua_change_key(L, -1, arena);
	emit->has_value = get_other(L, "value");
	if (emit->has_value)
		message->value = value_at(L, lua_gettop(L), arena);
	if (lua_getfield(L, 2, "headers") != LUA_TNIL)
		message->headers = lua_change_headers(L, -1, arena, &message->nheaders);
	lua_getfield(L, 2, "partition");
	message->partition = partition_at(L, lua_gettop(L));
}

/* Return the array with room for one more. It is full when its length is a power of two. */
static struct emitted *emit_room(struct script *script, struct event_result *result)
{
	unsigned n = result->nemits;
	struct emitted *emits = (struct emitted *)(uintptr_t)result->emits;
	if ((n & (n - 1)) == 0) {
		emits = ARENA_ARRAY(&script->event, n ? 2 * (size_t)n : 1, struct emitted);
		if (n > 0)
			memcpy(emits, result->emits, n * sizeof(*emits));
		result->emits = emits;
	}
	return emits;
}

static int emit(lua_State *L)
{
	static const char *const names[] = {"topic", "key", "value", "headers", "partition", NULL};
	struct script *script = handle_change(L, 1)->script;
	struct event_result *result = in_event(L, "change:emit");
	struct emitted one;
	if (lua_type(L, 2) != LUA_TTABLE)
		state_raise_as(L, E_EMIT,
			       "change:emit takes a table {topic=, key=, value=, headers=, "
			       "partition=}, not a %s",
			       luaL_typename(L, 2));
	check_names(L, 2, "change:emit", names);
	check_required(L, 2, "change:emit", true);
	read_emit(L, &script->event, &one);
	emit_room(script, result)[result->nemits++] = one;
	return 0;
}

static int copy(lua_State *L)
{
	struct script_table *bound = handle_change(L, 1);
	uintptr_t handle = handle_at(L, 1);
	static const enum change_field plain[] = {
		FIELD_op,     FIELD_effect, FIELD_is_new, FIELD_image, FIELD_db,  FIELD_table,
		FIELD_source, FIELD_time,   FIELD_gtid,   FIELD_file,  FIELD_pos, FIELD_full};
	static const char *const names[] = {"op",     "effect", "is_new", "image", "db",  "table",
					    "source", "time",   "gtid",   "file",  "pos", "full"};
	lua_settop(L, 1);
	lua_createtable(L, 0, 16);
	for (unsigned i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		push_field(L, bound, handle, plain[i]);
		lua_setfield(L, 2, names[i]);
	}
	if (bound->change->before) {
		lua_copy_push(L, &bound->rows[IMAGE_BEFORE]);
		lua_setfield(L, 2, "before");
	}
	if (bound->change->after) {
		lua_copy_push(L, &bound->rows[IMAGE_AFTER]);
		lua_setfield(L, 2, "after");
	}
	lua_getfield(L, 2, bound->image == IMAGE_BEFORE ? "before" : "after");
	lua_setfield(L, 2, "row");
	return 1;
}

/* ---- records ---- */

static void set_slice(lua_State *L, const char *name, struct slice text)
{
	push_slice(L, text);
	lua_setfield(L, -2, name);
}

/* Set json.null instead of a NULL text, so that the record can be sent again unchanged. */
static void set_or_null(lua_State *L, const char *name, struct slice text)
{
	if (text.ptr)
		push_slice(L, text);
	else
		lua_null_push(L);
	lua_setfield(L, -2, name);
}

void lua_record_push(lua_State *L, const struct message *record)
{
	lua_createtable(L, 0, 6);
	set_slice(L, "topic", record->topic);
	set_or_null(L, "key", record->key);
	set_or_null(L, "value", record->value);
	if (record->op.len > 0)
		set_slice(L, "op", record->op);
	if (record->partition >= 0) {
		lua_pushinteger(L, record->partition);
		lua_setfield(L, -2, "partition");
	}
	if (record->nheaders == 0)
		return;
	lua_createtable(L, 0, (int)record->nheaders);
	for (unsigned i = 0; i < record->nheaders; i++) {
		push_slice(L, record->headers[i].name);
		push_slice(L, record->headers[i].value);
		lua_rawset(L, -3);
	}
	lua_setfield(L, -2, "headers");
}

void lua_record_check(lua_State *L, int idx, struct arena *arena, struct message *record)
{
	static const char *const names[] = {"topic", "key",    "value", "headers", "partition",
					    "op",    "offset", "time",  NULL};
	idx = lua_absindex(L, idx);
	if (lua_type(L, idx) != LUA_TTABLE)
		state_raise(L,
			    "send takes a record {topic=, key=, value=, headers=, partition=}, not "
			    "a %s",
			    luaL_typename(L, idx));
	check_names(L, idx, "send", names);
	check_required(L, idx, "send", false);
	*record = (struct message){.partition = -1};
	lua_getfield(L, idx, "topic");
	record->topic = topic_at(L, lua_gettop(L), arena);
	lua_getfield(L, idx, "key");
	record->key = lua_change_key(L, -1, arena);
	lua_getfield(L, idx, "value");
	record->value = value_at(L, lua_gettop(L), arena);
	if (lua_getfield(L, idx, "headers") != LUA_TNIL)
		record->headers = lua_change_headers(L, -1, arena, &record->nheaders);
	lua_getfield(L, idx, "partition");
	record->partition = partition_at(L, lua_gettop(L));
	if (lua_getfield(L, idx, "op") == LUA_TSTRING)
		record->op = arena_copy(arena, string_at(L, -1));
	lua_pop(L, 6);
}

/* Push a list of the records of a change; in a loop, of the current DDL statement or heartbeat. */
static void push_records(lua_State *L, struct change *change)
{
	struct script *script = script_of(L);
	const struct message *records = NULL;
	struct err err = ERR_INIT;
	unsigned n = 0;
	struct nest nest;
	int rc, list;
	if (script->host.lane.records == NULL)
		state_raise(L, "records() is not available here");
	luaL_checkstack(L, 20, NULL);
	lua_newtable(L);
	list = lua_gettop(L);
	nest = state_nest(script, L);
	rc = script->host.lane.records(script->host.arg, change, &records, &n, &err);
	if (rc == 0) { /* results of field functions may be on the stack above the list */
		luaL_checkstack(L, 20, NULL);
		for (unsigned i = 0; i < n; i++) {
			lua_record_push(L, &records[i]);
			lua_rawseti(L, list, i + 1);
		}
	}
	state_unnest(script, &nest);
	if (rc < 0)
		state_raise(L, "%s", err.text);
}

static struct change *change_of(lua_State *L)
{
	return lua_isuserdata(L, 1) ? handle_change(L, 1)->change : NULL;
}

static int next_record(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1;
	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(2));
	lua_rawgeti(L, lua_upvalueindex(1), i);
	return 1;
}

static int records(lua_State *L)
{
	push_records(L, change_of(L));
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_record, 2);
	return 1;
}

/* Return the text of each record. */
static int json(lua_State *L)
{
	lua_Integer n;
	int list;
	push_records(L, change_of(L));
	list = lua_gettop(L);
	n = (lua_Integer)lua_rawlen(L, list);
	luaL_checkstack(L, (int)n + 2, NULL);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, list, i);
		lua_getfield(L, -1, "value");
		lua_remove(L, -2);
	}
	return (int)n;
}

void lua_change_item(lua_State *L)
{
	static const luaL_Reg methods[] = {{"records", records}, {"json", json}, {NULL, NULL}};
	if (luaL_newmetatable(L, "tideway.item")) {
		luaL_newlib(L, methods);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, false);
		lua_setfield(L, -2, "__metatable");
	}
	lua_setmetatable(L, -2);
}

/* ---- making them ---- */

int lua_change_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"changed", changed}, {"emit", emit}, {"records", records},
		{"json", json},       {"copy", copy}, {NULL, NULL},
	};
	static const char *const fields[] = {
#define X(name) #name,
		CHANGE_FIELDS(X)
#undef X
	};
	struct script *script = script_of(L);
	names_init(&script->fields, FIELD_COUNT, &script->arena);
	luaL_newlib(L, methods);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		lua_pushstring(L, fields[i]);
		names_add(&script->fields, L, -1, i);
		lua_pushinteger(L, i);
		lua_rawset(L, -3);
	}
	lua_rawsetp(L, LUA_REGISTRYINDEX, &NAMES);
	return 0;
}
