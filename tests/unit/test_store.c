#include "unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "sink/demo/broker_priv.h"
#include "sink/store/store_priv.h"

#include <sys/stat.h>
#include <unistd.h>

/* Kafka's request numbers */
enum { API_PRODUCE = 0, API_INIT_PRODUCER = 22, API_ADD_PARTITIONS = 24, API_END_TXN = 26 };

static char folder[] = "/tmp/tideway-store-XXXXXX";
static char path[64];
static struct err err;

static int setup(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	snprintf(path, sizeof(path), "%s/checkpoint.json", folder);
	unlink(path);
	return 0;
}

static void put(struct store *store, const char *name, const char *value)
{
	struct store_record record = {slice_str(name), slice_str(value)};
	if (store_put(store, &record, 1, &err) != 0)
		fail_msg("%s", err.text);
}

static struct store *open_file(void)
{
	struct store *store = store_open_file(path, "shop", &err);
	if (store == NULL)
		fail_msg("%s", err.text);
	return store;
}

/* Tests what every kind of store must do. */
static void exercise(struct store *store)
{
	struct store_record record;
	size_t at = 0;
	assert_null(store_get(store, SLICE("shop/position")).ptr);
	assert_false(store_next(store, &at, &record));
	put(store, "shop/position", "{\"v\":1}");
	put(store, "shop/full/b", "2");
	put(store, "shop/full/a", "1");
	put(store, "shop/position", "{\"v\":2}");
	assert_slice(store_get(store, SLICE("shop/position")), "{\"v\":2}");
	const struct store_record both[] = {{SLICE("shop/full/b"), {NULL, 0}},
					    {SLICE("shop/full/c"), SLICE("")},
					    {SLICE("shop/nothing"), {NULL, 0}}};
	assert_int_equal(store_put(store, both, 3, &err), 0);
	assert_null(store_get(store, SLICE("shop/full/b")).ptr);
	assert_non_null(store_get(store, SLICE("shop/full/c")).ptr); /* empty, but present */
	const char *const names[] = {"shop/full/a", "shop/full/c", "shop/position"};
	for (at = 0; at < 3;) {
		size_t i = at;
		assert_true(store_next(store, &at, &record));
		assert_slice(record.name, names[i]);
	}
	assert_false(store_next(store, &at, &record));
}

static void memory(void **state)
{
	(void)state;
	struct store *store = store_open_memory();
	exercise(store);
	store_free(store);
	store_free(NULL);
}

/* A record may point into the store that it changes. */
static void record_of_the_store_itself(void **state)
{
	(void)state;
	struct store *store = store_open_memory();
	struct store_record record;
	size_t at = 0;
	put(store, "shop/a", "value");
	assert_true(store_next(store, &at, &record));
	assert_int_equal(store_put(store, &record, 1, &err), 0);
	assert_slice(store_get(store, SLICE("shop/a")), "value");
	store_free(store);
}

static void many_records(void **state)
{
	(void)state;
	struct store *store = store_open_memory();
	char name[32], value[32];
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "shop/%d", i * 7919 % 1000);
		snprintf(value, sizeof(value), "%d", i);
		put(store, name, value);
	}
	assert_int_equal(store->nentries, 1000);
	for (size_t i = 1; i < store->nentries; i++)
		assert_true(slice_compare(store->entries[i - 1].name, store->entries[i].name) < 0);
	for (int i = 2000; i < 3000; i++) {
		snprintf(name, sizeof(name), "shop/%d", i * 7919 % 1000);
		snprintf(value, sizeof(value), "%d", i);
		assert_slice(store_get(store, slice_str(name)), value);
	}
	store_free(store);
}

static void file(void **state)
{
	(void)state;
	struct store *store = open_file();
	exercise(store);
	put(store, "shop/text", "quote \" backslash \\ line\n tab\t \xc3\xa9");
	store_free(store);
	store = open_file();
	assert_int_equal(store->nentries, 4);
	assert_slice(store_get(store, SLICE("shop/position")), "{\"v\":2}");
	assert_slice(store_get(store, SLICE("shop/full/c")), "");
	assert_slice(store_get(store, SLICE("shop/text")),
		     "quote \" backslash \\ line\n tab\t \xc3\xa9");
	store_free(store);
}

static void file_is_locked(void **state)
{
	(void)state;
	struct store *store = open_file();
	assert_null(store_open_file(path, "shop", &err));
	assert_int_equal(err.code, ERR_DISPLACED);
	put(store, "shop/a", "1"); /* the lock outlives the file that is replaced */
	assert_null(store_open_file(path, "shop", &err));
	store_free(store);
	store_free(open_file());
}

static void write_text(const char *text)
{
	assert_int_equal(file_replace(path, slice_str(text), &err), 0);
}

