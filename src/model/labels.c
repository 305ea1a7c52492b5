#include "model/labels.h"

#include "base/buf.h"
#include "model/charset_text.h"

struct slice labels_decode(enum charset charset, struct slice bytes, struct arena *arena)
{
	struct slice label = bytes;
	if (charset != CHARSET_BINARY)
		charset_to_utf8(charset, bytes, arena, &label);
	return arena_copy(arena, label);
}

struct slice labels_encode(enum charset charset, struct slice label, struct arena *arena)
{
	struct slice bytes = label;
	if (charset != CHARSET_BINARY)
		charset_from_utf8(charset, label, arena, &bytes);
	return bytes;
}

static void put_quoted(struct buf *buf, struct slice label)
{
	buf_char(buf, '\'');
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (c == '\'')
			buf_put(buf, SLICE("''"));
		else if (c == '\\')
			buf_put(buf, SLICE("\\\\"));
		else if (c == '\n')
			buf_put(buf, SLICE("\\n"));
		else if (c == '\r')
			buf_put(buf, SLICE("\\r"));
		else if (c == '\0')
			buf_put(buf, SLICE("\\0"));
		else
			buf_char(buf, c);
	}
	buf_char(buf, '\'');
}

static void put_hex(struct buf *buf, struct slice label)
{
	buf_put(buf, SLICE("x'"));
	for (size_t i = 0; i < label.len; i++)
		buf_printf(buf, "%02x", (unsigned char)label.ptr[i]);
	buf_char(buf, '\'');
}

static void put_label(struct buf *buf, const struct column *column, struct slice label,
		      struct arena *arena)
{
	struct slice text = label;
	if (column->charset == CHARSET_BINARY)
		charset_to_utf8(CHARSET_UTF8MB4, label, arena, &text);
	if (slice_equal(text, label))
		put_quoted(buf, label);
	else
		put_hex(buf, label);
}

struct slice labels_spell(const struct column *column, struct arena *arena)
{
	struct slice text;
	struct buf buf;
	buf_init(&buf);
	buf_printf(&buf, "%s(", column_type_name(column->type));
	for (unsigned i = 0; i < column->nlabels; i++) {
		if (i > 0)
			buf_char(&buf, ',');
		put_label(&buf, column, column->labels[i], arena);
	}
	buf_char(&buf, ')');
	text = arena_copy(arena, buf_slice(&buf));
	buf_fini(&buf);
	return text;
}

struct label_index {
	const struct column *column;
	uint64_t mask;    /* the number of slots, a power of two, minus 1 */
	uint32_t slots[]; /* numbers of labels; 0: empty */
};

struct label_index *labels_index(const struct column *column, struct arena *arena)
{
	uint64_t size = 4;
	while (size < 2 * (uint64_t)column->nlabels)
		size *= 2;
	struct label_index *index =
		arena_alloc(arena, sizeof(*index) + size * sizeof(*index->slots));
	memset(index->slots, 0, size * sizeof(*index->slots));
	index->column = column;
	index->mask = size - 1;
	for (uint32_t i = 0; i < column->nlabels; i++) {
		uint64_t at = slice_hash(column->labels[i]) & index->mask;
		while (index->slots[at] != 0)
			at = (at + 1) & index->mask;
		index->slots[at] = i + 1;
	}
	return index;
}

bool labels_find(const struct label_index *index, struct slice text, uint64_t *number)
{
	uint64_t at = slice_hash(text) & index->mask;
	for (; index->slots[at] != 0; at = (at + 1) & index->mask) {
		*number = index->slots[at];
		if (slice_equal(index->column->labels[*number - 1], text))
			return true;
	}
	*number = 0;
	return text.len == 0;
}

/* Returns whether the text is the label alone or begins with the label and a comma. */
static bool label_begins(struct slice text, struct slice label)
{
	return slice_starts(text, label) && (text.len == label.len || text.ptr[label.len] == ',');
}

/* A SET shows its labels in the order of their definition. */
bool labels_find_set(const struct column *column, struct slice text, uint64_t *bits)
{
	bool more = text.len > 0; /* a label is expected, even an empty one */
	*bits = 0;
	for (unsigned i = 0; i < column->nlabels && i < 64 && more; i++) {
		size_t len = column->labels[i].len;
		if (!label_begins(text, column->labels[i]) || (len == 0 && *bits == 0))
			continue;
		*bits |= UINT64_C(1) << i;
		more = text.len > len;
		text = slice_of(text.ptr + len + more, text.len - len - more);
	}
	return !more;
}
