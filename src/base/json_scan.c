#include "base/json_scan.h"

static void skip(struct slice *s, size_t n)
{
	s->ptr += n;
	s->len -= n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct slice *s)
{
	while (s->len > 0 && is_space(s->ptr[0]))
		skip(s, 1);
}

/* Returns the bytes of the string at the start, quotes included; 0: there is none, or it does not
 * end. */
static size_t string_size(struct slice s)
{
	if (s.len == 0 || s.ptr[0] != '"')
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Returns the bytes of the object or list at the start; 0: it does not end. */
static size_t nested_size(struct slice s)
{
	size_t depth = 0, i = 0;
	while (i < s.len) {
		char c = s.ptr[i];
		size_t size = 1;
		if (c == '"')
			size = string_size(slice_of(s.ptr + i, s.len - i));
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i + 1;
		if (size == 0)
			return 0;
		i += size;
	}
	return 0;
}

static size_t word_size(struct slice s)
{
	size_t i = 0;
	while (i < s.len && !is_space(s.ptr[i]) && memchr(",:{}[]\"", s.ptr[i], 7) == NULL)
		i++;
	return i;
}

static size_t value_size(struct slice s)
{
	if (s.len > 0 && s.ptr[0] == '"')
		return string_size(s);
	if (s.len > 0 && (s.ptr[0] == '{' || s.ptr[0] == '['))
		return nested_size(s);
	return word_size(s);
}

struct slice json_scan_members(struct slice object)
{
	skip_space(&object);
	if (object.len == 0 || object.ptr[0] != '{')
		return (struct slice){NULL, 0};
	skip(&object, 1);
	return object;
}

bool json_scan_next(struct slice *members, struct slice *name, struct slice *value)
{
	size_t n;
	skip_space(members);
	if (members->len > 0 && members->ptr[0] == ',')
		skip(members, 1);
	skip_space(members);
	n = string_size(*members);
	if (n == 0)
		return false;
	*name = slice_of(members->ptr + 1, n - 2);
	skip(members, n);
	skip_space(members);
	if (members->len == 0 || members->ptr[0] != ':')
		return false;
	skip(members, 1);
	skip_space(members);
	n = value_size(*members);
	*value = slice_of(members->ptr, n);
	skip(members, n);
	return n > 0;
}

struct slice json_scan_find(struct slice object, struct slice name)
{
	struct slice members = json_scan_members(object), found, value;
	while (json_scan_next(&members, &found, &value))
		if (slice_equal(found, name))
			return value;
	return (struct slice){NULL, 0};
}

struct slice json_scan_text(struct slice value)
{
	size_t n = string_size(value);
	return n > 0 ? slice_of(value.ptr + 1, n - 2) : (struct slice){NULL, 0};
}

/* Returns the value of "00XX" at the start; -1: it is something else. */
static int control_code(struct slice text)
{
	int code = 0;
	if (text.len < 4 || text.ptr[0] != '0' || text.ptr[1] != '0')
		return -1;
	for (size_t i = 2; i < 4; i++) {
		const char *digits = "0123456789abcdef", *at;
		char c = text.ptr[i];
		at = memchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c, 16);
		if (at == NULL)
			return -1;
		code = code * 16 + (int)(at - digits);
	}
	return code < 0x80 ? code : -1;
}

bool json_scan_unescape(struct slice text, struct buf *out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	for (size_t i = 0; i < text.len; i++) {
		const char *letter;
		int code;
		if (text.ptr[i] != '\\') {
			buf_char(out, text.ptr[i]);
			continue;
		}
		if (++i == text.len)
			return false;
		letter = memchr(letters, text.ptr[i], sizeof(letters) - 1);
		if (letter) {
			buf_char(out, meanings[letter - letters]);
			continue;
		}
		code = text.ptr[i] == 'u'
			       ? control_code(slice_of(text.ptr + i + 1, text.len - i - 1))
			       : -1;
		if (code < 0)
			return false;
		buf_char(out, (char)code);
		i += 4;
	}
	return true;
}
