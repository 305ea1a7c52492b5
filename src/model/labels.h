/* labels: those of ENUM and SET columns. In a definition they are UTF-8; of a column in the character set binary they are
 * bytes, as its values are. The servers keep them as bytes in the column's character set.
 * Pure. Thread: any. Owner: results live in the arena. */
#ifndef TIDEWAY_LABELS_H
#define TIDEWAY_LABELS_H

#include "model/table.h"

/* From the server's bytes to the label of a definition, and back. What the character set does not have is '?'. */
struct slice labels_decode(enum charset charset, struct slice bytes, struct arena *arena);
struct slice labels_encode(enum charset charset, struct slice label, struct arena *arena);
/* enum('a','b') as COLUMN_TYPE has it: with '' and backslashes; bytes that are no UTF-8 as x'e4'. */
struct slice labels_spell(const struct column *column, struct arena *arena);

#endif
