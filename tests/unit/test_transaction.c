/* transaction: transactions of a producer, against librdkafka's mock cluster. That aborted records stay invisible is
 * tested with a real broker (tests/integration/test_sink_live.py), because the mock does not hide them. */
#include "unit.h"

#include "base/clock.h"
#include "base/test_hook.h"
#include "sink/kafka/partition_reader.h"
#include "sink/kafka/transaction.h"

#include <librdkafka/rdkafka_mock.h>

#include <stdatomic.h>

/* Kafka's request numbers */
enum { API_PRODUCE = 0, API_INIT_PRODUCER = 22, API_ADD_PARTITIONS = 24, API_END_TXN = 26 };

#define ID "tideway.test"
#define TOPIC "positions"

static rd_kafka_t *host; /* owner of the mock */
static rd_kafka_mock_cluster_t *cluster;
static struct sink_config config;
static struct kafka_client kafka;
static struct transaction transaction;
static struct err err;
static _Atomic bool stop;

static void start_cluster(void)
{
	char text[512];
	host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof(text));
	cluster = rd_kafka_mock_cluster_new(host, 1);
	rd_kafka_mock_topic_create(cluster, TOPIC, 1, 1);
	config = (struct sink_config){.kind = SINK_KAFKA,
				      .brokers = rd_kafka_mock_cluster_bootstraps(cluster)};
}

/* Opens a producer with the same transactional.id as every other. */
static void open_producer(struct kafka_client *client, struct transaction *its)
{
	static const struct transaction_names names = {ID, "save the position", "topic " TOPIC,
						       "somebody else has taken over"};
	struct transaction_setup setup;
	transaction_setup(&setup, ID);
	const struct property forced[] = {
		setup.id, setup.timeout, setup.message_timeout, {"linger.ms", "0"}, {NULL, NULL}};
	const struct kafka_options options = {RD_KAFKA_PRODUCER,
					      PROPERTY_ADMIN,
					      ID,
					      NULL,
					      forced,
					      transaction_report,
					      its,
					      false};
	transaction_init(its, client, &names, &stop);
	assert_int_equal(kafka_open(client, &config, &options, &err), 0);
	assert_int_equal(transaction_bind(its, TOPIC, &err), 0);
}

static int setup_producer(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	atomic_store(&stop, false);
	start_cluster();
	open_producer(&kafka, &transaction);
	return 0;
}

static int teardown_producer(void **state)
{
	(void)state;
	transaction_fini(&transaction);
	kafka_close(&kafka);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
	return 0;
}

static void start(void)
{
	if (transaction_start(&transaction, &err) != 0)
		fail_msg("%s", err.text);
}

static enum transaction_outcome save(const char *value)
{
	enum transaction_outcome outcome = transaction_begin(&transaction, &err);
	if (outcome != TRANSACTION_DONE)
		return outcome;
	if (transaction_send(&transaction, SLICE("position"), slice_str(value), &err) != 0)
		return TRANSACTION_FAILED;
	return transaction_commit(&transaction, &err);
}

static bool keep_last(void *arg, const struct message *record)
{
	assert_slice(record->key, "position");
	snprintf(arg, 16, "%.*s", SLICE_FMT(record->value));
	return true;
}

