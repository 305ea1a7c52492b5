#include "sink/kafka/exec_kafka.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sink/kafka/headers.h"
#include "sink/kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	REACH_MS = 10000, /* longest wait for a broker */
	SLICE_MS = 100,   /* one turn of waiting */
	NAME_MAX_BYTES = 256,
};

static int copy_name(char *to, struct slice name, struct err *err)
{
	if (name.len == 0 || name.len >= NAME_MAX_BYTES)
		return err_set(err, E_TOPIC_NAME, "topic \"%.*s\" is not a valid name",
			       (int)(name.len & 0xff), name.ptr);
	memcpy(to, name.ptr, name.len);
	to[name.len] = '\0';
	return 0;
}

/* ---- producer ---- */

struct exec_producer {
	struct sink *sink;
};

static void ignore_acked(void *arg, uint64_t token, unsigned messages)
{
	(void)arg, (void)token, (void)messages;
}

struct exec_producer *exec_producer_new(const struct sink_config *config, struct err *err)
{
	struct sink *sink = sink_new(config, "tideway-exec", 0, ignore_acked, NULL, err);
	if (sink == NULL)
		return NULL;
	struct exec_producer *producer = mem_array(1, sizeof(*producer));
	producer->sink = sink;
	return producer;
}

void exec_producer_free(struct exec_producer *producer)
{
	if (producer == NULL)
		return;
	sink_free(producer->sink);
	free(producer);
}

int exec_producer_send(struct exec_producer *producer, const struct message *message,
		       struct err *err)
{
	static const struct topic_spec spec = {.create = false, .partitions = 1};
	struct topic *to;
	if (sink_topic(producer->sink, message->topic, &spec, NULL, &to, err) != 0 ||
	    sink_send(producer->sink, to, message, 0, err) != 0)
		return -1;
	return sink_poll(producer->sink, 0, err);
}

int exec_producer_flush(struct exec_producer *producer, double seconds, struct err *err)
{
	int left = sink_drain(producer->sink, (int64_t)(seconds * 1000), NULL, err);
	if (left > 0)
		return err_retry(err, E_NOT_ACKNOWLEDGED,
				 "%u messages were not acknowledged within %g s",
				 sink_in_flight(producer->sink), seconds);
	return left;
}

/* ---- consumer ---- */

struct exec_consumer {
	struct kafka_client kafka;
	bool group; /* whether it is in a consumer group; if not, the next four are used */
	rd_kafka_queue_t *queue;   /* receives the messages of all partitions */
	rd_kafka_topic_t **topics; /* the topics that are read */
	int *npartitions;          /* of each topic */
	unsigned ntopics;
	rd_kafka_message_t *message; /* the last one returned by exec_consumer_poll */
	struct headers headers;      /* of that message */
};

static int open_client(struct exec_consumer *c, const struct sink_config *config, const char *group,
		       bool from_beginning, struct err *err)
{
	const struct property defaults[] = {
		{"auto.offset.reset", from_beginning ? "earliest" : "latest"},
		{"fetch.wait.max.ms", "100"},
		{NULL, NULL},
	};
	const struct property forced[] = {
		{"enable.partition.eof", "false"},
		{"group.id", group}, /* NULL: not set */
		{NULL, NULL},
	};
	const struct kafka_options options = {RD_KAFKA_CONSUMER,
					      PROPERTY_CONSUMER,
					      "tideway-exec",
					      defaults,
					      forced,
					      NULL,
					      NULL,
					      false};
	return kafka_open(&c->kafka, config, &options, err);
}

static int subscribe(struct exec_consumer *c, const struct slice *names, unsigned n,
		     struct err *err)
{
	char name[NAME_MAX_BYTES];
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	int result = 0;
	rd_kafka_poll_set_consumer(c->kafka.rk);
	for (unsigned i = 0; result == 0 && i < n; i++)
		if ((result = copy_name(name, names[i], err)) == 0)
			rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = result == 0 ? rd_kafka_subscribe(c->kafka.rk, list) : 0;
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, E_CONSUMER, "%s: cannot subscribe: %s", c->kafka.label,
			       rd_kafka_err2str(code));
	return result;
}

