/* Tests of the sink against a real Apache Kafka: `sink_live CASE`, TIDEWAY_TEST_KAFKA=host:port. Exit codes: 0 passed,
 * 1 failed, 77 no broker given. Run by test_sink_live.py. Topics are named sinklive.<pid>.<case> and deleted. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "sink/kafka/exec_kafka.h"
#include "sink/kafka/partition_reader.h"
#include "sink/kafka/transaction.h"
#include "sink/sink.h"
#include "sink/store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: failed: %s (last error: %s)\n", __FILE__,          \
				__LINE__, #condition, err.text);                                   \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static struct err err = ERR_INIT;
static struct sink_config config = {.kind = SINK_KAFKA};

struct tally {
	uint64_t acked; /* messages */
	uint64_t last;  /* token of the newest report */
	uint64_t sum;   /* of all tokens */
};

static void count(void *arg, uint64_t token, unsigned messages)
{
	struct tally *tally = arg;
	tally->acked += messages;
	tally->last = token;
	tally->sum += token * messages;
}

static struct slice topic_name(const char *suffix)
{
	static char name[8][120];
	static unsigned next;
	char *to = name[next++ % 8];
	snprintf(to, sizeof(name[0]), "sinklive.%d.%s", (int)getpid(), suffix);
	return slice_str(to);
}

static void drop(struct slice name)
{
	struct err ignored = ERR_INIT;
	if (exec_topic_delete(&config, name, &ignored) != 0)
		fprintf(stderr, "%s\n", ignored.text);
}

static struct sink *open_sink(size_t queue, struct tally *tally)
{
	struct sink *sink = sink_new(&config, "sink-live", queue, count, tally, &err);
	CHECK(sink != NULL);
	return sink;
}

static struct topic *open_topic(struct sink *sink, struct slice name, struct topic_spec spec)
{
	struct topic *topic = NULL;
	CHECK(sink_topic(sink, name, &spec, NULL, &topic, &err) == 0);
	return topic;
}

static int drain(struct sink *sink, int ms)
{
	return sink_drain(sink, ms, NULL, &err);
}

/* A topic is created as requested, and accepts messages at once. */
static void case_create(void)
{
	static const struct property settings[] = {{"cleanup.policy", "compact"},
						   {"max.message.bytes", "200000"}};
	struct tally tally = {0};
	struct slice name = topic_name("create");
	struct sink *sink = open_sink(0, &tally);
	struct topic *topic =
		open_topic(sink, name, (struct topic_spec){true, 6, -1, settings, 2, 0, NULL, 0});
	const struct topic_info *info = sink_topic_info(topic);
	CHECK(info->created && info->partitions == 6 && info->compacted &&
	      info->max_message == 200000);
	CHECK(open_topic(sink, name, (struct topic_spec){.create = true, .partitions = 6}) ==
	      topic);
	for (int i = 0; i < 6; i++)
		CHECK(sink_send(sink, topic,
				&(struct message){
					.key = SLICE("k"), .value = SLICE("{}"), .partition = i},
				7, &err) == 0);
	CHECK(drain(sink, 20000) == 0);
	CHECK(tally.acked == 6 && tally.sum == 42 && sink_in_flight(sink) == 0);
	sink_free(sink);
	/* a second sink finds it unchanged */
	sink = open_sink(0, &tally);
	topic = open_topic(sink, name,
			   (struct topic_spec){.create = true, .partitions = 3, .replication = -1});
	info = sink_topic_info(topic);
	CHECK(!info->created && info->partitions == 6 && info->compacted &&
	      info->max_message == 200000);
	sink_free(sink);
	drop(name);
}

