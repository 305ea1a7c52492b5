/* labels: the labels of ENUM and SET columns. A server stores a label as bytes in the column's
 * character set. A definition contains UTF-8; for a column of the set `binary` it contains the
 * bytes. Pure functions. Thread: any. Owner: results live in the arena; labels_encode may return
 * its argument. */
#ifndef TIDEWAY_LABELS_H
#define TIDEWAY_LABELS_H

#include "model/table.h"

/* Convert the server's bytes to the label of a definition, and back. A character that the set does
 * not contain becomes '?'. */
struct slice labels_decode(enum charset charset, struct slice bytes, struct arena *arena);
struct slice labels_encode(enum charset charset, struct slice label, struct arena *arena);
/* Returns enum('a','b') like COLUMN_TYPE, with '' and backslashes. Writes a label that is not valid
 * UTF-8 as x'e4'. */
struct slice labels_spell(const struct column *column, struct arena *arena);
/* An index of an ENUM's labels. Owner: the arena. It borrows the column. */
struct label_index;
struct label_index *labels_index(const struct column *column, struct arena *arena);
/* Find the number of a label of an ENUM, or the bits of the labels of a SET, by the text that the
 * server shows. The empty text is the invalid value 0 of an ENUM unless a label is empty. If two
 * labels have the same text, the first counts. Return false if the text has none of the labels. */
bool labels_find(const struct label_index *index, struct slice text, uint64_t *number);
bool labels_find_set(const struct column *column, struct slice text, uint64_t *bits);

#endif
