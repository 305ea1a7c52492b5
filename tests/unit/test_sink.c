/* The Kafka sink against the embedded broker, which fails on request. */
#include "unit.h"

#include "base/clock.h"
#include "base/fault.h"
#include "sink/demo/broker_priv.h"
#include "sink/kafka/exec_kafka.h"
#include "sink/kafka/producer_priv.h"

#include <stdatomic.h>

enum {
	API_PRODUCE = 0,
	WAIT = 20000, /* ms; a condition that is false by then stays false */
};

static struct broker *broker;
static struct sink_config config;
static struct sink *sink;
static struct topic *topic;
static struct err err;
static _Atomic bool stop;

static struct {
	uint64_t messages, last, sum;
	bool ordered;
} tally;

static void count(void *arg, uint64_t token, unsigned messages)
{
	assert_ptr_equal(arg, &tally);
	tally.ordered &= token >= tally.last;
	tally.messages += messages;
	tally.last = token;
	tally.sum += token * messages;
}

static void open_sink(size_t queue)
{
	sink = sink_new(&config, "test-sink", queue, count, &tally, &err);
	if (sink == NULL)
		fail_msg("%s", err.text);
	sink_stop_on(sink, &stop);
}

static struct topic *open_topic(const char *name)
{
	const struct topic_spec spec = {.create = true, .partitions = 1, .replication = -1};
	struct topic *opened = NULL;
	if (sink_topic(sink, slice_str(name), &spec, NULL, &opened, &err) != 0)
		fail_msg("%s", err.text);
	return opened;
}

static int setup(void **state)
{
	(void)state;
	memset(&tally, 0, sizeof(tally));
	tally.ordered = true;
	atomic_store(&stop, false);
	err = (struct err)ERR_INIT;
	broker = broker_new(0, 0, &err);
	assert_non_null(broker);
	assert_int_equal(broker_topic(broker, "t", 1, &err), 0);
	config = (struct sink_config){.kind = SINK_KAFKA, .brokers = broker_address(broker)};
	open_sink(0);
	topic = open_topic("t");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sink_free(sink);
	broker_free(broker);
	return 0;
}

static int post(uint64_t token)
{
	return sink_send(sink, topic,
			 &(struct message){.key = SLICE("key"),
					   .value = SLICE("{\"value\":1}"),
					   .partition = MESSAGE_BY_KEY},
			 token, &err);
}

static void send_ok(uint64_t token)
{
	if (post(token) != 0)
		fail_msg("%s", err.text);
}

static int drain(void)
{
	return sink_drain(sink, WAIT, NULL, &err);
}

static void drain_ok(void)
{
	if (drain() != 0)
		fail_msg("%s", err.text);
}

/* Waits for the first report of the partition. Later messages do not have to wait for it. */
static void be_known(void)
{
	send_ok(0);
	drain_ok();
	memset(&tally, 0, sizeof(tally));
	tally.ordered = true;
}

/* Asserts that the topic has exactly this many messages. */
static void expect_on_topic(const char *name, unsigned expected)
{
	struct message message;
	struct slice names = slice_str(name);
	struct exec_consumer *consumer = exec_consumer_new(&config, &names, 1, NULL, true, &err);
	assert_non_null(consumer);
	for (unsigned i = 0; i < expected; i++)
		assert_int_equal(exec_consumer_poll(consumer, 10, &message, &err), 1);
	assert_int_equal(exec_consumer_poll(consumer, 0.2, &message, &err), 0);
	exec_consumer_free(consumer);
}

static void all_acknowledged(void **state)
{
	(void)state;
	const uint64_t tokens[] = {0, 1, 1, 1, 7, UINT64_MAX};
	for (size_t i = 0; i < 6; i++)
		send_ok(tokens[i]);
	assert_int_equal(sink_in_flight(sink), 5); /* the first was sent alone (decisions/0003) */
	drain_ok();
	assert_int_equal(tally.messages, 6);
	assert_true(tally.ordered && tally.last == UINT64_MAX);
	assert_true(tally.sum == 10 + UINT64_MAX);
	assert_int_equal(sink_in_flight(sink), 0);
	assert_int_equal(sink_poll(sink, 0, &err), 0);
	expect_on_topic("t", 6);
}

static void known_topic_is_looked_up(void **state)
{
	(void)state;
	assert_ptr_equal(open_topic("t"), topic);
	assert_slice(sink_topic_info(topic)->name, "t");
	assert_int_equal(sink_topic_info(topic)->partitions, 1);
	assert_int_equal(sink_topic_info(topic)->max_message,
			 0); /* the embedded broker reports nothing */
	/* there a new topic appears when a client asks for it */
	assert_int_equal(sink_topic_info(open_topic("fresh"))->partitions, 4);
}

