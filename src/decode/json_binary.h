/* json_binary: converts MySQL's binary JSON, and the server's JSON text, to the same text. That is
 * the server's text without blanks after ':' and ',': {"a":1,"b":[1.0,"x"]}. Numbers and escapes
 * are those of the server. Pure functions. Thread: any. */
#ifndef TIDEWAY_JSON_BINARY_H
#define TIDEWAY_JSON_BINARY_H

#include "base/arena.h"
#include "base/err.h"

/* Converts the document of a row image: type(1) value. An empty document is null. *text is in the
 * arena. */
int json_binary_print(struct slice doc, struct arena *arena, struct slice *text,
		      struct err *err) MUST_CHECK;
/* Sets *out to a copy of the text in the arena, without the white space outside of strings. */
void json_text_compact(struct slice text, struct arena *arena, struct slice *out);

#endif