/* Many topics with few requests: existing topics are not changed, and refused ones are named. */
static void case_many(void)
{
	enum { MANY = 110 };
	static char texts[MANY][120];
	static struct slice names[MANY];
	static struct topic_spec specs[MANY];
	struct tally tally = {0};
	struct sink *sink = open_sink(0, &tally);
	for (int i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "sinklive.%d.many.%d", (int)getpid(), i);
		names[i] = slice_str(texts[i]);
		specs[i] = (struct topic_spec){true, 1 + i % 2, -1, NULL, 0, 0, NULL, 0};
	}
	CHECK(exec_topic_create(&config, names[7], 5, -1, NULL, 0, &err) == 0);
	CHECK(sink_topics_create(sink, names, specs, MANY, NULL, &err) == 0);
	for (int i = 0; i < MANY; i++) {
		specs[i].create = false;
		struct topic *topic = open_topic(sink, names[i], specs[i]);
		CHECK(sink_topic_info(topic)->partitions == (i == 7 ? 5 : 1 + i % 2));
		CHECK(sink_send(sink, topic,
				&(struct message){.key = SLICE("k"), .value = SLICE("{}")}, 1,
				&err) == 0);
	}
	CHECK(drain(sink, 20000) == 0 && tally.acked == MANY);
	for (int i = 0; i < MANY; i++)
		drop(names[i]);
	struct slice three[] = {topic_name("fine"), topic_name("wide"), topic_name("other")};
	const struct topic_spec wrong[] = {{true, 1, -1, NULL, 0, 0, NULL, 0},
					   {true, 1, 9, NULL, 0, 0, NULL, 0},
					   {true, 1, -1, NULL, 0, 0, NULL, 0}};
	CHECK(sink_topics_create(sink, three, wrong, 3, NULL, &err) == -1);
	CHECK(err.code == ERR_KAFKA && !err.retriable && strstr(err.text, three[1].ptr) &&
	      strstr(err.text, "topics.replication"));
	three[0] = SLICE("no name");
	CHECK(sink_topics_create(sink, three, specs, 1, NULL, &err) == -1 && err.code == ERR_DATA);
	sink_free(sink);
	drop(topic_name("fine"));
	drop(topic_name("other"));
}

/* topics = "existing": a missing topic is named, and a request does not create it. */
static void case_missing(void)
{
	struct tally tally = {0};
	struct slice name = topic_name("missing"), there = topic_name("there");
	struct sink *sink = open_sink(0, &tally);
	struct topic *topic = NULL;
	const struct topic_spec spec = {.create = false};
	CHECK(sink_topic(sink, name, &spec, NULL, &topic, &err) == -1);
	CHECK(err.code == ERR_KAFKA && !err.retriable && strstr(err.text, name.ptr) &&
	      strstr(err.text, "does not exist"));
	CHECK(exec_topic_create(&config, there, 2, -1, NULL, 0, &err) == 0);
	struct slice names[] = {name, there};
	bool exists[2];
	int partitions[2];
	for (int i = 0; i < 2;
	     i++) { /* the second sink would find a topic that the request of the first has created */
		sink_free(sink);
		sink = open_sink(0, &tally);
		CHECK(sink_topics_exist(sink, names, 2, exists, partitions, &err) == 0);
		CHECK(!exists[0] && partitions[0] == 0 && exists[1] && partitions[1] == 2);
	}
	/* the list that the sink has seen is older than this topic */
	struct slice late = topic_name("late");
	CHECK(exec_topic_create(&config, late, 1, -1, NULL, 0, &err) == 0);
	CHECK(sink_topic(sink, late, &spec, NULL, &topic, &err) == 0);
	sink_free(sink);
	drop(there);
	drop(late);
}

/* Rule: size-before-send: a message that the topic would refuse is refused before it is sent, and other messages are not
 * affected. Batches fit the smallest topic although it became known last. */
