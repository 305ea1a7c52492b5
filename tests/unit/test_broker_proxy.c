/* The front of the embedded broker: number of partitions, its own port in answers, clients that misbehave. */
#include "unit.h"

#include "sink/demo/broker.h"
#include "sink/kafka/exec_kafka.h"
#include "sink/kafka/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PARTITIONS = 3, METADATA_MS = 10000, FLOOD = 1 << 20 };

static struct broker *broker;
static struct sink_config config;
static struct err err;

static int setup(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	broker = broker_new(0, PARTITIONS, &err);
	if (broker == NULL)
		fail_msg("%s", err.text);
	config = (struct sink_config){.kind = SINK_KAFKA, .brokers = broker_address(broker)};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	broker_free(broker);
	return 0;
}

static unsigned port(void)
{
	unsigned found = 0;
	assert_int_equal(sscanf(broker_address(broker), "127.0.0.1:%u", &found), 1);
	return found;
}

static int partitions_of(struct sink *sink, const char *name)
{
	const struct topic_spec spec = {.create = true, .partitions = 1, .replication = -1};
	struct topic *topic;
	if (sink_topic(sink, slice_str(name), &spec, NULL, &topic, &err) != 0)
		fail_msg("%s", err.text);
	return sink_topic_info(topic)->partitions;
}

static void makes_topics_as_asked(void **state)
{
	(void)state;
	struct sink *sink = sink_new(&config, "test", 0, NULL, NULL, &err);
	assert_non_null(sink);
	assert_int_equal(partitions_of(sink, "one"), PARTITIONS);
	assert_int_equal(partitions_of(sink, "two"), PARTITIONS);
	assert_int_equal(broker_topic(broker, "made", 5, &err), 0);
	assert_int_equal(partitions_of(sink, "made"), 5);
	sink_free(sink);
}

/* The mock's own port would lead clients past the front. */
static void stays_in_front(void **state)
{
	(void)state;
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, "test", NULL, NULL, NULL, NULL, false};
	const rd_kafka_metadata_t *metadata;
	struct kafka_client kafka;
	assert_int_equal(kafka_open(&kafka, &config, &options, &err), 0);
	assert_int_equal(rd_kafka_metadata(kafka.rk, 1, NULL, &metadata, METADATA_MS), 0);
	assert_int_equal(metadata->broker_cnt, 1);
	assert_int_equal(metadata->brokers[0].port, port());
	rd_kafka_metadata_destroy(metadata);
	kafka_close(&kafka);
}

static void send_and_flush(struct exec_producer *producer, struct slice topic)
{
	if (exec_producer_send(producer,
			       &(struct message){.topic = topic,
						 .key = SLICE("k"),
						 .value = SLICE("v"),
						 .partition = MESSAGE_BY_KEY},
			       &err) != 0 ||
	    exec_producer_flush(producer, 20, &err) != 0)
		fail_msg("%s", err.text);
}

/* A group asks where its coordinator is. */
static void serves_groups(void **state)
{
	(void)state;
	struct slice name = SLICE("read");
	struct message message;
	struct sink *sink = sink_new(&config, "test", 0, NULL, NULL, &err);
	assert_int_equal(partitions_of(sink, "read"), PARTITIONS);
	sink_free(sink);
	struct exec_producer *producer = exec_producer_new(&config, &err);
	send_and_flush(producer, name);
	struct exec_consumer *consumer = exec_consumer_new(&config, &name, 1, "group", true, &err);
	assert_non_null(consumer);
	assert_int_equal(exec_consumer_poll(consumer, 30, &message, &err), 1);
	assert_true(slice_equal(message.value, SLICE("v")));
	exec_consumer_free(consumer);
	exec_producer_free(producer);
}

static int dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port())};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* ApiVersions, version 0, again and again, until the socket accepts no more: the answers pile up. */
static void flood(int fd)
{
	static const uint8_t request[] = {0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff};
	static uint8_t many[FLOOD / sizeof(request) * sizeof(request)];
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = request[i % sizeof(request)];
	for (size_t sent = 0; sent < 64 * sizeof(many);) {
		size_t at = sent % sizeof(many);
		ssize_t n = send(fd, many + at, sizeof(many) - at, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			usleep(100000); /* the front may not have reached it yet */
			n = send(fd, many + at, sizeof(many) - at, MSG_DONTWAIT);
		}
		if (n < 0)
			return;
		sent += (size_t)n;
	}
	fail_msg("all was taken: nothing was held back");
}

static void one_that_does_not_read_holds_up_itself(void **state)
{
	(void)state;
	int fd = dial();
	struct sink *sink = sink_new(&config, "test", 0, NULL, NULL, &err);
	flood(fd);
	assert_int_equal(errno, EAGAIN); /* still connected, and full */
	assert_int_equal(partitions_of(sink, "others"), PARTITIONS);
	struct exec_producer *producer = exec_producer_new(&config, &err);
	send_and_flush(producer, SLICE("others"));
	exec_producer_free(producer);
	sink_free(sink);
	close(fd);
}

static void other_protocols_are_hung_up_on(void **state)
{
	(void)state;
	static const char request[] = "GET / HTTP/1.1\r\n\r\n";
	char byte;
	int fd = dial();
	assert_int_equal(send(fd, request, sizeof(request), 0), sizeof(request));
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void a_port_in_use_is_named(void **state)
{
	(void)state;
	assert_null(broker_new(port(), PARTITIONS, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "Choose another port"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(makes_topics_as_asked),
		CASE(stays_in_front),
		CASE(serves_groups),
		CASE(one_that_does_not_read_holds_up_itself),
		CASE(other_protocols_are_hung_up_on),
		CASE(a_port_in_use_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
