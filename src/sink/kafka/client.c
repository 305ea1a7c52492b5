#include "sink/kafka/client_priv.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
	ANNOUNCE_MS = 1000,    /* do not log shorter outages */
	TELL_MS = 5000,        /* log the reason for a wait after this time */
	TELL_AGAIN_MS = 10000, /* then log it again at this interval */
	TURN_MS = 7000, /* longer than one turn of waiting: a longer pause begins a new wait */
	ERRSTR = 512,
};

/* ---- callbacks, run inside kafka_poll ---- */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct kafka_client *kafka = opaque;
	(void)rk;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && kafka->down_since != 0)
		kafka_up(kafka);
	if (kafka->report != NULL)
		kafka->report(kafka->arg, message);
}

static void note_fatal(struct kafka_client *kafka)
{
	char text[ERRSTR];
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(kafka->rk, text, sizeof(text));
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || kafka->fatal.code != ERR_NONE)
		return;
	if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
		err_set(&kafka->fatal, E_DISPLACED,
			"%s: another process of this name has taken over: %s", kafka->label, text);
	else if (code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
		err_set(&kafka->fatal, E_NOT_AUTHORISED,
			"%s: %s. Grant the user IdempotentWrite on the cluster and Write on the "
			"topics",
			kafka->label, text);
	else
		err_retry(&kafka->fatal, E_PRODUCER, "%s: the producer cannot continue: %s (%s)",
			  kafka->label, text, rd_kafka_err2name(code));
}

static void note_refused(struct kafka_client *kafka, const char *reason)
{
	if (kafka->refused.code == ERR_NONE)
		err_set(&kafka->refused, E_BROKER_REFUSES,
			"%s refuses the connection: %s. Check security.protocol, sasl.* and ssl.* "
			"in the sink's properties",
			kafka->label, reason);
}

static void note_error(struct kafka_client *kafka, const char *reason)
{
	snprintf(kafka->last_error, sizeof(kafka->last_error), "%s", reason);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_client *kafka = opaque;
	(void)rk;
	switch (code) {
	case RD_KAFKA_RESP_ERR__FATAL:
		note_fatal(kafka);
		break;
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		if (kafka->down_since == 0)
			kafka->down_since = clock_wall_ms();
		break;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
		note_refused(kafka, reason);
		note_error(kafka, reason);
		break;
	default:
		note_error(kafka, reason);
	}
}

/* Return whether the log line also reaches us as an error. */
static bool reported_otherwise(const char *fac)
{
	static const char *const facs[] = {"FAIL", "ERROR", "FATAL", "CONFWARN", "TXNERR",
					   "ADDPARTS", "GETPID",
					   /* the broker is too old to create topics */
					   "AUTOCREATE"};
	for (size_t i = 0; i < sizeof(facs) / sizeof(facs[0]); i++)
		if (strcmp(fac, facs[i]) == 0)
			return true;
	return false;
}

bool kafka_may_log(struct kafka_client *kafka, int level, const char *fac)
{
	int64_t now = clock_mono_ms();
	if (level > 4 || reported_otherwise(fac))
		return false;
	if (strcmp(fac, kafka->log_fac) == 0 && now - kafka->log_ms < LOG_REPEAT_MS)
		return false;
	snprintf(kafka->log_fac, sizeof(kafka->log_fac), "%s", fac);
	kafka->log_ms = now;
	return true;
}

static void on_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	struct kafka_client *kafka = rd_kafka_opaque(rk);
	if (kafka_may_log(kafka, level, fac))
		log_warn("%s: %s: %s", kafka->label, fac, text);
	else
		log_debug("%s: %s: %s", kafka->label, fac, text);
}

/* ---- settings ---- */

static int set_one(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
	char text[ERRSTR];
	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return 0;
	return err_set(err, E_PROPERTY_VALUE, "Kafka property %s: %s", name, text);
}

static int set_table(rd_kafka_conf_t *conf, const struct property *table, struct err *err)
{
	for (; table != NULL && table->name != NULL; table++)
		if (table->value != NULL && set_one(conf, table->name, table->value, err) != 0)
			return -1;
	return 0;
}

static int set_user(rd_kafka_conf_t *conf, enum property_use use, const struct property *property,
		    struct err *err)
{
	struct property_list list;
	property_list_init(&list);
	int result = property_translate(use, property->name, property->value, &list, err);
	for (unsigned i = 0; result == 0 && i < list.n; i++)
		result = set_one(conf, list.items[i].name, list.items[i].value, err);
	property_list_fini(&list);
	return result;
}

