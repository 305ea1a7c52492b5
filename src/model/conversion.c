#include "model/conversion.h"

#include "base/num.h"
#include "model/charset_text.h"
#include "model/civil_text.h"
#include "model/table.h"
#include "model/wkb.h"

#include <math.h>

/* Report that the value does not fit. why: what it is. The text contains no value, because a mask may cover it. */
static int refuse(const struct conversion *conversion, const char *why, struct err *err)
{
	err_set(err, E_TYPE_UNFIT, "%s. %.*s", why, SLICE_FMT(conversion->remedy));
	return err_column(err, conversion->column->name);
}

static int to_boolean(const struct conversion *conversion, struct value *value, struct arena *arena,
		      struct err *err)
{
	(void)arena;
	if (value->kind == VALUE_BOOL)
		return 0;
	if (value->kind != VALUE_I64 || (value->i != 0 && value->i != 1))
		return refuse(conversion,
			      "the value is neither 0 nor 1, and is to be written as BOOLEAN", err);
	value->kind = VALUE_BOOL;
	return 0;
}

/* Other numbers stay, so that a function can replace them. */
static int read_boolean(const struct conversion *conversion, struct value *value,
			struct arena *arena, struct err *err)
{
	(void)conversion, (void)arena, (void)err;
	if (value->kind == VALUE_I64 && (value->i == 0 || value->i == 1))
		value->kind = VALUE_BOOL;
	return 0;
}

/* The number of a cell, or one that a mask returns. */
static int to_number_text(const struct conversion *conversion, struct value *value,
			  struct arena *arena, struct err *err)
{
	if (value->kind == VALUE_TEXT)
		return 0;
	if (!value_number_text(value, arena, &value->text))
		return refuse(conversion, "the value is not a number", err);
	value->kind = VALUE_TEXT;
	return 0;
}

static int to_bit_number(const struct conversion *conversion, struct value *value,
			 struct arena *arena, struct err *err)
{
	uint64_t bits = 0;
	(void)arena;
	if (value->kind == VALUE_I64 || value->kind == VALUE_U64)
		return 0;
	if (value->kind == VALUE_BOOL) {
		value->kind = VALUE_I64;
		return 0;
	}
	if (value->kind != VALUE_BYTES || value->text.len > sizeof(bits))
		return refuse(conversion, "the value is not a BIT", err);
	for (size_t i = 0; i < value->text.len; i++)
		bits = bits << 8 | (uint8_t)value->text.ptr[i];
	value->kind = bits > INT64_MAX ? VALUE_U64 : VALUE_I64;
	value->u = bits;
	return 0;
}

/* ---- dates ----------------------------------------------------------------------------------- */

/* Return whether the value is a date without a month or a day, which has no milliseconds. */
static bool is_zero_date(const struct value *value)
{
	int64_t us;
	return value->kind != VALUE_I64 && !value_micros(value, &us);
}

static bool is_date(const struct conversion *conversion, const struct value *value)
{
	int64_t ms;
	switch (value->kind) {
	case VALUE_DATE:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
	case VALUE_MS:
		return true;
	case VALUE_I64: /* milliseconds that a mask returns */
		return !__builtin_add_overflow(value->i, conversion->offset_ms, &ms) &&
		       ms >= CIVIL_MS_MIN && ms <= CIVIL_MS_MAX;
	default:
		return false;
	}
}

static void put_date_text(const struct conversion *conversion, const struct civil *civil,
			  struct value *value, struct arena *arena)
{
	char *text = arena_alloc(arena, CIVIL_TEXT_MAX);
	size_t n = civil_write(civil, conversion->column->type != COLUMN_DATE,
			       conversion->column->scale, text);
	*value = (struct value){.kind = VALUE_TEXT, .text = slice_of(text, n)};
}

static void make_date_text(const struct conversion *conversion, struct value *value,
			   struct arena *arena)
{
	static const struct civil zero;
	bool is_civil = value->kind == VALUE_DATE || value->kind == VALUE_DATETIME;
	struct civil civil;
	int64_t us;
	if (is_civil)
		civil = value->civil;
	else if (value->kind == VALUE_I64)
		civil_from_micros((value->i + conversion->offset_ms) * 1000, &civil);
	else if (value_micros(value, &us))
		civil_from_micros(us + conversion->offset_ms * 1000, &civil);
	else
		civil = zero;
	put_date_text(conversion, &civil, value, arena);
}

static const struct civil epoch = {.year = 1970, .month = 1, .day = 1};

