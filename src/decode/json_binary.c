#include "decode/json_binary.h"

#include "base/num.h"
#include "base/reader.h"
#include "decode/decimal.h"
#include "decode/temporal.h"
#include "decode/wire.h"

#include <stdlib.h>

/* A document is type(1) value. Numbers in containers have 16 bits (small) or 32 bits (large):
 *   object: count size {key offset, key length(2)} {type(1) value or offset} keys values
 *   array:  count size {type(1) value or offset} values
 * Offsets are relative to `count`. A literal or integer that fits replaces the offset. */
enum json_type {
	JSON_SMALL_OBJECT = 0,
	JSON_LARGE_OBJECT = 1,
	JSON_SMALL_ARRAY = 2,
	JSON_LARGE_ARRAY = 3,
	JSON_LITERAL = 4,
	JSON_INT16 = 5,
	JSON_UINT16 = 6,
	JSON_INT32 = 7,
	JSON_UINT32 = 8,
	JSON_INT64 = 9,
	JSON_UINT64 = 10,
	JSON_DOUBLE = 11,
	JSON_STRING = 12,
	JSON_OPAQUE = 15,
};

enum {
	JSON_DEPTH_MAX = 100, /* the server's own limit */
	KEY_LENGTH_SIZE = 2,
	VARLEN_MAX = 5,         /* bytes of a length, 7 bits each */
	BASE64_LINE = 76,       /* characters of one line: the server breaks base64 into lines */
	BASE64_LINE_BYTES = 57, /* bytes that one line encodes */
	FIXED_DIGITS = 15,      /* no exponent if the decimal point is within these digits */
};

struct printer {
	struct arena *arena;
	char *ptr; /* text so far */
	size_t len, cap;
	/* bytes of the document that may still be printed. No part is printed twice, so
	 * a damaged document cannot become endless text */
	size_t budget;
	unsigned depth;
	const char *why; /* what is wrong with the document; NULL: nothing */
};

static bool print_value(struct printer *p, uint8_t type, const uint8_t *ptr, size_t len);

static bool fail(struct printer *p, const char *why)
{
	if (p->why == NULL)
		p->why = why;
	return false;
}

static bool spend(struct printer *p, size_t n)
{
	if (n > p->budget)
		return fail(p, "a part is used twice");
	p->budget -= n;
	return true;
}

static char *room(struct printer *p, size_t n)
{
	if (p->cap - p->len < n) {
		size_t cap = 2 * p->cap + n;
		char *more = arena_alloc(p->arena, cap);
		memcpy(more, p->ptr, p->len);
		p->ptr = more;
		p->cap = cap;
	}
	return p->ptr + p->len;
}

static void put(struct printer *p, const void *ptr, size_t len)
{
	if (len == 0)
		return;
	memcpy(room(p, len), ptr, len);
	p->len += len;
}

static void put_char(struct printer *p, char c)
{
	*room(p, 1) = c;
	p->len++;
}

/* ---- scalars --------------------------------------------------------------------------------- */

static void put_escape(struct printer *p, uint8_t c)
{
	static const char names[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	static const char hex[] = "0123456789abcdef";
	put_char(p, '\\');
	if (c == '"' || c == '\\') {
		put_char(p, (char)c);
	} else if (c < sizeof(names) && names[c] != '\0') {
		put_char(p, names[c]);
	} else {
		put(p, "u00", 3);
		put_char(p, hex[c >> 4]);
		put_char(p, hex[c & 15]);
	}
}

static bool print_string(struct printer *p, const uint8_t *ptr, size_t len)
{
	size_t done = 0;
	put_char(p, '"');
	for (size_t i = 0; i < len; i++) {
		if (ptr[i] >= 0x20 && ptr[i] != '"' && ptr[i] != '\\')
			continue;
		put(p, ptr + done, i - done);
		put_escape(p, ptr[i]);
		done = i + 1;
	}
	put(p, ptr + done, len - done);
	put_char(p, '"');
	return spend(p, len);
}

/* Extracts the digits and the place of the decimal point from the shortest text of a number. Both
 * 0.00125 and 1.25e-3 yield "125" and -2. Returns the number of digits. */
static int take_digits(const char *text, size_t len, char *digits, int *point)
{
	int n = 0, exponent = 0;
	bool fraction = false;
	*point = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == 'e') {
			exponent = atoi(text + i + 1);
			break;
		}
		if (text[i] == '.') {
			fraction = true;
			continue;
		}
		if (n > 0 || text[i] != '0')
			digits[n++] = text[i];
		if (n > 0 && !fraction)
			++*point;
		else if (n == 0 && fraction)
			--*point;
	}
	while (n > 0 && digits[n - 1] == '0')
		n--;
	*point += exponent;
	return n;
}

