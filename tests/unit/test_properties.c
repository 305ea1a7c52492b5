#include "unit.h"

#include "sink/kafka/properties_priv.h"

#include <stdio.h>

static struct err err;

/* Translates the settings and compares the result with "name=value;name=value". */
static void expect(enum property_use use, const char *name, const char *value, const char *expected)
{
	struct property_list list;
	struct buf text;
	buf_init(&text);
	property_list_init(&list);
	err = (struct err)ERR_INIT;
	if (property_translate(use, name, value, &list, &err) != 0)
		fail_msg("%s = %s: %s", name, value, err.text);
	for (unsigned i = 0; i < list.n; i++)
		buf_printf(&text, "%s%s=%s", i ? ";" : "", list.items[i].name, list.items[i].value);
	assert_string_equal(buf_cstr(&text), expected);
	property_list_fini(&list);
	buf_fini(&text);
}

static void producer(const char *name, const char *value, const char *expected)
{
	expect(PROPERTY_PRODUCER, name, value, expected);
}

/* Asserts that the setting is refused, with each of the words (separated by '|') in the text. */
static void refused_for(enum property_use use, const char *name, const char *value,
			const char *words)
{
	struct property_list list;
	char copy[256], *rest = copy, *word;
	property_list_init(&list);
	err = (struct err)ERR_INIT;
	if (property_translate(use, name, value, &list, &err) == 0)
		fail_msg("%s = %s was accepted", name, value);
	assert_int_equal(err.code, ERR_SCRIPT);
	assert_non_null(strstr(err.text, name));
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, "|")) != NULL)
		if (strstr(err.text, word) == NULL)
			fail_msg("\"%s\" is not in: %s", word, err.text);
	property_list_fini(&list);
}

static void refused(const char *name, const char *value, const char *words)
{
	refused_for(PROPERTY_PRODUCER, name, value, words);
}

static void java_names(void **state)
{
	(void)state;
	producer("bootstrap.servers", "a:1,b:2", "bootstrap.servers=a:1,b:2");
	producer("linger.ms", "5", "linger.ms=5");
	producer("linger.ms", "1000", "linger.ms=1000");
	producer("queue.buffering.max.ms", "0.5", "linger.ms=0.5");
	producer("max.request.size", "2097152", "message.max.bytes=2097152");
	producer("max.request.size", "2000000000", "message.max.bytes=1000000000");
	producer("compression.type", "zstd", "compression.type=zstd");
	producer("max.in.flight.requests.per.connection", "1",
		 "max.in.flight.requests.per.connection=1");
	producer("max.in.flight", "5", "max.in.flight.requests.per.connection=5");
	producer("request.timeout.ms", "30000", "request.timeout.ms=30000");
	producer("retry.backoff.ms", "100", "retry.backoff.ms=100");
	producer("reconnect.backoff.ms", "50", "reconnect.backoff.ms=50");
	producer("reconnect.backoff.max.ms", "1000", "reconnect.backoff.max.ms=1000");
	producer("metadata.max.age.ms", "300000", "metadata.max.age.ms=300000");
	producer("connections.max.idle.ms", "540000", "connections.max.idle.ms=540000");
	producer("send.buffer.bytes", "131072", "socket.send.buffer.bytes=131072");
	producer("receive.buffer.bytes", "-1", "socket.receive.buffer.bytes=0");
	producer("client.id", "me", "client.id=me");
	producer("security.protocol", "SASL_SSL", "security.protocol=SASL_SSL");
	producer("sasl.mechanism", "PLAIN", "sasl.mechanism=PLAIN");
	producer("ssl.endpoint.identification.algorithm", "",
		 "ssl.endpoint.identification.algorithm=none");
	producer("ssl.endpoint.identification.algorithm", "https",
		 "ssl.endpoint.identification.algorithm=https");
}