static int set_all(rd_kafka_conf_t *conf, const struct sink_config *config,
		   const struct kafka_options *options, struct err *err)
{
	const struct property first[] = {
		{"bootstrap.servers", config->brokers},
		{"client.id", options->client_id ? options->client_id : "tideway"},
		{"log.queue", "true"},
		/* the default, 10 s, is too long an idle time after a broker has come back */
		{"reconnect.backoff.max.ms", "1000"},
		{NULL, NULL},
	};
	if (set_table(conf, first, err) != 0 || set_table(conf, options->defaults, err) != 0)
		return -1;
	for (unsigned i = 0; i < config->nproperties; i++)
		if (set_user(conf, options->use, &config->properties[i], err) != 0)
			return -1;
	/* a client that asks where a partition ends counts transactions that are open, too */
	if (options->type == RD_KAFKA_PRODUCER &&
	    set_one(conf, "isolation.level", "read_uncommitted", err) != 0)
		return -1;
	if (set_table(conf, options->forced, err) != 0)
		return -1;
	return set_one(conf, "allow.auto.create.topics", options->makes_topics ? "true" : "false",
		       err);
}

static void set_label(struct kafka_client *kafka, const struct sink_config *config)
{
	const char *brokers = property_find(config->properties, config->nproperties,
					    "bootstrap.servers", "metadata.broker.list");
	if (brokers == NULL)
		brokers = config->brokers;
	snprintf(kafka->label, sizeof(kafka->label), "Kafka %s",
		 brokers ? brokers : "(no brokers given)");
}

static int make(struct kafka_client *kafka, rd_kafka_conf_t *conf, rd_kafka_type_t type,
		struct err *err)
{
	char text[ERRSTR];
	kafka->rk = rd_kafka_new(type, conf, text, sizeof(text));
	if (kafka->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, E_PROPERTY_VALUE, "Kafka properties do not fit together: %s",
			       text);
	}
	rd_kafka_set_log_queue(kafka->rk, NULL); /* NULL: the queue that kafka_poll polls */
	return 0;
}

int kafka_open(struct kafka_client *kafka, const struct sink_config *config,
	       const struct kafka_options *options, struct err *err)
{
	*kafka = (struct kafka_client){
		.config = config, .report = options->report, .arg = options->arg};
	set_label(kafka, config);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_opaque(conf, kafka);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (options->type == RD_KAFKA_PRODUCER)
		rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	if (set_all(conf, config, options, err) != 0) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	return make(kafka, conf, options->type, err);
}

/* ---- up and down ---- */

/* An outage of a cluster. Every lane of a sync has a client, and all of them lose the same brokers.
 * The first client of a reader reports the outage, and the last one reports its end. */
struct outage {
	const struct kafka_outage_reader *reader;              /* NULL: the log */
	char label[sizeof(((struct kafka_client *)0)->label)]; /* of the cluster */
	unsigned clients; /* clients that cannot reach it; 0: the entry is free */
};

static struct outage outages[OUTAGES];
static pthread_mutex_t outages_lock = PTHREAD_MUTEX_INITIALIZER; /* guards outages */

/* Return the cluster's entry, else a free one, else NULL. */
static struct outage *find_outage(const char *label, const struct kafka_outage_reader *reader)
{
	struct outage *found = NULL;
	for (size_t i = 0; i < OUTAGES; i++) {
		if (outages[i].clients == 0)
			found = &outages[i];
		else if (outages[i].reader == reader && strcmp(outages[i].label, label) == 0)
			return &outages[i];
	}
	return found;
}

bool kafka_begin_outage(const char *label, const struct kafka_outage_reader *reader)
{
	pthread_mutex_lock(&outages_lock);
	struct outage *outage = find_outage(label, reader);
	bool first = outage == NULL || outage->clients++ == 0;
	if (outage != NULL && first) {
		outage->reader = reader;
		snprintf(outage->label, sizeof(outage->label), "%s", label);
	}
	pthread_mutex_unlock(&outages_lock);
	return first;
}

bool kafka_end_outage(const char *label, const struct kafka_outage_reader *reader)
{
	pthread_mutex_lock(&outages_lock);
	struct outage *outage = find_outage(label, reader);
	bool last = outage == NULL || outage->clients == 0 || --outage->clients == 0;
	pthread_mutex_unlock(&outages_lock);
	return last;
}

static void report_outage(const struct kafka_client *kafka, const struct kafka_outage *outage)
{
	const struct kafka_outage_reader *reader = kafka->config->outages;
	struct buf line;
	if (reader) {
		reader->read(reader->arg, outage);
		return;
	}
	buf_init(&line);
	kafka_outage_print(outage, &line);
	log_write(outage->is_over ? LOG_INFO : LOG_WARN, "%s", buf_cstr(&line));
	buf_fini(&line);
}

int kafka_poll(struct kafka_client *kafka, int timeout_ms)
{
	return rd_kafka_poll(kafka->rk, timeout_ms);
}

void kafka_up(struct kafka_client *kafka)
{
	if (kafka->announced && kafka_end_outage(kafka->label, kafka->config->outages))
		report_outage(kafka,
			      &(struct kafka_outage){.is_over = true,
						     .cluster = kafka->label,
						     .ms = clock_wall_ms() - kafka->down_since});
	kafka->announced = false;
	kafka->down_since = 0;
	kafka->last_error[0] = '\0';
	kafka->refused.code = ERR_NONE;
}

