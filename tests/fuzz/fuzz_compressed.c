/* Any bytes as the value of a COMPRESSED column: the unpacked value has the length that the head gives. */
#include "decode/compressed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice text, stored = slice_of(data, size);
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	if (compressed_unpack(stored, &arena, &text, &err) == 0 &&
	    text.len != compressed_length(stored))
		__builtin_trap();
	arena_fini(&arena);
	return 0;
}
