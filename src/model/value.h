/* value: one decoded cell, additional field or key part. Thread: any.
 * Owner: borrows its text from the packet, the event arena or the plan. */
#ifndef TIDEWAY_VALUE_H
#define TIDEWAY_VALUE_H

#include "base/slice.h"

#include <stdint.h>

enum value_kind {
	VALUE_UNSET = 0, /* nothing here: in row.edits "not edited" */
	VALUE_NULL,
	VALUE_BOOL,    /* i: 0 or 1 */
	VALUE_I64,     /* i */
	VALUE_U64,     /* u */
	VALUE_F32,     /* f, holding a binary32 exactly */
	VALUE_F64,     /* f */
	VALUE_DECIMAL, /* text: the exact literal with its scale, "-12.30"; never an exponent */
	VALUE_MS,      /* i: milliseconds since 1970; a DATE */
	VALUE_TEXT,    /* text: UTF-8 */
	VALUE_BYTES,   /* text: raw bytes, base64 when written */
};

struct value {
	enum value_kind kind;
	union {
		int64_t i;
		uint64_t u;
		double f;
		struct slice text;
	};
};

#endif
