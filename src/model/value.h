/* value: the value of one cell, additional field or key part. Thread: any.
 * Owner: it borrows its text from the packet, the event's arena or the plan. */
#ifndef TIDEWAY_VALUE_H
#define TIDEWAY_VALUE_H

#include "base/slice.h"

#include <stdint.h>

enum value_kind {
	VALUE_UNSET = 0, /* no value; in row.edits: not edited */
	VALUE_NULL,
	VALUE_BOOL,    /* i: 0 or 1 */
	VALUE_I64,     /* i */
	VALUE_U64,     /* u */
	VALUE_F32,     /* f, which is exactly a binary32 */
	VALUE_F64,     /* f */
	VALUE_DECIMAL, /* text: the exact literal with its scale, "-12.30", without an exponent */
	VALUE_MS,      /* i: milliseconds since 1970; becomes a DATE */
	VALUE_TEXT,    /* text: UTF-8 */
	VALUE_BYTES,   /* text: raw bytes; messages contain them as base64 */
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
