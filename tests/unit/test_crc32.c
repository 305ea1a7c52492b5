#include "unit.h"

#include "decode/crc32.h"

#include <stdlib.h>

enum {
	LENGTHS = 700,
	ALIGNMENTS = 17,
	LARGE = 100000,
};

/* The definition: one bit at a time. */
static uint32_t crc32_of_bits(uint32_t crc, const uint8_t *at, size_t len)
{
	uint32_t v = ~crc;
	for (; len > 0; at++, len--) {
		v ^= *at;
		for (int bit = 0; bit < 8; bit++)
			v = (v >> 1) ^ ((v & 1) ? 0xedb88320u : 0);
	}
	return ~v;
}

static uint8_t *random_bytes(size_t n)
{
	uint8_t *bytes = malloc(n);
	uint32_t v = 1;
	for (size_t i = 0; i < n; i++) {
		v = v * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(v >> 24);
	}
	return bytes;
}

static void known_vectors(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, "", 0), 0);
	assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_update(0, "The quick brown fox jumps over the lazy dog", 43),
			 0x414fa339);
}

static void all_lengths_and_alignments(void **state)
{
	(void)state;
	for (size_t align = 0; align < ALIGNMENTS; align++)
		for (size_t len = 0; len < LENGTHS; len++) {
			/* of its own, so that a sanitizer sees a read past the end */
			uint8_t *bytes = random_bytes(align + len + 1);
			uint32_t before = (uint32_t)(len * 2654435761u);
			uint32_t expected = crc32_of_bits(before, bytes + align, len);
			assert_int_equal(crc32_update(before, bytes + align, len), expected);
			assert_int_equal(crc32_by_table(before, bytes + align, len), expected);
			free(bytes);
		}
}

static void extreme_bytes(void **state)
{
	(void)state;
	static uint8_t bytes[LENGTHS];
	for (size_t len = 0; len < LENGTHS; len++) {
		memset(bytes, 0, sizeof(bytes));
		assert_int_equal(crc32_update(0, bytes, len), crc32_of_bits(0, bytes, len));
		memset(bytes, 0xff, sizeof(bytes));
		assert_int_equal(crc32_update(0, bytes, len), crc32_of_bits(0, bytes, len));
		assert_int_equal(crc32_update(~0u, bytes, len), crc32_of_bits(~0u, bytes, len));
	}
}

static void in_two_parts(void **state)
{
	(void)state;
	uint8_t *bytes = random_bytes(LARGE);
	uint32_t whole = crc32_of_bits(0, bytes, LARGE);
	assert_int_equal(crc32_update(0, bytes, LARGE), whole);
	for (size_t cut = 0; cut < LARGE; cut += 997) {
		uint32_t first = crc32_update(0, bytes, cut);
		assert_int_equal(crc32_update(first, bytes + cut, LARGE - cut), whole);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(all_lengths_and_alignments),
		cmocka_unit_test(extreme_bytes),
		cmocka_unit_test(in_two_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