static void case_size(void)
{
	static const struct property small[] = {{"max.message.bytes", "20000"}};
	static char value[60000];
	struct tally tally = {0};
	struct slice name = topic_name("size"), big = topic_name("big");
	struct sink *sink = open_sink(4 << 20, &tally);
	for (size_t i = 0; i < sizeof(value); i++) /* does not compress */
		value[i] = (char)(random() & 0xff);
	struct topic *wide =
		open_topic(sink, big, (struct topic_spec){true, 1, -1, NULL, 0, 0, NULL, 0});
	CHECK(sink_topic_info(wide)->max_message == 1048588);
	for (unsigned i = 0; i < 20; i++)
		CHECK(sink_send(sink, wide,
				&(struct message){.key = SLICE("k"),
						  .value = slice_of(value, 50000),
						  .partition = MESSAGE_BY_KEY},
				1, &err) == 0);
	struct topic *topic =
		open_topic(sink, name, (struct topic_spec){true, 1, -1, small, 1, 0, NULL, 0});
	CHECK(tally.acked ==
	      20); /* the producer was created again: everything before was acknowledged */
	for (unsigned i = 0; i < 500; i++)
		CHECK(sink_send(sink, topic,
				&(struct message){.key = SLICE("k"),
						  .value = slice_of(value + i, 5000),
						  .partition = MESSAGE_BY_KEY},
				2, &err) == 0);
	CHECK(sink_send(sink, topic,
			&(struct message){.key = SLICE("k"),
					  .value = slice_of(value, 20000),
					  .partition = MESSAGE_BY_KEY},
			3, &err) == -1);
	CHECK(err.code == ERR_DATA && !err.retriable && strstr(err.text, "max.message.bytes") &&
	      strstr(err.text, name.ptr));
	CHECK(sink_send(sink, topic,
			&(struct message){.key = SLICE("k"),
					  .value = slice_of(value, 19000),
					  .partition = MESSAGE_BY_KEY},
			2, &err) == 0);
	CHECK(sink_send(sink, wide,
			&(struct message){.key = SLICE("k"),
					  .value = slice_of(value, 50000),
					  .partition = MESSAGE_BY_KEY},
			1, &err) == 0);
	CHECK(drain(sink, 20000) == 0);
	CHECK(tally.acked == 20 + 501 + 1 && tally.sum == 20 + 2 * 501 + 1);
	sink_free(sink);
	drop(name);
	drop(big);
}

/* Rule: first-error-poisons: the first report with an error poisons the sink. Only the broker detects a null key in a compacted
 * topic. */
static void case_poison(void)
{
	static const struct property compact[] = {{"cleanup.policy", "compact"}};
	struct tally tally = {0};
	struct slice name = topic_name("poison");
	struct sink *sink = open_sink(0, &tally);
	struct topic *topic =
		open_topic(sink, name, (struct topic_spec){true, 1, -1, compact, 1, 0, NULL, 0});
	CHECK(sink_send(sink, topic, &(struct message){.key = SLICE("a"), .value = SLICE("1")}, 1,
			&err) == 0);
	CHECK(drain(sink, 20000) == 0 && tally.acked == 1);
	CHECK(sink_send(sink, topic,
			&(struct message){.key = (struct slice){NULL, 0}, .value = SLICE("2")}, 2,
			&err) == 0);
	CHECK(drain(sink, 20000) == -1);
	CHECK(err.code == ERR_KAFKA && !err.retriable && strstr(err.text, name.ptr));
	CHECK(sink_send(sink, topic, &(struct message){.key = SLICE("a"), .value = SLICE("3")}, 3,
			&err) == -1);
	CHECK(sink_poll(sink, 100, &err) == -1);
	sink_purge(sink);
	CHECK(sink_in_flight(sink) == 0 && tally.acked == 1);
	sink_free(sink);
	drop(name);
}

static void *create_later(void *arg)
{
	struct err failed = ERR_INIT;
	usleep(1500000); /* long enough for a first look without it */
	if (exec_topic_create(&config, *(struct slice *)arg, 2, 1, NULL, 0, &failed) != 0)
		fprintf(stderr, "%s\n", failed.text);
	return NULL;
}

/* A client whose broker does not know the topic yet requests the ends again. */
static void case_ends(void)
{
	struct tally tally = {0};
	struct slice name = topic_name("ends");
	struct sink *sink = open_sink(0, &tally);
	struct partition_end ends[] = {{name, 0, -1}, {name, 1, -1}};
	_Atomic bool stop = false;
	pthread_t thread;
	CHECK(pthread_create(&thread, NULL, create_later, &name) == 0);
	CHECK(sink_ends(sink, ends, 2, &stop, &err) == 0);
	CHECK(ends[0].end == 0 && ends[1].end == 0);
	pthread_join(thread, NULL);
	sink_free(sink);
	drop(name);
}

/* Rule: first-error-poisons: with five requests in flight and each message in a batch of its own, nothing after the refused one is
 * written although nobody polls, so that the topic has no gap (enable.gapless.guarantee; without it all forty are). */
