#include "format/json.h"

#include "base/num.h"

enum { BASE64_BLOCK = 192 }; /* a multiple of 3: only the last block has padding */

static void put_ms(struct buf *out, const struct value *value)
{
	int64_t ms;
	if (value_ms(value, &ms))
		json_i64(out, ms);
	else
		buf_put(out, SLICE("null"));
}

/* Writes the values whose JSON form has no quotes. Returns false for the other ones. */
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
		json_u64(out, value->u);
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
	case VALUE_DATE:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		put_ms(out, value);
		return true;
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_TIME:
	case VALUE_ENUM:
	case VALUE_SET:
		break;
	}
	return false;
}

/* Writes the base64 of labels that are bytes, in blocks. */
static void put_label_bytes(struct buf *out, const struct value *value)
{
	struct value_pieces pieces = {.value = value};
	struct slice piece;
	char block[BASE64_BLOCK];
	size_t n = 0;
	while (value_next_piece(&pieces, &piece)) {
		for (size_t i = 0; i < piece.len; i++) {
			block[n++] = piece.ptr[i];
			if (n < sizeof(block))
				continue;
			json_base64_bare(out, slice_of(block, n));
			n = 0;
		}
	}
	json_base64_bare(out, slice_of(block, n));
}

static void put_labels(struct buf *out, const struct value *value, bool bare)
{
	struct value_pieces pieces = {.value = value};
	struct slice piece;
	if (value_labels_are_bytes(value)) {
		put_label_bytes(out, value);
		return;
	}
	while (value_next_piece(&pieces, &piece)) {
		if (bare)
			buf_put(out, piece);
		else
			json_text(out, piece);
	}
}

/* Writes what is between the quotes of a value; `bare`: without escapes. */
static void put_content(struct buf *out, const struct value *value, bool bare)
{
	if (value->kind == VALUE_TIME)
		out->len += value_time_text(value, buf_reserve(out, VALUE_TIME_MAX));
	else if (value->kind == VALUE_ENUM || value->kind == VALUE_SET)
		put_labels(out, value, bare);
	else if (value->kind == VALUE_BYTES)
		json_base64_bare(out, value->text);
	else
		buf_put(out, value->text);
}

void json_value(struct buf *out, const struct value *value)
{
	if (put_unquoted(out, value))
		return;
	if (value->kind == VALUE_TEXT) {
		json_string(out, value->text);
		return;
	}
	buf_char(out, '"');
	put_content(out, value, false);
	buf_char(out, '"');
}

void json_bare(struct buf *out, const struct value *value)
{
	if (!put_unquoted(out, value))
		put_content(out, value, true);
}
