/* Values of COMPRESSED columns: written by MariaDB, and damaged. */
#include "decode/compressed.h"

#include "unit/unit.h"

#include <stdlib.h>

static int unpack(const char *bytes, size_t len, struct arena *arena, struct slice *text)
{
	struct err err = ERR_INIT;
	char *copy =
		malloc(len ? len : 1); /* of exactly its size, so that ASan sees each over-read */
	memcpy(copy, bytes, len);
	int result = compressed_unpack(slice_of(copy, len), arena, text, &err);
	if (result == 0)
		*text = arena_copy(arena, *text);
	else
		assert_int_equal(err.code, ERR_DATA);
	free(copy);
	return result;
}

static void expect(const char *bytes, size_t len, const char *unit, unsigned times)
{
	struct arena arena;
	struct slice text;
	size_t size = strlen(unit);
	arena_init(&arena, 0);
	assert_int_equal(unpack(bytes, len, &arena, &text), 0);
	assert_int_equal(text.len, size * times);
	for (unsigned i = 0; i < times; i++)
		assert_memory_equal(text.ptr + i * size, unit, size);
	assert_int_equal(compressed_length(slice_of(bytes, len)), size * times);
	arena_fini(&arena);
}

static const char raw[] = "\x89\xc8\x4b\x4c\x4a\x1c\x16\x10\x00";
static const char wrapped[] = "\x82\x01\x2c\x78\x9c\xab\xaa\x1a\x05\xc4\x02\x00\x12\xe4\x8e\xf9";

static void test_values_of_a_server(void **state)
{
	(void)state;
	expect("", 0, "", 0);
	expect("\0x", 2, "x", 1);
	expect("\0", 1, "", 0);
	expect(raw, sizeof(raw) - 1, "ab", 100);
	expect(wrapped, sizeof(wrapped) - 1, "z", 300);
}

static void expect_damaged(const char *bytes, size_t len)
{
	struct arena arena;
	struct slice text;
	arena_init(&arena, 0);
	assert_int_equal(unpack(bytes, len, &arena, &text), -1);
	arena_fini(&arena);
}

static void test_damaged_values(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof(raw) - 1; n++)
		expect_damaged(raw, n);
	for (size_t n = 1; n < sizeof(wrapped) - 1; n++)
		expect_damaged(wrapped, n);
	expect_damaged("\x10x", 2); /* another method */
	expect_damaged("\x82\x01\x2b\x78\x9c\xab\xaa\x1a\x05\xc4\x02\x00\x12\xe4\x8e\xf9", 16);
	expect_damaged("\x87\xff\xff\xff\xff\xff\xff\xff\x78\x9c",
		       10); /* more than deflate can expand to */
	assert_int_equal(compressed_length(SLICE("\x87\xff\xff\xff\xff\xff\xff\xff\x78\x9c")), 0);
}

/* zlib's checksum detects every changed bit except padding in the last byte of the stream. */
static void test_changed_bits(void **state)
{
	const size_t head = 3, size = sizeof(wrapped) - 1;
	unsigned damaged = 0;
	(void)state;
	for (size_t bit = 8 * head; bit < 8 * size; bit++) {
		char copy[sizeof(wrapped)];
		struct arena arena;
		struct slice text;
		arena_init(&arena, 0);
		memcpy(copy, wrapped, size);
		copy[bit / 8] ^= (char)(1 << bit % 8);
		if (unpack(copy, size, &arena, &text) < 0)
			damaged++;
		else
			expect(copy, size, "z", 300);
		arena_fini(&arena);
	}
	assert_in_range(damaged, 8 * (size - head) - 7, 8 * (size - head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_of_a_server),
		cmocka_unit_test(test_damaged_values),
		cmocka_unit_test(test_changed_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