static void case_gap(void)
{
	static const struct property compact[] = {{"cleanup.policy", "compact"}},
				     single[] = {{"batch.size", "1"}};
	struct tally tally = {0};
	struct slice name = topic_name("gap");
	config.properties = single;
	config.nproperties = 1;
	struct sink *sink = open_sink(0, &tally);
	struct topic *topic =
		open_topic(sink, name, (struct topic_spec){true, 1, -1, compact, 1, 0, NULL, 0});
	for (uint64_t i = 1; i <= 60; i++)
		if (sink_send(
			    sink, topic,
			    &(struct message){.key = i == 20 ? (struct slice){NULL, 0} : SLICE("k"),
					      .value = SLICE("v")},
			    i, &err) != 0)
			break;
	config.nproperties = 0;
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, NULL, true, &err);
	struct message message;
	for (int i = 0; i < 19; i++)
		CHECK(exec_consumer_poll(consumer, 10, &message, &err) == 1);
	CHECK(exec_consumer_poll(consumer, 1.5, &message, &err) == 0);
	exec_consumer_free(consumer);
	CHECK(drain(sink, 20000) == -1);
	CHECK(strstr(err.text, "INVALID_RECORD") && !err.retriable);
	CHECK(tally.acked <= 19 && tally.last <= 19);
	sink_purge(sink);
	CHECK(sink_in_flight(sink) == 0);
	sink_free(sink);
	drop(name);
}

/* 200,000 messages through a queue that holds a fraction of them: all acknowledged, in order of their tokens within a
 * partition; nothing is lost on the topic. */
static void case_pressure(void)
{
	enum { MESSAGES = 200000 };
	struct tally tally = {0};
	struct slice name = topic_name("pressure");
	struct sink *sink = open_sink(1 << 20, &tally);
	struct topic *topic =
		open_topic(sink, name, (struct topic_spec){true, 1, -1, NULL, 0, 0, NULL, 0});
	char value[200], key[16];
	memset(value, 'v', sizeof(value));
	unsigned most = 0;
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		int n = snprintf(key, sizeof(key), "%llu", (unsigned long long)i);
		CHECK(sink_send(sink, topic,
				&(struct message){.key = slice_of(key, (size_t)n),
						  .value = slice_of(value, sizeof(value)),
						  .partition = MESSAGE_BY_KEY},
				i, &err) == 0);
		most = sink_in_flight(sink) > most ? sink_in_flight(sink) : most;
	}
	CHECK(drain(sink, 60000) == 0);
	CHECK(tally.acked == MESSAGES && tally.last == MESSAGES);
	CHECK(tally.sum == (uint64_t)MESSAGES * (MESSAGES + 1) / 2);
	CHECK(most < MESSAGES / 10); /* that is, the queue was full and was polled */
	sink_free(sink);
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, NULL, true, &err);
	struct message message;
	CHECK(consumer != NULL);
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		CHECK(exec_consumer_poll(consumer, 10, &message, &err) == 1);
		CHECK((uint64_t)message.offset == i - 1 &&
		      strtoull(message.key.ptr, NULL, 10) == i);
	}
	CHECK(exec_consumer_poll(consumer, 0.2, &message, &err) == 0);
	exec_consumer_free(consumer);
	drop(name);
}