/* An unreadable file is an error, never "no checkpoint". */
static void damaged_file(void **state)
{
	static const char *const texts[] = {"", "{\"shop/position\": \"{}\"", "[]",
					    "{\"shop/position\": 1}", "nonsense"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(texts[i]);
		assert_null(store_open_file(path, "shop", &err));
		assert_int_equal(err.code, ERR_POSITION);
		assert_non_null(strstr(err.text, path));
	}
	write_text("{\"other/position\": \"{}\"}");
	assert_null(store_open_file(path, "shop", &err));
	assert_int_equal(err.code, ERR_SCRIPT);
}

/* Every proper prefix of a written file is refused. */
static void cut_file(void **state)
{
	(void)state;
	struct buf text;
	struct store *store = open_file();
	put(store, "shop/position", "{\"v\":1}");
	store_free(store);
	buf_init(&text);
	assert_int_equal(file_read(path, &text, &err), 0);
	for (size_t len = 0; len + 2 < text.len; len++) {
		assert_int_equal(file_replace(path, slice_of(text.ptr, len), &err), 0);
		assert_null(store_open_file(path, "shop", &err));
	}
	buf_fini(&text);
}

/* A save that fails leaves the old content, in memory and on disk. */
static void failed_save(void **state)
{
	(void)state;
	char beside[80];
	struct store *store = open_file();
	struct store_record record = {SLICE("shop/a"), SLICE("2")};
	put(store, "shop/a", "1");
	snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(mkdir(beside, 0700), 0); /* a directory in the place of the new file */
	assert_int_equal(store_put(store, &record, 1, &err), -1);
	rmdir(beside);
	assert_slice(store_get(store, SLICE("shop/a")), "1");
	store_free(store);
	store = open_file();
	assert_slice(store_get(store, SLICE("shop/a")), "1");
	store_free(store);
}

static void own_names(void **state)
{
	(void)state;
	assert_true(store_is_own("shop", SLICE("shop/position")));
	assert_false(store_is_own("shop", SLICE("shop2/position")));
	assert_false(store_is_own("shop", SLICE("shop")));
	assert_false(store_is_own("shop", SLICE("sho")));
}

static struct broker *broker;
static struct sink_config config;

static int setup_broker(void **state)
{
	broker = broker_new(0, 0, &err);
	assert_non_null(broker);
	config = (struct sink_config){.kind = SINK_KAFKA, .brokers = broker_address(broker)};
	return setup(state);
}

static int teardown_broker(void **state)
{
	(void)state;
	broker_free(broker);
	return 0;
}

static struct store *open_topic(void)
{
	struct store *store = store_open_topic(&config, "checkpoint", "shop", NULL, &err);
	if (store == NULL)
		fail_msg("%s", err.text);
	return store;
}

/* The topic store on the embedded broker has the same content after a restart. */
static void topic(void **state)
{
	(void)state;
	struct store *store = open_topic();
	exercise(store);
	for (int i = 0; i < 50; i++)
		put(store, "shop/position", i == 49 ? "{\"v\":3}" : "{}");
	store_free(store);
	store = open_topic();
	assert_int_equal(store->nentries, 3);
	assert_slice(store_get(store, SLICE("shop/position")), "{\"v\":3}");
	store_free(store);
	store = store_open_topic(&config, "checkpoint", "other", NULL, &err);
	assert_non_null(store);
	assert_int_equal(store->nentries, 0);
	store_free(store);
}

/* The store waits out retriable errors, at the start and at each step of a save. */
static void passing_errors(void **state)
{
	(void)state;
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_INIT_PRODUCER, 3,
					  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
					  RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	struct store *store = open_topic();
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_ADD_PARTITIONS, 2,
					  RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	put(store, "shop/a", "1");
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_PRODUCE, 2,
					  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	put(store, "shop/b", "2");
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_END_TXN, 2,
					  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
					  RD_KAFKA_RESP_ERR__TRANSPORT);
	put(store, "shop/c", "3");
	store_free(store);
	store = open_topic();
	assert_int_equal(store->nentries, 3);
	store_free(store);
}

/* Rule: one-process. Another process has taken over: nothing changes, and waiting would not help. */
static void fenced(void **state)
{
	static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
						    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH};
	static const int16_t requests[] = {API_ADD_PARTITIONS, API_END_TXN};
	struct store_record record = {SLICE("shop/a"), SLICE("2")};
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct store *store = open_topic();
		put(store, "shop/a", "1");
		rd_kafka_mock_push_request_errors(broker_mock(broker), requests[i / 2], 1,
						  codes[i % 2]);
		err = (struct err)ERR_INIT;
		assert_int_equal(store_put(store, &record, 1, &err), -1);
		if (err.code != ERR_DISPLACED || err.retriable)
			fail_msg("request %d, %s: code %d: %s", requests[i / 2],
				 rd_kafka_err2name(codes[i % 2]), err.code, err.text);
		assert_slice(store_get(store, SLICE("shop/a")), "1");
		store_free(store);
	}
}

