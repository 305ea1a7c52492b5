/* charset_text: column text to UTF-8 and back, by tables made from the server's own CONVERT (consistency rule 8).
 * Pure. Thread: any. */
#ifndef TIDEWAY_CHARSET_TEXT_H
#define TIDEWAY_CHARSET_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "model/charset.h"

/* Whether the set can be converted; if not, the table is refused with the column's name. */
bool charset_supported(enum charset charset);
/* *out is `text` itself where it is valid UTF-8 already (utf8mb4, utf8mb3, pure ASCII in an ASCII
 * superset), else a copy in the arena. Bytes that are no character of the set become what the server's
 * CONVERT(x USING utf8mb4) gives ('?'), so that both phases and a SELECT agree; invalid UTF-8 in
 * utf8mb4/utf8mb3 columns likewise becomes '?' for each bad byte. Never fails. */
void charset_to_utf8(enum charset charset, struct slice text, struct arena *arena,
		     struct slice *out);
/* The other direction, for the text of statements: slow. A character that the set does not have becomes '?', as the
 * server does it. Always a copy. */
void charset_from_utf8(enum charset charset, struct slice text, struct arena *arena,
		       struct slice *out);

#endif
