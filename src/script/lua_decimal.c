/* lua_decimal: exact decimal numbers. A decimal is a userdata that contains its text,
 * [-]digits[.digits]. Arithmetic works on limbs of nine digits. A quotient has at most
 * DIVISION_SCALE more digits after the point than its operands. It is exact if it fits, else it is
 * rounded half up. */
#include "script/script_priv.h"

#include "base/decimal.h"
#include "base/num.h"

#include <ctype.h>
#include <math.h>

enum {
	LIMBS = 64,       /* of 9 digits: the largest intermediate result */
	DIGITS_MAX = 250, /* of an operand or a result */
	DIVISION_SCALE = 30,
	TEXT_MAX = 2 * LIMBS * 9,
};
#define LIMB_BASE 1000000000u
#define NAME "tideway.decimal"

/* limbs * 10^-scale; least significant limb first; zero has n == 0 */
struct big {
	bool negative;
	unsigned scale;
	unsigned n;
	uint32_t limb[LIMBS];
};

/* ---- magnitudes ---- */

static void trim(struct big *a)
{
	while (a->n > 0 && a->limb[a->n - 1] == 0)
		a->n--;
	if (a->n == 0)
		a->negative = false;
}

static void mul_small(struct big *a, uint32_t factor, uint32_t carry)
{
	for (unsigned i = 0; i < a->n; i++) {
		uint64_t v = (uint64_t)a->limb[i] * factor + carry;
		a->limb[i] = (uint32_t)(v % LIMB_BASE);
		carry = (uint32_t)(v / LIMB_BASE);
	}
	if (carry && a->n < LIMBS)
		a->limb[a->n++] = carry;
}

/* Multiply by 10^k without changing the scale. */
static void shift_up(struct big *a, unsigned k)
{
	for (; k >= 9; k -= 9)
		mul_small(a, LIMB_BASE, 0);
	for (; k > 0; k--)
		mul_small(a, 10, 0);
}

