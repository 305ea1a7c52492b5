/* wire: the type codes of columns in TABLE_MAP events and in result metadata, from model/types.def.
 * Thread: any; constants only. */
#ifndef TIDEWAY_WIRE_H
#define TIDEWAY_WIRE_H

#include <stdint.h>

enum wire_type {
#define WIRE_TYPE(id, code, name, meta) WIRE_##id = code,
#include "model/types.def"
	WIRE_NONE = WIRE_DECIMAL_OLD, /* "none" in lists of codes: no column has this code */
};

/* Returns the name of a type code; NULL: unknown code. */
const char *wire_name(uint8_t wire);
/* Returns the bytes of its metadata in a TABLE_MAP; -1: unknown code. */
int wire_meta_size(uint8_t wire);

#endif
