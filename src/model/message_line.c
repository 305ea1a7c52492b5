#include "model/message_line.h"

#include "base/json_scan.h"
#include "base/utf8.h"

#include <stdint.h>

enum {
	CELL_MAX = 80,   /* maximum characters of a column */
	VALUE_MAX = 400, /* maximum characters of a value that has no columns */
	TOPIC_WIDTH = 12,
	KEY_WIDTH = 6,
	OP_WIDTH = 12,
};

#define CYAN "\033[36m"
#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define MAGENTA "\033[35m"

struct mark {
	const char *op;
	char mark;
	const char *colour;
};

static const struct mark marks[] = {
	{"INSERT", '+', GREEN},
	{"DELETE", '-', RED},
	{"UPDATE_BEFOR", '<', YELLOW},
	{"UPDATE_BEFORE", '<', YELLOW},
	{"UPDATE_AFTER", '>', GREEN},
	{"c", '+', GREEN},
	{"r", '+', GREEN},
	{"u", '>', GREEN},
	{"d", '-', RED},
};

static const struct mark other = {"", '*', MAGENTA};

/* The parts of a message in the text of its value. */
struct parts {
	struct slice op;      /* ptr NULL: the value has no operation */
	struct slice columns; /* an object; ptr NULL: no row */
	struct slice text;    /* instead of a row, between quotes; ptr NULL: none */
};

static const struct mark *find_mark(struct slice op)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (slice_equal(op, slice_str(marks[i].op)))
			return &marks[i];
	return &other;
}

/* ---- text ---- */

static bool is_control(const uint8_t *at, unsigned n)
{
	return n == 1 ? at[0] < 0x20 || at[0] == 0x7f : n == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

/* Appends one character, or a replacement if it is a control character or not valid. n: its bytes;
 * 0: not valid. Returns the number of characters appended. */
static size_t put_char(struct buf *out, const uint8_t *at, unsigned n)
{
	if (n > 0 && is_control(at, n)) {
		buf_printf(out, "\\u%04x", at[n - 1]);
		return sizeof("\\u0000") - 1;
	}
	if (n > 0)
		buf_append(out, at, n);
	else
		buf_put(out, SLICE("\xef\xbf\xbd"));
	return 1;
}

/* Appends at most `most` characters of a text. quoted: the text is from a JSON string; removes the
 * escapes of \" and \\ only. Returns the number of characters appended. */
static size_t put_text(struct buf *out, struct slice text, size_t most, bool quoted)
{
	const uint8_t *at = (const uint8_t *)text.ptr;
	size_t left = text.len, written = 0;
	while (left > 0) {
		unsigned n;
		if (written >= most) {
			buf_put(out, SLICE("..."));
			return written + 3;
		}
		if (quoted && left > 1 && at[0] == '\\' && (at[1] == '"' || at[1] == '\\')) {
			at++;
			left--;
		}
		n = utf8_length(at, left, 4);
		written += put_char(out, at, n);
		at += n ? n : 1;
		left -= n ? n : 1;
	}
	return written;
}

static void put_padded(struct buf *out, struct slice text, size_t width)
{
	size_t n = put_text(out, text, SIZE_MAX, false);
	for (; n < width; n++)
		buf_char(out, ' ');
}

static void begin(struct buf *out, const char *colour, bool wanted)
{
	if (wanted)
		buf_put(out, slice_str(colour));
}

static void end(struct buf *out, bool wanted)
{
	if (wanted)
		buf_put(out, SLICE("\033[0m"));
}

/* ---- the value ---- */

static struct slice object_or_none(struct slice value)
{
	return value.len > 0 && value.ptr[0] == '{' ? value : (struct slice){NULL, 0};
}

/* Returns the columns of the new image, or else of the old image. */
static struct slice find_columns(struct slice body)
{
	struct slice image = object_or_none(json_scan_find(body, SLICE("after"))), columns;
	if (image.ptr == NULL)
		image = object_or_none(json_scan_find(body, SLICE("before")));
	columns = json_scan_find(image, SLICE("dataColumn"));
	return columns.ptr ? columns : image;
}

static struct parts find_parts(struct slice value)
{
	struct slice payload = json_scan_find(value, SLICE("payload"));
	struct slice body = payload.ptr ? payload : value;
	struct slice ddl = json_scan_find(body, SLICE("ddl"));
	return (struct parts){
		.op = json_scan_text(json_scan_find(body, SLICE("op"))),
		.columns = find_columns(body),
		.text = json_scan_text(json_scan_find(ddl, SLICE("text"))),
	};
}

static void put_cell(struct buf *out, struct slice value)
{
	struct slice text = json_scan_text(value);
	(void)put_text(out, text.ptr ? text : value, CELL_MAX, text.ptr != NULL);
}

/* Appends name=value name=value, in the order of the message. */
static void put_columns(struct buf *out, struct slice columns)
{
	struct slice members = json_scan_members(columns), name, value;
	while (json_scan_next(&members, &name, &value)) {
		buf_char(out, ' ');
		(void)put_text(out, name, SIZE_MAX, true);
		buf_char(out, '=');
		put_cell(out, value);
	}
}

static void put_op(struct buf *out, struct slice op, const struct mark *mark, bool colour)
{
	buf_char(out, ' ');
	begin(out, mark->colour, colour);
	put_padded(out, op, OP_WIDTH);
	end(out, colour);
}

static void put_value(struct buf *out, struct slice value, const struct parts *parts,
		      const struct mark *mark, bool colour)
{
	if (value.ptr == NULL) {
		buf_put(out, SLICE(" tombstone"));
		return;
	}
	if (parts->op.ptr == NULL) {
		buf_char(out, ' ');
		(void)put_text(out, value, VALUE_MAX, false);
		return;
	}
	put_op(out, parts->op, mark, colour);
	if (parts->columns.ptr)
		put_columns(out, parts->columns);
	else if (parts->text.ptr) {
		buf_char(out, ' ');
		(void)put_text(out, parts->text, VALUE_MAX, true);
	}
}

void message_line_put(struct buf *out, const struct message *message, bool colour)
{
	const struct parts parts = find_parts(message->value);
	const struct mark *mark = find_mark(parts.op);
	begin(out, mark->colour, colour);
	buf_char(out, mark->mark);
	end(out, colour);
	buf_char(out, ' ');
	begin(out, CYAN, colour);
	put_padded(out, message->topic, TOPIC_WIDTH);
	end(out, colour);
	buf_char(out, ' ');
	begin(out, DIM, colour);
	buf_put(out, SLICE("key "));
	put_padded(out, message->key.ptr ? message->key : SLICE("-"), KEY_WIDTH);
	end(out, colour);
	put_value(out, message->value, &parts, mark, colour);
}

void message_line_put_header(struct buf *out, struct slice name, struct slice value, bool colour)
{
	buf_char(out, ' ');
	begin(out, DIM, colour);
	buf_char(out, '[');
	(void)put_text(out, name, CELL_MAX, false);
	buf_char(out, '=');
	(void)put_text(out, value.ptr ? value : SLICE("null"), CELL_MAX, false);
	buf_char(out, ']');
	end(out, colour);
}
