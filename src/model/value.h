/* value: the value of one cell, additional field or key part. Decoders lose nothing: a format or a
 * script converts dates, times and labels to what it needs.
 * Pure functions. Thread: any. Owner: a value borrows its text and its column from the packet, the
 * event's arena or the plan. */
#ifndef TIDEWAY_VALUE_H
#define TIDEWAY_VALUE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

struct column;

enum value_kind {
	VALUE_UNSET = 0, /* no value; in row.edits: not edited */
	VALUE_NULL,
	VALUE_BOOL,    /* i: 0 or 1 */
	VALUE_I64,     /* i */
	VALUE_U64,     /* u */
	VALUE_F32,     /* f, which is exactly a binary32 */
	VALUE_F64,     /* f */
	VALUE_DECIMAL, /* text: the exact literal with its scale, "-12.30", without an exponent */
	VALUE_MS,      /* i: milliseconds since 1970 that a script has set */
	VALUE_TEXT,    /* text: UTF-8 */
	VALUE_BYTES,   /* text: raw bytes; messages contain them as base64 */
	/* Only cells have the kinds below. value_plain converts them to one of those above. */
	VALUE_DATE,      /* civil; its month or day may be 0 */
	VALUE_DATETIME,  /* civil, without a time zone; its month or day may be 0; digits */
	VALUE_TIMESTAMP, /* i: microseconds since 1970, UTC, or VALUE_ZERO_TIMESTAMP; digits */
	VALUE_TIME,      /* i: microseconds, negative for a negative TIME; digits */
	VALUE_ENUM,      /* label: bits is the label's number from 1; 0: the invalid value */
	VALUE_SET,       /* label: bit 0 of bits is the first label */
};

/* The i of the TIMESTAMP '0000-00-00 00:00:00'. */
#define VALUE_ZERO_TIMESTAMP INT64_MIN

enum { VALUE_TIME_MAX = 17 }; /* bytes of "-838:59:59.123456" */

/* A date and time as the server stores it. It need not be in any calendar: 0000-00-00,
 * 2020-00-00, 2020-02-30. */
struct civil {
	uint16_t year;
	uint8_t month, day;
	uint8_t hour, minute, second; /* 0 in a DATE */
	uint32_t micros;
};

struct value {
	enum value_kind kind;
	uint8_t digits; /* fractional digits that the column shows, 0 to 6 */
	union {
		int64_t i;
		uint64_t u;
		double f;
		struct slice text;
		struct civil civil;
		struct {
			uint64_t bits;
			const struct column *column; /* has the labels */
		} label;
	};
};

/* Sets *us to the microseconds since 1970 of a VALUE_DATE, VALUE_DATETIME, VALUE_TIMESTAMP or
 * VALUE_MS. A civil time is taken as UTC. Returns false for a zero date and for a zero month or
 * day. */
bool value_micros(const struct value *value, int64_t *us);
/* Does the same in milliseconds, rounded down. */
bool value_ms(const struct value *value, int64_t *ms);
/* Writes a VALUE_TIME as "[-]HH:MM:SS[.ffffff]" with its digits. Returns the number of bytes, at
 * most VALUE_TIME_MAX. */
size_t value_time_text(const struct value *value, char *dst);

/* Sets *text to the digits of a VALUE_I64, VALUE_U64, VALUE_F32, VALUE_F64 or VALUE_DECIMAL, which the arena has, or the value itself.
 * Returns false if the value is of another kind. */
bool value_number_text(const struct value *value, struct arena *arena, struct slice *text);

/* Returns whether the labels of a VALUE_ENUM or VALUE_SET are bytes: the column's character set is
 * `binary`. */
bool value_labels_are_bytes(const struct value *value);
/* The text of a VALUE_ENUM or VALUE_SET in pieces: labels, and the commas between them. Start with
 * zeros and the value. */
struct value_pieces {
	const struct value *value;
	unsigned next;  /* the next bit of a SET */
	bool has_text;  /* a comma precedes the next label */
	bool has_comma; /* the comma before the next label has been returned */
};
/* Sets *piece to the next piece. Returns false after the last one. */
bool value_next_piece(struct value_pieces *pieces, struct slice *piece);

/* Returns whether the kind is one of those up to VALUE_BYTES. */
static inline bool value_is_plain(const struct value *value)
{
	return value->kind <= VALUE_BYTES;
}

/* Makes a value plain: converts dates to VALUE_MS, or to VALUE_NULL if the month or day is zero;
 * TIME, ENUM and SET to VALUE_TEXT or VALUE_BYTES, with text in the arena. Scripts see values in
 * this form. */
void value_plain(struct value *value, struct arena *arena);
/* Returns whether two values are the same, of the same kind. */
bool value_equal(const struct value *a, const struct value *b);

#endif
