/* json: direct JSON writer, never a tree. Pure. Thread: any. */
#ifndef TIDEWAY_JSON_H
#define TIDEWAY_JSON_H

#include "base/buf.h"
#include "model/value.h"

/* `text` (UTF-8) as a JSON string with its quotes. Bytes that are no UTF-8 are written as they are. */
void json_string(struct buf *out, struct slice text);
/* A value: null, true, digits, "text", "base64". VALUE_UNSET is written as null. */
void json_value(struct buf *out, const struct value *value);
void json_i64(struct buf *out, int64_t v);
/* The value's JSON form without quotes and escapes: what message keys are made of. NULL is `null`. */
void json_bare(struct buf *out, const struct value *value);
/* `["a","b"]`, or null when n is 0. */
void json_names(struct buf *out, const struct slice *names, unsigned n);
/* Standard base64 of the bytes in quotes. */
void json_base64(struct buf *out, struct slice bytes);

#endif
