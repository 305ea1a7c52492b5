#include "unit.h"

#include "base/reader.h"

#include <stdlib.h>

static void integers_are_little_endian(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {1,  2,  3,  4,  5,  6,  7,    8,    9,
					10, 11, 12, 13, 14, 15, 0xff, 0xfe, 0xfd};
	struct reader r;
	reader_init(&r, bytes, sizeof(bytes));
	assert_int_equal(reader_u8(&r), 0x01);
	assert_int_equal(reader_u16(&r), 0x0302);
	assert_int_equal(reader_u32(&r), 0x07060504);
	assert_true(reader_u64(&r) == 0x0f0e0d0c0b0a0908u);
	assert_int_equal(reader_uint(&r, 3), 0xfdfeff);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.failed);
	assert_int_equal(reader_uint(&r, 0), 0);
	assert_false(r.failed);
	assert_int_equal(little_endian(bytes, 0), 0);
	assert_int_equal(little_endian(bytes + 15, 3), 0xfdfeff);
	assert_true(little_endian(bytes, 8) == 0x0807060504030201u);
}

static void failure_is_sticky(void **state)
{
	(void)state;
	struct reader r;
	reader_init(&r, "abc", 3);
	assert_int_equal(reader_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(reader_u8(&r), 0);
	assert_null(reader_bytes(&r, 1));
	assert_null(reader_slice(&r, 1).ptr);
	assert_true(r.failed);
	assert_int_equal(reader_left(&r), 0);
}

static void huge_lengths_fail(void **state)
{
	(void)state;
	struct reader r;
	reader_init(&r, "abc", 3);
	assert_null(reader_bytes(&r, SIZE_MAX));
	assert_true(r.failed);
	static const uint8_t huge[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'};
	reader_init(&r, huge, sizeof(huge));
	assert_int_equal(reader_lenenc_slice(&r).len, 0);
	assert_true(r.failed);
}

static void lenenc_of_each_width(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x00, 0xfa, 0xfc, 0xfb, 0x00, 0xfd, 0x01, 0x02, 0x03,
					0xfe, 1,    2,    3,    4,    5,    6,    7,    8};
	struct reader r;
	reader_init(&r, bytes, sizeof(bytes));
	assert_int_equal(reader_lenenc(&r), 0);
	assert_int_equal(reader_lenenc(&r), 250);
	assert_int_equal(reader_lenenc(&r), 251);
	assert_int_equal(reader_lenenc(&r), 0x030201);
	assert_true(reader_lenenc(&r) == 0x0807060504030201u);
	assert_false(r.failed);
	assert_int_equal(reader_left(&r), 0);
}

static void lenenc_null_and_ff_fail(void **state)
{
	(void)state;
	struct reader r;
	reader_init(&r, "\xfb\x01", 2);
	assert_int_equal(reader_lenenc(&r), 0);
	assert_true(r.failed);
	assert_int_equal(reader_left(&r), 0);
	reader_init(&r, "\xff\x01", 2);
	assert_int_equal(reader_lenenc(&r), 0);
	assert_true(r.failed);
}

/* A structure of all kinds, cut after each byte. The bytes are on the heap, so that a sanitizer sees each read past the
 * end. */
static void every_prefix_fails_and_reads_nothing_behind(void **state)
{
	(void)state;
	static const uint8_t whole[] = {7,   1,   0, 2,   0,   0,    0,   3,  0,   0,
					0,   0,   0, 0,   0,   0xfc, 4,   0,  'a', 'b',
					'c', 'd', 2, 'e', 'f', 'g',  'h', 'i'};
	for (size_t n = 0; n <= sizeof(whole); n++) {
		uint8_t *bytes = malloc(n ? n : 1);
		struct reader r;
		memcpy(bytes, whole, n);
		reader_init(&r, bytes, n);
		reader_u8(&r);
		reader_u16(&r);
		reader_u32(&r);
		reader_u64(&r);
		struct slice a = reader_lenenc_slice(&r);
		struct slice b = reader_lenenc_slice(&r);
		struct slice c = reader_slice(&r, 3);
		assert_int_equal(r.failed, n < sizeof(whole));
		if (!r.failed) {
			assert_slice(a, "abcd");
			assert_slice(b, "ef");
			assert_slice(c, "ghi");
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_little_endian),
		cmocka_unit_test(failure_is_sticky),
		cmocka_unit_test(huge_lengths_fail),
		cmocka_unit_test(lenenc_of_each_width),
		cmocka_unit_test(lenenc_null_and_ff_fail),
		cmocka_unit_test(every_prefix_fails_and_reads_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
