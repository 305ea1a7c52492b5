/* The size of chunks of a copy: by rows, bytes, time and lanes. */
#include "unit.h"

#include "engine/copy/chunk_size.h"

static const struct chunk_size LARGE = {.most_rows = 200000,
					.most_bytes = 64 << 20,
					.nlanes = 1,
					.table_rows = 1000000000,
					.table_bytes = UINT64_C(200000000000)};

static void small_tables_are_one_chunk(void **state)
{
	struct chunk_size size = {.most_rows = 200000, .most_bytes = 1 << 20, .nlanes = 4};

	(void)state;
	assert_int_equal(chunk_size_small(&size), 5000);
	size.table_rows = 4000;
	assert_int_equal(chunk_size_small(&size), 5000);
	size.table_bytes = 2 << 20;
	assert_int_equal(chunk_size_small(&size), 0);
	size.table_bytes = 0;
	size.most_rows = 1000;
	assert_int_equal(chunk_size_small(&size), 0);
	assert_int_equal(chunk_size_small(&LARGE), 0);
}

static void the_first_chunk_is_moderate(void **state)
{
	struct chunk_size size = LARGE;

	(void)state;
	assert_int_equal(chunk_size_rows(&size), 20000);
	size.table_bytes = size.table_rows << 20; /* rows of 1 MiB */
	assert_int_equal(chunk_size_rows(&size), 64);
	size.most_bytes = 1000;
	assert_int_equal(chunk_size_rows(&size), 1);
}

static void later_chunks_take_their_time(void **state)
{
	struct chunk_size size = LARGE;

	(void)state;
	size.rows = 20000;
	size.bytes = 20000 * 200;
	size.read_ms = 1000;
	assert_int_equal(chunk_size_rows(&size), 30000);
	size.read_ms = 60000;
	assert_int_equal(chunk_size_rows(&size), 500);
	size.read_ms = 0;
	assert_int_equal(chunk_size_rows(&size), 200000);
	size.bytes = 20000 * 2000; /* what was read counts, not the estimate */
	assert_int_equal(chunk_size_rows(&size), (64 << 20) / 2000);
	size.most_rows = 7;
	assert_int_equal(chunk_size_rows(&size), 7);
}

/* The last of several lanes must not read alone for long. */
static void lanes_share_a_table(void **state)
{
	struct chunk_size size = LARGE;

	(void)state;
	size.nlanes = 4;
	assert_int_equal(chunk_size_rows(&size), 20000);
	size.table_rows = 160000;
	size.table_bytes = 0;
	assert_int_equal(chunk_size_rows(&size), 10000);
	size.table_rows = 20000;
	assert_int_equal(chunk_size_rows(&size), 5000);
	size.most_rows = 300;
	assert_int_equal(chunk_size_rows(&size), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_tables_are_one_chunk),
		cmocka_unit_test(the_first_chunk_is_moderate),
		cmocka_unit_test(later_chunks_take_their_time),
		cmocka_unit_test(lanes_share_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