static void put_fixed(struct printer *p, const char *digits, int n, int point)
{
	if (point <= 0)
		put(p, "0.", 2);
	for (int i = point; i < 0; i++)
		put_char(p, '0');
	for (int i = 0; i < n || i < point; i++) {
		if (i == point && i > 0)
			put_char(p, '.');
		put_char(p, i < n ? digits[i] : '0');
	}
	if (n <= point)
		put(p, ".0", 2);
}

static void put_exponent(struct printer *p, const char *digits, int n, int point)
{
	char number[NUM_INT_MAX];
	put_char(p, digits[0]);
	if (n > 1) {
		put_char(p, '.');
		put(p, digits + 1, (size_t)n - 1);
	}
	put_char(p, 'e');
	size_t len = num_i64(number, point - 1);
	put(p, number, len);
}

/* Prints a number like the server, with the shortest digits. Uses fixed notation with at least one
 * digit after the point if the point is within 15 digits, otherwise 1.5e20. */
static void print_double(struct printer *p, double v)
{
	char text[NUM_FLOAT_MAX + 1], digits[NUM_FLOAT_MAX];
	int point;
	size_t len = num_f64(text, v < 0 ? -v : v);
	text[len] = '\0';
	if (__builtin_signbit(v))
		put_char(p, '-');
	if (v == 0) {
		put(p, "0.0", 3);
		return;
	}
	int n = take_digits(text, len, digits, &point);
	if (point > -FIXED_DIGITS && point <= FIXED_DIGITS)
		put_fixed(p, digits, n, point);
	else
		put_exponent(p, digits, n, point);
}

static bool print_literal(struct printer *p, uint64_t v)
{
	static const char *const names[] = {"null", "true", "false"};
	if (v > 2)
		return fail(p, "unknown literal");
	put(p, names[v], strlen(names[v]));
	return true;
}

static uint64_t number(const uint8_t *ptr, size_t len, unsigned size)
{
	struct reader r;
	reader_init(&r, ptr, len);
	return reader_uint(&r, size);
}

