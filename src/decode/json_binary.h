/* json_binary: MySQL's binary JSON to text, and the server's JSON text to the same text.
 * The text is the server's own without the blanks behind ':' and ',': {"a":1,"b":[1.0,"x"]}. Numbers and
 * escapes are those the server prints. Pure. Thread: any. */
#ifndef TIDEWAY_JSON_BINARY_H
#define TIDEWAY_JSON_BINARY_H

#include "base/arena.h"
#include "base/err.h"

/* A document as it stands in a row image: type(1) value. Empty is null. */
int json_binary_print(struct slice doc, struct arena *arena, struct slice *text,
		      struct err *err) MUST_CHECK;
/* White space outside of strings is left out; *out is `text` itself when there is none. */
void json_text_compact(struct slice text, struct arena *arena, struct slice *out);

#endif
