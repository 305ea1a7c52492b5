#include "unit.h"

#include "base/map.h"

#include <stdio.h>

static void empty_map(void **state)
{
	(void)state;
	struct map map;
	size_t at = 0;
	map_init(&map);
	assert_null(map_get(&map, SLICE("a")));
	assert_null(map_remove(&map, SLICE("a")));
	assert_null(map_next(&map, &at));
	map_fini(&map);
}

static void set_replaces_value_and_key(void **state)
{
	(void)state;
	struct map map;
	char first[] = "key";
	char second[] = "key";
	int one, two;
	map_init(&map);
	assert_null(map_set(&map, slice_str(first), &one));
	assert_ptr_equal(map_set(&map, slice_str(second), &two), &one);
	assert_int_equal(map.count, 1);
	memset(first, 'x', 3); /* the older key may be freed with the older value */
	assert_ptr_equal(map_get(&map, SLICE("key")), &two);
	map_fini(&map);
}

static void the_empty_key_is_a_key(void **state)
{
	(void)state;
	struct map map;
	int v, w;
	map_init(&map);
	map_set(&map, SLICE("a"), &w);
	map_remove(&map, SLICE("a"));
	map_set(&map, SLICE(""), &v);
	assert_ptr_equal(map_get(&map, SLICE("")), &v);
	assert_ptr_equal(map_remove(&map, SLICE("")), &v);
	assert_null(map_get(&map, SLICE("")));
	map_fini(&map);
}

enum { KEYS = 500 };

static char keys[KEYS][12];
static int present[KEYS]; /* 1 + number of the last set, 0: absent */
static int values[KEYS * 4];

static void check_all(const struct map *map)
{
	size_t count = 0, walked = 0, at = 0;
	for (unsigned k = 0; k < KEYS; k++) {
		void *want = present[k] ? &values[present[k] - 1] : NULL;
		assert_ptr_equal(map_get(map, slice_str(keys[k])), want);
		count += present[k] != 0;
	}
	assert_int_equal(map->count, count);
	while (map_next(map, &at) != NULL)
		walked++;
	assert_int_equal(walked, count);
}

/* Random sets and removes against an array. */
static void behaves_like_an_array(void **state)
{
	(void)state;
	struct map map;
	uint64_t seed = 11;
	map_init(&map);
	for (unsigned k = 0; k < KEYS; k++)
		snprintf(keys[k], sizeof(keys[k]), "k%u", k);
	for (unsigned i = 0; i < 40000; i++) {
		unsigned k = (unsigned)(unit_random(&seed) % KEYS);
		void *old = present[k] ? &values[present[k] - 1] : NULL;
		bool add = unit_random(&seed) % 100 < (i / 5000 % 2 ? 30 : 70);
		int value = (int)(unit_random(&seed) % (KEYS * 4));
		if (add)
			assert_ptr_equal(map_set(&map, slice_str(keys[k]), &values[value]), old);
		else
			assert_ptr_equal(map_remove(&map, slice_str(keys[k])), old);
		present[k] = add ? value + 1 : 0;
		if (i % 1000 == 0)
			check_all(&map);
	}
	check_all(&map);
	map_fini(&map);
}

/* Deleted slots do not make the table grow for ever. */
static void churn_stays_small(void **state)
{
	(void)state;
	struct map map;
	char key[16];
	map_init(&map);
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		map_set(&map, slice_str(key), key);
		assert_ptr_equal(map_remove(&map, slice_str(key)), key);
	}
	assert_int_equal(map.count, 0);
	assert_true(map.cap <= 32);
	map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_map),
		cmocka_unit_test(set_replaces_value_and_key),
		cmocka_unit_test(the_empty_key_is_a_key),
		cmocka_unit_test(behaves_like_an_array),
		cmocka_unit_test(churn_stays_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