/* Rule: pinned-partitions: the pinned count decides, not the topic's. Other clients compute the same partition. */
static void case_pinned(void)
{
	struct tally tally = {0};
	struct slice name = topic_name("pinned");
	CHECK(exec_topic_create(&config, name, 12, -1, NULL, 0, &err) == 0);
	struct sink *sink = open_sink(0, &tally);
	struct topic *topic = open_topic(
		sink, name, (struct topic_spec){.create = true, .partitions = 6, .pinned = 6});
	CHECK(sink_topic_info(topic)->partitions == 6);
	char key[16];
	for (int i = 0; i < 200; i++) {
		int n = snprintf(key, sizeof(key), "key-%d", i);
		CHECK(sink_send(sink, topic,
				&(struct message){.key = slice_of(key, (size_t)n),
						  .value = SLICE("x"),
						  .partition = MESSAGE_BY_KEY},
				1, &err) == 0);
	}
	CHECK(sink_send(sink, topic,
			&(struct message){.key = SLICE(""),
					  .value = SLICE("empty"),
					  .partition = MESSAGE_BY_KEY},
			1, &err) == 0);
	CHECK(sink_send(sink, topic,
			&(struct message){.key = (struct slice){NULL, 0},
					  .value = SLICE("null"),
					  .partition = MESSAGE_BY_KEY},
			1, &err) == 0);
	CHECK(sink_topic_info(topic)->present == 12);
	CHECK(sink_send(sink, topic,
			&(struct message){.key = SLICE("k"), .value = SLICE("x"), .partition = 12},
			1, &err) == -1 &&
	      err.code == ERR_DATA);
	CHECK(drain(sink, 20000) == 0 && tally.acked == 202);
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, NULL, true, &err);
	struct message message;
	for (int i = 0; i < 202; i++) {
		CHECK(exec_consumer_poll(consumer, 10, &message, &err) == 1);
		if (message.key.ptr == NULL)
			CHECK(message.partition == 0 && slice_equal(message.value, SLICE("null")));
		else
			CHECK(message.partition == (int)(murmur2(message.key) % 6));
		if (message.key.ptr != NULL && message.key.len == 0)
			CHECK(message.partition == (int)(275646681 % 6) &&
			      slice_equal(message.value, SLICE("empty")));
	}
	exec_consumer_free(consumer);
	sink_free(sink);
	/* a topic with fewer partitions than in the checkpoint has been replaced */
	sink = open_sink(0, &tally);
	struct topic_spec more = {.create = true, .partitions = 6, .pinned = 13};
	CHECK(sink_topic(sink, name, &more, NULL, &topic, &err) == -1 && err.code == ERR_KAFKA);
	CHECK(strstr(err.text, "13") != NULL);
	sink_free(sink);
	drop(name);
}

/* Headers, tombstones, an empty value and a consumer group. */
static void case_client(void)
{
	struct slice name = topic_name("client");
	struct header headers[] = {{SLICE("a"), SLICE("1")}, {SLICE("b"), {NULL, 0}}};
	CHECK(exec_topic_create(&config, name, 1, -1, NULL, 0, &err) == 0);
	CHECK(exec_topic_create(&config, name, 1, -1, NULL, 0, &err) == -1 &&
	      strstr(err.text, "exists"));
	struct exec_producer *producer = exec_producer_new(&config, &err);
	CHECK(producer != NULL);
	CHECK(exec_producer_send(producer,
				 &(struct message){.topic = name,
						   .key = SLICE("k"),
						   .value = SLICE("v"),
						   .headers = headers,
						   .nheaders = 2,
						   .partition = MESSAGE_BY_KEY},
				 &err) == 0);
	CHECK(exec_producer_send(producer,
				 &(struct message){.topic = name,
						   .key = SLICE("k"),
						   .value = (struct slice){NULL, 0}},
				 &err) == 0);
	CHECK(exec_producer_send(
		      producer,
		      &(struct message){.topic = name, .key = SLICE("k"), .value = SLICE("")},
		      &err) == 0);
	CHECK(exec_producer_flush(producer, 10, &err) == 0);
	CHECK(exec_producer_send(producer,
				 &(struct message){.topic = topic_name("absent"),
						   .key = SLICE("k"),
						   .value = SLICE("")},
				 &err) == -1);
	exec_producer_free(producer);
	struct message m;
	struct exec_consumer *consumer =
		exec_consumer_new(&config, &name, 1, topic_name("group").ptr, true, &err);
	CHECK(consumer != NULL);
	CHECK(exec_consumer_poll(consumer, 20, &m, &err) == 1);
	CHECK(slice_equal(m.topic, name) && slice_equal(m.key, SLICE("k")) &&
	      slice_equal(m.value, SLICE("v")));
	CHECK(m.nheaders == 2 && slice_equal(m.headers[0].name, SLICE("a")) &&
	      slice_equal(m.headers[0].value, SLICE("1")));
	CHECK(m.headers[1].value.ptr == NULL && m.time_ms > 1600000000000 && m.offset == 0);
	CHECK(exec_consumer_poll(consumer, 20, &m, &err) == 1 && m.value.ptr == NULL &&
	      m.nheaders == 0);
	CHECK(exec_consumer_poll(consumer, 20, &m, &err) == 1 && m.value.ptr != NULL &&
	      m.value.len == 0);
	CHECK(exec_consumer_poll(consumer, 0.2, &m, &err) == 0);
	exec_consumer_free(consumer);
	drop(name);
}

