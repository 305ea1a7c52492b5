#include "unit.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>

#include "sink/sink.h"

/* Vectors of Kafka's own UtilsTest, made positive like in its partitioner. */
static void known_vectors(void **state)
{
	(void)state;
	assert_int_equal(murmur2(SLICE("21")), (uint32_t)-973932308 & 0x7fffffff);
	assert_int_equal(murmur2(SLICE("foobar")), (uint32_t)-790332482 & 0x7fffffff);
	assert_int_equal(murmur2(SLICE("a-little-bit-long-string")),
			 (uint32_t)-985981536 & 0x7fffffff);
	assert_int_equal(murmur2(SLICE("a-little-bit-longer-string")),
			 (uint32_t)-1486304829 & 0x7fffffff);
	assert_int_equal(murmur2(SLICE("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
			 (uint32_t)-58897971 & 0x7fffffff);
	assert_int_equal(murmur2(SLICE("abc")), 479470107);
	assert_int_equal(murmur2(SLICE("")), 275646681);
}

static rd_kafka_topic_t *any_topic(rd_kafka_t **rk)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof(text));
	*rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(*rk);
	return rd_kafka_topic_new(*rk, "t", NULL);
}

/* librdkafka's partitioner of the same name gives the same values, for keys of all lengths, also with high bytes. */
static void equal_to_librdkafka(void **state)
{
	(void)state;
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt = any_topic(&rk);
	char key[64];
	uint64_t seed = 1;
	for (int i = 0; i < 5000; i++) {
		size_t len = (size_t)i % sizeof(key);
		for (size_t k = 0; k < len; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			key[k] = (char)(seed >> 56);
		}
		int expected = rd_kafka_msg_partitioner_murmur2(rkt, key, len, 1000003, NULL, NULL);
		assert_int_equal(murmur2(slice_of(key, len)) % 1000003, expected);
	}
	rd_kafka_topic_destroy(rkt);
	rd_kafka_destroy(rk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(equal_to_librdkafka),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