/* The sink uses the values itself, or they change nothing. */
static void without_effect(void **state)
{
	static const char *const pairs[][2] = {
		{"acks", "all"},
		{"acks", "-1"},
		{"request.required.acks", "all"},
		{"enable.idempotence", "true"},
		{"retries", "2147483647"},
		{"message.timeout.ms", "0"},
		{"max.block.ms", "60000"},
		{"buffer.memory", "33554432"},
		{"queue.buffering.max.kbytes", "1024"},
		{"batch.size", "16384"},
		{"batch.size", "0"},
		{"key.serializer", "org.apache.kafka.common.serialization.StringSerializer"},
		{"value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer"},
		{"partitioner.class",
		 "org.apache.kafka.clients.producer.internals.DefaultPartitioner"},
		{"partitioner", "murmur2_random"},
		{"interceptor.classes", ""},
		{"ssl.truststore.password", "x"},
		{"ssl.keystore.type", "PKCS12"},
		{"client.dns.lookup", "use_all_dns_ips"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		producer(pairs[i][0], pairs[i][1], "");
}

static void librdkafka_names(void **state)
{
	(void)state;
	producer("socket.keepalive.enable", "true", "socket.keepalive.enable=true");
	producer("queue.buffering.max.messages", "5", "queue.buffering.max.messages=5");
	producer("compression.level", "3", "compression.level=3"); /* is in the table of topics */
	producer("sasl.username", "u", "sasl.username=u");
	producer("debug", "all", "debug=all");
}

static void loses_rows(void **state)
{
	(void)state;
	refused("acks", "1", "all");
	refused("request.required.acks", "0", "all");
	refused("enable.idempotence", "false", "always on");
	refused("retries", "3", "no limit|remove");
	refused("message.send.max.retries", "3", "no limit");
	refused("delivery.timeout.ms", "120000", "lost|remove");
	refused("message.timeout.ms", "300000", "lost");
	refused("linger.ms", "1001", "0 to 1000");
	refused("linger.ms", "-1", "0 to 1000");
	refused("queue.buffering.max.ms", "5s", "0 to 1000");
	refused("max.in.flight.requests.per.connection", "6", "1 to 5");
	refused("max.in.flight.requests.per.connection", "x", "1 to 5");
	refused("transactional.id", "x", "itself");
	refused("partitioner.class", "com.example.Mine", "murmur2");
	refused("partitioner", "consistent", "murmur2");
	refused("partitioner.ignore.keys", "true", "order");
	refused("queuing.strategy", "lifo", "fifo");
	refused("key.serializer", "io.confluent.kafka.serializers.KafkaAvroSerializer",
		"StringSerializer");
	refused("interceptor.classes", "com.example.A", "Java");
	refused("plugin.library.paths", "/tmp/x.so", "foreign");
	refused("buffer.memory", "lots", "number");
	refused("batch.size", "-1", "number");
}

/* What would lose rows is refused wherever it is: the settings are shared. */
static void refused_for_all_uses(void **state)
{
	(void)state;
	refused_for(PROPERTY_CONSUMER, "acks", "1", "all");
	refused_for(PROPERTY_ADMIN, "retries", "1", "no limit");
}

static void uses(void **state)
{
	(void)state;
	refused("group.id", "g", "consumer");
	refused("auto.offset.reset", "earliest", "consumer");
	expect(PROPERTY_CONSUMER, "group.id", "g", "group.id=g");
	expect(PROPERTY_CONSUMER, "linger.ms", "5", "");
	expect(PROPERTY_CONSUMER, "max.poll.records", "5", "");
	expect(PROPERTY_CONSUMER, "security.protocol", "ssl", "security.protocol=ssl");
	expect(PROPERTY_ADMIN, "group.id", "g", "");
	expect(PROPERTY_ADMIN, "linger.ms", "5", "");
	expect(PROPERTY_ADMIN, "max.request.size", "5000", "");
	expect(PROPERTY_ADMIN, "ssl.truststore.location", "/a/ca.pem", "ssl.ca.location=/a/ca.pem");
}

static void unknown_names(void **state)
{
	(void)state;
	refused("linger.mss", "5", "did you mean linger.ms?");
	refused("buffer.memry", "5", "did you mean buffer.memory?");
	refused("compresion.type", "lz4", "did you mean compression.type?");
	refused("sasl.jas.config", "x", "did you mean sasl.jaas.config?");
	refused("socket.keepalive.enabled", "x", "did you mean socket.keepalive.enable?");
	refused("q", "x", "unknown");
	refused("", "x", "unknown");
}

static void jaas_config(void **state)
{
	(void)state;
	const char *const plain =
		"org.apache.kafka.common.security.plain.PlainLoginModule required "
		"username=\"alice\" password=\"p=\\\"x\\\" y\";";
	producer("sasl.jaas.config", plain, "sasl.username=alice;sasl.password=p=\"x\" y");
	producer("sasl.jaas.config",
		 "org.apache.kafka.common.security.scram.ScramLoginModule required\n\tpassword = "
		 "secret\n\tusername = 'bob';",
		 "sasl.username=bob;sasl.password=secret");
	producer("sasl.jaas.config", "PlainLoginModule required username=\"\" password=\"\";",
		 "sasl.username=;sasl.password=");
	refused("sasl.jaas.config", "PlainLoginModule required username=\"alice\";", "username");
	refused("sasl.jaas.config", "PlainLoginModule required username=\"alice\" password=\"cut",
		"username");
	refused("sasl.jaas.config", "com.sun.security.auth.module.Krb5LoginModule required;",
		"PlainLoginModule");
}

/* An error text never contains a password. */
static void jaas_is_secret(void **state)
{
	(void)state;
	refused("sasl.jaas.config", "Krb5LoginModule required password=\"hunter2\";",
		"PlainLoginModule");
	assert_null(strstr(err.text, "hunter2"));
	refused("sasl.jaas.config", "PlainLoginModule required password=\"hunter2\";", "username");
	assert_null(strstr(err.text, "hunter2"));
}

static void keystores(void **state)
{
	(void)state;
	producer("ssl.truststore.location", "/a/ca.crt", "ssl.ca.location=/a/ca.crt");
	refused("ssl.truststore.location", "/a/trust.jks", "keytool");
	refused("ssl.truststore.location", "/a/trust.p12", "openssl");
	refused("ssl.truststore.type", "JKS", "PEM");
	refused("ssl.truststore.type", "PKCS12", "PEM");
	producer("ssl.keystore.location", "/a/me.pem",
		 "ssl.certificate.location=/a/me.pem;ssl.key.location=/a/me.pem");
	producer("ssl.keystore.location", "/a/me.p12", "ssl.keystore.location=/a/me.p12");
	producer("ssl.keystore.password", "x", "ssl.keystore.password=x");
	refused("ssl.keystore.location", "/a/me.JKS", "keytool");
}

/* Every name that the rules pass to librdkafka is a setting of it. */
static void rules_name_real_settings(void **state)
{
	(void)state;
	struct native_property native;
	size_t nrules, nnatives;
	const struct property_rule *rules = property_rules(&nrules);
	assert_true(nrules > 0);
	for (size_t i = 0; i < nrules; i++)
		if (rules[i].native != NULL && !property_find_native(rules[i].native, &native))
			fail_msg("%s", rules[i].native);
	(void)property_natives(&nnatives);
	assert_true(nnatives > 150);
	assert_true(property_find_native("linger.ms", &native) && native.producer &&
		    !native.consumer);
	assert_true(property_find_native("group.id", &native) && !native.producer &&
		    native.consumer);
	assert_true(property_find_native("client.id", &native) && native.producer &&
		    native.consumer);
}

static void finding(void **state)
{
	(void)state;
	const struct property list[] = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
	assert_string_equal(property_find(list, 3, "a", NULL), "3");
	assert_string_equal(property_find(list, 2, "x", "b"), "2");
	assert_null(property_find(list, 3, "c", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(java_names),
		cmocka_unit_test(without_effect),
		cmocka_unit_test(librdkafka_names),
		cmocka_unit_test(loses_rows),
		cmocka_unit_test(refused_for_all_uses),
		cmocka_unit_test(uses),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(jaas_config),
		cmocka_unit_test(jaas_is_secret),
		cmocka_unit_test(keystores),
		cmocka_unit_test(rules_name_real_settings),
		cmocka_unit_test(finding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
