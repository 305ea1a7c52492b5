/* charset_text: converts column text to UTF-8 and back, with tables made by the server's own
 * CONVERT (rule: same-bytes). Pure functions. Thread: any. */
#ifndef TIDEWAY_CHARSET_TEXT_H
#define TIDEWAY_CHARSET_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "model/charset.h"

/* Returns whether the set can be converted. A table with a column of another set is refused. */
bool charset_supported(enum charset charset);
/* Sets *out to `text` as UTF-8. *out is `text` itself if it is valid UTF-8 already (utf8mb4,
 * utf8mb3, or ASCII in a superset of ASCII), otherwise a copy in the arena. Bytes that are not a
 * valid character of the set become '?', like in the server's CONVERT(x USING utf8mb4), so full
 * sync, stream and SELECT agree. In utf8mb4 and utf8mb3 each invalid byte becomes '?'. Never
 * fails. */
void charset_to_utf8(enum charset charset, struct slice text, struct arena *arena,
		     struct slice *out);
/* Sets *out to a copy of the UTF-8 `text` in the set's bytes. A character that the set does not
 * contain becomes '?', like on the server. Slow: for the text of statements, not for rows. */
void charset_from_utf8(enum charset charset, struct slice text, struct arena *arena,
		       struct slice *out);

#endif