/* After a retriable error of the broker the same messages are sent again, in order, and each counts once. */
static void passing_errors_are_retried(void **state)
{
	(void)state;
	rd_kafka_mock_push_request_errors(
		broker_mock(broker), API_PRODUCE, 4, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
		RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
		RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
	for (uint64_t i = 1; i <= 100; i++)
		send_ok(i);
	drain_ok();
	assert_int_equal(tally.messages, 100);
	assert_int_equal(tally.sum, 5050);
	assert_true(tally.ordered);
}

/* Rule: first-error-poisons. Messages of later batches must not pass the refused one. */
static void first_error_poisons(void **state)
{
	(void)state;
	send_ok(1);
	drain_ok();
	assert_int_equal(tally.messages, 1);
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_PRODUCE, 1,
					  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	send_ok(2);
	for (int64_t end = clock_mono_ms() + WAIT;
	     sink_poll(sink, 10, &err) == 0 && clock_mono_ms() < end;)
		;
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "\"t\""));
	assert_non_null(strstr(err.text, "grant Write"));
	char first[sizeof(err.text)];
	memcpy(first, err.text, sizeof(first));
	assert_int_equal(post(3), -1);
	assert_string_equal(err.text, first);
	assert_int_equal(drain(), -1);
	assert_string_equal(err.text, first);
	sink_purge(sink);
	assert_int_equal(sink_in_flight(sink), 0);
	assert_int_equal(tally.messages, 1);
	expect_on_topic("t", 1);
}

static void nothing_passes_a_refused_batch(void **state)
{
	(void)state;
	sink_free(sink);
	config.properties =
		(const struct property[]){{"batch.size", "1"}}; /* a batch for each message */
	config.nproperties = 1;
	open_sink(0);
	topic = open_topic("t");
	rd_kafka_mock_broker_push_request_error_rtts(
		broker_mock(broker), 1, API_PRODUCE, 3, RD_KAFKA_RESP_ERR_NO_ERROR, 50,
		RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 50, RD_KAFKA_RESP_ERR_NO_ERROR, 50);
	for (uint64_t i = 1; i <= 20; i++)
		if (post(i) != 0)
			break;
	assert_int_equal(drain(), -1);
	assert_non_null(strstr(err.text, "MSG_SIZE_TOO_LARGE"));
	sink_purge(sink);
	assert_int_equal(sink_in_flight(sink), 0);
	assert_true(tally.messages <= 1 && tally.last <= 1);
	sink_free(sink);
	config.nproperties = 0;
	open_sink(0);
	topic = open_topic("t");
}

/* With a full queue the sink polls: it drops nothing, nothing is acknowledged while the broker is away, and the stop flag
 * ends the wait. */
static void full_queue(void **state)
{
	(void)state;
	sink_free(sink);
	open_sink(QUEUE_MIN);
	topic = open_topic("t");
	be_known();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	atomic_store(&stop, true);
	uint64_t sent = 0;
	while (post(sent + 1) == 0)
		sent++;
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "queue was full"));
	assert_int_equal(sent, QUEUE_MIN / BYTES_PER_MESSAGE);
	assert_int_equal(sink_in_flight(sink), sent);
	assert_int_equal(tally.messages, 0);
	atomic_store(&stop, false);
	rd_kafka_mock_broker_set_up(broker_mock(broker), -1);
	for (uint64_t i = 0; i < 2000; i++) /* many times the queue */
		send_ok(++sent);
	drain_ok();
	assert_int_equal(tally.messages, sent);
	assert_int_equal(tally.sum, sent * (sent + 1) / 2);
	assert_true(tally.ordered);
}

static void headers_survive_a_full_queue(void **state)
{
	(void)state;
	struct header headers[] = {{SLICE("h1"), SLICE("v1")}, {SLICE("h2"), {NULL, 0}}};
	struct slice name = SLICE("t");
	struct message message;
	sink_free(sink);
	open_sink(QUEUE_MIN);
	topic = open_topic("t");
	enum { MESSAGES = 1000 };
	for (int i = 0; i < MESSAGES; i++)
		assert_int_equal(
			sink_send(sink, topic,
				  &(struct message){.key = SLICE(""),
						    .value = i % 2 ? SLICE("")
								   : (struct slice){NULL, 0},
						    .headers = headers,
						    .nheaders = 2},
				  1, &err),
			0);
	drain_ok();
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, NULL, true, &err);
	assert_non_null(consumer);
	for (int i = 0; i < MESSAGES; i++) {
		assert_int_equal(exec_consumer_poll(consumer, 10, &message, &err), 1);
		assert_non_null(message.key.ptr); /* empty is not null (rule: pinned-partitions) */
		assert_int_equal(message.key.len, 0);
		assert_int_equal(message.value.ptr != NULL, i % 2);
		assert_int_equal(message.nheaders, 2);
		assert_slice(message.headers[0].name, "h1");
		assert_slice(message.headers[0].value, "v1");
		assert_null(message.headers[1].value.ptr);
	}
	exec_consumer_free(consumer);
}