static struct store *open_store(struct slice topic, const char *sync)
{
	return store_open_topic(&config, topic.ptr, sync, NULL, &err);
}

static void put(struct store *store, const char *name, const char *value)
{
	struct store_record record = {slice_str(name), slice_str(value)};
	CHECK(store_put(store, &record, 1, &err) == 0);
}

/* Many puts and restarts: the store returns what was put last, and only records of the sync. */
static void case_store(void)
{
	struct slice topic = topic_name("store");
	char name[40], value[40];
	struct store *other = NULL;
	for (int round = 0; round < 3; round++) {
		struct store *store = open_store(topic, "shop");
		CHECK(store != NULL);
		if (round > 0) {
			CHECK(slice_equal(store_get(store, SLICE("shop/position")),
					  slice_str(value)));
			CHECK(store_get(store, SLICE("shop/full/t1")).ptr != NULL);
			CHECK(store_get(store, SLICE("shop/full/t2")).ptr == NULL);
			CHECK(store_get(store, SLICE("shop2/position")).ptr == NULL);
		}
		for (int i = 0; i < 60; i++) {
			snprintf(value, sizeof(value), "{\"round\":%d,\"i\":%d}", round, i);
			put(store, "shop/position", value);
		}
		for (int i = 0; i < 5; i++) {
			snprintf(name, sizeof(name), "shop/full/t%d", i);
			put(store, name, "{}");
		}
		struct store_record both[] = {{SLICE("shop/full/t2"), {NULL, 0}},
					      {SLICE("shop/full/t3"), SLICE("{\"x\":1}")}};
		CHECK(store_put(store, both, 2, &err) == 0);
		CHECK(store_get(store, SLICE("shop/full/t2")).ptr == NULL);
		store_free(store);
		other = open_store(topic, "shop2"); /* another sync in the same topic */
		CHECK(other != NULL && store_get(other, SLICE("shop/position")).ptr == NULL);
		put(other, "shop2/position", "{}");
		store_free(other);
	}
	drop(topic);
}

/* Rule: one-process: the older store of a name is displaced at its next put; the newer one has read everything. */
static void case_fence(void)
{
	struct slice topic = topic_name("fence");
	struct store *old = open_store(topic, "shop");
	CHECK(old != NULL);
	put(old, "shop/position", "1");
	struct store *young = open_store(topic, "shop");
	CHECK(young != NULL && slice_equal(store_get(young, SLICE("shop/position")), SLICE("1")));
	struct store_record record = {SLICE("shop/position"), SLICE("2")};
	CHECK(store_put(old, &record, 1, &err) == -1);
	CHECK(err.code == ERR_DISPLACED && !err.retriable);
	CHECK(slice_equal(store_get(old, SLICE("shop/position")), SLICE("1")));
	put(young, "shop/position", "3");
	store_free(old);
	store_free(young);
	young = open_store(topic, "shop");
	CHECK(young != NULL && slice_equal(store_get(young, SLICE("shop/position")), SLICE("3")));
	store_free(young);
	drop(topic);
}

/* A topic that would lose the checkpoint is refused. */
static void case_store_topic(void)
{
	struct slice plain = topic_name("plain"), wide = topic_name("wide");
	static const struct property compact[] = {{"cleanup.policy", "compact"}};
	CHECK(exec_topic_create(&config, plain, 1, -1, NULL, 0, &err) == 0);
	CHECK(open_store(plain, "shop") == NULL && err.code == ERR_KAFKA &&
	      strstr(err.text, "cleanup.policy"));
	CHECK(exec_topic_create(&config, wide, 2, -1, compact, 1, &err) == 0);
	CHECK(open_store(wide, "shop") == NULL && err.code == ERR_KAFKA &&
	      strstr(err.text, "2 partitions"));
	drop(plain);
	drop(wide);
}

/* ---- transactions of a producer that is not the store's ---- */

#define TRANSACTION_ID "tideway.sink-live"

struct writer {
	struct kafka_client kafka;
	struct transaction transaction;
	rd_kafka_topic_t *data;
};

