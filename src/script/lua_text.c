/* lua_text: tideway.text: letter case, white space, normal form and names of Unicode text. The functions of Lua's string
 * library work on bytes. */
#include "script/script_priv.h"

#include "base/utf8.h"

#include <utf8proc.h>

/* The argument of a function: valid UTF-8. */
struct unicode {
	const uint8_t *ptr;
	size_t len;
	bool ascii; /* all characters have one byte */
};

/* Return the argument. Raise when it is not valid UTF-8. The message does not contain the text, which may be masked. */
static struct unicode text_argument(lua_State *L, const char *function)
{
	struct unicode text = {NULL, 0, true};
	if (lua_type(L, 1) != LUA_TSTRING)
		state_raise(L, "text.%s: expected a string, got %s", function, luaL_typename(L, 1));
	text.ptr = (const uint8_t *)lua_tolstring(L, 1, &text.len);
	for (size_t at = 0; at < text.len;) {
		unsigned n = utf8_length(text.ptr + at, text.len - at, 4);
		if (n == 0)
			state_raise(L,
				    "text.%s: the string is not valid UTF-8: byte %zu is \\x%02x; "
				    "bytes are for the functions of string",
				    function, at + 1, text.ptr[at]);
		text.ascii = text.ascii && n == 1;
		at += n;
	}
	return text;
}

static int map_characters(lua_State *L, const char *function,
			  utf8proc_int32_t (*map)(utf8proc_int32_t character))
{
	struct unicode text = text_argument(L, function);
	luaL_Buffer out;
	luaL_buffinitsize(L, &out, text.len + 4);
	for (size_t at = 0; at < text.len;) {
		utf8proc_int32_t character;
		at += (size_t)utf8proc_iterate(text.ptr + at, (utf8proc_ssize_t)(text.len - at),
					       &character);
		luaL_addsize(&out, (size_t)utf8proc_encode_char(
					   map(character), (uint8_t *)luaL_prepbuffsize(&out, 4)));
	}
	luaL_pushresult(&out);
	return 1;
}

static int lower(lua_State *L)
{
	return map_characters(L, "lower", utf8proc_tolower);
}

static int upper(lua_State *L)
{
	return map_characters(L, "upper", utf8proc_toupper);
}

/* Return whether the character has Unicode's property White_Space. */
static bool is_space(utf8proc_int32_t character)
{
	if ((character >= '\t' && character <= '\r') || character == 0x85)
		return true;
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return false;
	}
}

static int trim(lua_State *L)
{
	struct unicode text = text_argument(L, "trim");
	size_t start = text.len, end = 0;
	for (size_t at = 0; at < text.len;) {
		utf8proc_int32_t character;
		size_t n = (size_t)utf8proc_iterate(text.ptr + at,
						    (utf8proc_ssize_t)(text.len - at), &character);
		if (!is_space(character)) {
			start = start == text.len ? at : start;
			end = at + n;
		}
		at += n;
	}
	lua_pushlstring(L, (const char *)text.ptr + start, end > start ? end - start : 0);
	return 1;
}

/* Normal form C, in memory of Lua: of characters first, and then of their UTF-8. */
static int nfc(lua_State *L)
{
	struct unicode text = text_argument(L, "nfc");
	const utf8proc_option_t form = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_int32_t *characters;
	utf8proc_ssize_t n;
	if (text.ascii) {
		lua_settop(L, 1);
		return 1;
	}
	n = utf8proc_decompose(text.ptr, (utf8proc_ssize_t)text.len, NULL, 0, form);
	characters = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof(*characters), 0);
	n = utf8proc_decompose(text.ptr, (utf8proc_ssize_t)text.len, characters, n, form);
	n = utf8proc_reencode(characters, n, form);
	if (n < 0)
		state_raise(L, "text.nfc: %s", utf8proc_errmsg(n));
	lua_pushlstring(L, (const char *)characters, (size_t)n);
	return 1;
}

/* ---- names ---- */

/* What a character is in a name that consists of words. */
enum letter { LETTER_LOWER, LETTER_UPPER, LETTER_OTHER, LETTER_SEPARATOR };

static enum letter letter_of(utf8proc_int32_t character)
{
	if (character == '_' || character == '-' || character == '.' || is_space(character))
		return LETTER_SEPARATOR;
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return LETTER_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return LETTER_LOWER;
	default:
		return LETTER_OTHER;
	}
}

/* A name: its characters, in memory of Lua. Separators at its ends are not between words. */
struct name {
	utf8proc_int32_t *characters;
	size_t n, first, end; /* first, end: without the separators at the ends */
};

static struct name name_argument(lua_State *L, const char *function)
{
	struct unicode text = text_argument(L, function);
	struct name name = {lua_newuserdatauv(L, (text.len + 1) * sizeof(*name.characters), 0), 0,
			    0, 0};
	for (size_t at = 0; at < text.len; name.n++)
		at += (size_t)utf8proc_iterate(text.ptr + at, (utf8proc_ssize_t)(text.len - at),
					       &name.characters[name.n]);
	for (name.end = name.n;
	     name.end > 0 && letter_of(name.characters[name.end - 1]) == LETTER_SEPARATOR;)
		name.end--;
	while (name.first < name.end && letter_of(name.characters[name.first]) == LETTER_SEPARATOR)
		name.first++;
	return name;
}

/* Return whether a word after the first one begins at character i: after a separator, at the capital of "userId", or at the
 * last capital of "HTTPServer". */
static bool begins_word(const struct name *name, size_t i)
{
	enum letter previous, next;
	if (i <= name->first)
		return false;
	previous = letter_of(name->characters[i - 1]);
	if (previous == LETTER_SEPARATOR || letter_of(name->characters[i]) != LETTER_UPPER)
		return previous == LETTER_SEPARATOR;
	next = i + 1 < name->end ? letter_of(name->characters[i + 1]) : LETTER_OTHER;
	return previous != LETTER_UPPER || next == LETTER_LOWER;
}

static void add_character(luaL_Buffer *out, utf8proc_int32_t character)
{
	luaL_addsize(out,
		     (size_t)utf8proc_encode_char(character, (uint8_t *)luaL_prepbuffsize(out, 4)));
}

/* Push the words of the name in lower case. joint: the character between two words; 0: each word after the first begins with
 * a capital. */
static int join_words(lua_State *L, const char *function, char joint)
{
	struct name name = name_argument(L, function);
	luaL_Buffer out;
	luaL_buffinit(L, &out);
	for (size_t i = 0; i < name.n; i++) {
		utf8proc_int32_t character = name.characters[i];
		bool inside = i >= name.first && i < name.end;
		if (inside && letter_of(character) == LETTER_SEPARATOR)
			continue;
		if (!inside || !begins_word(&name, i)) {
			add_character(&out, inside ? utf8proc_tolower(character) : character);
			continue;
		}
		if (joint)
			luaL_addchar(&out, joint);
		add_character(&out,
			      joint ? utf8proc_tolower(character) : utf8proc_toupper(character));
	}
	luaL_pushresult(&out);
	return 1;
}

static int camel(lua_State *L)
{
	return join_words(L, "camel", 0);
}

static int snake(lua_State *L)
{
	return join_words(L, "snake", '_');
}

int lua_text_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"lower", lower}, {"upper", upper}, {"trim", trim},
					     {"nfc", nfc},     {"camel", camel}, {"snake", snake},
					     {NULL, NULL}};
	luaL_newlib(L, functions);
	return 1;
}
