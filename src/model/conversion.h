/* conversion: how the values of one column are written when `types` or `columns.type` asks for another form than the
 * default one (docs/types.md). A column in its default form has none, so that nothing is done for it.
 * Pure functions. Thread: any. Owner: the plan's arena. */
#ifndef TIDEWAY_CONVERSION_H
#define TIDEWAY_CONVERSION_H

#include "base/arena.h"
#include "base/err.h"
#include "model/value.h"

/* X(id, name, apply, read): the name is that of lua/stdlib/core/types.lua; the functions are those of struct conversion. */
#define CONVERSIONS(X)                                                                             \
	X(BOOLEAN, "boolean", to_boolean, read_boolean)                                            \
	X(NUMBER_TEXT, "number_text", to_number_text, NULL)                                        \
	X(BIT_NUMBER, "bit_number", to_bit_number, to_bit_number)                                  \
	X(DATE_TEXT, "date_text", convert_date, read_date_text)                                    \
	X(DATE_MS, "date_ms", convert_date, read_date_ms)                                          \
	X(TIME_MS, "time_ms", to_time_ms, NULL)                                                    \
	X(WKB, "wkb", to_wkb, NULL)                                                                \
	X(WKT, "wkt", to_wkt, NULL)                                                                \
	X(BOOLEAN_TEXT, "boolean_text", to_boolean_text, NULL)                                     \
	X(WHOLE_NUMBER, "whole_number", to_whole_number, NULL)                                     \
	X(TEXT_LONG, "text_long", text_to_long, NULL)                                              \
	X(TEXT_DOUBLE, "text_double", text_to_double, NULL)                                        \
	X(TEXT_BOOLEAN, "text_boolean", text_to_boolean, NULL)                                     \
	X(TEXT_DATE, "text_date", text_to_date, NULL)                                              \
	X(TEXT_BYTES, "text_bytes", text_to_bytes, NULL)                                           \
	X(BYTES_TEXT, "bytes_text", bytes_to_text, NULL)

enum conversion_kind {
#define X(id, name, apply, read) CONVERT_##id,
	CONVERSIONS(X)
#undef X
		CONVERSION_COUNT
};

/* What becomes of a zero date, and of one with a zero month or day. */
enum zero_date {
	ZERO_DATE_NULL,
	ZERO_DATE_TEXT,
	ZERO_DATE_EPOCH, /* 1970-01-01 */
	ZERO_DATE_DIRTY, /* it is refused */
};

struct conversion;

/* Changes *value, which is not NULL. New text is in the arena. Fails if the value does not fit. */
typedef int conversion_fn(const struct conversion *conversion, struct value *value,
			  struct arena *arena, struct err *err);

struct conversion {
	conversion_fn *apply; /* makes what is written */
	conversion_fn *read;  /* makes what functions read; NULL: what they read without it */
	enum conversion_kind kind;
	enum zero_date zero;
	int64_t offset_ms; /* of the wall clock of DATE and DATETIME from UTC */
	const struct column *column;
	struct slice remedy; /* what makes other values fit, for the error */
};

/* Returns the conversion of this name for the column. Returns false if there is no such name. */
bool conversion_find(struct slice name, const struct column *column, struct conversion *conversion);

/* Converts a value of the conversion's column, from a cell or from a script. NULL stays NULL. */
static inline int conversion_apply(const struct conversion *conversion, struct value *value,
				   struct arena *arena, struct err *err)
{
	if (value->kind <= VALUE_NULL)
		return 0;
	return conversion->apply(conversion, value, arena, err);
}

#endif