/* Lets a transaction last too long: the coordinator aborts it and fences its producer, as if there were another one. */
static void lose_producer(struct store *store)
{
	struct store_record record = {SLICE("shop/a"), SLICE("2")};
	rd_kafka_mock_broker_push_request_error_rtts(broker_mock(broker), 1, API_END_TXN, 2,
						     RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
						     1100, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
						     0);
	assert_int_equal(store_put(store, &record, 1, &err), -1);
	if (err.code != ERR_KAFKA || !err.retriable)
		fail_msg("code %d: %s", err.code, err.text);
	assert_slice(store_get(store, SLICE("shop/a")), "1");
	assert_int_equal(store_put(store, &record, 1, &err), -1); /* it is not ready */
	err = (struct err)ERR_INIT;
}

/* The store then gets another producer and reads the topic again. It does not if another process has taken over, because it
 * would fence that process. */
static void given_up(void **state)
{
	(void)state;
	setenv("TIDEWAY_TRANSACTION_MS", "1000", 1);
	struct store *store = open_topic();
	put(store, "shop/a", "1");
	put(store, "shop/owner", "this");
	lose_producer(store);
	struct store *other = open_topic();
	put(other, "shop/b", "3");
	store_free(other);
	if (store_ready(store, SLICE("shop/owner"), &err) != 0)
		fail_msg("code %d: %s", err.code, err.text);
	assert_slice(store_get(store, SLICE("shop/b")), "3");
	put(store, "shop/a", "1");
	lose_producer(store);
	other = open_topic();
	put(other, "shop/owner", "other");
	assert_int_equal(store_ready(store, SLICE("shop/owner"), &err), -1);
	assert_int_equal(err.code, ERR_DISPLACED);
	assert_false(err.retriable);
	put(other, "shop/b", "4");
	store_free(other);
	store_free(store);
	unsetenv("TIDEWAY_TRANSACTION_MS");
}

/* The broker does not take records for longer than a transaction may last: the store aborts the transaction and tries again,
 * and is not fenced. */
static void not_taken_for_long(void **state)
{
	rd_kafka_resp_err_t errors[40];
	(void)state;
	for (size_t i = 0; i < 40; i++)
		errors[i] = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
	setenv("TIDEWAY_TRANSACTION_MS", "1000", 1);
	struct store *store = open_topic();
	rd_kafka_mock_push_request_errors_array(broker_mock(broker), API_PRODUCE, 40, errors);
	int64_t began = clock_mono_ms();
	put(store, "shop/a", "1");
	assert_true(clock_mono_ms() - began > 1000); /* duration of the errors */
	store_free(store);
	store = open_topic();
	assert_slice(store_get(store, SLICE("shop/a")), "1");
	store_free(store);
	unsetenv("TIDEWAY_TRANSACTION_MS");
}

static void refused(void **state)
{
	(void)state;
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_INIT_PRODUCER, 1,
					  RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
	assert_null(store_open_topic(&config, "checkpoint", "shop", NULL, &err));
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "tideway.shop"));
	assert_non_null(strstr(err.text, "grant"));
	struct store *store = open_topic();
	struct store_record record = {SLICE("shop/a"), SLICE("2")};
	rd_kafka_mock_push_request_errors(broker_mock(broker), API_PRODUCE, 1,
					  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	assert_int_equal(store_put(store, &record, 1, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "grant"));
	assert_null(store_get(store, SLICE("shop/a")).ptr);
	store_free(store);
}

/* The broker is away: it waits until it must stop, and reports what it waited for. */
static void topic_without_broker(void **state)
{
	(void)state;
	_Atomic bool stop = true;
	struct sink_config away = {.kind = SINK_KAFKA, .brokers = "127.0.0.1:1"};
	assert_null(store_open_topic(&away, "checkpoint", "shop", &stop, &err));
	assert_int_equal(err.code, ERR_KAFKA);
	assert_true(err.retriable);
	assert_non_null(strstr(err.text, "127.0.0.1:1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(memory, setup),
		cmocka_unit_test_setup(record_of_the_store_itself, setup),
		cmocka_unit_test_setup(many_records, setup),
		cmocka_unit_test_setup(file, setup),
		cmocka_unit_test_setup(file_is_locked, setup),
		cmocka_unit_test_setup(damaged_file, setup),
		cmocka_unit_test_setup(cut_file, setup),
		cmocka_unit_test_setup(failed_save, setup),
		cmocka_unit_test_setup(own_names, setup),
		cmocka_unit_test_setup_teardown(topic, setup_broker, teardown_broker),
		cmocka_unit_test_setup_teardown(passing_errors, setup_broker, teardown_broker),
		cmocka_unit_test_setup_teardown(fenced, setup_broker, teardown_broker),
		cmocka_unit_test_setup_teardown(not_taken_for_long, setup_broker, teardown_broker),
		cmocka_unit_test_setup_teardown(given_up, setup_broker, teardown_broker),
		cmocka_unit_test_setup_teardown(refused, setup_broker, teardown_broker),
		cmocka_unit_test_setup(topic_without_broker, setup),
	};
	if (mkdtemp(folder) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command) != 0 || failed;
}
