/* lua_base64: tideway.base64: bytes as base64 and back (RFC 4648), with the standard alphabet or with that for URLs. */
#include "script/script_priv.h"

#include "base/num.h"

#include <stdio.h>

/* Return whether the variant at idx is "url", the alphabet with - and _ that needs no padding. */
static bool is_url(lua_State *L, int idx, const char *function)
{
	if (lua_isnoneornil(L, idx))
		return false;
	if (lua_type(L, idx) != LUA_TSTRING || strcmp(lua_tostring(L, idx), "url") != 0)
		state_raise(L,
			    "base64.%s: the second argument may only be \"url\" (the alphabet for "
			    "URLs), not %s",
			    function, luaL_tolstring(L, idx, NULL));
	return true;
}

static struct slice text_at(lua_State *L, const char *function)
{
	size_t len;
	const char *text;
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "base64.%s: expected a string, got %s", function,
			    luaL_typename(L, 1));
	text = lua_tolstring(L, 1, &len);
	return slice_of(text, len);
}

static int encode(lua_State *L)
{
	struct slice bytes = text_at(L, "encode");
	bool url = is_url(L, 2, "encode");
	luaL_Buffer out;
	char *dst = luaL_buffinitsize(L, &out, 4 * ((bytes.len + 2) / 3));
	size_t n = num_base64(dst, (const uint8_t *)bytes.ptr, bytes.len);
	if (url) {
		while (n > 0 && dst[n - 1] == '=')
			n--;
		for (size_t i = 0; i < n; i++)
			dst[i] = dst[i] == '+' ? '-' : dst[i] == '/' ? '_' : dst[i];
	}
	luaL_pushresultsize(&out, n);
	return 1;
}

/* Return the value of a digit; -1: not a digit of the alphabet. */
static int digit(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What was read of a text. */
struct reading {
	size_t at;     /* the place in the text */
	size_t digits; /* digits so far */
	uint32_t
		bits; /* of the digits that have not become bytes; the last 6 * (digits % 4) count */
};

/* Read digits and spaces up to a padding, the end, or a wrong character. Return the bytes written. The server's TO_BASE64
 * breaks lines, so spaces may be anywhere. */
static size_t read_digits(struct reading *r, struct slice text, bool url, char *dst)
{
	size_t n = 0;
	for (; r->at < text.len; r->at++) {
		int value = digit(text.ptr[r->at], url);
		if (value < 0 && is_space(text.ptr[r->at]))
			continue;
		if (value < 0)
			break;
		r->bits = r->bits << 6 | (uint32_t)value;
		if (++r->digits % 4 != 0)
			continue;
		dst[n++] = (char)(r->bits >> 16);
		dst[n++] = (char)(r->bits >> 8);
		dst[n++] = (char)r->bits;
	}
	return n;
}

/* Read the padding and spaces after the digits. Return the number of = signs. */
static size_t read_padding(struct reading *r, struct slice text)
{
	size_t n = 0;
	for (; r->at < text.len; r->at++) {
		if (text.ptr[r->at] == '=')
			n++;
		else if (!is_space(text.ptr[r->at]))
			break;
	}
	return n;
}

/* Write the bytes of an incomplete last group of digits. Return what is wrong with the end of the text; NULL: nothing. */
static const char *finish(const struct reading *r, size_t padding, bool url, char *dst, size_t *n)
{
	unsigned rest = r->digits % 4;
	size_t expected = rest == 0 ? 0 : 4 - rest;
	if (rest == 1)
		return "the last group has a single digit: the text was cut off";
	if (padding != expected && !(url && padding == 0))
		return padding < expected
			       ? "the padding (=) at the end is missing: the text was cut off"
			       : "there is more padding (=) than the digits need";
	if ((rest == 2 && (r->bits & 15) != 0) || (rest == 3 && (r->bits & 3) != 0))
		return "the last digit has bits that belong to no byte";
	if (rest == 2)
		dst[(*n)++] = (char)(r->bits >> 4);
	if (rest == 3) {
		dst[(*n)++] = (char)(r->bits >> 10);
		dst[(*n)++] = (char)(r->bits >> 2);
	}
	return NULL;
}

/* Push nil and the message about the character at the place, which is not a digit. */
static int refuse_character(lua_State *L, struct slice text, size_t at, bool url)
{
	uint8_t c = (uint8_t)text.ptr[at];
	bool other = digit((char)c, !url) >= 0;
	char shown[8];
	snprintf(shown, sizeof(shown), c > ' ' && c < 0x7f ? "'%c'" : "\\x%02x", c);
	lua_pushnil(L);
	lua_pushfstring(
		L, "base64: byte %d of the text, %s, is not a base64 digit%s", (int)at + 1, shown,
		!other ? ""
		: url  ? ": this is the standard alphabet, which base64.decode(text) reads"
		       : ": this is the alphabet for URLs, which base64.decode(text, \"url\") "
			 "reads");
	return 2;
}

static int decode(lua_State *L)
{
	struct slice text = text_at(L, "decode");
	bool url = is_url(L, 2, "decode");
	struct reading r = {0};
	luaL_Buffer out;
	char *dst = luaL_buffinitsize(L, &out, text.len / 4 * 3 + 3);
	size_t n = read_digits(&r, text, url, dst), padding = read_padding(&r, text);
	const char *wrong;
	if (r.at < text.len)
		return refuse_character(L, text, r.at, url);
	wrong = finish(&r, padding, url, dst, &n);
	if (wrong) {
		lua_pushnil(L);
		lua_pushfstring(L, "base64: %s", wrong);
		return 2;
	}
	luaL_pushresultsize(&out, n);
	return 1;
}

int lua_base64_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"encode", encode}, {"decode", decode}, {NULL, NULL}};
	luaL_newlib(L, functions);
	return 1;
}