/* Returns the bytes of a literal or number; 0: another type. */
static unsigned number_size(uint8_t type)
{
	switch (type) {
	case JSON_LITERAL:
		return 1;
	case JSON_INT16:
	case JSON_UINT16:
		return 2;
	case JSON_INT32:
	case JSON_UINT32:
		return 4;
	case JSON_INT64:
	case JSON_UINT64:
	case JSON_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

static bool print_number(struct printer *p, uint8_t type, const uint8_t *ptr, size_t len)
{
	unsigned size = number_size(type);
	double d;
	if (len < size)
		return fail(p, "a number is cut");
	uint64_t v = number(ptr, len, size);
	switch (type) {
	case JSON_LITERAL:
		return print_literal(p, v);
	case JSON_DOUBLE:
		memcpy(&d, ptr, sizeof(d));
		if (__builtin_isnan(d) || __builtin_isinf(d))
			return fail(p, "a number is not finite");
		print_double(p, d);
		return true;
	case JSON_INT16:
		p->len += num_i64(room(p, NUM_INT_MAX), (int16_t)v);
		return true;
	case JSON_INT32:
		p->len += num_i64(room(p, NUM_INT_MAX), (int32_t)v);
		return true;
	case JSON_INT64:
		p->len += num_i64(room(p, NUM_INT_MAX), (int64_t)v);
		return true;
	default:
		p->len += num_u64(room(p, NUM_INT_MAX), v);
		return true;
	}
}

/* Reads a length and as many bytes into *bytes. The length has 7 bits in each byte, the lowest
 * first. If the highest bit of a byte is set, another byte of the length follows. */
static bool take_varlen(struct printer *p, struct reader *r, struct slice *bytes)
{
	uint64_t v = 0;
	uint8_t byte = 0x80;
	for (unsigned i = 0; i < VARLEN_MAX && (byte & 0x80); i++) {
		byte = reader_u8(r);
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
	}
	*bytes = reader_slice(r, v);
	return r->failed || (byte & 0x80) ? fail(p, "a string is cut") : true;
}

/* ---- opaque values: SQL types inside a document ---------------------------------------------- */

/* Unpacks a date and time from the server's 64-bit number. Its lower 24 bits are microseconds. */
static void unpack_date(int64_t packed, struct temporal *t)
{
	uint64_t v = (uint64_t)(packed < 0 ? -packed : packed);
	uint64_t whole = v >> 24;
	uint64_t months = whole >> 22;
	*t = (struct temporal){
		.negative = packed < 0,
		.year = (uint32_t)(months / 13),
		.month = (uint32_t)(months % 13),
		.day = (uint32_t)(whole >> 17 & 31),
		.hour = (uint32_t)(whole >> 12 & 31),
		.minute = (uint32_t)(whole >> 6 & 63),
		.second = (uint32_t)(whole & 63),
		.micros = (uint32_t)(v & 0xffffff),
	};
}

static void put_number(struct printer *p, uint32_t v, unsigned width)
{
	p->len += num_pad(room(p, width), v, width);
}

static bool print_opaque_date(struct printer *p, uint8_t type, int64_t packed)
{
	struct temporal t;
	unpack_date(packed, &t);
	if (t.year > 9999 || t.micros > 999999)
		return fail(p, "a date is none");
	put_char(p, '"');
	put_number(p, t.year, 4);
	put_char(p, '-');
	put_number(p, t.month, 2);
	put_char(p, '-');
	put_number(p, t.day, 2);
	if (type != WIRE_DATE) {
		put_char(p, ' ');
		put_number(p, t.hour, 2);
		put_char(p, ':');
		put_number(p, t.minute, 2);
		put_char(p, ':');
		put_number(p, t.second, 2);
		put_char(p, '.');
		put_number(p, t.micros, 6);
	}
	put_char(p, '"');
	return true;
}

static bool print_opaque_time(struct printer *p, int64_t packed)
{
	uint64_t v = (uint64_t)(packed < 0 ? -packed : packed);
	uint32_t hour = (uint32_t)(v >> 36 & 0x3ff);
	if (hour > 999 || (v & 0xffffff) > 999999)
		return fail(p, "a time is none");
	put_char(p, '"');
	if (packed < 0)
		put_char(p, '-');
	put_number(p, hour, hour > 99 ? 3 : 2);
	put_char(p, ':');
	put_number(p, (uint32_t)(v >> 30 & 63), 2);
	put_char(p, ':');
	put_number(p, (uint32_t)(v >> 24 & 63), 2);
	put_char(p, '.');
	put_number(p, (uint32_t)(v & 0xffffff), 6);
	put_char(p, '"');
	return true;
}

/* Prints precision(1) scale(1) packed decimal. */
static bool print_opaque_decimal(struct printer *p, struct slice bytes)
{
	const uint8_t *ptr = (const uint8_t *)bytes.ptr;
	if (bytes.len < 2)
		return fail(p, "a decimal is cut");
	unsigned size = decimal_size(ptr[0], ptr[1]);
	if (size == 0 || bytes.len - 2 < size)
		return fail(p, "a decimal is cut");
	size_t n = decimal_unpack(ptr + 2, ptr[0], ptr[1], room(p, DECIMAL_TEXT_MAX));
	p->len += n;
	return n > 0 ? true : fail(p, "a decimal is none");
}

/* Prints "base64:type15:..." with the server's line breaks, which are escaped. */
static bool print_opaque_base64(struct printer *p, uint8_t type, struct slice bytes)
{
	char number_text[NUM_INT_MAX];
	put(p, "\"base64:type", strlen("\"base64:type"));
	size_t len = num_u64(number_text, type);
	put(p, number_text, len);
	put_char(p, ':');
	for (size_t at = 0; at < bytes.len; at += BASE64_LINE_BYTES) {
		size_t n = bytes.len - at < BASE64_LINE_BYTES ? bytes.len - at : BASE64_LINE_BYTES;
		if (at > 0)
			put(p, "\\n", 2);
		p->len += num_base64(room(p, BASE64_LINE), (const uint8_t *)bytes.ptr + at, n);
	}
	put_char(p, '"');
	return true;
}

static bool print_opaque(struct printer *p, const uint8_t *ptr, size_t len)
{
	struct reader r;
	struct slice bytes;
	reader_init(&r, ptr, len);
	uint8_t type = reader_u8(&r);
	if (!take_varlen(p, &r, &bytes) || !spend(p, bytes.len))
		return false;
	if (type == WIRE_NEWDECIMAL)
		return print_opaque_decimal(p, bytes);
	bool date = type == WIRE_DATE || type == WIRE_DATETIME || type == WIRE_TIMESTAMP;
	if (!date && type != WIRE_TIME)
		return print_opaque_base64(p, type, bytes);
	if (bytes.len != sizeof(int64_t))
		return fail(p, "a date is cut");
	int64_t packed = (int64_t)number((const uint8_t *)bytes.ptr, bytes.len, sizeof(packed));
	return date ? print_opaque_date(p, type, packed) : print_opaque_time(p, packed);
}

/* ---- containers ------------------------------------------------------------------------------ */

struct container {
	const uint8_t *ptr; /* address of the count */
	size_t size;        /* bytes of the container, from its own field */
	uint32_t count;     /* elements */
	bool is_object;
	unsigned width; /* of counts and offsets: 2 or 4 */
	size_t values;  /* offset of the value entries */
};

static bool open_container(struct printer *p, uint8_t type, const uint8_t *ptr, size_t len,
			   struct container *c)
{
	c->is_object = type == JSON_SMALL_OBJECT || type == JSON_LARGE_OBJECT;
	c->width = type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY ? 4 : 2;
	c->ptr = ptr;
	if (len < 2 * c->width)
		return fail(p, "a container is cut");
	c->count = (uint32_t)number(ptr, len, c->width);
	c->size = number(ptr + c->width, len - c->width, c->width);
	size_t keys = c->is_object ? (size_t)c->count * (c->width + KEY_LENGTH_SIZE) : 0;
	size_t entries = (size_t)c->count * (1 + c->width);
	c->values = 2 * c->width + keys;
	if (c->size > len || c->values + entries > c->size)
		return fail(p, "a container is cut");
	return spend(p, c->values + entries);
}

static bool print_key(struct printer *p, const struct container *c, uint32_t i)
{
	const uint8_t *entry = c->ptr + 2 * c->width + (size_t)i * (c->width + KEY_LENGTH_SIZE);
	uint64_t offset = number(entry, c->width, c->width);
	uint64_t len = number(entry + c->width, KEY_LENGTH_SIZE, KEY_LENGTH_SIZE);
	if (offset > c->size || len > c->size - offset)
		return fail(p, "a key is cut");
	if (!print_string(p, c->ptr + offset, len))
		return false;
	put_char(p, ':');
	return true;
}

static bool is_inline(uint8_t type, unsigned width)
{
	unsigned size = number_size(type);
	return size > 0 && size <= width && type != JSON_DOUBLE;
}

static bool print_element(struct printer *p, const struct container *c, uint32_t i)
{
	const uint8_t *entry = c->ptr + c->values + (size_t)i * (1 + c->width);
	uint8_t type = entry[0];
	if (is_inline(type, c->width))
		return print_number(p, type, entry + 1, c->width);
	uint64_t offset = number(entry + 1, c->width, c->width);
	if (offset >= c->size)
		return fail(p, "a value is cut");
	return print_value(p, type, c->ptr + offset, c->size - offset);
}

static bool print_container(struct printer *p, uint8_t type, const uint8_t *ptr, size_t len)
{
	struct container c;
	if (!open_container(p, type, ptr, len, &c))
		return false;
	if (++p->depth > JSON_DEPTH_MAX)
		return fail(p, "it is nested too deeply");
	put_char(p, c.is_object ? '{' : '[');
	for (uint32_t i = 0; i < c.count; i++) {
		if (i > 0)
			put_char(p, ',');
		if ((c.is_object && !print_key(p, &c, i)) || !print_element(p, &c, i))
			return false;
	}
	put_char(p, c.is_object ? '}' : ']');
	p->depth--;
	return true;
}

static bool print_value(struct printer *p, uint8_t type, const uint8_t *ptr, size_t len)
{
	struct reader r;
	struct slice bytes;
	switch (type) {
	case JSON_SMALL_OBJECT:
	case JSON_LARGE_OBJECT:
	case JSON_SMALL_ARRAY:
	case JSON_LARGE_ARRAY:
		return print_container(p, type, ptr, len);
	case JSON_STRING:
		reader_init(&r, ptr, len);
		return take_varlen(p, &r, &bytes) &&
		       print_string(p, (const uint8_t *)bytes.ptr, bytes.len);
	case JSON_OPAQUE:
		return print_opaque(p, ptr, len);
	default:
		break;
	}
	if (number_size(type) == 0)
		return fail(p, "a value has an unknown type");
	return print_number(p, type, ptr, len);
}

int json_binary_print(struct slice doc, struct arena *arena, struct slice *text, struct err *err)
{
	struct printer p = {.arena = arena, .cap = 2 * doc.len + 16, .budget = doc.len};
	if (doc.len == 0) { /* the content of a NOT NULL column without a value */
		*text = SLICE("null");
		return 0;
	}
	p.ptr = arena_alloc(arena, p.cap);
	const uint8_t *ptr = (const uint8_t *)doc.ptr;
	if (!print_value(&p, ptr[0], ptr + 1, doc.len - 1))
		return err_set(err, E_VALUE, "the JSON document of %zu bytes is damaged: %s",
			       doc.len, p.why);
	*text = slice_of(p.ptr, p.len);
	return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Returns the index after the string that begins at text[i]. */
static size_t string_end(struct slice text, size_t i)
{
	for (i++; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '"')
			return i + 1;
	}
	return text.len;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void json_text_compact(struct slice text, struct arena *arena, struct slice *out)
{
	char *copy = arena_alloc(arena, text.len);
	size_t n = 0;
	for (size_t i = 0; i < text.len;) {
		size_t end = text.ptr[i] == '"' ? string_end(text, i) : i + 1;
		if (!is_blank(text.ptr[i])) {
			memcpy(copy + n, text.ptr + i, end - i);
			n += end - i;
		}
		i = end;
	}
	*out = slice_of(copy, n);
}