enum cluster kafka_describe_outage(const struct kafka_client *kafka,
				   const struct outage_topic *topics, unsigned n, struct buf *text)
{
	const struct kafka_options options = {.type = RD_KAFKA_PRODUCER, .use = PROPERTY_ADMIN};
	struct err ignored = ERR_INIT;
	struct kafka_client asking;
	if (kafka_open(&asking, kafka->config, &options, &ignored) != 0)
		return CLUSTER_UNKNOWN;
	enum cluster found = outage_describe(asking.rk, topics, n, text);
	kafka_close(&asking);
	return found;
}

/* Return whether any broker responds. When librdkafka reports that all brokers are down, it has not
 * tried all of them at that moment. */
static bool any_answers(struct kafka_client *kafka)
{
	struct buf ignored;
	buf_init(&ignored);
	bool answers = kafka_describe_outage(kafka, NULL, 0, &ignored) != CLUSTER_UNKNOWN;
	buf_fini(&ignored);
	return answers;
}

void kafka_waiting(struct kafka_client *kafka)
{
	if (kafka->announced || kafka->down_since == 0 ||
	    clock_wall_ms() - kafka->down_since < ANNOUNCE_MS)
		return;
	if (any_answers(kafka)) {
		kafka->down_since = 0;
		return;
	}
	kafka->announced = true;
	if (kafka_begin_outage(kafka->label, kafka->config->outages))
		report_outage(kafka, &(struct kafka_outage){.cluster = kafka->label,
							    .cause = kafka->last_error,
							    .gives_up = kafka->hurried});
}

void kafka_close(struct kafka_client *kafka)
{
	if (kafka->announced)
		(void)kafka_end_outage(kafka->label, kafka->config->outages);
	kafka->announced = false;
	if (kafka->rk != NULL)
		rd_kafka_destroy(kafka->rk);
	kafka->rk = NULL;
}

bool kafka_transient(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__WAIT_COORD:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
	case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
	case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
	case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
		return true;
	default:
		return false;
	}
}

/* Log what a long wait is for, and which part of the cluster is missing. */
static void tell_wait(struct kafka_client *kafka, const char *what, rd_kafka_resp_err_t code)
{
	const struct outage_topic topics[] = {{"__transaction_state", 0}, {kafka->topic, 0}};
	struct buf text;
	buf_init(&text);
	if (kafka_describe_outage(kafka, topics, kafka->topic ? 2 : 0, &text) == CLUSTER_UNKNOWN)
		buf_put(&text, SLICE("no broker responds"));
	log_warn("%s: still waiting to %s (%s): %s; nothing is lost", kafka->label, what,
		 rd_kafka_err2str(code), buf_cstr(&text));
	buf_fini(&text);
}

static void count_wait(struct kafka_client *kafka, const char *what, rd_kafka_resp_err_t code)
{
	int64_t now_ms = clock_mono_ms();
	if (kafka->wait_ms == 0 || now_ms - kafka->waited_ms > TURN_MS) {
		kafka->wait_ms = now_ms;
		kafka->told_ms = 0;
	}
	kafka->waited_ms = now_ms;
	if (kafka->announced || now_ms - kafka->wait_ms < TELL_MS ||
	    (kafka->told_ms != 0 && now_ms - kafka->told_ms < TELL_AGAIN_MS))
		return;
	kafka->told_ms = now_ms;
	tell_wait(kafka, what, code);
}

int kafka_wait(struct kafka_client *kafka, const char *what, rd_kafka_resp_err_t code, int wait_ms,
	       const _Atomic bool *stop, struct err *err)
{
	kafka_poll(kafka, wait_ms);
	if (kafka->refused.code != ERR_NONE || kafka->fatal.code != ERR_NONE) {
		*err = kafka->fatal.code != ERR_NONE ? kafka->fatal : kafka->refused;
		return -1;
	}
	if (stop != NULL && atomic_load(stop))
		return err_retry(err, E_STOPPED_SENDING, "%s: stopped while waiting to %s: %s%s%s",
				 kafka->label, what, rd_kafka_err2str(code),
				 kafka->last_error[0] ? ": " : "", kafka->last_error);
	kafka_waiting(kafka);
	count_wait(kafka, what, code);
	return 0;
}

bool kafka_is_mock(struct kafka_client *kafka)
{
	char *id = kafka->identified ? NULL : rd_kafka_clusterid(kafka->rk, 1000);
	if (id == NULL)
		return kafka->mock;
	kafka->identified = true;
	kafka->mock = strncmp(id, "mockCluster", 11) == 0;
	rd_kafka_mem_free(kafka->rk, id);
	return kafka->mock;
}
