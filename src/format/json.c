#include "format/json.h"

#include "base/num.h"

/* What stands behind the backslash for a byte below 0x20, '"' and '\\'; 'u' asks for \u00XX. */
static const char ESCAPES[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";

/* Whether any of 8 bytes is below 0x20, '"' or '\\'. Exact for "none": a false alarm is only possible
 * above a true one, and only costs time. */
static inline bool needs_escape(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t quote = x ^ (ones * '"'), backslash = x ^ (ones * '\\');
	uint64_t control = (x - ones * 0x20) & ~x;
	uint64_t zero = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
	return ((control | zero) & highs) != 0;
}

static inline bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* Number of bytes from p on that need no escape. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		uint64_t word;
		memcpy(&word, p + i, 8);
		if (needs_escape(word))
			break;
	}
	while (i < n && plain((unsigned char)p[i]))
		i++;
	return i;
}

static void put_escape(struct buf *out, unsigned char c)
{
	static const char HEX[] = "0123456789abcdef";
	char *at = buf_reserve(out, 6);
	at[0] = '\\';
	if (c >= 0x20) {
		at[1] = (char)c;
		out->len += 2;
		return;
	}
	at[1] = ESCAPES[c];
	if (at[1] != 'u') {
		out->len += 2;
		return;
	}
	memcpy(at + 2, "00", 2);
	at[4] = HEX[c >> 4];
	at[5] = HEX[c & 15];
	out->len += 6;
}

void json_string(struct buf *out, struct slice text)
{
	const char *p = text.ptr;
	size_t left = text.len;
	buf_reserve(out, left + 2);
	out->ptr[out->len++] = '"';
	for (;;) {
		size_t run = plain_run(p, left);
		buf_append(out, p, run);
		if (run == left)
			break;
		put_escape(out, (unsigned char)p[run]);
		p += run + 1;
		left -= run + 1;
	}
	buf_char(out, '"');
}

void json_i64(struct buf *out, int64_t v)
{
	char *at = buf_reserve(out, NUM_INT_MAX);
	out->len += num_i64(at, v);
}

static void put_u64(struct buf *out, uint64_t v)
{
	char *at = buf_reserve(out, NUM_INT_MAX);
	out->len += num_u64(at, v);
}

static void put_base64(struct buf *out, struct slice bytes)
{
	char *at = buf_reserve(out, 4 * ((bytes.len + 2) / 3));
	out->len += num_base64(at, (const uint8_t *)bytes.ptr, bytes.len);
}

void json_base64(struct buf *out, struct slice bytes)
{
	buf_char(out, '"');
	put_base64(out, bytes);
	buf_char(out, '"');
}

/* Everything whose JSON form has no quotes; false: text or bytes. */
static bool put_unquoted(struct buf *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		buf_put(out, SLICE("null"));
		return true;
	case VALUE_BOOL:
		buf_put(out, value->i ? SLICE("true") : SLICE("false"));
		return true;
	case VALUE_I64:
	case VALUE_MS:
		json_i64(out, value->i);
		return true;
	case VALUE_U64:
		put_u64(out, value->u);
		return true;
	case VALUE_F32:
		out->len += num_f32(buf_reserve(out, NUM_FLOAT_MAX), (float)value->f);
		return true;
	case VALUE_F64:
		out->len += num_f64(buf_reserve(out, NUM_FLOAT_MAX), value->f);
		return true;
	case VALUE_DECIMAL:
		buf_put(out, value->text);
		return true;
	case VALUE_TEXT:
	case VALUE_BYTES:
		break;
	}
	return false;
}

void json_value(struct buf *out, const struct value *value)
{
	if (put_unquoted(out, value))
		return;
	if (value->kind == VALUE_TEXT)
		json_string(out, value->text);
	else
		json_base64(out, value->text);
}

void json_bare(struct buf *out, const struct value *value)
{
	if (put_unquoted(out, value))
		return;
	if (value->kind == VALUE_TEXT)
		buf_put(out, value->text);
	else
		put_base64(out, value->text);
}

void json_names(struct buf *out, const struct slice *names, unsigned n)
{
	if (n == 0) {
		buf_put(out, SLICE("null"));
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		buf_char(out, i == 0 ? '[' : ',');
		json_string(out, names[i]);
	}
	buf_char(out, ']');
}