static void placed_by_key(void **state)
{
	(void)state;
	struct slice name = SLICE("many");
	struct message message;
	assert_int_equal(broker_topic(broker, "many", 6, &err), 0);
	topic = open_topic("many");
	assert_int_equal(sink_topic_info(topic)->partitions, 6);
	char key[16];
	for (int i = 0; i < 100; i++) {
		int n = snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(sink_send(sink, topic,
					   &(struct message){.key = slice_of(key, (size_t)n),
							     .value = SLICE("x"),
							     .partition = MESSAGE_BY_KEY},
					   1, &err),
				 0);
	}
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){.key = (struct slice){NULL, 0},
						     .value = SLICE("x"),
						     .partition = MESSAGE_BY_KEY},
				   1, &err),
			 0);
	assert_int_equal(
		sink_send(sink, topic,
			  &(struct message){.key = SLICE("k"), .value = SLICE("x"), .partition = 6},
			  1, &err),
		-1);
	assert_int_equal(err.code, ERR_DATA);
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){
					   .key = SLICE("k"), .value = SLICE("x"), .partition = -2},
				   1, &err),
			 -1);
	drain_ok();
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, NULL, true, &err);
	for (int i = 0; i < 101; i++) {
		assert_int_equal(exec_consumer_poll(consumer, 10, &message, &err), 1);
		assert_int_equal(message.partition, message.key.ptr ? murmur2(message.key) % 6 : 0);
	}
	exec_consumer_free(consumer);
}

/* Rule: size-before-send. Sizes are known before anything is sent. */
static void too_large(void **state)
{
	(void)state;
	static char value[SINK_DEFAULT_MAX_MESSAGE];
	size_t fits = SINK_DEFAULT_MAX_MESSAGE - SINK_RECORD_OVERHEAD - 3;
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){.key = SLICE("key"),
						     .value = slice_of(value, fits + 1)},
				   1, &err),
			 -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "max.message.bytes"));
	assert_int_equal(sink_in_flight(sink), 0);
	assert_int_equal(
		sink_send(sink, topic,
			  &(struct message){.key = SLICE("key"), .value = slice_of(value, fits)}, 1,
			  &err),
		0);
	drain_ok(); /* it did not poison the sink */
	assert_int_equal(tally.messages, 1);
}

/* A message that is larger than the whole queue waits until nothing else is in flight and is sent alone. Waiting for room
 * would never end. */
static void larger_than_the_queue(void **state)
{
	(void)state;
	static char value[2 * QUEUE_MIN];
	sink_free(sink);
	open_sink(QUEUE_MIN);
	topic = open_topic("t");
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(
			sink_send(sink, topic,
				  &(struct message){.key = SLICE("k"), .value = SLICE("small")}, i,
				  &err),
			0);
		assert_int_equal(
			sink_send(sink, topic,
				  &(struct message){.key = SLICE("k"),
						    .value = slice_of(value, sizeof(value))},
				  i, &err),
			0);
		assert_true(sink_in_flight(sink) == 1);
	}
	drain_ok();
}

/* A topic with a smaller limit appears: the producer is created again, and earlier messages are acknowledged. */
static void smaller_batches(void **state)
{
	(void)state;
	struct kafka_sink *k = kafka_sink_of(sink);
	char value[200], size[32];
	size_t len = sizeof(value);
	assert_int_equal(k->batch, BATCH_DEFAULT);
	for (uint64_t i = 1; i <= 50; i++)
		send_ok(i);
	assert_int_equal(kafka_sink_fit_batch(k, "small", 20000, NULL, &err), 0);
	assert_int_equal(tally.messages, 50);
	assert_int_equal(k->batch, 20000 - BATCH_MARGIN);
	const rd_kafka_conf_t *conf = rd_kafka_conf(k->shards[0].kafka.rk);
	assert_int_equal(rd_kafka_conf_get(conf, "batch.size", size, &len), RD_KAFKA_CONF_OK);
	assert_string_equal(size, "19488");
	assert_int_equal(kafka_sink_fit_batch(k, "wide", 2000000, NULL, &err), 0);
	assert_int_equal(k->batch, 20000 - BATCH_MARGIN);
	send_ok(51); /* through the topic's new handle */
	drain_ok();
	assert_int_equal(tally.messages, 51);
	expect_on_topic("t", 51);
}

