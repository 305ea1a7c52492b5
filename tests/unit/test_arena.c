#include "unit.h"

#include "base/arena_priv.h"

static size_t count_blocks(const struct arena *arena)
{
	size_t n = 0;
	for (const struct arena_block *b = arena->blocks; b != NULL; b = b->older)
		n++;
	return n;
}

static void allocates_nothing_before_use(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	assert_null(arena.blocks);
	arena_reset(&arena);
	arena_fini(&arena);
}

/* Allocations of many sizes keep their content and alignment, whatever is allocated later. */
static void allocations_do_not_overlap(void **state)
{
	(void)state;
	enum { N = 3000 };
	static unsigned char *ptrs[N];
	static size_t sizes[N];
	struct arena arena;
	uint64_t seed = 7;
	arena_init(&arena, 1024);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			sizes[i] = unit_random(&seed) % (i % 50 == 0 ? 3000 : 60);
			ptrs[i] = arena_alloc(&arena, sizes[i]);
			assert_non_null(ptrs[i]);
			assert_int_equal((uintptr_t)ptrs[i] % 8, 0);
			memset(ptrs[i], (int)(i & 0xff), sizes[i]);
		}
		for (unsigned i = 0; i < N; i++)
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(ptrs[i][j], i & 0xff);
		arena_reset(&arena);
	}
	arena_fini(&arena);
}

static void reset_keeps_one_ordinary_block(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 512);
	for (unsigned i = 0; i < 100; i++)
		arena_alloc(&arena, 100);
	arena_alloc(&arena, 100000);
	assert_true(count_blocks(&arena) > 10);
	arena_reset(&arena);
	assert_int_equal(count_blocks(&arena), ARENA_EACH_REAL ? 0 : 1);
	arena_alloc(&arena, 100);
	assert_int_equal(count_blocks(&arena), 1);
	arena_fini(&arena);
}

static void large_ones_do_not_end_the_current_block(void **state)
{
	(void)state;
	if (ARENA_EACH_REAL)
		skip();
	struct arena arena;
	arena_init(&arena, 1024);
	char *a = arena_alloc(&arena, 8);
	arena_alloc(&arena, 5000);
	char *b = arena_alloc(&arena, 8);
	assert_ptr_equal(b, a + 8);
	arena_fini(&arena);
}

static void only_large_ones_then_reset(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 64);
	arena_alloc(&arena, 5000);
	arena_alloc(&arena, 6000);
	arena_reset(&arena);
	assert_null(arena.blocks);
	assert_non_null(arena_alloc(&arena, 1));
	arena_fini(&arena);
}

static void arrays_are_zeroed(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	memset(arena_alloc(&arena, 1000), 0xff, 1000);
	arena_reset(&arena);
	const uint64_t *v = ARENA_ARRAY(&arena, 100, uint64_t);
	for (unsigned i = 0; i < 100; i++)
		assert_true(v[i] == 0);
	assert_non_null(arena_array(&arena, 0, 8));
	arena_fini(&arena);
}

static void copies_live_on_their_own(void **state)
{
	(void)state;
	struct arena arena;
	char text[] = "abc";
	arena_init(&arena, 0);
	struct slice copy = arena_copy(&arena, slice_str(text));
	char *cstr = arena_cstr(&arena, slice_of(text, 2));
	struct slice empty = arena_copy(&arena, slice_of(NULL, 0));
	struct slice printed = arena_printf(&arena, "%s-%d", text, 42);
	memset(text, 'x', 3);
	assert_slice(copy, "abc");
	assert_string_equal(cstr, "ab");
	assert_slice(printed, "abc-42");
	assert_int_equal(empty.len, 0);
	assert_non_null(empty.ptr);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocates_nothing_before_use),
		cmocka_unit_test(allocations_do_not_overlap),
		cmocka_unit_test(reset_keeps_one_ordinary_block),
		cmocka_unit_test(large_ones_do_not_end_the_current_block),
		cmocka_unit_test(only_large_ones_then_reset),
		cmocka_unit_test(arrays_are_zeroed),
		cmocka_unit_test(copies_live_on_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
