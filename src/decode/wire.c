#include "decode/wire.h"

#include <stddef.h>

const char *wire_name(uint8_t wire)
{
	switch (wire) {
#define X(id, code, name, meta)                                                                    \
	case code:                                                                                 \
		return name;
		WIRE_TYPES(X)
#undef X
	default:
		return NULL;
	}
}

int wire_meta_size(uint8_t wire)
{
	switch (wire) {
#define X(id, code, name, meta)                                                                    \
	case code:                                                                                 \
		return meta;
		WIRE_TYPES(X)
#undef X
	default:
		return -1;
	}
}