static void expect_setting(const char *name, const char *value)
{
	char text[64];
	size_t len = sizeof(text);
	const rd_kafka_conf_t *conf = rd_kafka_conf(kafka_sink_of(sink)->shards[0].kafka.rk);
	if (rd_kafka_conf_get(conf, name, text, &len) != RD_KAFKA_CONF_OK)
		fail_msg("%s", name);
	if (strcmp(text, value) != 0)
		fail_msg("%s is %s, not %s", name, text, value);
}

static void settings(void **state)
{
	(void)state;
	expect_setting("enable.idempotence", "true");
	expect_setting("enable.gapless.guarantee", "true");
	expect_setting("request.required.acks", "-1");
	expect_setting("message.timeout.ms", "0");
	expect_setting("queue.buffering.max.ms", "0.5");
	expect_setting("compression.codec", "lz4");
	assert_int_equal(kafka_sink_of(sink)->queue_bytes, 32 << 20);
	expect_setting("client.id", "test-sink");
	sink_free(sink);
	config.properties =
		(const struct property[]){{"acks", "all"},
					  {"buffer.memory", "100554432"},
					  {"linger.ms", "20"},
					  {"compression.type", "none"},
					  {"max.in.flight.requests.per.connection", "1"},
					  {"max.request.size", "5000000"}};
	config.nproperties = 6;
	assert_int_equal(sink_queue_total(&config, 1), 100554432);
	open_sink(0);
	topic = open_topic("t");
	assert_int_equal(kafka_sink_of(sink)->queue_bytes, 100554432);
	expect_setting("queue.buffering.max.ms", "20");
	expect_setting("compression.codec", "none");
	expect_setting("max.in.flight.requests.per.connection", "1");
	expect_setting("message.max.bytes", "5000000");
	expect_setting("message.timeout.ms", "0");
	config.nproperties = 0;
	assert_int_equal(sink_queue_total(&config, 12), 12);
}

static void wrong_settings(void **state)
{
	(void)state;
	struct sink_config wrong = config;
	wrong.nproperties = 1;
	wrong.properties = (const struct property[]){{"linger.mss", "1"}};
	assert_null(sink_new(&wrong, "x", 0, count, &tally, &err));
	assert_int_equal(err.code, ERR_SCRIPT);
	assert_non_null(strstr(err.text, "linger.ms?"));
	wrong.properties = (const struct property[]){{"linger.ms", "soon"}};
	assert_null(sink_new(&wrong, "x", 0, count, &tally, &err));
	assert_int_equal(err.code, ERR_SCRIPT);
	assert_non_null(strstr(err.text, "linger.ms"));
}

/* The sink waits for a broker that is away. That is an outage only while something waits for the broker. */
static void outage(void **state)
{
	(void)state;
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	int64_t end = clock_mono_ms() + WAIT;
	while (kafka_sink_of(sink)->shards[0].kafka.down_since == 0 && clock_mono_ms() < end)
		assert_int_equal(sink_poll(sink, 50, &err), 0);
	assert_true(kafka_sink_of(sink)->shards[0].kafka.down_since != 0);
	assert_int_equal(sink->down_since, 0); /* nothing waits for it yet */
	send_ok(1);
	while (sink->down_since == 0 && clock_mono_ms() < end)
		assert_int_equal(sink_poll(sink, 50, &err), 0);
	assert_true(sink->down_since != 0);
	assert_int_equal(sink_drain(sink, 50, NULL, &err), 1); /* bounded */
	atomic_store(&stop, true);
	assert_int_equal(sink_drain(sink, -1, &stop, &err), 1);
	rd_kafka_mock_broker_set_up(broker_mock(broker), -1);
	drain_ok();
	assert_int_equal(tally.messages, 1);
	assert_int_equal(sink->down_since, 0);
}

static void purge(void **state)
{
	(void)state;
	be_known();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	for (uint64_t i = 1; i <= 10; i++)
		send_ok(i);
	sink_purge(sink);
	assert_int_equal(sink_in_flight(sink), 0);
	assert_int_equal(tally.messages, 0);
	assert_int_equal(post(11), -1); /* no message may follow a gap */
	assert_true(err.retriable);
}

/* While the first message to a partition is in flight, the next one waits (decisions/0003). A stop ends the wait. */
static void first_message_travels_alone(void **state)
{
	(void)state;
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	send_ok(1);
	atomic_store(&stop, true);
	assert_int_equal(post(2), -1);
	assert_true(err.retriable);
	assert_int_equal(sink_in_flight(sink), 1);
	atomic_store(&stop, false);
	rd_kafka_mock_broker_set_up(broker_mock(broker), -1);
	send_ok(2);
	assert_true(tally.messages == 1 && tally.last == 1);
	drain_ok();
	assert_int_equal(tally.messages, 2);
}

