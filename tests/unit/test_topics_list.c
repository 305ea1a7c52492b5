/* topics_list: topics are found by their names, and names that Kafka takes for equal. */
#include "unit.h"

#include "sink/kafka/topics.h"

#include <stdlib.h>

enum { MANY = 500 };

static struct topic_names list_of(rd_kafka_metadata_t *metadata, rd_kafka_metadata_topic_t *topics,
				  int n)
{
	struct topic_names names = {.metadata = metadata};
	metadata->topics = topics;
	metadata->topic_cnt = n;
	topics_sort(&names);
	return names;
}

static void topics_are_found(void **state)
{
	rd_kafka_metadata_t metadata = {.topic_cnt = 0};
	rd_kafka_metadata_topic_t topics[MANY];
	char texts[MANY][16];
	struct topic_names names;
	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s%d", i % 2 ? "t." : "t_", i * 7919 % MANY);
		topics[i] = (rd_kafka_metadata_topic_t){.topic = texts[i], .partition_cnt = i + 1};
	}
	names = list_of(&metadata, topics, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(topics_partitions(&names, slice_str(texts[i])), i + 1);
		assert_null(topics_collides(&names, slice_str(texts[i])));
		texts[i][1] = texts[i][1] == '.' ? '_' : '.';
	}
	for (int i = 0; i < MANY;
	     i++) { /* the list borrows the names, and is in order with the others too */
		char *text = texts[i], other[16];
		snprintf(other, sizeof(other), "%s", text);
		other[1] = text[1] == '.' ? '_' : '.';
		assert_int_equal(topics_partitions(&names, slice_str(other)), 0);
		assert_string_equal(topics_collides(&names, slice_str(other)), text);
	}
	free(names.sorted);
}

/* A cluster may have topics that collide already. */
static void each_of_several_is_found(void **state)
{
	rd_kafka_metadata_t metadata = {.topic_cnt = 0};
	rd_kafka_metadata_topic_t topics[] = {{.topic = (char[]){"a_b_c"}, .partition_cnt = 1},
					      {.topic = (char[]){"a.b.c"}, .partition_cnt = 2},
					      {.topic = (char[]){"a.b"}, .partition_cnt = 3},
					      {.topic = (char[]){"a.b_c"}, .partition_cnt = 4}};
	struct topic_names names = list_of(&metadata, topics, 4);
	(void)state;
	assert_int_equal(topics_partitions(&names, SLICE("a_b_c")), 1);
	assert_int_equal(topics_partitions(&names, SLICE("a.b.c")), 2);
	assert_int_equal(topics_partitions(&names, SLICE("a.b_c")), 4);
	assert_int_equal(topics_partitions(&names, SLICE("a_b.c")), 0);
	assert_non_null(topics_collides(&names, SLICE("a.b.c")));
	assert_non_null(topics_collides(&names, SLICE("a_b.c")));
	assert_string_equal(topics_collides(&names, SLICE("a_b")), "a.b");
	assert_null(topics_collides(&names, SLICE("a.b")));
	assert_null(topics_collides(&names, SLICE("a.b.")));
	assert_null(topics_collides(&names, SLICE("")));
	free(names.sorted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_are_found),
		cmocka_unit_test(each_of_several_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
