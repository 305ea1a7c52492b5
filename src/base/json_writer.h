/* json_writer: appends the parts of a JSON text to a buffer, without a tree in memory.
 * Pure functions. Thread: any. */
#ifndef TIDEWAY_JSON_WRITER_H
#define TIDEWAY_JSON_WRITER_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends UTF-8 text as a JSON string with its quotes. Bytes that are not valid UTF-8 stay
 * unchanged. */
void json_string(struct buf *out, struct slice text);
/* Does the same without the quotes, for a part of a string. */
void json_text(struct buf *out, struct slice text);
/* Return what json_string and json_text write, in the arena. */
struct slice json_string_in(struct arena *arena, struct slice text);
struct slice json_text_in(struct arena *arena, struct slice text);
/* Does the same as json_string, but writes every control character as \u00XX, even if it has a short escape.
 * Checkpoint records and kafka.lines have this form. */
void json_string_numbered(struct buf *out, struct slice text);
/* Does the same as json_string_numbered without the quotes, for a part of a string. */
void json_text_numbered(struct buf *out, struct slice text);
void json_i64(struct buf *out, int64_t v);
void json_u64(struct buf *out, uint64_t v);
/* Appends `["a","b"]`, or null if n is 0. */
void json_names(struct buf *out, const struct slice *names, unsigned n);
/* Appends the standard base64 of the bytes in quotes. */
void json_base64(struct buf *out, struct slice bytes);
/* Does the same as json_base64 without the quotes. */
void json_base64_bare(struct buf *out, struct slice bytes);

#endif