static int compare_magnitude(const struct big *a, const struct big *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (unsigned i = a->n; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

static void add_magnitude(struct big *a, const struct big *b)
{
	uint32_t carry = 0;
	for (unsigned i = 0; i < LIMBS && (i < b->n || carry); i++) {
		uint32_t v = (i < a->n ? a->limb[i] : 0) + (i < b->n ? b->limb[i] : 0) + carry;
		a->limb[i] = v % LIMB_BASE;
		carry = v / LIMB_BASE;
		if (i >= a->n)
			a->n = i + 1;
	}
}

/* Subtract magnitudes.
 * a
 * must be at least
 * b
 * . */
static void sub_magnitude(struct big *a, const struct big *b)
{
	int64_t borrow = 0;
	for (unsigned i = 0; i < a->n; i++) {
		int64_t v = (int64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0) - borrow;
		borrow = v < 0;
		a->limb[i] = (uint32_t)(v + (borrow ? (int64_t)LIMB_BASE : 0));
	}
}

static void mul_magnitude(struct big *out, const struct big *a, const struct big *b)
{
	memset(out->limb, 0, sizeof(out->limb));
	out->n = a->n + b->n < LIMBS ? a->n + b->n : LIMBS;
	for (unsigned i = 0; i < a->n; i++) {
		uint64_t carry = 0;
		for (unsigned k = 0; i + k < out->n; k++) {
			uint64_t v = out->limb[i + k] + carry;
			if (k < b->n)
				v += (uint64_t)a->limb[i] * b->limb[k];
			out->limb[i + k] = (uint32_t)(v % LIMB_BASE);
			carry = v / LIMB_BASE;
		}
	}
}

/* Divide by the schoolbook method: a becomes the remainder, q the quotient. Each digit of the
 * quotient is found by bisection, which is simple, and fast enough for scripts. */
static void div_magnitude(struct big *a, const struct big *b, struct big *q)
{
	struct big rest = {.n = 0}, product;
	memset(q->limb, 0, sizeof(q->limb));
	q->n = a->n;
	for (unsigned i = a->n; i-- > 0;) {
		uint32_t low = 0, high = LIMB_BASE - 1;
		mul_small(&rest, LIMB_BASE, 0);
		if (rest.n == 0 && a->limb[i])
			rest.n = 1, rest.limb[0] = 0;
		if (rest.n)
			rest.limb[0] = a->limb[i];
		while (low < high) {
			uint32_t middle = low + (high - low + 1) / 2;
			product = *b;
			mul_small(&product, middle, 0);
			trim(&product);
			if (compare_magnitude(&product, &rest) <= 0)
				low = middle;
			else
				high = middle - 1;
		}
		product = *b;
		mul_small(&product, low, 0);
		trim(&product);
		sub_magnitude(&rest, &product);
		trim(&rest);
		q->limb[i] = low;
	}
	trim(q);
	a->n = rest.n;
	memcpy(a->limb, rest.limb, sizeof(rest.limb));
}

/* ---- text ---- */

/* Parse [+-]digits[.digits][e[+-]digits]. Return false if it is not a number, or too long. */
static bool parse(struct slice text, struct big *out)
{
	size_t i = 0, digits = 0;
	long exponent = 0;
	bool point = false;
	*out = (struct big){.negative = text.len > 0 && text.ptr[0] == '-'};
	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		i = 1;
	for (; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		mul_small(out, 10, (uint32_t)(c - '0'));
		out->scale += point;
		if (++digits > DIGITS_MAX)
			return false;
	}
	if (digits == 0)
		return false;
	if (i < text.len && (text.ptr[i] | 32) == 'e') {
		int64_t v;
		size_t at = i + 1 + (i + 1 < text.len && text.ptr[i + 1] == '+');
		if (!num_parse_i64(slice_of(text.ptr + at, text.len - at), &v) || v > DIGITS_MAX ||
		    v < -DIGITS_MAX)
			return false;
		exponent = (long)v;
		i = text.len;
	}
	if (i != text.len)
		return false;
	if (exponent > (long)out->scale) {
		if (digits + (size_t)exponent > 2 * DIGITS_MAX)
			return false;
		shift_up(out, (unsigned)(exponent - (long)out->scale));
		out->scale = 0;
	} else {
		out->scale = (unsigned)((long)out->scale - exponent);
	}
	trim(out);
	return out->scale <= DIGITS_MAX;
}

static size_t format(const struct big *a, char *text, size_t size)
{
	char digits[LIMBS * 9 + 2];
	size_t n = 0, at = 0;
	for (unsigned i = a->n; i-- > 0;) {
		if (n == 0)
			n = num_u64(digits, a->limb[i]);
		else
			n += num_pad(digits + n, a->limb[i], 9);
	}
	size_t whole = n > a->scale ? n - a->scale : 0;
	if (n > DIGITS_MAX * 2 || a->scale > DIGITS_MAX * 2 || whole + a->scale + 4 > size)
		return 0;
	if (a->negative)
		text[at++] = '-';
	if (whole == 0)
		text[at++] = '0';
	memcpy(text + at, digits, whole);
	at += whole;
	if (a->scale == 0)
		return at;
	text[at++] = '.';
	for (size_t i = n - whole; i < a->scale; i++)
		text[at++] = '0';
	memcpy(text + at, digits + whole, n - whole);
	return at + (n - whole);
}

/* Write the number as text, rounded to `scale` digits after the point. Return 0 if it has too many
 * digits. */
static size_t format_rounded(const struct big *a, unsigned scale, char *text)
{
	char exact[TEXT_MAX];
	size_t n = format(a, exact, sizeof(exact));
	if (n == 0 || decimal_round_size(n, scale) > TEXT_MAX)
		return 0;
	return decimal_round(slice_of(exact, n), scale, text);
}

/* Append zeros until there are `scale` digits after the point. scale must be at least that of a. */
static void extend(struct big *a, unsigned scale)
{
	shift_up(a, scale - a->scale);
	a->scale = scale;
}

/* ---- values ---- */

void lua_decimal_push(lua_State *L, struct slice text)
{
	char *copy = lua_newuserdatauv(L, text.len, 0);
	memcpy(copy, text.ptr, text.len);
	if (luaL_getmetatable(L, NAME) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_pushcfunction(L, lua_decimal_open);
		lua_call(L, 0, 0);
		luaL_getmetatable(L, NAME);
	}
	lua_setmetatable(L, -2);
}

struct slice lua_decimal_test(lua_State *L, int idx)
{
	const char *text = lua_type(L, idx) == LUA_TUSERDATA ? luaL_testudata(L, idx, NAME) : NULL;
	return slice_of(text, text ? lua_rawlen(L, idx) : 0);
}

/* Read the number or decimal at idx; a float by its shortest text. */
static bool read(lua_State *L, int idx, struct big *out)
{
	char digits[NUM_FLOAT_MAX];
	struct slice text = lua_decimal_test(L, idx);
	if (text.ptr)
		return parse(text, out);
	if (lua_type(L, idx) != LUA_TNUMBER)
		return false;
	if (lua_isinteger(L, idx))
		return parse(slice_of(digits, num_i64(digits, lua_tointeger(L, idx))), out);
	if (!isfinite(lua_tonumber(L, idx)))
		return false;
	return parse(slice_of(digits, num_f64(digits, lua_tonumber(L, idx))), out);
}

static void check(lua_State *L, int idx, struct big *out)
{
	if (read(L, idx, out))
		return;
	if (lua_type(L, idx) == LUA_TNUMBER)
		state_raise(L, "decimal: the number is not finite, or beyond %d digits",
			    DIGITS_MAX);
	state_raise(L, "decimal: expected a number or a decimal, got %s", luaL_typename(L, idx));
}

static void push_text(lua_State *L, const char *text, size_t n)
{
	if (n == 0 || n > DIGITS_MAX + 2)
		state_raise(L, "decimal: the result has more than %d digits", DIGITS_MAX);
	lua_decimal_push(L, slice_of(text, n));
}

static void push(lua_State *L, const struct big *a)
{
	char text[TEXT_MAX];
	push_text(L, text, format(a, text, sizeof(text)));
}

struct slice lua_decimal_round(lua_State *L, int idx, int scale, struct arena *arena,
			       unsigned *digits)
{
	char text[TEXT_MAX];
	const char *point;
	struct big value;
	size_t n;
	if (!read(L, idx, &value))
		return (struct slice){NULL, 0};
	n = scale < 0 ? format(&value, text, sizeof(text))
		      : format_rounded(&value, (unsigned)scale, text);
	if (n == 0)
		return (struct slice){NULL, 0};
	point = memchr(text, '.', n);
	*digits = (unsigned)((point ? (size_t)(point - text) : n) - (text[0] == '-'));
	if (*digits == 1 && text[text[0] == '-'] == '0')
		*digits = 0;
	return arena_copy(arena, slice_of(text, n));
}

bool lua_decimal_integer(struct slice text, bool *is_unsigned, int64_t *i, uint64_t *u)
{
	const char *point = memchr(text.ptr, '.', text.len);
	if (point) {
		for (const char *at = point + 1; at < text.ptr + text.len; at++)
			if (*at != '0')
				return false;
		text.len = (size_t)(point - text.ptr);
	}
	if (slice_equal(text, SLICE("-0")))
		text = SLICE("0");
	*is_unsigned = !num_parse_i64(text, i);
	return !*is_unsigned || num_parse_u64(text, u);
}

/* ---- operators ---- */

static void align(struct big *a, struct big *b)
{
	unsigned scale = a->scale > b->scale ? a->scale : b->scale;
	extend(a, scale);
	extend(b, scale);
}

static int compare(struct big a, struct big b)
{
	int order;
	align(&a, &b);
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	order = compare_magnitude(&a, &b);
	return a.negative ? -order : order;
}

static void add(struct big *a, struct big *b)
{
	align(a, b);
	if (a->negative == b->negative) {
		add_magnitude(a, b);
	} else if (compare_magnitude(a, b) >= 0) {
		sub_magnitude(a, b);
	} else {
		sub_magnitude(b, a);
		*a = *b;
	}
	trim(a);
}

static int op_add(lua_State *L)
{
	struct big a, b;
	check(L, 1, &a);
	check(L, 2, &b);
	add(&a, &b);
	push(L, &a);
	return 1;
}

static int op_sub(lua_State *L)
{
	struct big a, b;
	check(L, 1, &a);
	check(L, 2, &b);
	b.negative = b.n > 0 && !b.negative;
	add(&a, &b);
	push(L, &a);
	return 1;
}

static int op_mul(lua_State *L)
{
	struct big a, b, out;
	check(L, 1, &a);
	check(L, 2, &b);
	mul_magnitude(&out, &a, &b);
	out.negative = a.negative != b.negative;
	out.scale = a.scale + b.scale;
	trim(&out);
	push(L, &out);
	return 1;
}

static void check_divisor(lua_State *L, const struct big *b)
{
	if (b->n == 0)
		state_raise(L, "decimal: division by zero");
}

/* Return the length without the trailing zeros of the fraction, but with at least `scale` digits
 * after the point. */
static size_t strip(const char *text, size_t n, unsigned scale)
{
	const char *point = memchr(text, '.', n);
	if (point == NULL)
		return n;
	while (text + n > point + 1 + scale && text[n - 1] == '0')
		n--;
	return text + n == point + 1 ? n - 1 : n;
}

static int op_div(lua_State *L)
{
	struct big a, b, q;
	char text[TEXT_MAX];
	unsigned scale;
	bool negative;
	size_t n;
	check(L, 1, &a);
	check(L, 2, &b);
	check_divisor(L, &b);
	scale = a.scale > b.scale ? a.scale : b.scale;
	negative = a.negative != b.negative;
	/* one digit more than the result has, for rounding */
	if ((size_t)a.n * 9 + scale + DIVISION_SCALE + 1 + b.scale - a.scale > (LIMBS - 1) * 9)
		state_raise(L, "decimal: too many digits for a division");
	shift_up(&a, scale + DIVISION_SCALE + 1 + b.scale - a.scale);
	div_magnitude(&a, &b, &q);
	q.scale = scale + DIVISION_SCALE + 1;
	q.negative = negative;
	trim(&q);
	n = format_rounded(&q, scale + DIVISION_SCALE, text);
	push_text(L, text, strip(text, n, scale));
	return 1;
}

/* Divide aligned numbers and round down. The remainder has the divisor's sign. */
static void floor_div(struct big *a, struct big *b, struct big *q)
{
	bool negative = a->negative != b->negative;
	align(a, b);
	div_magnitude(a, b, q);
	q->scale = 0;
	q->negative = negative;
	if (negative && a->n > 0) {
		static const struct big one = {.n = 1, .limb = {1}};
		struct big rest = *b;
		add_magnitude(q, &one);
		sub_magnitude(&rest, a);
		memcpy(a->limb, rest.limb, sizeof(rest.limb));
		a->n = rest.n;
	}
	a->negative = b->negative;
	trim(a);
	trim(q);
}

static int op_idiv(lua_State *L)
{
	struct big a, b, q;
	check(L, 1, &a);
	check(L, 2, &b);
	check_divisor(L, &b);
	floor_div(&a, &b, &q);
	push(L, &q);
	return 1;
}

static int op_mod(lua_State *L)
{
	struct big a, b, q;
	check(L, 1, &a);
	check(L, 2, &b);
	check_divisor(L, &b);
	floor_div(&a, &b, &q);
	push(L, &a);
	return 1;
}

static int op_unm(lua_State *L)
{
	struct big a;
	check(L, 1, &a);
	a.negative = a.n > 0 && !a.negative;
	push(L, &a);
	return 1;
}

static int order(lua_State *L)
{
	struct big a, b;
	check(L, 1, &a);
	check(L, 2, &b);
	return compare(a, b);
}

static int op_eq(lua_State *L)
{
	struct big a, b;
	lua_pushboolean(L, read(L, 1, &a) && read(L, 2, &b) && compare(a, b) == 0);
	return 1;
}

static int op_lt(lua_State *L)
{
	lua_pushboolean(L, order(L) < 0);
	return 1;
}

static int op_le(lua_State *L)
{
	lua_pushboolean(L, order(L) <= 0);
	return 1;
}

static int op_tostring(lua_State *L)
{
	struct slice text = lua_decimal_test(L, 1);
	if (text.ptr == NULL)
		luaL_typeerror(L, 1, NAME);
	lua_pushlstring(L, text.ptr, text.len);
	return 1;
}

static int op_concat(lua_State *L)
{
	for (int i = 1; i <= 2; i++) {
		int type = lua_type(L, i);
		if (type != LUA_TSTRING && type != LUA_TNUMBER &&
		    lua_decimal_test(L, i).ptr == NULL)
			state_raise(L, "attempt to concatenate a decimal and a %s",
				    luaL_typename(L, i));
		luaL_tolstring(L, i, NULL);
	}
	lua_concat(L, 2);
	return 1;
}

/* ---- methods ---- */

static int method_round(lua_State *L)
{
	struct big a;
	char text[TEXT_MAX];
	lua_Integer scale = luaL_optinteger(L, 2, 0);
	check(L, 1, &a);
	if (scale < 0 || scale > DIGITS_MAX)
		state_raise(L, "decimal: round: the scale is 0 to %d digits, got %lld", DIGITS_MAX,
			    (long long)scale);
	push_text(L, text, format_rounded(&a, (unsigned)scale, text));
	return 1;
}

static int method_tonumber(lua_State *L)
{
	op_tostring(L);
	if (!lua_stringtonumber(L, lua_tostring(L, -1)))
		lua_pushnil(L);
	if (lua_isinteger(L, -1))
		lua_pushnumber(L, (lua_Number)lua_tointeger(L, -1));
	return 1;
}

static int method_tointeger(lua_State *L)
{
	struct slice text = lua_decimal_test(L, 1);
	bool is_unsigned;
	int64_t i;
	uint64_t u;
	if (text.ptr && lua_decimal_integer(text, &is_unsigned, &i, &u) && !is_unsigned)
		lua_pushinteger(L, i);
	else
		luaL_pushfail(L);
	return 1;
}

static int method_scale(lua_State *L)
{
	struct big a;
	check(L, 1, &a);
	lua_pushinteger(L, a.scale);
	return 1;
}

static int new (lua_State *L)
{
	struct big a;
	size_t len;
	const char *text;
	if (lua_type(L, 1) != LUA_TSTRING) {
		check(L, 1, &a);
	} else {
		text = lua_tolstring(L, 1, &len);
		if (!parse(slice_of(text, len), &a))
			state_raise(L, "decimal: '%s' is not a decimal number of at most %d digits",
				    text, DIGITS_MAX);
	}
	push(L, &a);
	return 1;
}

static int call(lua_State *L)
{
	lua_remove(L, 1);
	return new (L);
}

static void make_metatable(lua_State *L)
{
	static const luaL_Reg operators[] = {
		{"__add", op_add},
		{"__sub", op_sub},
		{"__mul", op_mul},
		{"__div", op_div},
		{"__idiv", op_idiv},
		{"__mod", op_mod},
		{"__unm", op_unm},
		{"__eq", op_eq},
		{"__lt", op_lt},
		{"__le", op_le},
		{"__tostring", op_tostring},
		{"__concat", op_concat},
		{NULL, NULL},
	};
	static const luaL_Reg methods[] = {
		{"eq", op_eq},
		{"round", method_round},
		{"tonumber", method_tonumber},
		{"tointeger", method_tointeger},
		{"scale", method_scale},
		{NULL, NULL},
	};
	if (luaL_newmetatable(L, NAME)) {
		luaL_setfuncs(L, operators, 0);
		luaL_newlib(L, methods);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, false);
		lua_setfield(L, -2, "__metatable");
	}
	lua_pop(L, 1);
}

int lua_decimal_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
	make_metatable(L);
	luaL_newlib(L, functions);
	lua_newtable(L);
	lua_pushcfunction(L, call);
	lua_setfield(L, -2, "__call");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	return 1;
}
