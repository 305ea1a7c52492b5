#include "sink/kafka/topic_probe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sink/kafka/topics.h"

#include <stdlib.h>

enum {
	REACH_MS = 10000,   /* longest wait for a broker */
	REQUEST_MS = 10000, /* longest wait for its response */
	SLICE_MS = 100,
	ERRSTR = 512,
};

struct ask {
	struct kafka kafka;
	struct topic_names names;
	bool mock;
};

struct ask *ask_new(const struct sink_config *config, struct err *err)
{
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, "tideway-check", NULL, NULL, NULL, NULL, false};
	struct ask *ask = mem_array(1, sizeof(*ask));
	if (kafka_open(&ask->kafka, config, &options, err) == 0 &&
	    topics_list(&ask->kafka, &ask->names, REACH_MS, NULL, err) == 0) {
		ask->mock = kafka_is_mock(&ask->kafka);
		return ask;
	}
	ask_free(ask);
	return NULL;
}

void ask_free(struct ask *ask)
{
	if (ask == NULL)
		return;
	topics_forget(&ask->names);
	kafka_close(&ask->kafka);
	free(ask);
}

int ask_partitions(const struct ask *ask, struct slice name)
{
	return topics_partitions(&ask->names, name);
}

static int refuse(struct ask *ask, const char *name, const char *text, struct err *err)
{
	return err_set(err, ERR_KAFKA,
		       "%s: topic \"%s\" would not be created: %s; grant Create on it, check "
		       "topics.partitions, replication and config, or create it yourself",
		       ask->kafka.label, name, text);
}

/* The topic exists but was not on the list: list the topics again. Succeed when the topic has been
 * created since; fail when this user may not describe it. */
static int judge_existing(struct ask *ask, const char *name, struct err *err)
{
	if (topics_list(&ask->kafka, &ask->names, REACH_MS, NULL, err) != 0)
		return -1;
	if (topics_partitions(&ask->names, slice_str(name)) != 0)
		return 0;
	return err_set(err, ERR_KAFKA,
		       "%s: topic \"%s\" exists, but cannot be seen: grant Describe on it",
		       ask->kafka.label, name);
}

static int judge(struct ask *ask, const char *name, rd_kafka_event_t *event, struct err *err)
{
	size_t n = 0;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const char *text = rd_kafka_event_error_string(event);
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL) {
		const rd_kafka_topic_result_t **topics =
			rd_kafka_CreateTopics_result_topics(result, &n);
		code = n ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
		text = n ? rd_kafka_topic_result_error_string(topics[0]) : NULL;
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return judge_existing(ask, name, err);
	return refuse(ask, name, text && *text ? text : rd_kafka_err2str(code), err);
}

static int validate(struct ask *ask, rd_kafka_NewTopic_t *topic, const char *name, struct err *err)
{
	char text[ERRSTR];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(ask->kafka.rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(ask->kafka.rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_event_t *event = NULL;
	int64_t end = clock_mono_ms() + REQUEST_MS;
	int result;
	rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, text, sizeof(text));
	rd_kafka_AdminOptions_set_validate_only(options, 1, text, sizeof(text));
	rd_kafka_CreateTopics(ask->kafka.rk, &topic, 1, options, queue);
	while (event == NULL && clock_mono_ms() < end + SLICE_MS)
		event = rd_kafka_queue_poll(queue, SLICE_MS);
	result = event ? judge(ask, name, event, err)
		       : refuse(ask, name, "the broker does not answer", err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return result;
}

int ask_create(struct ask *ask, const char *name, const struct topic_spec *spec, struct err *err)
{
	char text[ERRSTR];
	rd_kafka_NewTopic_t *topic;
	int result;
	if (ask->mock)
		return 0;
	topic = rd_kafka_NewTopic_new(name, spec->partitions,
				      spec->replication > 0 ? spec->replication : -1, text,
				      sizeof(text));
	if (topic == NULL)
		return refuse(ask, name, text, err);
	for (unsigned i = 0; i < spec->nconfig; i++)
		rd_kafka_NewTopic_set_config(topic, spec->config[i].name, spec->config[i].value);
	result = validate(ask, topic, name, err);
	rd_kafka_NewTopic_destroy(topic);
	return result;
}
