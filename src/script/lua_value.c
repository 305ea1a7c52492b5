/* lua_value: convert cells to Lua values and back, as the table "Values" of docs/lua-api.md
 * defines. A value of another type is an error and is never converted. */
#include "script/script_priv.h"

#include "base/num.h"
#include "model/civil_text.h"

#include <assert.h>
#include <float.h>
#include <math.h>

enum { NUMBER_DIGITS = 15 }; /* a float represents each DECIMAL of at most this many digits */

#define DAY_MS INT64_C(86400000)

/* ---- to Lua ---- */

static void push_u64(lua_State *L, uint64_t v)
{
	char digits[NUM_INT_MAX];
	if (v <= INT64_MAX)
		lua_pushinteger(L, (lua_Integer)v);
	else
		lua_decimal_push(L, slice_of(digits, num_u64(digits, v)));
}

/* Push a DECIMAL of at most NUMBER_DIGITS digits as a number. Dividend and divisor are exact, so
 * the quotient is the nearest float. */
static void push_short_decimal(lua_State *L, const struct column *column, struct slice text)
{
	static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
					1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	int64_t v = 0;
	unsigned scale = 0;
	bool point = false, negative = text.len > 0 && text.ptr[0] == '-';
	for (size_t i = negative; i < text.len; i++) {
		if (text.ptr[i] == '.') {
			point = true;
			continue;
		}
		v = v * 10 + (text.ptr[i] - '0');
		scale += point;
	}
	if (negative)
		v = -v;
	if (column->scale == 0 && scale == 0)
		lua_pushinteger(L, v);
	else
		lua_pushnumber(L, (lua_Number)v / powers[scale]);
}

void lua_value_push(lua_State *L, const struct column *column, const struct value *value)
{
	assert(value_is_plain(value));
	switch (value->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		lua_pushnil(L);
		return;
	case VALUE_BOOL:
		lua_pushboolean(L, value->i != 0);
		return;
	case VALUE_I64:
	case VALUE_MS:
		lua_pushinteger(L, value->i);
		return;
	case VALUE_U64:
		push_u64(L, value->u);
		return;
	case VALUE_F32:
	case VALUE_F64:
		lua_pushnumber(L, value->f);
		return;
	case VALUE_DECIMAL:
		if (column->type == COLUMN_DECIMAL && column->length <= NUMBER_DIGITS &&
		    value->text.len <= NUMBER_DIGITS + 2)
			push_short_decimal(L, column, value->text);
		else
			lua_decimal_push(L, value->text);
		return;
	case VALUE_TEXT:
	case VALUE_BYTES:
		lua_pushlstring(L, value->text.ptr ? value->text.ptr : "", value->text.len);
		return;
	case VALUE_DATE:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
	case VALUE_TIME:
	case VALUE_ENUM:
	case VALUE_SET:
		break; /* not plain */
	}
}

/* ---- UTF-8 ---- */

