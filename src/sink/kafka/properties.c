#include "sink/kafka/properties_priv.h"

#include "base/mem.h"
#include "base/num.h"

#include <librdkafka/rdkafka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LINGER_MOST_MS = 1000 };

void property_list_init(struct property_list *list)
{
	*list = (struct property_list){.n = 0};
	buf_init(&list->storage);
}

void property_list_fini(struct property_list *list)
{
	buf_fini(&list->storage);
}

static int add(struct property_list *list, const char *name, const char *value)
{
	list->items[list->n++] = (struct property){name, value};
	return 0;
}

/* ---- librdkafka's list of settings, parsed from the table that it prints ---- */

static struct native_property *natives; /* all settings; read once, never freed */
static size_t nnatives;
static pthread_once_t natives_once = PTHREAD_ONCE_INIT;

/* Parse a line "name                | C/P | ...", whose second column is C, P or *. */
static void take_native(char *line)
{
	char *bar = strchr(line, '|');
	char *name_end = line + strcspn(line, " |");
	if (bar == NULL || name_end == line || line[0] == '-' || strncmp(line, "Property", 8) == 0)
		return;
	char scope = bar[1 + strspn(bar + 1, " ")];
	if (scope != 'C' && scope != 'P' && scope != '*')
		return;
	natives = mem_resize(natives, nnatives + 1, sizeof(*natives));
	struct native_property *native = &natives[nnatives++];
	snprintf(native->name, sizeof(native->name), "%.*s", (int)(name_end - line), line);
	native->producer = scope != 'C';
	native->consumer = scope != 'P';
}

static void load_natives(void)
{
	char *text = NULL, *rest, *line;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (out == NULL)
		return;
	rd_kafka_conf_properties_show(out);
	fclose(out);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		take_native(line);
	free(text);
}

const struct native_property *property_natives(size_t *n)
{
	pthread_once(&natives_once, load_natives);
	*n = nnatives;
	return natives;
}

bool property_find_native(const char *name, struct native_property *found)
{
	bool any = false;
	pthread_once(&natives_once, load_natives);
	*found = (struct native_property){.producer = false};
	for (size_t i = 0; i < nnatives; i++) {
		if (strcmp(natives[i].name, name) != 0)
			continue;
		any = true;
		found->producer |= natives[i].producer;
		found->consumer |= natives[i].consumer;
	}
	return any;
}

/* ---- rules ---- */

static int refuse(struct err *err, const char *name, const char *value, const char *reason)
{
	return err_set(err, E_PROPERTY_VALUE, "Kafka property %s = \"%s\": %s", name, value,
		       reason);
}

