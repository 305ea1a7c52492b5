#include "model/value.h"

#include "base/num.h"
#include "model/table.h"

#define SECOND_US INT64_C(1000000)

/* ---- dates and times ------------------------------------------------------------------------- */

static int64_t civil_seconds(const struct civil *civil)
{
	return num_days(civil->year, civil->month, civil->day) * 86400 +
	       (int64_t)civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static bool has_day(const struct civil *civil)
{
	return civil->month != 0 && civil->day != 0;
}

bool value_micros(const struct value *value, int64_t *us)
{
	if (value->kind == VALUE_MS) {
		*us = value->i * 1000;
		return true;
	}
	if (value->kind == VALUE_TIMESTAMP) {
		*us = value->i;
		return value->i != VALUE_ZERO_TIMESTAMP;
	}
	if (!has_day(&value->civil))
		return false;
	*us = civil_seconds(&value->civil) * SECOND_US + value->civil.micros;
	return true;
}

bool value_ms(const struct value *value, int64_t *ms)
{
	if (value->kind == VALUE_MS) {
		*ms = value->i;
		return true;
	}
	if (value->kind == VALUE_TIMESTAMP) { /* never before 1970 */
		*ms = value->i / 1000;
		return value->i != VALUE_ZERO_TIMESTAMP;
	}
	if (!has_day(&value->civil))
		return false;
	*ms = civil_seconds(&value->civil) * 1000 + value->civil.micros / 1000;
	return true;
}

size_t value_time_text(const struct value *value, char *dst)
{
	/* the microseconds of one unit of the last of n fractional digits */
	static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	uint64_t abs = value->i < 0 ? -(uint64_t)value->i : (uint64_t)value->i;
	uint64_t seconds = abs / SECOND_US, hours = seconds / 3600;
	uint64_t fraction = abs % SECOND_US / units[value->digits];
	char *at = dst;
	if (value->i < 0 && (seconds || fraction))
		*at++ = '-';
	at += num_pad(at, hours, hours > 99 ? 3 : 2);
	*at++ = ':';
	at += num_pad(at, seconds / 60 % 60, 2);
	*at++ = ':';
	at += num_pad(at, seconds % 60, 2);
	if (value->digits > 0) {
		*at++ = '.';
		at += num_pad(at, fraction, value->digits);
	}
	return (size_t)(at - dst);
}

/* ---- labels ---------------------------------------------------------------------------------- */

bool value_number_text(const struct value *value, struct arena *arena, struct slice *text)
{
	char digits[NUM_FLOAT_MAX > NUM_INT_MAX ? NUM_FLOAT_MAX : NUM_INT_MAX];
	size_t n;
	switch (value->kind) {
	case VALUE_DECIMAL:
		*text = value->text;
		return true;
	case VALUE_I64:
		n = num_i64(digits, value->i);
		break;
	case VALUE_U64:
		n = num_u64(digits, value->u);
		break;
	case VALUE_F32:
		n = num_f32(digits, (float)value->f);
		break;
	case VALUE_F64:
		n = num_f64(digits, value->f);
		break;
	default:
		return false;
	}
	*text = arena_copy(arena, slice_of(digits, n));
	return true;
}

bool value_labels_are_bytes(const struct value *value)
{
	return value->label.column->charset == CHARSET_BINARY;
}

static bool enum_piece(struct value_pieces *pieces, struct slice *piece)
{
	const struct value *value = pieces->value;
	if (pieces->next > 0 || value->label.bits == 0)
		return false;
	pieces->next++;
	*piece = value->label.column->labels[value->label.bits - 1];
	return true;
}

/* Like the server, gives no comma after an empty first label. */
bool value_next_piece(struct value_pieces *pieces, struct slice *piece)
{
	const struct value *value = pieces->value;
	uint64_t left;
	if (value->kind == VALUE_ENUM)
		return enum_piece(pieces, piece);
	left = pieces->next < 64 ? value->label.bits >> pieces->next : 0;
	if (left == 0)
		return false;
	if (pieces->has_text && !pieces->has_comma) {
		pieces->has_comma = true;
		*piece = SLICE(",");
		return true;
	}
	pieces->next += (unsigned)__builtin_ctzll(left);
	*piece = value->label.column->labels[pieces->next++];
	pieces->has_text = pieces->has_text || piece->len > 0;
	pieces->has_comma = false;
	return true;
}

/* ---- plain values ---------------------------------------------------------------------------- */

static void make_ms(struct value *value)
{
	int64_t ms;
	if (value_ms(value, &ms))
		*value = (struct value){.kind = VALUE_MS, .i = ms};
	else
		value->kind = VALUE_NULL;
}

static size_t labels_size(const struct value *value)
{
	struct value_pieces pieces = {.value = value};
	struct slice piece;
	size_t size = 0;
	while (value_next_piece(&pieces, &piece))
		size += piece.len;
	return size;
}

static void make_label_text(struct value *value, struct arena *arena)
{
	struct value_pieces pieces = {.value = value};
	enum value_kind kind = value_labels_are_bytes(value) ? VALUE_BYTES : VALUE_TEXT;
	size_t n = 0, size = labels_size(value);
	char *text = arena_alloc(arena, size + 1);
	struct slice piece;
	while (value_next_piece(&pieces, &piece)) {
		if (piece.len > 0)
			memcpy(text + n, piece.ptr, piece.len);
		n += piece.len;
	}
	*value = (struct value){.kind = kind, .text = slice_of(text, n)};
}

static void make_time_text(struct value *value, struct arena *arena)
{
	char *text = arena_alloc(arena, VALUE_TIME_MAX);
	size_t n = value_time_text(value, text);
	*value = (struct value){.kind = VALUE_TEXT, .text = slice_of(text, n)};
}

void value_plain(struct value *value, struct arena *arena)
{
	switch (value->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
	case VALUE_BOOL:
	case VALUE_I64:
	case VALUE_U64:
	case VALUE_F32:
	case VALUE_F64:
	case VALUE_DECIMAL:
	case VALUE_MS:
	case VALUE_TEXT:
	case VALUE_BYTES:
		return;
	case VALUE_DATE:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		make_ms(value);
		return;
	case VALUE_TIME:
		make_time_text(value, arena);
		return;
	case VALUE_ENUM:
	case VALUE_SET:
		make_label_text(value, arena);
		return;
	}
}

static bool civil_equal(const struct civil *a, const struct civil *b)
{
	return a->year == b->year && a->month == b->month && a->day == b->day &&
	       a->hour == b->hour && a->minute == b->minute && a->second == b->second &&
	       a->micros == b->micros;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		return true;
	case VALUE_DECIMAL:
	case VALUE_TEXT:
	case VALUE_BYTES:
		return slice_equal(a->text, b->text);
	case VALUE_DATE:
		return civil_equal(&a->civil, &b->civil);
	case VALUE_DATETIME:
		return a->digits == b->digits && civil_equal(&a->civil, &b->civil);
	case VALUE_TIMESTAMP:
	case VALUE_TIME:
		return a->digits == b->digits && a->i == b->i;
	case VALUE_ENUM:
	case VALUE_SET:
		return a->label.bits == b->label.bits && a->label.column == b->label.column;
	case VALUE_BOOL:
	case VALUE_I64:
	case VALUE_U64:
	case VALUE_F32:
	case VALUE_F64:
	case VALUE_MS:
		return a->u == b->u;
	}
	return false;
}