/* Return the length of the UTF-8 sequence at s; 0 when it is not well-formed. */
static size_t sequence(const uint8_t *s, size_t left)
{
	uint8_t a = s[0];
	size_t n = a < 0x80 ? 1 : a < 0xc2 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf5 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((a == 0xe0 && s[1] < 0xa0) || (a == 0xed && s[1] > 0x9f) ||
	    (a == 0xf0 && s[1] < 0x90) || (a == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool lua_value_utf8(struct slice text)
{
	const uint8_t *at = (const uint8_t *)text.ptr, *end = at + text.len;
	while (at < end) {
		uint64_t word;
		size_t n;
		if (end - at >= 8) {
			memcpy(&word, at, 8);
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				at += 8;
				continue;
			}
		}
		n = sequence(at, (size_t)(end - at));
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

/* ---- from Lua ---- */

struct range {
	int64_t min;
	uint64_t max;
};

static struct range integer_range(const struct column *column)
{
	unsigned bits = 8 * column_type_bytes(column->type);
	if (column->type == COLUMN_YEAR)
		return (struct range){0, 2155};
	if (column->type == COLUMN_BIT)
		return (struct range){0, UINT64_MAX >> (64 - column->length)};
	if (column->is_unsigned)
		return (struct range){0, UINT64_MAX >> (64 - bits)};
	return (struct range){-(int64_t)(UINT64_MAX >> (65 - bits)) - 1, UINT64_MAX >> (65 - bits)};
}

static const char *check_integer(lua_State *L, int idx, const struct column *column,
				 struct value *value)
{
	struct range range = integer_range(column);
	struct slice text = lua_decimal_test(L, idx);
	bool is_unsigned = false;
	int64_t i = 0;
	uint64_t u = 0;
	if (text.ptr) {
		if (!lua_decimal_integer(text, &is_unsigned, &i, &u))
			return "expected an integer";
	} else if (lua_isinteger(L, idx)) {
		i = lua_tointeger(L, idx);
	} else {
		return "expected an integer";
	}
	if (is_unsigned ? u > range.max : i < range.min || (i > 0 && (uint64_t)i > range.max))
		return "the number is out of the column's range";
	if (column->type == COLUMN_YEAR && i > 0 && i < 1901)
		return "a YEAR is 0 or 1901 to 2155";
	*value = is_unsigned ? (struct value){.kind = VALUE_U64, .u = u}
			     : (struct value){.kind = VALUE_I64, .i = i};
	return NULL;
}

static const char *check_decimal(lua_State *L, int idx, const struct column *column,
				 struct arena *arena, struct value *value)
{
	unsigned digits = 0;
	struct slice text;
	if (lua_type(L, idx) != LUA_TNUMBER && lua_decimal_test(L, idx).ptr == NULL)
		return "expected a number or a decimal";
	text = lua_decimal_round(L, idx, column->scale, arena, &digits);
	if (text.ptr == NULL)
		return "the number is not finite";
	if (column->length > 0 && digits > column->length - column->scale)
		return "the number has more digits than the column";
	if (column->is_unsigned && text.ptr[0] == '-')
		return "the column is UNSIGNED";
	*value = (struct value){.kind = VALUE_DECIMAL, .text = text};
	return NULL;
}

static const char *check_float(lua_State *L, int idx, const struct column *column,
			       struct value *value)
{
	double v = lua_tonumber(L, idx);
	if (lua_type(L, idx) != LUA_TNUMBER)
		return "expected a number";
	if (column->type == COLUMN_FLOAT && fabs(v) <= FLT_MAX)
		v = (double)(float)v;
	else if (column->type == COLUMN_FLOAT)
		v = HUGE_VAL;
	if (!isfinite(v))
		return "the number is out of the column's range";
	if (column->is_unsigned && v < 0)
		return "the column is UNSIGNED";
	*value = (struct value){.kind = column->type == COLUMN_FLOAT ? VALUE_F32 : VALUE_F64,
				.f = v};
	return NULL;
}

static const char *check_ms(lua_State *L, int idx, const struct column *column,
			    const struct conversion *conversion, struct value *value)
{
	int64_t ms = lua_tointeger(L, idx), wall;
	if (!lua_isinteger(L, idx))
		return "expected an integer, the milliseconds since 1970 (time.parse makes one)";
	if (__builtin_add_overflow(ms, conversion ? conversion->offset_ms : 0, &wall) ||
	    wall < CIVIL_MS_MIN || wall > CIVIL_MS_MAX)
		return "the time is outside of the years 0 to 9999 (milliseconds since 1970?)";
	if (column->type == COLUMN_DATE && wall % DAY_MS != 0)
		return "a DATE is the milliseconds of a midnight";
	*value = (struct value){.kind = VALUE_MS, .i = ms};
	return NULL;
}

static const char *check_string(lua_State *L, int idx, enum value_kind kind, struct arena *arena,
				struct value *value)
{
	size_t len;
	const char *text = lua_tolstring(L, idx, &len);
	if (kind == VALUE_TEXT && !lua_value_utf8(slice_of(text, len)))
		return "the string is not valid UTF-8";
	*value = (struct value){.kind = kind, .text = arena_copy(arena, slice_of(text, len))};
	return NULL;
}

static const char *check_boolean(lua_State *L, int idx, struct value *value)
{
	if (!lua_isboolean(L, idx))
		return "expected a boolean";
	*value = (struct value){.kind = VALUE_BOOL, .i = lua_toboolean(L, idx)};
	return NULL;
}

static const char *check_bit(lua_State *L, int idx, const struct column *column,
			     struct arena *arena, struct value *value)
{
	if (column_transport(column) == TRANSPORT_BOOLEAN)
		return check_boolean(L, idx, value);
	if (lua_type(L, idx) != LUA_TSTRING)
		return "expected a string of bytes";
	if (lua_rawlen(L, idx) != (column->length + 7) / 8)
		return "the string has not as many bytes as the column";
	return check_string(L, idx, VALUE_BYTES, arena, value);
}

/* Accept the text of a date, or its milliseconds. */
static const char *check_date_text(lua_State *L, int idx, const struct conversion *conversion,
				   struct arena *arena, struct value *value)
{
	const struct column *column = conversion->column;
	bool has_time = column->type != COLUMN_DATE;
	struct err err = ERR_INIT;
	const char *why;
	size_t len;
	if (lua_type(L, idx) == LUA_TSTRING) {
		const char *text = lua_tolstring(L, idx, &len);
		value->kind = has_time ? VALUE_DATETIME : VALUE_DATE;
		why = has_time ? "expected YYYY-MM-DD hh:mm:ss, with at most the column's "
				 "fractional digits"
			       : "expected YYYY-MM-DD";
		if (!civil_read(slice_of(text, len), has_time, column->scale, &value->civil))
			return why;
	} else {
		why = check_ms(L, idx, column, conversion, value);
		if (why)
			return why;
	}
	return conversion->read(conversion, value, arena, &err) < 0 ? "it cannot be converted"
								    : NULL;
}

/* Check the form that a function sets under a setting. Return false if it is that of the column without one. */
static bool check_converted(lua_State *L, int idx, const struct conversion *conversion,
			    struct arena *arena, struct value *value, const char **why)
{
	switch (conversion->kind) {
	case CONVERT_BOOLEAN:
		*why = check_boolean(L, idx, value);
		return true;
	case CONVERT_BIT_NUMBER:
		*why = check_integer(L, idx, conversion->column, value);
		return true;
	case CONVERT_DATE_TEXT:
		*why = check_date_text(L, idx, conversion, arena, value);
		return true;
	default:
		break;
	}
	return false;
}

const char *lua_value_check(lua_State *L, int idx, const struct column *column,
			    const struct conversion *conversion, struct arena *arena,
			    struct value *value)
{
	const char *why = NULL;
	if (lua_isnoneornil(L, idx) || lua_null_test(L, idx)) {
		value->kind = VALUE_NULL;
		return NULL;
	}
	if (conversion && check_converted(L, idx, conversion, arena, value, &why))
		return why;
	switch (column_type_class(column->type)) {
	case CLASS_INTEGER:
	case CLASS_YEAR:
		return check_integer(L, idx, column, value);
	case CLASS_DECIMAL:
		return check_decimal(L, idx, column, arena, value);
	case CLASS_FLOAT:
		return check_float(L, idx, column, value);
	case CLASS_BIT:
		return check_bit(L, idx, column, arena, value);
	case CLASS_DATE:
	case CLASS_DATETIME:
		return check_ms(L, idx, column, conversion, value);
	case CLASS_TIME:
	case CLASS_CHAR:
	case CLASS_TEXT:
	case CLASS_BINARY:
	case CLASS_BLOB:
	case CLASS_LABELS:
	case CLASS_JSON:
	case CLASS_SPATIAL:
	case CLASS_VECTOR:
	case CLASS_FIXED:
		break;
	}
	if (lua_type(L, idx) != LUA_TSTRING)
		return "expected a string";
	return check_string(L, idx,
			    column_transport(column) == TRANSPORT_BYTES ? VALUE_BYTES : VALUE_TEXT,
			    arena, value);
}

bool lua_value_any(lua_State *L, int idx, struct value *value)
{
	size_t len;
	switch (lua_type(L, idx)) {
	case LUA_TNIL:
		value->kind = VALUE_NULL;
		return true;
	case LUA_TBOOLEAN:
		*value = (struct value){.kind = VALUE_BOOL, .i = lua_toboolean(L, idx)};
		return true;
	case LUA_TNUMBER:
		if (lua_isinteger(L, idx))
			*value = (struct value){.kind = VALUE_I64, .i = lua_tointeger(L, idx)};
		else
			*value = (struct value){.kind = VALUE_F64, .f = lua_tonumber(L, idx)};
		return true;
	case LUA_TSTRING:
		value->kind = VALUE_TEXT;
		value->text.ptr = lua_tolstring(L, idx, &len);
		value->text.len = len;
		return true;
	case LUA_TUSERDATA:
		value->kind = VALUE_DECIMAL;
		value->text = lua_decimal_test(L, idx);
		if (value->text.ptr)
			return true;
		value->kind = VALUE_NULL;
		return lua_null_test(L, idx);
	default:
		return false;
	}
}
