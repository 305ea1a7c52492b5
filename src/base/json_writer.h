/* json_writer: the parts of a JSON text, appended to a buffer, never by way of a tree.
 * Pure. Thread: any. */
#ifndef TIDEWAY_JSON_WRITER_H
#define TIDEWAY_JSON_WRITER_H

#include "base/buf.h"

/* `text` (UTF-8) as a JSON string with its quotes. Bytes that are not UTF-8 are written unchanged. */
void json_string(struct buf *out, struct slice text);
/* The same with each control character as \u00XX, also those that have a short escape: the form of
 * checkpoint records and of kafka.lines. */
void json_string_numbered(struct buf *out, struct slice text);
/* The same without the quotes: a part of a string. */
void json_text_numbered(struct buf *out, struct slice text);
void json_i64(struct buf *out, int64_t v);
void json_u64(struct buf *out, uint64_t v);
/* `["a","b"]`, or null when n is 0. */
void json_names(struct buf *out, const struct slice *names, unsigned n);
/* Standard base64 of the bytes in quotes. */
void json_base64(struct buf *out, struct slice bytes);
/* The same without the quotes. */
void json_base64_bare(struct buf *out, struct slice bytes);

#endif
