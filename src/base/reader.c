#include "base/reader.h"

enum { LENENC_NULL = 0xfb, LENENC_2 = 0xfc, LENENC_3 = 0xfd, LENENC_8 = 0xfe };

uint64_t reader_lenenc(struct reader *r)
{
	uint8_t first = reader_u8(r);
	if (first < LENENC_NULL)
		return first;
	switch (first) {
	case LENENC_2:
		return reader_uint(r, 2);
	case LENENC_3:
		return reader_uint(r, 3);
	case LENENC_8:
		return reader_u64(r);
	default:
		r->failed = true;
		r->next = r->end;
		return 0;
	}
}

struct slice reader_lenenc_slice(struct reader *r)
{
	uint64_t n = reader_lenenc(r);
	return reader_slice(r, n);
}