/* Replace a zero date. One that is refused stays: functions read NULL, and can set another value. */
static void replace_zero_date(const struct conversion *conversion, struct value *value,
			      struct arena *arena)
{
	switch (conversion->zero) {
	case ZERO_DATE_NULL:
		value->kind = VALUE_NULL;
		return;
	case ZERO_DATE_TEXT:
		make_date_text(conversion, value, arena);
		return;
	case ZERO_DATE_EPOCH:
		if (conversion->kind == CONVERT_DATE_TEXT)
			put_date_text(conversion, &epoch, value, arena);
		else
			*value = (struct value){.kind = VALUE_MS, .i = 0};
		return;
	case ZERO_DATE_DIRTY:
		return;
	}
}

static int read_date_text(const struct conversion *conversion, struct value *value,
			  struct arena *arena, struct err *err)
{
	(void)err;
	if (is_zero_date(value))
		replace_zero_date(conversion, value, arena);
	else
		make_date_text(conversion, value, arena);
	return 0;
}

static int read_date_ms(const struct conversion *conversion, struct value *value,
			struct arena *arena, struct err *err)
{
	int64_t ms;
	(void)err;
	if (is_zero_date(value))
		replace_zero_date(conversion, value, arena);
	else if ((value->kind == VALUE_DATE || value->kind == VALUE_DATETIME) &&
		 value_ms(value, &ms))
		*value = (struct value){.kind = VALUE_MS, .i = ms - conversion->offset_ms};
	return 0;
}

/* Convert what a function has not converted yet. */
static int convert_date(const struct conversion *conversion, struct value *value,
			struct arena *arena, struct err *err)
{
	if (value->kind == VALUE_TEXT)
		return 0;
	if (!is_date(conversion, value))
		return refuse(conversion, "the value is not a date", err);
	if (conversion->zero == ZERO_DATE_DIRTY && is_zero_date(value))
		return refuse(conversion, "the value is a zero date", err);
	return conversion->read(conversion, value, arena, err);
}

/* Round down to milliseconds, as for dates. A function sets the text of a TIME. */
static int to_time_ms(const struct conversion *conversion, struct value *value, struct arena *arena,
		      struct err *err)
{
	int64_t us = value->i;
	(void)arena;
	if (value->kind != VALUE_TIME &&
	    (value->kind != VALUE_TEXT || !time_read(value->text, &us)))
		return refuse(conversion, "the value is not a TIME ([-]hh:mm:ss)", err);
	*value = (struct value){.kind = VALUE_MS, .i = us / 1000 - (us % 1000 < 0)};
	return 0;
}

/* ---- geometries ------------------------------------------------------------------------------ */

static int to_wkb(const struct conversion *conversion, struct value *value, struct arena *arena,
		  struct err *err)
{
	(void)arena;
	if (value->kind != VALUE_BYTES || value->text.len < WKB_SRID_SIZE)
		return refuse(conversion, "the value is not a geometry", err);
	value->text = slice_of(value->text.ptr + WKB_SRID_SIZE, value->text.len - WKB_SRID_SIZE);
	return 0;
}

static int to_wkt(const struct conversion *conversion, struct value *value, struct arena *arena,
		  struct err *err)
{
	struct buf text;
	bool valid;
	if (to_wkb(conversion, value, arena, err) < 0)
		return -1;
	buf_init(&text);
	valid = wkb_text(value->text, &text);
	value->kind = VALUE_TEXT;
	value->text = arena_copy(arena, buf_slice(&text));
	buf_fini(&text);
	return valid ? 0 : refuse(conversion, "the value is not a geometry", err);
}

/* ---- another transport type ------------------------------------------------------------------ */

static int to_boolean_text(const struct conversion *conversion, struct value *value,
			   struct arena *arena, struct err *err)
{
	(void)arena;
	if (value->kind != VALUE_BOOL)
		return refuse(conversion, "the value is not a boolean", err);
	value->kind = VALUE_TEXT;
	value->text = value->i ? SLICE("true") : SLICE("false");
	return 0;
}

/* Set the value to an integer in decimal digits. Return false if it is none, or does not fit in 64 bits. */
static bool parse_integer(struct slice digits, struct value *value)
{
	struct value integer = {.kind = VALUE_I64};
	if (!num_parse_i64(digits, &integer.i)) {
		integer.kind = VALUE_U64;
		if (!num_parse_u64(digits, &integer.u))
			return false;
	}
	*value = integer;
	return true;
}

/* Return the literal of a DECIMAL without its fraction, if that is zero. */
static struct slice without_fraction(struct slice literal)
{
	size_t n = literal.len;
	const char *point = memchr(literal.ptr, '.', literal.len);
	if (point == NULL)
		return literal;
	while (n > 0 && literal.ptr[n - 1] == '0')
		n--;
	if (literal.ptr + n - 1 == point)
		n--;
	return slice_of(literal.ptr, n);
}