static int start_topic(struct exec_consumer *c, struct topic_names *all, struct slice name,
		       int64_t offset, struct err *err)
{
	char text[NAME_MAX_BYTES];
	if (copy_name(text, name, err) != 0)
		return -1;
	int partitions = topics_partitions(all, name);
	if (partitions == 0)
		return err_set(err, E_TOPIC_MISSING, "%s: topic \"%s\" does not exist",
			       c->kafka.label, text);
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(c->kafka.rk, text, NULL);
	c->topics[c->ntopics] = rkt;
	c->npartitions[c->ntopics++] = partitions;
	for (int i = 0; i < partitions; i++)
		if (rd_kafka_consume_start_queue(rkt, i, offset, c->queue) != 0)
			return err_set(err, E_CONSUMER, "%s: topic \"%s\", partition %d: %s",
				       c->kafka.label, text, i,
				       rd_kafka_err2str(rd_kafka_last_error()));
	return 0;
}

static int start_all(struct exec_consumer *c, const struct slice *names, unsigned n,
		     bool from_beginning, struct err *err)
{
	struct topic_names all = {.metadata = NULL};
	int64_t offset = from_beginning ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
	c->queue = rd_kafka_queue_new(c->kafka.rk);
	c->topics = mem_array(n, sizeof(rd_kafka_topic_t *));
	c->npartitions = mem_array(n, sizeof(int));
	int result = topics_list(&c->kafka, &all, REACH_MS, NULL, err);
	for (unsigned i = 0; result == 0 && i < n; i++)
		result = start_topic(c, &all, names[i], offset, err);
	topics_forget(&all);
	return result;
}

struct exec_consumer *exec_consumer_new(const struct sink_config *config,
					const struct slice *topics, unsigned ntopics,
					const char *group, bool from_beginning, struct err *err)
{
	struct exec_consumer *c = mem_array(1, sizeof(*c));
	c->group = group != NULL;
	if (open_client(c, config, group, from_beginning, err) == 0 &&
	    (c->group ? subscribe(c, topics, ntopics, err)
		      : start_all(c, topics, ntopics, from_beginning, err)) == 0)
		return c;
	exec_consumer_free(c);
	return NULL;
}

static void let_go(struct exec_consumer *c)
{
	if (c->message != NULL)
		rd_kafka_message_destroy(c->message);
	c->message = NULL;
}

void exec_consumer_free(struct exec_consumer *c)
{
	if (c == NULL)
		return;
	let_go(c);
	for (unsigned i = 0; i < c->ntopics; i++) {
		for (int p = 0; p < c->npartitions[i]; p++)
			(void)rd_kafka_consume_stop(c->topics[i], p);
		rd_kafka_topic_destroy(c->topics[i]);
	}
	if (c->queue != NULL)
		rd_kafka_queue_destroy(c->queue);
	if (c->group && c->kafka.rk != NULL)
		(void)rd_kafka_consumer_close(c->kafka.rk);
	kafka_close(&c->kafka);
	free(c->topics);
	free(c->npartitions);
	headers_fini(&c->headers);
	free(c);
}

/* Describe the message to the caller. librdkafka sets a pointer to NULL only for a null key or
 * value, and never for an empty one. */
static void take(struct exec_consumer *c, struct message *out)
{
	rd_kafka_timestamp_type_t type;
	const rd_kafka_message_t *m = c->message;
	*out = (struct message){
		.topic = slice_str(rd_kafka_topic_name(m->rkt)),
		.partition = m->partition,
		.offset = m->offset,
		.time_ms = rd_kafka_message_timestamp(m, &type),
		.key = slice_of(m->key, m->key_len),
		.value = slice_of(m->payload, m->len),
		.nheaders = headers_take(&c->headers, m),
	};
	out->headers = c->headers.list;
}

static rd_kafka_message_t *next(struct exec_consumer *c, int wait_ms)
{
	if (c->group)
		return rd_kafka_consumer_poll(c->kafka.rk, wait_ms);
	kafka_poll(&c->kafka, 0);
	return rd_kafka_consume_queue(c->queue, wait_ms);
}

