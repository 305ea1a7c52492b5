/* lua_json: convert JSON text to Lua values and back, without loss. Integers of 64 bits stay
 * integers; larger ones become decimals. A number that a script did not change is written with its
 * original text: a decoded table with numbers that Lua would print differently has an entry in a
 * weak table, container -> { key -> text }. */
#include "script/handle.h"

#include "base/json_writer.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ARRAY_NAME "tideway.json.array"
#define OBJECT_NAME "tideway.json.object"
#define TEXTS_NAME "tideway.json.texts"
#define COPIES_NAME "tideway.json.copies" /* weak: copy of a row -> its description */

enum { DEPTH_MAX = 100 };

/* ---- parser ---- */

struct parser {
	lua_State *L;
	const char *start, *at, *end;
	const char *error; /* NULL: no error yet; sticky */
	int texts;         /* stack index of the weak table of number texts */
	int depth;
};

static bool fail(struct parser *p, const char *why)
{
	if (p->error == NULL)
		p->error = why;
	return false;
}

static void spaces(struct parser *p)
{
	while (p->at < p->end &&
	       (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r'))
		p->at++;
}

static bool literal(struct parser *p, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len) != 0)
		return fail(p, "unexpected character");
	p->at += len;
	return true;
}

static bool hex4(struct parser *p, unsigned *code)
{
	*code = 0;
	if (p->end - p->at < 4)
		return fail(p, "\\u needs four hex digits");
	for (int i = 0; i < 4; i++, p->at++) {
		char c = *p->at;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : (c | 32) >= 'a' && (c | 32) <= 'f'
					 ? (unsigned)((c | 32) - 'a' + 10)
					 : 16;
		if (digit == 16)
			return fail(p, "\\u needs four hex digits");
		*code = *code * 16 + digit;
	}
	return true;
}