/* sink_free discards the messages that are left, without a report to the window, which may be freed already. */
static void freed_with_messages_in_flight(void **state)
{
	(void)state;
	be_known();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	for (uint64_t i = 1; i <= 10; i++)
		send_ok(i);
	sink_free(sink);
	assert_int_equal(tally.messages, 0);
	rd_kafka_mock_broker_set_up(broker_mock(broker), -1);
	open_sink(0);
}

static void stop_while_waiting_for_a_broker(void **state)
{
	(void)state;
	struct sink_config away = {.kind = SINK_KAFKA, .brokers = "127.0.0.1:1"};
	struct sink *lonely = sink_new(&away, "x", 0, count, &tally, &err);
	struct topic_spec spec = {.create = true, .partitions = 1};
	struct topic *none = NULL;
	assert_non_null(lonely); /* connects later */
	atomic_store(&stop, true);
	assert_int_equal(sink_topic(lonely, SLICE("t"), &spec, &stop, &none, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "127.0.0.1:1"));
	sink_free(lonely);
}

/* The time limit holds: 1 ms allows one request and is far from the default. */
static void asking_a_broker_that_is_away(void **state)
{
	(void)state;
	struct sink_config away = {.kind = SINK_KAFKA, .brokers = "127.0.0.1:1"};
	struct sink *lonely = sink_new(&away, "x", 0, count, &tally, &err);
	struct slice name = SLICE("t");
	int64_t begun = clock_mono_ms();
	bool exists;
	int partitions;
	assert_non_null(lonely);
	sink_wait_at_most(lonely, 1);
	assert_int_equal(sink_topics_exist(lonely, &name, 1, &exists, &partitions, &err), -1);
	assert_true(clock_mono_ms() - begun < EXIST_MS);
	assert_true(err.retriable);
	sink_free(lonely);
}

static void existing(void **state)
{
	(void)state;
	const struct slice names[] = {SLICE("t"), SLICE("absent")};
	bool exists[2];
	int partitions[2];
	assert_int_equal(sink_topics_exist(sink, names, 2, exists, partitions, &err), 0);
	assert_true(exists[0] && !exists[1]);
	assert_int_equal(partitions[0], 1);
	assert_int_equal(partitions[1], 0);
	const struct topic_spec spec = {.create = false};
	struct topic *none = NULL;
	assert_int_equal(sink_topic(sink, SLICE("absent"), &spec, NULL, &none, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "absent"));
	assert_int_equal(sink_topics_exist(sink, names, 2, exists, partitions, &err), 0);
	assert_false(exists[1]); /* the query has not created it */
}

/* Opens a topic that fills the first producer, and returns one of the second producer. */
static struct topic *open_second_shard(void)
{
	assert_int_equal(broker_topic(broker, "wide", SHARD_PARTITIONS, &err), 0);
	assert_int_equal(broker_topic(broker, "far", 1, &err), 0);
	struct topic *wide = open_topic("wide"), *far = open_topic("far");
	assert_int_equal(wide->shard, 0);
	assert_int_equal(far->shard, 1);
	assert_int_equal(kafka_sink_of(sink)->nshards, 2);
	assert_ptr_equal(open_topic("far"), far);
	return far;
}

static int post_to(struct topic *to, uint64_t token)
{
	return sink_send(sink, to,
			 &(struct message){.key = SLICE("key"),
					   .value = SLICE("{\"value\":1}"),
					   .partition = MESSAGE_BY_KEY},
			 token, &err);
}

static void many_partitions_many_producers(void **state)
{
	(void)state;
	struct topic *far = open_second_shard();
	for (uint64_t i = 1; i <= 500; i++) {
		send_ok(i);
		assert_int_equal(post_to(far, i), 0);
	}
	drain_ok();
	assert_int_equal(tally.messages, 1000);
	assert_int_equal(tally.sum, 500 * 501);
	assert_int_equal(kafka_sink_of(sink)->queued, 0);
	expect_on_topic("t", 500);
	expect_on_topic("far", 500);
	/* a wait ends with the report of either producer; otherwise the test would reach its time limit */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(post_to(i % 2 ? far : topic, 1), 0);
		while (sink_in_flight(sink) != 0)
			assert_int_equal(sink_poll(sink, 3600000, &err), 0);
	}
}

/* After the error of one producer the others send nothing either, and all messages are discarded. */
static void error_of_one_producer_is_the_sinks(void **state)
{
	(void)state;
	struct topic *far = open_second_shard();
	be_known();
	assert_int_equal(post_to(far, 0), 0);
	drain_ok();
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_PRODUCE, 1,
					  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	assert_int_equal(post_to(far, 2), 0);
	for (int64_t end = clock_mono_ms() + WAIT;
	     sink_poll(sink, 10, &err) == 0 && clock_mono_ms() < end;)
		;
	assert_non_null(strstr(err.text, "\"far\""));
	assert_int_equal(post(3), -1);
	assert_int_equal(drain(), -1);
	sink_purge(sink);
	assert_int_equal(sink_in_flight(sink), 0);
	expect_on_topic("t", 1);
}

