/* The keys of a partition: what is written last before a place is found, in as many parts as the memory asks for. */
#include "unit.h"

#include "engine/copy/topic_keys.h"

#include <stdio.h>
#include <stdlib.h>

enum { MARKER = 1000000 };

static struct slice key_of(char *text, int n)
{
	return slice_of(text, (size_t)snprintf(text, 24, "key %d", n));
}

static void put(struct topic_keys *keys, int n, int64_t offset, bool gone)
{
	char text[24];
	topic_keys_put(keys, key_of(text, n), offset, gone);
}

static size_t count_before(const struct topic_keys *keys, int64_t offset)
{
	size_t n;
	free(topic_keys_before(keys, offset, &n));
	return n;
}

static void the_last_message_counts(void **state)
{
	struct topic_keys keys;
	int64_t *offsets;
	size_t n;
	(void)state;
	topic_keys_init(&keys, TOPIC_KEYS_MAX);
	put(&keys, 1, 30, false); /* only before the marker */
	put(&keys, 2, 10, false);
	put(&keys, 3, 20, false); /* gone before it */
	put(&keys, 3, 40, true);
	put(&keys, 4, 50, true); /* gone, and there again */
	put(&keys, 4, 60, false);
	put(&keys, 5, 70, false); /* written after it */
	put(&keys, 5, 101, false);
	put(&keys, 6, 80, false); /* gone after it */
	put(&keys, 6, 102, true);
	put(&keys, 7, 103, false); /* new */
	offsets = topic_keys_before(&keys, 100, &n);
	assert_int_equal(n, 3);
	assert_int_equal(offsets[0], 10);
	assert_int_equal(offsets[1], 30);
	assert_int_equal(offsets[2], 60);
	free(offsets);
	assert_int_equal(count_before(&keys, 60), 2);
	topic_keys_fini(&keys);
}

static void a_later_message_takes_a_key_away(void **state)
{
	struct topic_keys keys;
	(void)state;
	topic_keys_init(&keys, TOPIC_KEYS_MAX);
	assert_false(topic_keys_is_last(&keys, SLICE("key 1"), 10));
	topic_keys_update(&keys, SLICE("key 1"), 5);
	put(&keys, 1, 10, false);
	assert_true(topic_keys_is_last(&keys, SLICE("key 1"), 10));
	topic_keys_update(&keys, SLICE("key 2"), 11);
	assert_true(topic_keys_is_last(&keys, SLICE("key 1"), 10));
	assert_int_equal(keys.count, 1);
	topic_keys_update(&keys, SLICE("key 1"), 12);
	assert_false(topic_keys_is_last(&keys, SLICE("key 1"), 10));
	assert_int_equal(count_before(&keys, 12), 0);
	topic_keys_fini(&keys);
}

/* Read a partition: key i at offset i, those that are not divisible by 3 also after the marker. */
static void read_partition(struct topic_keys *keys, int n)
{
	for (int i = 0; i < n; i++)
		put(keys, i, i, false);
	for (int i = 0; i < n; i++)
		if (i % 3 != 0)
			put(keys, i, MARKER + i, i % 2 == 0);
}

static void parts_find_each_key_once(void **state)
{
	enum { KEYS = 20000, MAX = 700 };
	static unsigned char found[KEYS];
	struct topic_keys keys;
	unsigned ranges = 0;
	(void)state;
	topic_keys_init(&keys, MAX);
	do {
		size_t n;
		int64_t *offsets;
		read_partition(&keys, KEYS);
		assert_true(keys.count <= MAX);
		offsets = topic_keys_before(&keys, MARKER, &n);
		for (size_t i = 0; i < n; i++)
			found[offsets[i]]++;
		for (size_t i = 1; i < n; i++)
			assert_true(offsets[i - 1] < offsets[i]);
		free(offsets);
		ranges++;
	} while (topic_keys_next_range(&keys));
	for (int i = 0; i < KEYS; i++)
		assert_int_equal(found[i], i % 3 == 0);
	assert_true(ranges >= KEYS / MAX && ranges <= 8 * KEYS / MAX);
	topic_keys_fini(&keys);
}

static void nothing_is_in_an_empty_partition(void **state)
{
	struct topic_keys keys;
	(void)state;
	topic_keys_init(&keys, 10);
	assert_int_equal(count_before(&keys, 100), 0);
	assert_false(topic_keys_next_range(&keys));
	topic_keys_fini(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_message_counts),
		cmocka_unit_test(a_later_message_takes_a_key_away),
		cmocka_unit_test(parts_find_each_key_once),
		cmocka_unit_test(nothing_is_in_an_empty_partition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
