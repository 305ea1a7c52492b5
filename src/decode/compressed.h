/* compressed: values of MariaDB's COMPRESSED columns, which the binlog has as they are stored.
 * Pure. Thread: any. Owner: the text is in the stored bytes or in the arena. */
#ifndef TIDEWAY_COMPRESSED_H
#define TIDEWAY_COMPRESSED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

/* How many bytes the value has: 0 for bytes that are damaged. Cheap: nothing is unpacked. */
uint64_t compressed_length(struct slice stored);
int compressed_unpack(struct slice stored, struct arena *arena, struct slice *text,
		      struct err *err) MUST_CHECK;

#endif