static void producers_share_the_queue(void **state)
{
	(void)state;
	sink_free(sink);
	open_sink(QUEUE_MIN);
	topic = open_topic("t");
	struct topic *far = open_second_shard();
	be_known();
	assert_int_equal(post_to(far, 0), 0);
	drain_ok();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	atomic_store(&stop, true);
	unsigned sent = 0;
	while ((sent % 2 ? post(1) : post_to(far, 1)) == 0)
		sent++;
	assert_non_null(strstr(err.text, "queue was full"));
	assert_int_equal(sent, QUEUE_MIN / BYTES_PER_MESSAGE);
	sink_purge(sink);
	assert_int_equal(kafka_sink_of(sink)->queued, 0);
	assert_int_equal(sink_in_flight(sink), 0);
}

static void producers_share_the_bytes(void **state)
{
	(void)state;
	static const char value[2000];
	sink_free(sink);
	open_sink(QUEUE_MIN);
	topic = open_topic("t");
	struct topic *far = open_second_shard();
	be_known();
	assert_int_equal(post_to(far, 0), 0);
	drain_ok();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	atomic_store(&stop, true);
	unsigned sent = 0;
	while (sink_send(sink, sent % 2 ? topic : far,
			 &(struct message){.key = SLICE("k"),
					   .value = slice_of(value, sizeof(value))},
			 1, &err) == 0)
		sent++;
	assert_int_equal(sent, (QUEUE_MIN - QUEUE_MIN / COPIES_OF_QUEUE) / (sizeof(value) + 1));
	assert_int_equal(kafka_sink_of(sink)->queued, sent * (sizeof(value) + 1));
}

/* Another topic has a smaller limit: all producers are created again, and each topic stays with its producer. */
static void smaller_batches_of_all_producers(void **state)
{
	(void)state;
	struct topic *far = open_second_shard();
	send_ok(1);
	assert_int_equal(post_to(far, 2), 0);
	assert_int_equal(kafka_sink_fit_batch(kafka_sink_of(sink), "small", 20000, NULL, &err), 0);
	assert_int_equal(tally.messages, 2);
	send_ok(3);
	assert_int_equal(post_to(far, 4), 0);
	drain_ok();
	assert_int_equal(tally.sum, 10);
	for (unsigned i = 0; i < 2; i++) {
		char size[32];
		size_t len = sizeof(size);
		const rd_kafka_conf_t *conf =
			rd_kafka_conf(kafka_sink_of(sink)->shards[i].kafka.rk);
		assert_int_equal(rd_kafka_conf_get(conf, "batch.size", size, &len), 0);
		assert_string_equal(size, "19488");
	}
}

/* A lane with only a part of the queue makes smaller batches. */
static void batches_fit_the_queue(void **state)
{
	(void)state;
	sink_free(sink);
	open_sink(8 << 20);
	assert_int_equal(kafka_sink_of(sink)->batch, (8 << 20) / BATCHES_IN_QUEUE);
	sink_free(sink);
	open_sink(1 << 20);
	assert_int_equal(kafka_sink_of(sink)->batch, BATCH_MIN);
	topic = open_topic("t");
}

/* A broker forgets a producer that sends nothing to a partition for a long time. A partition with messages in flight is not
 * idle. */
static void a_partition_that_was_idle_for_long_is_not_known(void **state)
{
	(void)state;
	struct partition partition = {.known = KNOWN, .reported = true};
	assert_false(kafka_sink_is_stalled(&partition, 1000));
	assert_false(kafka_sink_is_stalled(&partition, 1000 + FORGOTTEN_MS));
	assert_int_equal(partition.known, KNOWN);
	partition.in_flight = 1;
	assert_false(kafka_sink_is_stalled(&partition, 1001 + FORGOTTEN_MS));
	assert_int_equal(partition.known, KNOWN);
	partition.in_flight = 0;
	assert_false(kafka_sink_is_stalled(&partition, 1001 + FORGOTTEN_MS));
	assert_int_equal(partition.known, KNOWN_NOT);
}

