#include "unit.h"

#include "base/buf.h"

#include <stdio.h>

static void starts_without_memory(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	assert_null(buf.ptr);
	buf_append(&buf, NULL, 0);
	assert_null(buf.ptr);
	assert_string_equal(buf_cstr(&buf), "");
	assert_int_equal(buf.len, 0);
	buf_fini(&buf);
	assert_null(buf.ptr);
}

static void appends_keep_what_was_there(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	for (unsigned i = 0; i < 10000; i++) {
		buf_char(&buf, (char)('a' + i % 26));
		if (i % 100 == 0)
			buf_put(&buf, SLICE(""));
	}
	assert_int_equal(buf.len, 10000);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(buf.ptr[i], 'a' + (int)(i % 26));
	buf_fini(&buf);
}

static void grow_doubles(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	unsigned grown = 0;
	for (size_t i = 0, cap = 0; i < 1 << 20; i++) {
		buf_char(&buf, 'x');
		grown += buf.cap != cap;
		cap = buf.cap;
	}
	assert_in_range(grown, 10, 16);
	buf_grow(&buf, 100000000);
	assert_true(buf.cap - buf.len >= 100000000);
	buf_fini(&buf);
}

static void printf_of_every_length_around_the_capacity(void **state)
{
	(void)state;
	char want[300];
	for (int n = 0; n < 290; n++) {
		struct buf buf;
		buf_init(&buf);
		buf_put(&buf, SLICE("ab"));
		buf_printf(&buf, "%*d", n, 7);
		int len = snprintf(want, sizeof(want), "ab%*d", n, 7);
		assert_int_equal(buf.len, len);
		assert_memory_equal(buf.ptr, want, buf.len);
		buf_fini(&buf);
	}
}

static void shrink_frees_large_ones_only(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	buf_reserve(&buf, 1000);
	size_t cap = buf.cap;
	buf_put(&buf, SLICE("abc"));
	buf_shrink(&buf, 4096);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.cap, cap);
	buf_shrink(&buf, 10);
	assert_int_equal(buf.cap, 0);
	assert_null(buf.ptr);
}

static void cstr_is_not_counted(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	buf_put(&buf, SLICE("abc"));
	assert_string_equal(buf_cstr(&buf), "abc");
	assert_slice(buf_slice(&buf), "abc");
	buf_clear(&buf);
	assert_slice(buf_slice(&buf), "");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_without_memory),
		cmocka_unit_test(appends_keep_what_was_there),
		cmocka_unit_test(grow_doubles),
		cmocka_unit_test(printf_of_every_length_around_the_capacity),
		cmocka_unit_test(shrink_frees_large_ones_only),
		cmocka_unit_test(cstr_is_not_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
