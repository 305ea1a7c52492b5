/* Any bytes as a binary JSON document: the printed text is compact already. */
#include "decode/json_binary.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice text, compact;
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	if (json_binary_print(slice_of(data, size), &arena, &text, &err) == 0) {
		/* a part is printed once: at most 6 bytes for one of a string, 400 for a number */
		if (text.len > 400 * (size + 4))
			__builtin_trap();
		json_text_compact(text, &arena, &compact);
		if (!slice_equal(text, compact))
			__builtin_trap();
	}
	json_text_compact(slice_of(data, size), &arena, &compact);
	arena_fini(&arena);
	return 0;
}