static void pinned(void **state)
{
	(void)state;
	struct topic *many = NULL;
	struct topic_spec spec = {.create = true, .partitions = 1, .pinned = 5};
	assert_int_equal(broker_topic(broker, "many", 6, &err), 0);
	assert_int_equal(sink_topic(sink, SLICE("many"), &spec, NULL, &many, &err), 0);
	assert_int_equal(sink_topic_info(many)->partitions, 5);
	assert_int_equal(broker_topic(broker, "few", 3, &err), 0);
	assert_int_equal(sink_topic(sink, SLICE("few"), &spec, NULL, &many, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_non_null(strstr(err.text, "3 partitions"));
}

static void take_ends_of_t(void *arg, struct slice name, const int64_t *ends, int n)
{
	assert_slice(name, "t");
	assert_int_equal(n, 1);
	*(int64_t *)arg = ends[0];
}

/* The end after the highest acknowledged offset, handed over once; and the end that the broker reports. */
static void ends_of_partitions(void **state)
{
	(void)state;
	struct partition_end end = {.topic = SLICE("t"), .partition = 0};
	int64_t acked = -1;
	sink_take_ends(sink, take_ends_of_t, &acked);
	assert_int_equal(acked, -1);
	for (uint64_t i = 1; i <= 3; i++)
		send_ok(i);
	drain_ok();
	sink_take_ends(sink, take_ends_of_t, &acked);
	assert_int_equal(acked, 3);
	acked = -1;
	sink_take_ends(sink, take_ends_of_t, &acked);
	assert_int_equal(acked, -1);
	assert_int_equal(sink_ends(sink, &end, 1, &stop, &err), 0);
	assert_int_equal(end.end, 3);
	assert_null(sink_replaced(sink).ptr);
}

/* A message that is acknowledged at a lower offset than an earlier one proves that the topic was replaced. The sink fails. */
static void offset_that_goes_back(void **state)
{
	(void)state;
	const int64_t ends[] = {7};
	struct topic_spec spec = {.partitions = 1, .pinned = 1, .ends = ends, .nends = 1};
	assert_int_equal(broker_topic(broker, "again", 1, &err), 0);
	assert_int_equal(sink_topic(sink, SLICE("again"), &spec, NULL, &topic, &err), 0);
	send_ok(1);
	assert_int_equal(drain(), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "topic \"again\" is not the same as before: partition 0"));
	assert_slice(sink_replaced(sink), "again");
}

static void pinned_topic_that_is_gone(void **state)
{
	(void)state;
	struct topic *gone = NULL;
	struct topic_spec spec = {.create = true, .partitions = 1, .pinned = 1};
	assert_int_equal(sink_topic(sink, SLICE("gone"), &spec, NULL, &gone, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "topic \"gone\" does not exist any more"));
}

static void expect_state(enum cluster expected, const char *text)
{
	const struct kafka_client *kafka = &((struct kafka_sink *)sink)->shards[0].kafka;
	const struct outage_topic t = {"t", 2};
	struct buf found;
	buf_init(&found);
	assert_int_equal(kafka_describe_outage(kafka, &t, 1, &found), expected);
	assert_non_null(strstr(buf_cstr(&found), text));
	buf_fini(&found);
}

/* The text that names the missing brokers. The embedded broker has one broker and one replica of each partition. */
static void what_is_away(void **state)
{
	(void)state;
	expect_state(CLUSTER_PARTIAL, "1 of 1 brokers is up (");
	expect_state(CLUSTER_PARTIAL, "); topic \"t\", partition 0: 1 of 1 replicas in sync, and "
				      "min.insync.replicas is 2");
	rd_kafka_mock_partition_set_leader(broker_mock(broker), "t", 0, -1);
	expect_state(CLUSTER_PARTIAL, "topic \"t\", partition 0: no leader");
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	expect_state(CLUSTER_UNKNOWN, "");
}

/* A partition gets its leader back after the list of the topics: its end is found at once, and not when librdkafka renews its
 * cache after a minute. */
static void end_of_a_partition_that_had_no_leader(void **state)
{
	struct slice name = SLICE("t");
	struct partition_end end = {name, 0, -1};
	int64_t began_ms;
	bool exists;
	int partitions;
	(void)state;
	send_ok(1);
	drain_ok();
	sink_free(sink);
	rd_kafka_mock_partition_set_leader(broker_mock(broker), "t", 0, -1);
	open_sink(0);
	assert_int_equal(sink_topics_exist(sink, &name, 1, &exists, &partitions, &err), 0);
	assert_true(exists);
	rd_kafka_mock_partition_set_leader(broker_mock(broker), "t", 0, 1);
	began_ms = clock_mono_ms();
	assert_int_equal(sink_ends(sink, &end, 1, &stop, &err), 0);
	assert_int_equal(end.end, 1);
	assert_true(clock_mono_ms() - began_ms < WAIT);
}

static void arm(const char *fault)
{
	setenv("TIDEWAY_FAULT", fault, 1);
	fault_init();
}

static void fault_produce(void **state)
{
	(void)state;
	arm("produce:3");
	send_ok(1);
	send_ok(2);
	assert_int_equal(post(3), -1);
	assert_true(err.retriable);
	fault_armed = false;
	drain_ok();
	assert_int_equal(tally.messages, 2);
}

static void fault_ack(void **state)
{
	(void)state;
	arm("ack:3");
	for (uint64_t i = 1; i <= 5; i++)
		send_ok(i);
	assert_int_equal(drain(), -1);
	assert_true(err.retriable);
	assert_true(tally.messages <= 2); /* never the third or a later one */
	assert_true(tally.last <= 2);
	fault_armed = false;
}

/* ---- a sink with a lease ---- */

static struct lease lease;

static void open_leased(void)
{
	sink_free(sink);
	lease_init(&lease);
	lease_renew(&lease, clock_boot_ms());
	sink = sink_new_leased(&config, "test-sink", 0, &lease, count, &tally, &err);
	assert_non_null(sink);
	sink_stop_on(sink, &stop);
	topic = open_topic("t");
	be_known();
}

/* After the end of the lease nothing is sent: messages in flight are discarded, and new ones are refused. */
static void lease_is_over(void **state)
{
	(void)state;
	open_leased();
	for (uint64_t token = 1; token <= 100; token++)
		send_ok(token);
	drain_ok();
	assert_int_equal(tally.messages, 100);
	assert_int_equal(tally.last, 100);
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	send_ok(101);
	lease_renew(&lease, clock_boot_ms() - lease.times[LEASE_OVER] - 1);
	assert_int_equal(post(102), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "has not been saved for 20 s"));
	sink_purge(sink);
	assert_int_equal(sink_in_flight(sink), 0);
	assert_int_equal(tally.messages, 100);
}