static void add_utf8(luaL_Buffer *b, unsigned code)
{
	if (code < 0x80) {
		luaL_addchar(b, (char)code);
	} else if (code < 0x800) {
		luaL_addchar(b, (char)(0xc0 | (code >> 6)));
		luaL_addchar(b, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		luaL_addchar(b, (char)(0xe0 | (code >> 12)));
		luaL_addchar(b, (char)(0x80 | ((code >> 6) & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (code & 0x3f)));
	} else {
		luaL_addchar(b, (char)(0xf0 | (code >> 18)));
		luaL_addchar(b, (char)(0x80 | ((code >> 12) & 0x3f)));
		luaL_addchar(b, (char)(0x80 | ((code >> 6) & 0x3f)));
		luaL_addchar(b, (char)(0x80 | (code & 0x3f)));
	}
}

static bool unicode(struct parser *p, luaL_Buffer *b)
{
	unsigned code, low;
	if (!hex4(p, &code))
		return false;
	if (code >= 0xdc00 && code < 0xe000)
		return fail(p, "half of a surrogate pair");
	if (code >= 0xd800 && code < 0xdc00) {
		if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
			return fail(p, "half of a surrogate pair");
		p->at += 2;
		if (!hex4(p, &low))
			return false;
		if (low < 0xdc00 || low >= 0xe000)
			return fail(p, "half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(b, code);
	return true;
}

static bool escape(struct parser *p, luaL_Buffer *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	if (p->at == p->end)
		return fail(p, "the text ends inside a string");
	if (*p->at == 'u') {
		p->at++;
		return unicode(p, b);
	}
	found = *p->at ? strchr(from, *p->at) : NULL;
	if (found == NULL)
		return fail(p, "unknown escape");
	luaL_addchar(b, to[found - from]);
	p->at++;
	return true;
}

/* Push the string. The parser is after the opening quote. */
static bool string(struct parser *p)
{
	luaL_Buffer b;
	luaL_buffinit(p->L, &b);
	for (;;) {
		const char *from = p->at;
		while (p->at < p->end && *p->at != '"' && *p->at != '\\' &&
		       (unsigned char)*p->at >= 0x20)
			p->at++;
		luaL_addlstring(&b, from, (size_t)(p->at - from));
		if (p->at == p->end) {
			fail(p, "the text ends inside a string");
			break;
		}
		if (*p->at == '"') {
			p->at++;
			break;
		}
		if (*p->at != '\\') {
			fail(p, "a control character inside a string");
			break;
		}
		p->at++;
		if (!escape(p, &b))
			break;
	}
	luaL_pushresult(&b);
	return p->error == NULL;
}

static size_t digits(struct parser *p)
{
	const char *from = p->at;
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		p->at++;
	return (size_t)(p->at - from);
}

/* Find the end of a number. *integer: it has neither a point nor an exponent. */
static bool number_text(struct parser *p, struct slice *text, bool *integer)
{
	const char *from = p->at;
	*integer = true;
	if (p->at < p->end && *p->at == '-')
		p->at++;
	if (p->at < p->end && *p->at == '0')
		p->at++;
	else if (digits(p) == 0)
		return fail(p, "unexpected character");
	if (p->at < p->end && *p->at == '.') {
		*integer = false;
		p->at++;
		if (digits(p) == 0)
			return fail(p, "a digit must follow the point");
	}
	if (p->at < p->end && (*p->at | 32) == 'e') {
		*integer = false;
		p->at++;
		if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
			p->at++;
		if (digits(p) == 0)
			return fail(p, "a digit must follow the exponent sign");
	}
	*text = slice_of(from, (size_t)(p->at - from));
	return true;
}

static double to_double(lua_State *L, struct slice text)
{
	double v = strtod(lua_pushlstring(L, text.ptr, text.len), NULL);
	lua_pop(L, 1);
	return v;
}

/* Push the number. *keep: Lua would print it with another text. */
static bool number(struct parser *p, struct slice *text, bool *keep)
{
	char print[NUM_FLOAT_MAX];
	bool integer;
	int64_t i;
	double v;
	*keep = false;
	if (!number_text(p, text, &integer))
		return false;
	if (integer && !slice_equal(*text, SLICE("-0"))) {
		if (num_parse_i64(*text, &i))
			lua_pushinteger(p->L, i);
		else if (text->len <= 250)
			lua_decimal_push(p->L, *text);
		else
			return fail(p, "an integer of more than 250 digits");
		return true;
	}
	v = to_double(p->L, *text);
	if (!isfinite(v))
		return fail(p, "a number beyond the range of a float");
	lua_pushnumber(p->L, v);
	*keep = !slice_equal(slice_of(print, num_f64(print, v)), *text);
	return true;
}

static bool value(struct parser *p, struct slice *text, bool *keep);

/* Remember the text of a number. Its key is at the top of the stack and is popped; its table is at
 * `container`. */
static void keep_text(struct parser *p, int container, struct slice text)
{
	lua_State *L = p->L;
	lua_pushvalue(L, container);
	if (lua_rawget(L, p->texts) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, container);
		lua_pushvalue(L, -2);
		lua_rawset(L, p->texts);
	}
	lua_insert(L, -2);
	lua_pushlstring(L, text.ptr, text.len);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

static bool separator(struct parser *p, char close, bool *done)
{
	spaces(p);
	if (p->at == p->end)
		return fail(p, "the text ends too early");
	if (*p->at == close)
		*done = true;
	else if (*p->at != ',')
		return fail(p, close == ']' ? "expected , or ]" : "expected , or }");
	p->at++;
	return true;
}

static bool array(struct parser *p)
{
	int container;
	bool done = false, keep;
	struct slice text;
	lua_newtable(p->L);
	container = lua_gettop(p->L);
	luaL_setmetatable(p->L, ARRAY_NAME);
	spaces(p);
	if (p->at < p->end && *p->at == ']') {
		p->at++;
		return true;
	}
	for (lua_Integer i = 1; !done; i++) {
		if (!value(p, &text, &keep))
			return false;
		lua_rawseti(p->L, container, i);
		if (keep) {
			lua_pushinteger(p->L, i);
			keep_text(p, container, text);
		}
		if (!separator(p, ']', &done))
			return false;
	}
	return true;
}

static bool member(struct parser *p, int container)
{
	bool keep;
	struct slice text;
	spaces(p);
	if (p->at == p->end || *p->at != '"')
		return fail(p, "expected a name in quotes");
	p->at++;
	if (!string(p))
		return false;
	spaces(p);
	if (p->at == p->end || *p->at++ != ':')
		return fail(p, "expected : after a name");
	if (!value(p, &text, &keep))
		return false;
	lua_pushvalue(p->L, -2);
	lua_insert(p->L, -3); /* key, key, value */
	lua_rawset(p->L, container);
	if (keep)
		keep_text(p, container, text);
	else
		lua_pop(p->L, 1);
	return true;
}

static bool object(struct parser *p)
{
	int container;
	bool done = false;
	lua_newtable(p->L);
	container = lua_gettop(p->L);
	spaces(p);
	if (p->at < p->end && *p->at == '}') {
		p->at++;
		luaL_setmetatable(p->L, OBJECT_NAME);
		return true;
	}
	while (!done)
		if (!member(p, container) || !separator(p, '}', &done))
			return false;
	return true;
}

static bool nested(struct parser *p, bool (*parse)(struct parser *p))
{
	bool ok;
	if (++p->depth > DEPTH_MAX)
		return fail(p, "nested too deeply");
	luaL_checkstack(p->L, 12, NULL);
	p->at++;
	ok = parse(p);
	p->depth--;
	return ok;
}

/* Pushes one value. */
static bool value(struct parser *p, struct slice *text, bool *keep)
{
	*keep = false;
	spaces(p);
	if (p->at == p->end)
		return fail(p, "the text ends too early");
	switch (*p->at) {
	case '{':
		return nested(p, object);
	case '[':
		return nested(p, array);
	case '"':
		p->at++;
		return string(p);
	case 't':
		lua_pushboolean(p->L, true);
		return literal(p, "true");
	case 'f':
		lua_pushboolean(p->L, false);
		return literal(p, "false");
	case 'n':
		lua_null_push(p->L);
		return literal(p, "null");
	default:
		return number(p, text, keep);
	}
}

static struct parser parser_of(lua_State *L, struct slice text)
{
	struct parser p = {L, text.ptr, text.ptr, text.ptr + text.len, NULL, 0, 0};
	luaL_getmetatable(L, TEXTS_NAME);
	p.texts = lua_gettop(L);
	return p;
}

/* nil, message */
static int failed(struct parser *p)
{
	unsigned line = 1, column = 1;
	for (const char *at = p->start; at < p->at && at < p->end; at++) {
		column = *at == '\n' ? 1 : column + 1;
		line += *at == '\n';
	}
	lua_pushnil(p->L);
	lua_pushfstring(p->L, "JSON, line %d, column %d: %s", (int)line, (int)column, p->error);
	return 2;
}

static struct slice text_argument(lua_State *L)
{
	size_t len;
	const char *text;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "json: expected a text, got %s", luaL_typename(L, 1));
	text = lua_tolstring(L, 1, &len);
	return slice_of(text, len);
}

static int decode(lua_State *L)
{
	struct parser p = parser_of(L, text_argument(L));
	struct slice text;
	bool keep;
	if (!value(&p, &text, &keep))
		return failed(&p);
	spaces(&p);
	if (p.at != p.end) {
		fail(&p, "something follows the value");
		return failed(&p);
	}
	return 1;
}

/* ---- get(text, "/a/b") ---- */

/* Skip a value. The stack does not change. */
static bool skip(struct parser *p)
{
	int top = lua_gettop(p->L);
	struct slice text;
	bool keep, ok = value(p, &text, &keep);
	lua_settop(p->L, top);
	return ok;
}

/* Remove the first step from the pointer, replace ~1 and ~0, and push it. */
static struct slice next_step(lua_State *L, struct slice *pointer)
{
	size_t len = 1;
	while (len < pointer->len && pointer->ptr[len] != '/')
		len++;
	lua_pushlstring(L, pointer->ptr + 1, len - 1);
	luaL_gsub(L, lua_tostring(L, -1), "~1", "/");
	luaL_gsub(L, lua_tostring(L, -1), "~0", "~");
	lua_replace(L, -3);
	lua_pop(L, 1);
	*pointer = slice_of(pointer->ptr + len, pointer->len - len);
	return slice_of(lua_tostring(L, -1), lua_rawlen(L, -1));
}

/* Go to the value of the step. The parser is after [ or {. *found is false if there is no such
 * value. */
static bool enter(struct parser *p, char open, struct slice step, bool *found)
{
	bool done = false;
	uint64_t index;
	bool has_index = num_parse_u64(step, &index);
	*found = false;
	spaces(p);
	if (p->at < p->end && *p->at == (open == '[' ? ']' : '}'))
		return true;
	for (uint64_t i = 0; !done; i++) {
		spaces(p);
		if (open == '[') {
			*found = has_index && i == index;
		} else {
			if (p->at == p->end || *p->at++ != '"')
				return fail(p, "expected a name in quotes");
			if (!string(p))
				return false;
			*found = slice_equal(slice_of(lua_tostring(p->L, -1), lua_rawlen(p->L, -1)),
					     step);
			lua_pop(p->L, 1);
			spaces(p);
			if (p->at == p->end || *p->at++ != ':')
				return fail(p, "expected : after a name");
		}
		if (*found)
			return true;
		if (!skip(p) || !separator(p, open == '[' ? ']' : '}', &done))
			return false;
	}
	return true;
}

static int get(lua_State *L)
{
	size_t len;
	const char *path = luaL_checklstring(L, 2, &len);
	struct slice pointer = slice_of(path, len), text;
	struct parser p = parser_of(L, text_argument(L));
	bool found = true, keep;
	if (len > 0 && path[0] != '/')
		state_raise(L,
			    "json.get: a path is \"\" or begins with '/', like \"/a/b\"; got '%s'",
			    path);
	while (pointer.len > 0 && found && p.error == NULL) {
		struct slice step = next_step(L, &pointer);
		spaces(&p);
		found = p.at < p.end && (*p.at == '[' || *p.at == '{');
		if (found) {
			char open = *p.at++;
			enter(&p, open, step, &found);
		}
		lua_pop(L, 1);
	}
	if (p.error || (found && !value(&p, &text, &keep)))
		return failed(&p);
	if (!found)
		lua_pushnil(L);
	return 1;
}

/* ---- writer ---- */

static void newline(struct buf *out, int indent, int depth)
{
	if (indent == 0)
		return;
	buf_char(out, '\n');
	for (int i = 0; i < indent * depth; i++)
		buf_char(out, ' ');
}

static void write_string(lua_State *L, struct slice text, struct buf *out)
{
	if (!lua_value_utf8(text))
		state_raise(L, "json.encode: a string is not valid UTF-8");
	json_string(out, text);
}

static void write_number(lua_State *L, int idx, struct buf *out)
{
	char print[NUM_FLOAT_MAX] = {0};
	if (lua_isinteger(L, idx)) {
		buf_append(out, print, num_i64(print, lua_tointeger(L, idx)));
		return;
	}
	if (!isfinite(lua_tonumber(L, idx)))
		state_raise(L, "json.encode: JSON has no infinity and no NaN");
	buf_append(out, print, num_f64(print, lua_tonumber(L, idx)));
}

/* Write the original text of a float if container[key] is still that number. The key is at the top
 * of the stack. */
static bool write_kept(lua_State *L, int container, int idx, struct buf *out)
{
	bool same = false;
	if (lua_type(L, idx) != LUA_TNUMBER || lua_isinteger(L, idx))
		return false;
	luaL_getmetatable(L, TEXTS_NAME);
	lua_pushvalue(L, container);
	if (lua_rawget(L, -2) == LUA_TTABLE) {
		lua_pushvalue(L, -3);
		if (lua_rawget(L, -2) == LUA_TSTRING &&
		    strtod(lua_tostring(L, -1), NULL) == lua_tonumber(L, idx)) {
			same = true;
			buf_append(out, lua_tostring(L, -1), lua_rawlen(L, -1));
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
	return same;
}

static bool has_metatable(lua_State *L, int idx, const char *name)
{
	bool same;
	if (!lua_getmetatable(L, idx))
		return false;
	luaL_getmetatable(L, name);
	same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same;
}

bool lua_json_is_array(lua_State *L, int idx)
{
	return has_metatable(L, idx, ARRAY_NAME);
}

/* Return whether the table is a list: marked as one, or with only the keys 1 to n, n > 0. */
static bool is_array(lua_State *L, int idx, lua_Integer *n)
{
	lua_Integer keys = 0;
	*n = (lua_Integer)lua_rawlen(L, idx);
	if (has_metatable(L, idx, OBJECT_NAME))
		return false;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		keys++;
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= *n)
			continue;
		if (has_metatable(L, idx, ARRAY_NAME) || *n > 0)
			state_raise(L,
				    "json.encode: a table has keys beside 1 to %lld: neither an "
				    "array nor an object",
				    (long long)*n);
		lua_pop(L, 2);
		return false;
	}
	return keys > 0 || has_metatable(L, idx, ARRAY_NAME);
}

static void write_array(lua_State *L, int idx, lua_Integer n, struct buf *out, int indent,
			int depth)
{
	buf_char(out, '[');
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			buf_char(out, ',');
		newline(out, indent, depth);
		lua_rawgeti(L, idx, i);
		lua_pushinteger(L, i);
		if (!write_kept(L, idx, lua_gettop(L) - 1, out))
			lua_json_write(L, lua_gettop(L) - 1, out, indent, depth);
		lua_pop(L, 2);
	}
	if (n > 0)
		newline(out, indent, depth - 1);
	buf_char(out, ']');
}

static int compare_names(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	return slice_compare(*x, *y);
}

/* Push a userdata with the sorted names of a table; Lua frees it when an error is raised. */
static struct slice *sorted_names(lua_State *L, int idx, size_t *n)
{
	struct slice *names;
	size_t count = 0;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			state_raise(L, "json.encode: a key of an object is a string, not a %s",
				    luaL_typename(L, -2));
		count++;
	}
	names = lua_newuserdatauv(L, (count + 1) * sizeof(*names), 0);
	*n = 0;
	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
		names[(*n)++] = slice_of(lua_tostring(L, -2), lua_rawlen(L, -2));
	qsort(names, *n, sizeof(*names), compare_names);
	return names;
}

struct object {
	struct buf *out;
	int indent, depth;
	bool any; /* it has a member already */
};

static void open_object(struct object *object)
{
	buf_char(object->out, '{');
}

static void write_name(lua_State *L, struct object *object, struct slice name)
{
	if (object->any)
		buf_char(object->out, ',');
	object->any = true;
	newline(object->out, object->indent, object->depth);
	write_string(L, name, object->out);
	buf_append(object->out, ": ", object->indent ? 2 : 1);
}

static void close_object(struct object *object)
{
	if (object->any)
		newline(object->out, object->indent, object->depth - 1);
	buf_char(object->out, '}');
}

/* Write the member `name` of the table at idx. */
static void write_member(lua_State *L, int idx, struct object *object, struct slice name)
{
	write_name(L, object, name);
	lua_pushlstring(L, name.ptr, name.len);
	lua_pushvalue(L, -1);
	lua_rawget(L, idx);
	lua_insert(L, -2);
	if (!write_kept(L, idx, lua_gettop(L) - 1, object->out))
		lua_json_write(L, lua_gettop(L) - 1, object->out, object->indent, object->depth);
	lua_pop(L, 2);
}

/* ---- rows and their copies: as the messages write them, in column order ---- */

static void write_float(struct buf *out, double v)
{
	out->len += num_f32(buf_reserve(out, NUM_FLOAT_MAX), (float)v);
}

static void write_cell(lua_State *L, const struct row_view *view, unsigned i, struct object *object)
{
	struct value value;
	lua_row_cell(L, view, i, &value);
	switch (value.kind) {
	case VALUE_BYTES:
		json_base64(object->out, value.text);
		return;
	case VALUE_F32:
		write_float(object->out, value.f);
		return;
	case VALUE_DECIMAL:
		buf_put(object->out, value.text);
		return;
	default:
		lua_value_push(L, &view->table->table->columns[i], &value);
		lua_json_write(L, lua_gettop(L), object->out, object->indent, object->depth);
		lua_pop(L, 1);
	}
}

static void write_row(lua_State *L, const struct row_view *view, struct buf *out, int indent,
		      int depth)
{
	struct object object = {out, indent, depth, false};
	open_object(&object);
	for (unsigned i = 0; i < view->table->table->ncolumns; i++) {
		if (!lua_row_carries(view, i))
			continue;
		write_name(L, &object, view->table->table->columns[i].name);
		write_cell(L, view, i, &object);
	}
	close_object(&object);
}

void lua_json_describe(lua_State *L, int idx)
{
	luaL_getmetatable(L, COPIES_NAME);
	lua_pushvalue(L, idx);
	lua_pushvalue(L, -3);
	lua_rawset(L, -3);
	lua_pop(L, 2);
}

/* Write a number with as many digits after the point as its DECIMAL column has. Return false if the
 * script has changed it to a number that this text does not represent. */
static bool write_decimal(double v, int scale, struct buf *out)
{
	char text[NUM_FLOAT_MAX + 64];
	int n = snprintf(text, sizeof(text), "%.*f", scale, v);
	if (n < 0 || (size_t)n >= sizeof(text) || strtod(text, NULL) != v)
		return false;
	buf_append(out, text, (size_t)n);
	return true;
}

/* Write a column of a copy. Its value is at the top of the stack. */
static void write_copied(lua_State *L, lua_Integer kind, struct object *object)
{
	struct buf *out = object->out;
	bool number = lua_type(L, -1) == LUA_TNUMBER;
	double v = lua_tonumber(L, -1);
	if (kind == JSON_BYTES && lua_type(L, -1) == LUA_TSTRING)
		json_base64(out, slice_of(lua_tostring(L, -1), lua_rawlen(L, -1)));
	else if (kind == JSON_FLOAT && number && (double)(float)v == v && isfinite(v))
		write_float(out, v);
	else if (kind <= JSON_DECIMAL || !number ||
		 !write_decimal(v, (int)kind - JSON_DECIMAL, out))
		lua_json_write(L, lua_gettop(L), out, object->indent, object->depth);
}

/* Write the columns of the copy at idx, in the order of its description, which is at the top of the
 * stack. */
static void write_columns(lua_State *L, int idx, struct object *object)
{
	int description = lua_gettop(L);
	for (lua_Integer i = 1; lua_rawgeti(L, description, i) == LUA_TSTRING; i++) {
		lua_pushvalue(L, -1);
		if (lua_rawget(L, idx) != LUA_TNIL) {
			write_name(L, object, slice_of(lua_tostring(L, -2), lua_rawlen(L, -2)));
			lua_pushvalue(L, -2);
			lua_rawget(L, description);
			lua_insert(L, -2);
			write_copied(L, lua_tointeger(L, -2), object);
		}
		lua_settop(L, description);
	}
	lua_settop(L, description);
}

/* Push the description of a copy, or nil. */
static bool get_description(lua_State *L, int idx)
{
	bool found;
	luaL_getmetatable(L, COPIES_NAME);
	lua_pushvalue(L, idx);
	found = lua_rawget(L, -2) == LUA_TTABLE;
	lua_remove(L, -2);
	return found;
}

static bool is_described(lua_State *L, int description, struct slice name)
{
	bool found;
	lua_pushlstring(L, name.ptr, name.len);
	found = lua_rawget(L, description) != LUA_TNIL;
	lua_pop(L, 1);
	return found;
}

static void write_object(lua_State *L, int idx, struct buf *out, int indent, int depth)
{
	struct object object = {out, indent, depth, false};
	bool described = get_description(L, idx);
	int description = lua_gettop(L);
	const struct slice *names;
	size_t n;
	open_object(&object);
	if (described)
		write_columns(L, idx, &object);
	names = sorted_names(L, idx, &n);
	for (size_t i = 0; i < n; i++)
		if (!described || !is_described(L, description, names[i]))
			write_member(L, idx, &object, names[i]);
	close_object(&object);
	lua_settop(L, description - 1);
}

static void write_userdata(lua_State *L, int idx, struct buf *out, int indent, int depth)
{
	struct slice text = lua_decimal_test(L, idx);
	if (lua_null_test(L, idx)) {
		buf_append(out, "null", 4);
	} else if (text.ptr) {
		buf_put(out, text);
	} else if (handle_is_row(L, idx)) {
		write_row(L, handle_row(L, idx), out, indent, depth + 1);
	} else {
		state_raise(L, "json.encode: JSON has no %s", luaL_tolstring(L, idx, NULL));
	}
}

void lua_json_write(lua_State *L, int idx, struct buf *out, int indent, int depth)
{
	lua_Integer n;
	if (depth > DEPTH_MAX)
		state_raise(L, "json.encode: nested too deeply, or a table inside itself");
	luaL_checkstack(L, 12, NULL);
	switch (lua_type(L, idx)) {
	case LUA_TNIL:
		buf_append(out, "null", 4);
		return;
	case LUA_TBOOLEAN:
		buf_put(out, lua_toboolean(L, idx) ? SLICE("true") : SLICE("false"));
		return;
	case LUA_TNUMBER:
		write_number(L, idx, out);
		return;
	case LUA_TSTRING:
		write_string(L, slice_of(lua_tostring(L, idx), lua_rawlen(L, idx)), out);
		return;
	case LUA_TTABLE:
		if (is_array(L, idx, &n))
			write_array(L, idx, n, out, indent, depth + 1);
		else
			write_object(L, idx, out, indent, depth + 1);
		return;
	case LUA_TUSERDATA:
	case LUA_TLIGHTUSERDATA:
		write_userdata(L, idx, out, indent, depth);
		return;
	default:
		state_raise(L, "json.encode: JSON has no %s", luaL_typename(L, idx));
	}
}

static int encode(lua_State *L)
{
	struct buf *out = &script_of(L)->scratch;
	int indent = 0;
	if (lua_type(L, 2) == LUA_TTABLE) {
		lua_getfield(L, 2, "indent");
		indent = (int)lua_tointeger(L, -1);
		if (!lua_isnil(L, -1) && (!lua_isinteger(L, -1) || indent < 0 || indent > 8))
			state_raise(L, "json.encode: indent is an integer from 0 to 8");
	}
	lua_settop(L, 1);
	buf_clear(out);
	lua_json_write(L, 1, out, indent, 0);
	lua_pushlstring(L, out->ptr, out->len);
	buf_shrink(out, 1 << 20);
	return 1;
}

/* ---- marks ---- */

static int mark(lua_State *L, const char *name)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	if (lua_type(L, 1) != LUA_TTABLE)
		state_raise(L, "json: expected a table, got %s", luaL_typename(L, 1));
	lua_settop(L, 1);
	luaL_setmetatable(L, name);
	return 1;
}

static int mark_array(lua_State *L)
{
	return mark(L, ARRAY_NAME);
}

static int mark_object(lua_State *L)
{
	return mark(L, OBJECT_NAME);
}

/* Make a table with weak keys in the registry, and push it. */
static void make_weak(lua_State *L, const char *name)
{
	luaL_newmetatable(L, name);
	lua_newtable(L);
	lua_pushstring(L, "k");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
}

static void make_metatables(lua_State *L)
{
	luaL_newmetatable(L, ARRAY_NAME);
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	luaL_newmetatable(L, OBJECT_NAME);
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	make_weak(L, TEXTS_NAME);
	make_weak(L, COPIES_NAME);
	lua_pop(L, 4);
}

int lua_json_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"encode", encode},    {"decode", decode},      {"get", get},
		{"array", mark_array}, {"object", mark_object}, {NULL, NULL},
	};
	if (luaL_getmetatable(L, ARRAY_NAME) == LUA_TNIL)
		make_metatables(L);
	luaL_newlib(L, functions);
	lua_null_push(L);
	lua_setfield(L, -2, "null");
	return 1;
}
