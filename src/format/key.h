/* key: parts of message keys that formats share. Pure. Thread: any. */
#ifndef TIDEWAY_KEY_H
#define TIDEWAY_KEY_H

#include "format/format.h"

/* Appends what a key function returned: a text as it is; a list as "7,a", or as [7,"a"] if `json`
 * is set. */
void key_put_results(const struct format_key *key, bool json, struct buf *out);
/* Appends 16 hexadecimal digits that depend on the first n values of the image. */
void key_put_row_hash(const struct format_key *key, unsigned n, struct buf *out);

#endif