static int to_whole_number(const struct conversion *conversion, struct value *value,
			   struct arena *arena, struct err *err)
{
	(void)arena;
	switch (value->kind) {
	case VALUE_I64:
	case VALUE_U64:
		return 0;
	case VALUE_DECIMAL:
		if (parse_integer(without_fraction(value->text), value))
			return 0;
		break;
	case VALUE_F32:
	case VALUE_F64:
		if (value->f != trunc(value->f) || fabs(value->f) >= 0x1p63)
			break;
		*value = (struct value){.kind = VALUE_I64, .i = (int64_t)value->f};
		return 0;
	default:
		break;
	}
	return refuse(conversion, "the value is not a whole number of 64 bits", err);
}

/* Make the text of a label or of a text column. Return false if the value is anything else. */
static bool make_text(struct value *value, struct arena *arena)
{
	if (!value_is_plain(value))
		value_plain(value, arena);
	return value->kind == VALUE_TEXT;
}

static int text_to_long(const struct conversion *conversion, struct value *value,
			struct arena *arena, struct err *err)
{
	if (!make_text(value, arena) || !parse_integer(value->text, value))
		return refuse(conversion, "the text is not an integer of 64 bits", err);
	return 0;
}

static size_t count_digits(struct slice text, size_t at)
{
	size_t n = 0;
	while (at + n < text.len && text.ptr[at + n] >= '0' && text.ptr[at + n] <= '9')
		n++;
	return n;
}

/* Return whether the text is a number of JSON. */
static bool is_number(struct slice text)
{
	size_t n, at = text.len > 0 && text.ptr[0] == '-';
	n = count_digits(text, at);
	if (n == 0 || (n > 1 && text.ptr[at] == '0'))
		return false;
	at += n;
	if (at < text.len && text.ptr[at] == '.') {
		n = count_digits(text, ++at);
		if (n == 0)
			return false;
		at += n;
	}
	if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
		at++;
		if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-'))
			at++;
		n = count_digits(text, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == text.len;
}

static int text_to_double(const struct conversion *conversion, struct value *value,
			  struct arena *arena, struct err *err)
{
	if (!make_text(value, arena) || !is_number(value->text))
		return refuse(conversion, "the text is not a number", err);
	value->kind = VALUE_DECIMAL;
	return 0;
}

static int text_to_boolean(const struct conversion *conversion, struct value *value,
			   struct arena *arena, struct err *err)
{
	bool is_true;
	if (!make_text(value, arena))
		return refuse(conversion, "the value is not text", err);
	is_true = slice_equal(value->text, SLICE("true")) || slice_equal(value->text, SLICE("1"));
	if (!is_true && !slice_equal(value->text, SLICE("false")) &&
	    !slice_equal(value->text, SLICE("0")))
		return refuse(conversion, "the text is not one of true, false, 1 and 0", err);
	*value = (struct value){.kind = VALUE_BOOL, .i = is_true};
	return 0;
}

static int text_to_date(const struct conversion *conversion, struct value *value,
			struct arena *arena, struct err *err)
{
	struct value date = {.kind = VALUE_DATETIME};
	int64_t ms;
	if (!make_text(value, arena) ||
	    (!civil_read(value->text, true, CIVIL_DIGITS_MAX, &date.civil) &&
	     !civil_read(value->text, false, 0, &date.civil)) ||
	    !value_ms(&date, &ms))
		return refuse(conversion, "the text is not a date (YYYY-MM-DD [hh:mm:ss])", err);
	*value = (struct value){.kind = VALUE_MS, .i = ms};
	return 0;
}

static int text_to_bytes(const struct conversion *conversion, struct value *value,
			 struct arena *arena, struct err *err)
{
	if (!make_text(value, arena))
		return refuse(conversion, "the value is not text", err);
	value->kind = VALUE_BYTES;
	return 0;
}

static int bytes_to_text(const struct conversion *conversion, struct value *value,
			 struct arena *arena, struct err *err)
{
	struct slice text;
	if (!value_is_plain(value))
		value_plain(value, arena);
	if (value->kind != VALUE_BYTES)
		return refuse(conversion, "the value is not bytes", err);
	charset_to_utf8(CHARSET_UTF8MB4, value->text, arena, &text);
	if (!slice_equal(text, value->text))
		return refuse(conversion, "the bytes are not valid UTF-8", err);
	value->kind = VALUE_TEXT;
	return 0;
}

static const struct {
	const char *name;
	conversion_fn *apply, *read;
} conversions[CONVERSION_COUNT] = {
#define X(id, name, apply, read) [CONVERT_##id] = {name, apply, read},
	CONVERSIONS(X)
#undef X
};

bool conversion_find(struct slice name, const struct column *column, struct conversion *conversion)
{
	for (unsigned i = 0; i < CONVERSION_COUNT; i++) {
		if (!slice_equal(name, slice_str(conversions[i].name)))
			continue;
		*conversion = (struct conversion){
			.apply = conversions[i].apply,
			.read = conversions[i].read,
			.kind = (enum conversion_kind)i,
			.column = column,
		};
		return true;
	}
	return false;
}
