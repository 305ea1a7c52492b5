/* charset(1) text: the result is UTF-8, which is its own conversion. */
#include "model/charset_text.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice out, again;
	if (size == 0)
		return 0;
	arena_init(&arena, 0);
	charset_to_utf8((enum charset)(data[0] % CHARSET_COUNT), slice_of(data + 1, size - 1),
			&arena, &out);
	charset_to_utf8(CHARSET_UTF8MB4, out, &arena, &again);
	if (!slice_equal(out, again) || out.len > 3 * size)
		__builtin_trap();
	arena_fini(&arena);
	return 0;
}