static int consume_error(struct exec_consumer *c, struct err *err)
{
	rd_kafka_resp_err_t code = c->message->err;
	if (kafka_transient(code) || code == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return 0;
	return err_set(err, E_CONSUMER, "%s: %s", c->kafka.label,
		       rd_kafka_message_errstr(c->message));
}

int exec_consumer_poll(struct exec_consumer *c, double seconds, struct message *message,
		       struct err *err)
{
	int64_t end = clock_mono_ms() + (int64_t)(seconds * 1000);
	int64_t left;
	do {
		left = end - clock_mono_ms();
		let_go(c);
		c->message = next(c, left <= 0 ? 0 : left < SLICE_MS ? (int)left : SLICE_MS);
		if (c->message != NULL && c->message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			take(c, message);
			return 1;
		}
		if (c->message != NULL && consume_error(c, err) != 0)
			return -1;
		if (c->kafka.refused.code != ERR_NONE) {
			*err = c->kafka.refused;
			return -1;
		}
	} while (left > 0);
	return 0;
}

/* ---- topics ---- */

/* Open a client for one request, and list the topics. */
static int open_admin(struct kafka_client *kafka, struct topic_names *names,
		      const struct sink_config *config, struct err *err)
{
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, "tideway-exec", NULL, NULL, NULL, NULL, false};
	*names = (struct topic_names){.metadata = NULL};
	if (kafka_open(kafka, config, &options, err) != 0)
		return -1;
	if (topics_list(kafka, names, REACH_MS, NULL, err) == 0)
		return 0;
	kafka_close(kafka);
	return -1;
}

static void close_admin(struct kafka_client *kafka, struct topic_names *names)
{
	topics_forget(names);
	kafka_close(kafka);
}

int exec_topic_create(const struct sink_config *config, struct slice name, int partitions,
		      int replication, const struct property *properties, unsigned n,
		      struct err *err)
{
	const struct topic_spec spec = {.create = true,
					.partitions = partitions,
					.replication = replication,
					.config = properties,
					.nconfig = n};
	char text[NAME_MAX_BYTES];
	struct kafka_client kafka;
	struct topic_names names;
	struct topic_facts facts;
	if (copy_name(text, name, err) != 0 || open_admin(&kafka, &names, config, err) != 0)
		return -1;
	int result = 0;
	if (topics_partitions(&names, name) != 0)
		result = err_set(err, E_TOPIC_EXISTS, "%s: topic \"%s\" exists already",
				 kafka.label, text);
	if (result == 0)
		result = topics_ensure(&kafka, &names, text, &spec, NULL, &facts, err);
	close_admin(&kafka, &names);
	return result;
}

static int missing(const struct kafka_client *kafka, const char *name, struct err *err)
{
	return err_set(err, E_TOPIC_MISSING, "%s: topic \"%s\" does not exist", kafka->label, name);
}

int exec_topic_delete(const struct sink_config *config, struct slice name, struct err *err)
{
	char text[NAME_MAX_BYTES];
	struct kafka_client kafka;
	struct topic_names names;
	if (copy_name(text, name, err) != 0 || open_admin(&kafka, &names, config, err) != 0)
		return -1;
	int result;
	if (topics_partitions(&names, name) == 0)
		result = missing(&kafka, text, err);
	else if (kafka_is_mock(&kafka))
		result = err_set(err, E_DEMO_BROKER, "%s: the embedded broker cannot delete topics",
				 kafka.label);
	else
		result = topics_delete(&kafka, text, NULL, err);
	close_admin(&kafka, &names);
	return result;
}

int exec_topic_list(const struct sink_config *config,
		    void (*each)(void *context, struct slice name, int partitions), void *context,
		    struct err *err)
{
	struct kafka_client kafka;
	struct topic_names names;
	if (open_admin(&kafka, &names, config, err) != 0)
		return -1;
	for (int i = 0; i < names.metadata->topic_cnt; i++)
		each(context, slice_str(names.metadata->topics[i].topic),
		     names.metadata->topics[i].partition_cnt);
	close_admin(&kafka, &names);
	return 0;
}
