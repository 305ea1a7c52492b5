/* precision(1) scale(1) packed decimal; also any bytes as the text of a decimal. Both give the same form. */
#include "decode/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void trim(struct slice text, bool must)
{
	struct arena arena;
	struct slice out, again;
	arena_init(&arena, 0);
	bool literal = decimal_trim(text, &arena, &out);
	if (must && (!literal || !slice_equal(text, out)))
		__builtin_trap();
	if (literal && (!decimal_trim(out, &arena, &again) || !slice_equal(out, again)))
		__builtin_trap();
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DECIMAL_TEXT_MAX];
	trim(slice_of(data, size), false);
	if (size < 2)
		return 0;
	unsigned bytes = decimal_size(data[0], data[1]);
	if (bytes == 0 || size - 2 < bytes)
		return 0;
	size_t n = decimal_unpack(data + 2, data[0], data[1], text);
	if (n > sizeof(text))
		__builtin_trap();
	if (n > 0)
		trim(slice_of(text, n), true);
	return 0;
}
