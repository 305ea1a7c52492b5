#include "decode/wire.h"

#include <stddef.h>

const char *wire_name(uint8_t wire)
{
	switch (wire) {
#define WIRE_TYPE(id, code, name, meta)                                                            \
	case code:                                                                                 \
		return name;
#include "model/types.def"
	default:
		return NULL;
	}
}

int wire_meta_size(uint8_t wire)
{
	switch (wire) {
#define WIRE_TYPE(id, code, name, meta)                                                            \
	case code:                                                                                 \
		return meta;
#include "model/types.def"
	default:
		return -1;
	}
}
