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

struct topic_probe {
	struct kafka_client kafka;
	struct topic_names names;
	bool mock;
};

struct topic_probe *topic_probe_new(const struct sink_config *config, struct err *err)
{
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, "tideway-check", NULL, NULL, NULL, NULL, false};
	struct topic_probe *probe = mem_array(1, sizeof(*probe));
	if (kafka_open(&probe->kafka, config, &options, err) == 0 &&
	    topics_list(&probe->kafka, &probe->names, REACH_MS, NULL, err) == 0) {
		probe->mock = kafka_is_mock(&probe->kafka);
		return probe;
	}
	topic_probe_free(probe);
	return NULL;
}

void topic_probe_free(struct topic_probe *probe)
{
	if (probe == NULL)
		return;
	topics_forget(&probe->names);
	kafka_close(&probe->kafka);
	free(probe);
}

int topic_probe_partitions(const struct topic_probe *probe, struct slice name)
{
	return topics_partitions(&probe->names, name);
}

static int refuse(struct topic_probe *probe, const char *name, const char *text, struct err *err)
{
	return err_set(err, E_TOPIC_CREATE,
		       "%s: topic \"%s\" would not be created: %s. Grant Create on it, check "
		       "topics.partitions, replication and config, or create it yourself",
		       probe->kafka.label, name, text);
}

/* The topic exists but was not on the list: list the topics again. Succeed when the topic has been
 * created since; fail when this user may not describe it. */
static int judge_existing(struct topic_probe *probe, const char *name, struct err *err)
{
	if (topics_list(&probe->kafka, &probe->names, REACH_MS, NULL, err) != 0)
		return -1;
	if (topics_partitions(&probe->names, slice_str(name)) != 0)
		return 0;
	return err_set(err, E_TOPIC_HIDDEN,
		       "%s: topic \"%s\" exists, but cannot be seen. Grant Describe on it",
		       probe->kafka.label, name);
}

static int judge(struct topic_probe *probe, const char *name, rd_kafka_event_t *event,
		 struct err *err)
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
		return judge_existing(probe, name, err);
	return refuse(probe, name, text && *text ? text : rd_kafka_err2str(code), err);
}

static int validate(struct topic_probe *probe, rd_kafka_NewTopic_t *topic, const char *name,
		    struct err *err)
{
	char text[ERRSTR];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(probe->kafka.rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(probe->kafka.rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_event_t *event = NULL;
	int64_t end = clock_mono_ms() + REQUEST_MS;
	int result;
	rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, text, sizeof(text));
	rd_kafka_AdminOptions_set_validate_only(options, 1, text, sizeof(text));
	rd_kafka_CreateTopics(probe->kafka.rk, &topic, 1, options, queue);
	while (event == NULL && clock_mono_ms() < end + SLICE_MS)
		event = rd_kafka_queue_poll(queue, SLICE_MS);
	result = event ? judge(probe, name, event, err)
		       : refuse(probe, name, "the broker does not answer", err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return result;
}

int topic_probe_create(struct topic_probe *probe, const char *name, const struct topic_spec *spec,
		       struct err *err)
{
	char text[ERRSTR];
	rd_kafka_NewTopic_t *topic;
	int result;
	if (probe->mock)
		return 0;
	topic = rd_kafka_NewTopic_new(name, spec->partitions,
				      spec->replication > 0 ? spec->replication : -1, text,
				      sizeof(text));
	if (topic == NULL)
		return refuse(probe, name, text, err);
	for (unsigned i = 0; i < spec->nconfig; i++)
		rd_kafka_NewTopic_set_config(topic, spec->config[i].name, spec->config[i].value);
	result = validate(probe, topic, name, err);
	rd_kafka_NewTopic_destroy(topic);
	return result;
}