/* The lease ends during a wait. */
static void lease_ends_in_a_wait(void **state)
{
	(void)state;
	open_leased();
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	send_ok(1);
	lease_renew(&lease, clock_boot_ms() - lease.times[LEASE_OVER] - 1);
	assert_int_equal(sink_drain(sink, -1, NULL, &err), -1);
	assert_non_null(strstr(err.text, "has not been saved"));
}

/* A message waits while the lease is old, and is sent when the lease is renewed. */
static void lease_is_old(void **state)
{
	struct kafka_sink *k;
	(void)state;
	open_leased();
	k = kafka_sink_of(sink);
	lease_renew(&lease, clock_boot_ms() - lease.times[LEASE_SEND] - 1);
	assert_int_equal(kafka_sink_lease_allows(k, &err), 0);
	lease_renew(&lease, clock_boot_ms());
	assert_int_equal(kafka_sink_lease_allows(k, &err), 1);
	k->lease = NULL;
	lease_renew(&lease, 0);
	assert_int_equal(kafka_sink_lease_allows(k, &err), 1);
	k->lease = &lease;
	lease_renew(&lease, clock_boot_ms());
}

/* A message that is not acknowledged in time is not refused for good: it may pass the next time. */
static void lease_drops_messages(void **state)
{
	(void)state;
	setenv("TIDEWAY_LEASE_MS", "500", 1);
	open_leased();
	unsetenv("TIDEWAY_LEASE_MS");
	rd_kafka_mock_broker_set_down(broker_mock(broker), -1);
	lease_renew(&lease, clock_boot_ms());
	send_ok(1);
	lease_renew(&lease, clock_boot_ms() + WAIT); /* the lease itself holds */
	assert_int_equal(drain(), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "_MSG_TIMED_OUT"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(all_acknowledged),
		CASE(known_topic_is_looked_up),
		CASE(passing_errors_are_retried),
		CASE(first_error_poisons),
		CASE(nothing_passes_a_refused_batch),
		CASE(full_queue),
		CASE(headers_survive_a_full_queue),
		CASE(placed_by_key),
		CASE(many_partitions_many_producers),
		CASE(error_of_one_producer_is_the_sinks),
		CASE(producers_share_the_queue),
		CASE(producers_share_the_bytes),
		CASE(smaller_batches_of_all_producers),
		CASE(batches_fit_the_queue),
		CASE(too_large),
		CASE(larger_than_the_queue),
		CASE(smaller_batches),
		CASE(settings),
		CASE(wrong_settings),
		CASE(outage),
		CASE(first_message_travels_alone),
		CASE(purge),
		CASE(freed_with_messages_in_flight),
		CASE(stop_while_waiting_for_a_broker),
		CASE(asking_a_broker_that_is_away),
		CASE(existing),
		CASE(a_partition_that_was_idle_for_long_is_not_known),
		CASE(pinned),
		CASE(pinned_topic_that_is_gone),
		CASE(ends_of_partitions),
		CASE(what_is_away),
		CASE(end_of_a_partition_that_had_no_leader),
		CASE(offset_that_goes_back),
		CASE(fault_produce),
		CASE(fault_ack),
		CASE(lease_is_over),
		CASE(lease_ends_in_a_wait),
		CASE(lease_is_old),
		CASE(lease_drops_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