/* Asserts the value of the topic's last record. */
static void assert_saved(const char *value)
{
	char last[16] = "";
	const struct partition_reader reader = {.config = &config,
						.topic = TOPIC,
						.purpose = "read",
						.error = E_CHECKPOINT_READ,
						.rights = "Read and Describe",
						.take = keep_last,
						.arg = last};
	if (partition_read(&reader, &kafka, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(last, value);
}

static void commits(void **state)
{
	(void)state;
	start();
	assert_saved("");
	assert_int_equal(save("1"), TRANSACTION_DONE);
	assert_int_equal(save("2"), TRANSACTION_DONE);
	assert_saved("2");
	assert_int_equal(transaction_check(&transaction, &err), 0);
}

/* A retriable error is retried in place. */
static void passing_errors(void **state)
{
	(void)state;
	rd_kafka_mock_push_request_errors(cluster, API_INIT_PRODUCER, 2,
					  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	start();
	rd_kafka_mock_push_request_errors(cluster, API_END_TXN, 2,
					  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	assert_int_equal(save("1"), TRANSACTION_DONE);
	assert_saved("1");
}

/* A refused record aborts only its own transaction: the next one may commit. */
static void refused_record(void **state)
{
	(void)state;
	start();
	rd_kafka_mock_push_request_errors(cluster, API_PRODUCE, 1,
					  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	assert_int_equal(save("1"), TRANSACTION_ABORTED);
	assert_int_equal(transaction.failed, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	assert_int_equal(transaction_retry(&transaction, &err), -1); /* it would be refused again */
	assert_non_null(strstr(err.text, "save the position"));
	assert_non_null(strstr(err.text, ID));
	/* the producer may drop records while it gets another epoch; the owner then tries again */
	enum transaction_outcome outcome;
	do
		outcome = save("2");
	while (outcome == TRANSACTION_ABORTED && transaction_retry(&transaction, &err) == 0);
	assert_int_equal(outcome, TRANSACTION_DONE);
	assert_int_equal(transaction.failed, RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_saved("2");
}

/* Rule: one-process: a newer producer of the same id fences this one, and nothing is retried. */
static void fenced(void **state)
{
	(void)state;
	start();
	rd_kafka_mock_push_request_errors(cluster, API_END_TXN, 1,
					  RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
	assert_int_equal(save("1"), TRANSACTION_FAILED);
	transaction_judge(&transaction, &err);
	assert_int_equal(err.code, ERR_DISPLACED);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "somebody else has taken over"));
	assert_false(transaction.lost);
}

/* A fence after the timeout is the coordinator's: another producer of this process may continue. */
static void ended_late(void **state)
{
	struct kafka_client other;
	struct transaction of_other;
	(void)state;
	setenv("TIDEWAY_TRANSACTION_MS", "1000", 1);
	start();
	rd_kafka_mock_broker_push_request_error_rtts(
		cluster, 1, API_END_TXN, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 1100,
		RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 0);
	assert_int_equal(save("1"), TRANSACTION_FAILED);
	transaction_judge(&transaction, &err);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_true(transaction.lost);
	assert_int_equal(transaction_check(&transaction, &err), -1);
	open_producer(&other, &of_other);
	assert_int_equal(transaction_start(&of_other, &err), 0);
	assert_int_equal(transaction_begin(&of_other, &err), TRANSACTION_DONE);
	assert_int_equal(transaction_send(&of_other, SLICE("position"), SLICE("2"), &err), 0);
	assert_int_equal(transaction_commit(&of_other, &err), TRANSACTION_DONE);
	assert_saved("2");
	transaction_fini(&of_other);
	kafka_close(&other);
	unsetenv("TIDEWAY_TRANSACTION_MS");
}

/* While the coordinator does not answer, a stop ends the wait, unless the owner is patient. */
static void stopped(void **state)
{
	(void)state;
	start();
	atomic_store(&stop, true);
	transaction.patient_until_ms = clock_mono_ms() + 60000;
	rd_kafka_mock_push_request_errors(cluster, API_END_TXN, 1,
					  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
	assert_int_equal(save("1"), TRANSACTION_DONE);
	transaction.patient_until_ms = 0;
	rd_kafka_mock_broker_set_down(cluster, 1);
	assert_int_equal(save("2"), TRANSACTION_FAILED);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "stopped while waiting to save the position"));
	rd_kafka_mock_broker_set_up(cluster, 1);
}

/* A reader with a time limit gives up if it cannot reach the end. */
static void reader_is_stopped(void **state)
{
	char last[16] = "";
	struct sink_config away = {.kind = SINK_KAFKA, .brokers = "127.0.0.1:1"};
	const struct kafka_options options = {.type = RD_KAFKA_PRODUCER, .use = PROPERTY_ADMIN};
	const struct partition_reader reader = {.config = &away,
						.topic = TOPIC,
						.purpose = "read the records",
						.stop = &stop,
						.error = E_CHECKPOINT_READ,
						.rights = "Read and Describe",
						.take = keep_last,
						.arg = last};
	struct kafka_client client;
	(void)state;
	atomic_store(&stop, true);
	assert_int_equal(kafka_open(&client, &away, &options, &err), 0);
	assert_int_equal(partition_read(&reader, &client, &err), -1);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "read the records"));
	kafka_close(&client);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_producer, teardown_producer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commits),    TEST(passing_errors), TEST(refused_record),    TEST(fenced),
		TEST(ended_late), TEST(stopped),        TEST(reader_is_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
