/* compressed: values of MariaDB's COMPRESSED columns, which the binlog contains in their stored
 * form. Pure functions. Thread: any. Owner: the text is in the stored bytes or in the arena. */
#ifndef TIDEWAY_COMPRESSED_H
#define TIDEWAY_COMPRESSED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

/* Returns the length of the uncompressed value; 0 for damaged bytes. Cheap: decompresses
 * nothing. */
uint64_t compressed_length(struct slice stored);
/* Decompresses the value into *text. */
int compressed_unpack(struct slice stored, struct arena *arena, struct slice *text,
		      struct err *err) MUST_CHECK;

#endif