static void open_writer(struct writer *writer, struct slice data, struct slice positions)
{
	static const struct transaction_names names = {TRANSACTION_ID, "write", "two topics",
						       "somebody else has taken over"};
	struct transaction_setup setup;
	transaction_setup(&setup, TRANSACTION_ID);
	const struct property forced[] = {
		setup.id, setup.timeout, setup.message_timeout, {NULL, NULL}};
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER,  PROPERTY_ADMIN,       NULL, NULL, forced,
		transaction_report, &writer->transaction, false};
	transaction_init(&writer->transaction, &writer->kafka, &names, NULL);
	CHECK(kafka_open(&writer->kafka, &config, &options, &err) == 0);
	CHECK(transaction_bind(&writer->transaction, positions.ptr, &err) == 0);
	CHECK(transaction_start(&writer->transaction, &err) == 0);
	writer->data = rd_kafka_topic_new(writer->kafka.rk, data.ptr, NULL);
}

static void close_writer(struct writer *writer)
{
	rd_kafka_topic_destroy(writer->data);
	transaction_fini(&writer->transaction);
	kafka_close(&writer->kafka);
}

/* A row, and the position after it, sent but not committed. */
static void begin_row(struct writer *writer, const char *row, const char *position)
{
	CHECK(transaction_begin(&writer->transaction, &err) == TRANSACTION_DONE);
	CHECK(rd_kafka_produce(writer->data, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)row,
			       strlen(row), "k", 1, NULL) == 0);
	CHECK(transaction_send(&writer->transaction, SLICE("position"), slice_str(position),
			       &err) == 0);
	CHECK(rd_kafka_flush(writer->kafka.rk, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static bool append_record(void *arg, const struct message *record)
{
	buf_put(arg, record->value);
	return true;
}

static void check_committed(struct writer *writer, struct slice topic, const char *values)
{
	struct buf text;
	buf_init(&text);
	const struct partition_reader reader = {.config = &config,
						.topic = topic.ptr,
						.purpose = "read",
						.error = E_CHECKPOINT_READ,
						.rights = "Read and Describe",
						.take = append_record,
						.arg = &text};
	CHECK(partition_read(&reader, &writer->kafka, &err) == 0);
	CHECK(slice_equal(buf_slice(&text), slice_str(values)));
	buf_fini(&text);
}

/* Rows and their position become visible together, or neither does; and a newer producer of the id ends the older one's
 * open transaction. */
static void case_transaction(void)
{
	struct slice data = topic_name("rows"), positions = topic_name("positions");
	struct writer old, young;
	CHECK(exec_topic_create(&config, data, 1, -1, NULL, 0, &err) == 0);
	CHECK(exec_topic_create(&config, positions, 1, -1, NULL, 0, &err) == 0);
	open_writer(&old, data, positions);
	begin_row(&old, "a", "1");
	CHECK(transaction_commit(&old.transaction, &err) == TRANSACTION_DONE);
	begin_row(&old, "b", "2");
	transaction_give_up(&old.transaction, &err);
	check_committed(&old, data, "a");
	check_committed(&old, positions, "1");
	begin_row(&old, "c", "3");
	open_writer(&young, data, positions);
	CHECK(transaction_commit(&old.transaction, &err) == TRANSACTION_FAILED);
	CHECK(err.code == ERR_DISPLACED && !err.retriable);
	begin_row(&young, "d", "4");
	CHECK(transaction_commit(&young.transaction, &err) == TRANSACTION_DONE);
	check_committed(&young, data, "ad");
	check_committed(&young, positions, "14");
	close_writer(&old);
	close_writer(&young);
	drop(data);
	drop(positions);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"create", case_create},
	{"many", case_many},
	{"missing", case_missing},
	{"size", case_size},
	{"poison", case_poison},
	{"pressure", case_pressure},
	{"pinned", case_pinned},
	{"ends", case_ends},
	{"gap", case_gap},
	{"client", case_client},
	{"store", case_store},
	{"fence", case_fence},
	{"store_topic", case_store_topic},
	{"transaction", case_transaction},
};

int main(int argc, char **argv)
{
	config.brokers = getenv("TIDEWAY_TEST_KAFKA");
	if (config.brokers == NULL)
		return 77;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
			continue;
		int64_t start = clock_mono_ms();
		cases[i].run();
		printf("ok %s %lld ms\n", cases[i].name, (long long)(clock_mono_ms() - start));
	}
	return 0;
}
