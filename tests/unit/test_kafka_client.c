#include "unit.h"

#include "sink/kafka/client_priv.h"

/* If many clients lose one cluster, the first reports the outage and the last reports its end. */
static void one_outage_for_all_clients(void **state)
{
	(void)state;
	assert_true(kafka_begin_outage("Kafka a:1", NULL));
	assert_false(kafka_begin_outage("Kafka a:1", NULL));
	assert_true(kafka_begin_outage("Kafka b:1", NULL));
	assert_false(kafka_begin_outage("Kafka a:1", NULL));
	assert_false(kafka_end_outage("Kafka a:1", NULL));
	assert_false(kafka_end_outage("Kafka a:1", NULL));
	assert_true(kafka_end_outage("Kafka a:1", NULL));
	assert_true(kafka_begin_outage("Kafka a:1", NULL));
	assert_true(kafka_end_outage("Kafka b:1", NULL));
	assert_true(kafka_end_outage("Kafka a:1", NULL));
}

/* Two syncs of one cluster: each gets its report and the end of it. */
static void one_outage_for_each_reader(void **state)
{
	static const struct kafka_outage_reader first, second;
	(void)state;
	assert_true(kafka_begin_outage("Kafka a:1", &first));
	assert_true(kafka_begin_outage("Kafka a:1", &second));
	assert_false(kafka_begin_outage("Kafka a:1", &second));
	assert_true(kafka_end_outage("Kafka a:1", &first));
	assert_false(kafka_end_outage("Kafka a:1", &second));
	assert_true(kafka_end_outage("Kafka a:1", &second));
}

/* With more clusters than there is room for, each client reports for itself. */
static void more_clusters_than_places(void **state)
{
	(void)state;
	char label[20];
	for (int i = 0; i < OUTAGES + 2; i++) {
		snprintf(label, sizeof(label), "Kafka %d", i);
		assert_true(kafka_begin_outage(label, NULL));
	}
	assert_true(kafka_begin_outage(label, NULL));
	assert_false(kafka_begin_outage("Kafka 0", NULL));
	assert_false(kafka_end_outage("Kafka 0", NULL));
	for (int i = 0; i < OUTAGES + 2; i++) {
		snprintf(label, sizeof(label), "Kafka %d", i);
		assert_true(kafka_end_outage(label, NULL));
	}
}

static void log_lines(void **state)
{
	(void)state;
	struct kafka_client kafka = {.rk = NULL};
	assert_false(kafka_may_log(&kafka, 3, "FAIL")); /* also reported as an error */
	assert_false(kafka_may_log(&kafka, 6, "INFO"));
	assert_true(kafka_may_log(&kafka, 3, "REQTMOUT"));
	assert_false(
		kafka_may_log(&kafka, 3, "REQTMOUT")); /* a repetition is suppressed for a minute */
	assert_true(kafka_may_log(&kafka, 4, "OTHER"));
	kafka.log_ms -= LOG_REPEAT_MS;
	assert_true(kafka_may_log(&kafka, 4, "OTHER"));
}

static void settings_in_order(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	char text[64];
	size_t len = sizeof(text);
	const struct property user[] = {{"linger.ms", "7"}, {"client.id", "mine"}};
	const struct property defaults[] = {
		{"linger.ms", "1"}, {"retry.backoff.ms", "11"}, {NULL, NULL}};
	const struct property forced[] = {{"client.id", "ours"}, {"group.id", NULL}, {NULL, NULL}};
	const struct sink_config config = {
		.brokers = "127.0.0.1:1", .properties = user, .nproperties = 2};
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_PRODUCER, "x", defaults, forced, NULL, NULL, false};
	struct kafka_client kafka;
	assert_int_equal(kafka_open(&kafka, &config, &options, &err), 0);
	const rd_kafka_conf_t *conf = rd_kafka_conf(kafka.rk);
	assert_int_equal(rd_kafka_conf_get(conf, "linger.ms", text, &len), RD_KAFKA_CONF_OK);
	assert_string_equal(text, "7");
	len = sizeof(text);
	assert_int_equal(rd_kafka_conf_get(conf, "retry.backoff.ms", text, &len), RD_KAFKA_CONF_OK);
	assert_string_equal(text, "11");
	len = sizeof(text);
	assert_int_equal(rd_kafka_conf_get(conf, "client.id", text, &len), RD_KAFKA_CONF_OK);
	assert_string_equal(text, "ours");
	assert_string_equal(kafka.label, "Kafka 127.0.0.1:1");
	kafka_close(&kafka);
}

static void settings_that_do_not_fit(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	const struct property user[] = {{"reconnect.backoff.ms", "5000"},
					{"reconnect.backoff.max.ms", "10"}};
	const struct sink_config config = {.brokers = "a:1", .properties = user, .nproperties = 2};
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, NULL, NULL, NULL, NULL, NULL, false};
	struct kafka_client kafka;
	assert_int_equal(kafka_open(&kafka, &config, &options, &err), -1);
	assert_int_equal(err.code, ERR_SCRIPT);
	assert_non_null(strstr(err.text, "reconnect"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_outage_for_all_clients),
		cmocka_unit_test(one_outage_for_each_reader),
		cmocka_unit_test(more_clusters_than_places),
		cmocka_unit_test(log_lines),
		cmocka_unit_test(settings_in_order),
		cmocka_unit_test(settings_that_do_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