static bool is_one_of(const char *value, const char *words)
{
	size_t len = strlen(value);
	for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (n == len && strncasecmp(at, value, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static int ignored(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)name, (void)value, (void)out, (void)err;
	return 0;
}

static int acks(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	if (is_one_of(value, "all -1"))
		return 0;
	return refuse(err, name, value,
		      "rows would be lost when a broker fails; only \"all\" is accepted, and it is "
		      "the default");
}

static int must_be_true(const char *name, const char *value, struct property_list *out,
			struct err *err)
{
	(void)out;
	if (is_one_of(value, "true"))
		return 0;
	return refuse(err, name, value,
		      "without it, retries reorder and duplicate messages; it is always on: remove "
		      "the property");
}

static int must_be_false(const char *name, const char *value, struct property_list *out,
			 struct err *err)
{
	(void)out;
	if (is_one_of(value, "false"))
		return 0;
	return refuse(err, name, value, "the order of a key would be lost; remove the property");
}

static int retries(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	if (is_one_of(value, "2147483647"))
		return 0;
	return refuse(err, name, value,
		      "a message that runs out of retries would be lost; Tideway sets no limit: "
		      "remove the property");
}

static int timeout(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	if (is_one_of(value, "0"))
		return 0;
	return refuse(
		err, name, value,
		"a message that is not delivered in time would be lost; Tideway sets the time "
		"itself, and sends such a message again from the checkpoint; remove the "
		"property");
}

/* librdkafka accepts fractions of a millisecond. */
static int linger(const char *name, const char *value, struct property_list *out, struct err *err)
{
	char *end;
	double ms = strtod(value, &end);
	if (end == value || *end != '\0' || !(ms >= 0 && ms <= LINGER_MOST_MS))
		return refuse(err, name, value,
			      "expected 0 to 1000: after a longer wait, the broker would seem not "
			      "to answer");
	return add(out, "linger.ms", value);
}

static int in_flight(const char *name, const char *value, struct property_list *out,
		     struct err *err)
{
	uint64_t n;
	if (num_parse_u64(slice_str(value), &n) && n >= 1 && n <= 5)
		return add(out, "max.in.flight.requests.per.connection", value);
	return refuse(err, name, value,
		      "expected 1 to 5: beyond five an idempotent producer cannot keep the order");
}

static int reserved(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	return refuse(err, name, value, "Tideway sets this itself; remove the property");
}

static int partitioner(const char *name, const char *value, struct property_list *out,
		       struct err *err)
{
	(void)out;
	if (value[0] == '\0' ||
	    is_one_of(value, "murmur2 murmur2_random "
			     "org.apache.kafka.clients.producer.internals.DefaultPartitioner "
			     "org.apache.kafka.clients.producer.internals.BuiltInPartitioner"))
		return 0;
	return refuse(err, name, value,
		      "messages are placed by murmur2 of the key, as Java's default does; another "
		      "partitioner would break "
		      "the order of a key. Choose the partition in the script instead");
}

static int serializer(const char *name, const char *value, struct property_list *out,
		      struct err *err)
{
	(void)out;
	if (is_one_of(value, "org.apache.kafka.common.serialization.StringSerializer "
			     "org.apache.kafka.common.serialization.ByteArraySerializer "
			     "org.apache.kafka.common.serialization.StringDeserializer "
			     "org.apache.kafka.common.serialization.ByteArrayDeserializer"))
		return 0;
	return refuse(err, name, value,
		      "keys and values are written as text; only StringSerializer and "
		      "ByteArraySerializer fit");
}

static int empty_only(const char *name, const char *value, struct property_list *out,
		      struct err *err)
{
	(void)out;
	if (value[0] == '\0')
		return 0;
	return refuse(err, name, value, "Java classes cannot be loaded here; remove the property");
}

static int plugins(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	return refuse(err, name, value,
		      "foreign code is not loaded into the process; remove the property");
}

static int queuing(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)out;
	if (is_one_of(value, "fifo"))
		return 0;
	return refuse(err, name, value,
		      "messages would overtake each other; only \"fifo\" keeps their order");
}

/* buffer.memory and queue.buffering.max.kbytes: sink_queue_total reads them, since all lanes share
 * the queue. */
static int bytes(const char *name, const char *value, struct property_list *out, struct err *err)
{
	uint64_t n;
	(void)out;
	if (num_parse_u64(slice_str(value), &n) && n >= 1)
		return 0;
	return refuse(err, name, value, "expected a positive number");
}

/* producer.c reads it, since it must fit the topics. In Java, 0 means no batches. */
static int batch_size(const char *name, const char *value, struct property_list *out,
		      struct err *err)
{
	uint64_t n;
	(void)out;
	if (num_parse_u64(slice_str(value), &n))
		return 0;
	return refuse(err, name, value, "expected a number of bytes");
}

static int request_size(const char *name, const char *value, struct property_list *out,
			struct err *err)
{
	uint64_t n;
	if (!num_parse_u64(slice_str(value), &n) || n == 0)
		return refuse(err, name, value, "expected a positive number of bytes");
	n = n < 1000         ? 1000
	    : n > 1000000000 ? 1000000000
			     : n; /* librdkafka's range; the sink checks each message */
	size_t start = out->storage.len;
	buf_printf(&out->storage, "%llu", (unsigned long long)n);
	return add(out, "message.max.bytes", buf_cstr(&out->storage) + start);
}

/* -1 of Java means the default of the system, which is 0 in librdkafka. */
static int socket_buffer(const char *name, const char *value, struct property_list *out,
			 struct err *err)
{
	(void)err;
	return add(out, name[0] == 's' ? "socket.send.buffer.bytes" : "socket.receive.buffer.bytes",
		   strcmp(value, "-1") == 0 ? "0" : value);
}

static int endpoint(const char *name, const char *value, struct property_list *out, struct err *err)
{
	(void)err;
	return add(out, name, value[0] == '\0' ? "none" : value);
}

static bool ends(const char *value, const char *end)
{
	size_t len = strlen(value), n = strlen(end);
	return len >= n && strcasecmp(value + len - n, end) == 0;
}

static int truststore(const char *name, const char *value, struct property_list *out,
		      struct err *err)
{
	if (ends(value, ".jks"))
		return refuse(err, name, value,
			      "a Java keystore cannot be read; export the certificates: keytool "
			      "-list -rfc "
			      "-keystore FILE > ca.pem, and name ca.pem here");
	if (ends(value, ".p12") || ends(value, ".pfx"))
		return refuse(err, name, value,
			      "expected a PEM file; convert it: openssl pkcs12 -in FILE -nokeys "
			      "-out ca.pem");
	return add(out, "ssl.ca.location", value);
}

static int keystore(const char *name, const char *value, struct property_list *out, struct err *err)
{
	if (ends(value, ".jks"))
		return refuse(
			err, name, value,
			"a Java keystore cannot be read; convert it: keytool -importkeystore "
			"-srckeystore FILE "
			"-destkeystore client.p12 -deststoretype pkcs12, and name client.p12 here");
	if (!ends(value, ".pem") && !ends(value, ".crt") && !ends(value, ".cer"))
		return add(out, "ssl.keystore.location", value); /* PKCS#12 */
	add(out, "ssl.certificate.location", value);
	return add(out, "ssl.key.location", value);
}

static int store_type(const char *name, const char *value, struct property_list *out,
		      struct err *err)
{
	(void)out;
	if (is_one_of(value, "PEM") ||
	    (is_one_of(value, "PKCS12") && strstr(name, "keystore") != NULL))
		return 0;
	return refuse(err, name, value,
		      "expected PEM (for a keystore PKCS12 too): convert a Java keystore with "
		      "keytool -importkeystore "
		      "-deststoretype pkcs12");
}

/* ---- sasl.jaas.config: `<class> required username="u" password="p";` ---- */

/* Copy a quoted or bare word of a JAAS line to storage. A backslash escapes a character. Return the
 * end of the word; NULL: the closing quote is missing. */
static const char *jaas_word(const char *at, struct buf *storage)
{
	char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
	for (; *at != '\0' && (quote ? *at != quote : strchr(" \t\n;", *at) == NULL); at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		buf_char(storage, *at);
	}
	buf_char(storage, '\0');
	if (quote != '\0' && *at != quote)
		return NULL;
	return quote ? at + 1 : at;
}

/* Copy the value of `option` to storage. Return its offset there; -1: the option is missing. */
static long jaas_option(const char *text, const char *option, struct buf *storage)
{
	size_t len = strlen(option);
	for (const char *at = text; (at = strstr(at, option)) != NULL; at += len) {
		const char *value = at + len + strspn(at + len, " \t\n");
		if (at == text || strchr(" \t\n", at[-1]) == NULL || *value != '=')
			continue;
		long start = (long)storage->len;
		value += 1 + strspn(value + 1, " \t\n");
		return jaas_word(value, storage) ? start : -1;
	}
	return -1;
}

static int jaas(const char *name, const char *value, struct property_list *out, struct err *err)
{
	if (strstr(value, "PlainLoginModule") == NULL && strstr(value, "ScramLoginModule") == NULL)
		return err_set(err, E_PROPERTY_VALUE,
			       "Kafka property %s: only PlainLoginModule and ScramLoginModule are "
			       "supported. For others set librdkafka's own sasl.* properties",
			       name);
	long user = jaas_option(value, "username", &out->storage);
	long password = jaas_option(value, "password", &out->storage);
	if (user < 0 || password < 0)
		return err_set(err, E_PROPERTY_VALUE,
			       "Kafka property %s: expected `... required username=\"...\" "
			       "password=\"...\";`",
			       name);
	add(out, "sasl.username", out->storage.ptr + user);
	return add(out, "sasl.password", out->storage.ptr + password);
}

/* ---- the table ---- */

static const struct property_rule rules[] = {
	{"acks", PRODUCER, acks, NULL},
	{"request.required.acks", PRODUCER, acks, NULL},
	{"enable.idempotence", PRODUCER, must_be_true, NULL},
	{"enable.gapless.guarantee", PRODUCER, must_be_true, NULL},
	{"retries", PRODUCER, retries, NULL},
	{"message.send.max.retries", PRODUCER, retries, NULL},
	{"delivery.timeout.ms", PRODUCER, timeout, NULL},
	{"message.timeout.ms", PRODUCER, timeout, NULL},
	{"linger.ms", PRODUCER, linger, NULL},
	{"queue.buffering.max.ms", PRODUCER, linger, NULL},
	{"max.in.flight.requests.per.connection", PRODUCER, in_flight, NULL},
	{"max.in.flight", PRODUCER, in_flight, NULL},
	{"transactional.id", PRODUCER, reserved, NULL},
	{"transaction.timeout.ms", PRODUCER, reserved, NULL},
	{"log.queue", BOTH, reserved, NULL},
	{"partitioner.class", PRODUCER, partitioner, NULL},
	{"partitioner", PRODUCER, partitioner, NULL},
	{"partitioner.ignore.keys", PRODUCER, must_be_false, NULL},
	{"partitioner.adaptive.partitioning.enable", PRODUCER, ignored, NULL},
	{"partitioner.availability.timeout.ms", PRODUCER, ignored, NULL},
	{"key.serializer", PRODUCER, serializer, NULL},
	{"value.serializer", PRODUCER, serializer, NULL},
	{"key.deserializer", CONSUMER, serializer, NULL},
	{"value.deserializer", CONSUMER, serializer, NULL},
	{"interceptor.classes", BOTH, empty_only, NULL},
	{"metric.reporters", BOTH, empty_only, NULL},
	{"plugin.library.paths", BOTH, plugins, NULL},
	{"queuing.strategy", PRODUCER, queuing, NULL},
	{"buffer.memory", PRODUCER, bytes, NULL},
	{"queue.buffering.max.kbytes", PRODUCER, bytes, NULL},
	{"batch.size", PRODUCER, batch_size, NULL},
	{"max.request.size", PRODUCER, request_size, NULL},
	{"message.max.bytes", PRODUCER, request_size, NULL},
	{"max.block.ms", PRODUCER, ignored, NULL},
	{"metrics.num.samples", BOTH, ignored, NULL},
	{"metrics.sample.window.ms", BOTH, ignored, NULL},
	{"metrics.recording.level", BOTH, ignored, NULL},
	{"metadata.max.idle.ms", PRODUCER, ignored, NULL},
	{"client.dns.lookup", BOTH, ignored, NULL},
	{"send.buffer.bytes", BOTH, socket_buffer, NULL},
	{"receive.buffer.bytes", BOTH, socket_buffer, NULL},
	{"socket.connection.setup.timeout.max.ms", BOTH, ignored, NULL},
	{"sasl.jaas.config", BOTH, jaas, NULL},
	{"ssl.endpoint.identification.algorithm", BOTH, endpoint, NULL},
	{"ssl.truststore.location", BOTH, truststore, NULL},
	{"ssl.truststore.certificates", BOTH, NULL, "ssl.ca.pem"},
	{"ssl.truststore.password", BOTH, ignored, NULL},
	{"ssl.truststore.type", BOTH, store_type, NULL},
	{"ssl.keystore.location", BOTH, keystore, NULL},
	{"ssl.keystore.type", BOTH, store_type, NULL},
	{"ssl.keystore.certificate.chain", BOTH, NULL, "ssl.certificate.pem"},
	{"ssl.keystore.key", BOTH, NULL, "ssl.key.pem"},
	{"ssl.enabled.protocols", BOTH, ignored, NULL},
	{"ssl.protocol", BOTH, ignored, NULL},
	{"sasl.kerberos.service.name", BOTH, NULL, "sasl.kerberos.service.name"},
	{"isolation.level", CONSUMER, NULL, "isolation.level"},
	{"max.poll.records", CONSUMER, ignored, NULL},
	{"exclude.internal.topics", CONSUMER, ignored, NULL},
};

enum { NRULES = sizeof(rules) / sizeof(rules[0]) };

const struct property_rule *property_rules(size_t *n)
{
	*n = NRULES;
	return rules;
}

static const struct property_rule *find_rule(const char *name)
{
	for (size_t i = 0; i < NRULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

static void nearer(struct slice name, const char *candidate, const char **best, unsigned *distance)
{
	unsigned d = slice_distance(name, slice_str(candidate));
	if (d < *distance) {
		*distance = d;
		*best = candidate;
	}
}

static int unknown(const char *name, struct err *err)
{
	struct slice given = slice_str(name);
	const char *best = NULL;
	unsigned distance = (unsigned)(given.len / 2 + 1);
	for (size_t i = 0; i < NRULES; i++)
		nearer(given, rules[i].name, &best, &distance);
	for (size_t i = 0; i < nnatives; i++)
		nearer(given, natives[i].name, &best, &distance);
	if (best == NULL)
		return err_set(err, E_PROPERTY_UNKNOWN,
			       "Kafka property %s is unknown to Java's client and to librdkafka",
			       name);
	return err_set(err, E_PROPERTY_UNKNOWN, "Kafka property %s is unknown; did you mean %s?",
		       name, best);
}

/* Return 1 when a setting has an effect for this use; 0 when it has none; -1 when it is refused. */
static int wanted(enum property_use use, const char *name, bool producer, bool consumer,
		  struct err *err)
{
	if (use == PROPERTY_PRODUCER && !producer)
		return err_set(
			err, E_PROPERTY_UNKNOWN,
			"Kafka property %s is a property of consumers, which a sink does not use",
			name);
	if (use == PROPERTY_PRODUCER)
		return 1;
	if (use == PROPERTY_CONSUMER)
		return consumer;
	return producer && consumer;
}

static int translate_native(enum property_use use, const char *name, const char *value,
			    struct property_list *out, struct err *err)
{
	struct native_property native;
	if (!property_find_native(name, &native))
		return unknown(name, err);
	int want = wanted(use, name, native.producer, native.consumer, err);
	return want > 0 ? add(out, name, value) : want;
}

int property_translate(enum property_use use, const char *name, const char *value,
		       struct property_list *out, struct err *err)
{
	const struct property_rule *rule = find_rule(name);
	out->n = 0;
	buf_clear(&out->storage);
	if (rule == NULL)
		return translate_native(use, name, value, out, err);
	int want = wanted(use, name, rule->side != CONSUMER, rule->side != PRODUCER, err);
	if (want < 0)
		return -1;
	/* refuse a dangerous value for every use; omit a setting without effect for this use */
	if (rule->apply != NULL && rule->apply(name, value, out, err) != 0)
		return -1;
	if (rule->apply == NULL)
		return want ? translate_native(use, rule->native, value, out, err) : 0;
	if (!want)
		out->n = 0;
	return 0;
}

const char *property_find(const struct property *properties, unsigned n, const char *name,
			  const char *alias)
{
	const char *found = NULL;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(properties[i].name, name) == 0 ||
		    (alias != NULL && strcmp(properties[i].name, alias) == 0))
			found = properties[i].value;
	return found;
}
