#include "sink/topics.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SLICE_MS = 500,       /* one turn of waiting for an answer */
	LEADER_MS = 50,       /* between two looks for leaders */
	LEADER_LOG_MS = 5000, /* of waiting for leaders before the log says so */
	UNKNOWN_MS = 60000,   /* a topic that exists is known to all brokers by then */
	NAMES_MS = 10000,     /* a list of topics is believed so long */
	REQUEST_MS = 30000,   /* one admin request */
	ERRSTR = 512,
};

/* ---- the list of all topics ---- */

void topics_forget(struct topic_names *names)
{
	if (names->metadata != NULL)
		rd_kafka_metadata_destroy(names->metadata);
	names->metadata = NULL;
}

int topics_list(struct kafka *kafka, struct topic_names *names, int timeout_ms,
		const _Atomic bool *stop, struct err *err)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	topics_forget(names);
	for (;;) {
		rd_kafka_resp_err_t code =
			rd_kafka_metadata(kafka->rk, 1, NULL, &names->metadata, SLICE_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		names->metadata = NULL;
		if (!kafka_transient(code))
			return err_set(err, ERR_KAFKA, "%s: cannot list topics: %s", kafka->label,
				       rd_kafka_err2str(code));
		if (kafka_wait(kafka, "list the topics", code, 0, stop, err) != 0)
			return -1;
		if (timeout_ms >= 0 && clock_mono_ms() >= end)
			return err_retry(err, ERR_KAFKA,
					 "%s: no broker can be reached%s%s; check the address, the "
					 "firewall and "
					 "security.protocol",
					 kafka->label, kafka->last_error[0] ? ": " : "",
					 kafka->last_error);
	}
	kafka_up(kafka);
	names->at_ms = clock_mono_ms();
	return 0;
}

int topics_partitions(const struct topic_names *names, struct slice name)
{
	for (int i = 0; i < names->metadata->topic_cnt; i++)
		if (slice_equal(slice_str(names->metadata->topics[i].topic), name))
			return names->metadata->topics[i].partition_cnt;
	return 0;
}

/* ---- admin requests ---- */

/* Waits for the answer to a request that was sent to `queue`. NULL with *err when waiting is
 * over. */
static rd_kafka_event_t *answer(struct kafka *kafka, rd_kafka_queue_t *queue, const char *what,
				const _Atomic bool *stop, struct err *err)
{
	for (;;) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(queue, SLICE_MS);
		if (event != NULL)
			return event;
		if (kafka_wait(kafka, what, RD_KAFKA_RESP_ERR__TIMED_OUT, 0, stop, err) != 0)
			return NULL;
	}
}

static rd_kafka_AdminOptions_t *admin_options(struct kafka *kafka, rd_kafka_admin_op_t op)
{
	char text[ERRSTR];
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(kafka->rk, op);
	rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, text, sizeof(text));
	if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
		rd_kafka_AdminOptions_set_operation_timeout(options, REQUEST_MS, text,
							    sizeof(text));
	return options;
}

/* ---- create ---- */

static int refuse_spec(struct kafka *kafka, const char *name, const char *text, struct err *err)
{
	return err_set(err, ERR_KAFKA, "%s: topic \"%s\" cannot be created: %s", kafka->label, name,
		       text);
}

static rd_kafka_NewTopic_t *new_topic(struct kafka *kafka, const char *name,
				      const struct topic_spec *spec, struct err *err)
{
	char text[ERRSTR];
	int replication = spec->replication > 0 ? spec->replication : -1;
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(name, spec->partitions, replication, text, sizeof(text));
	if (topic == NULL) {
		refuse_spec(kafka, name, text, err);
		return NULL;
	}
	for (unsigned i = 0; i < spec->nconfig; i++)
		rd_kafka_NewTopic_set_config(topic, spec->config[i].name, spec->config[i].value);
	return topic;
}

static const char *create_remedy(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "; grant Create on the topic, or create it yourself and set topics = "
		       "\"existing\"";
	case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
		return "; set topics.replication to at most the number of brokers";
	case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
		return "; check topics.config";
	case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
		return "; check topics.partitions";
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return "; the broker's policy forbids it: change topics.config, partitions or "
		       "replication";
	default:
		return "";
	}
}

/* What one answer says: 1 done, 0 try again, -1 refused. */
static int create_result(struct kafka *kafka, const char *name, rd_kafka_event_t *event,
			 bool *created, rd_kafka_resp_err_t *again, struct err *err)
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
	*again = code;
	*created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
	if (*created || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 1;
	if (kafka_transient(code))
		return 0;
	return err_set(err, ERR_KAFKA, "%s: topic \"%s\" cannot be created: %s%s", kafka->label,
		       name, text && *text ? text : rd_kafka_err2str(code), create_remedy(code));
}

int topics_create(struct kafka *kafka, const char *name, const struct topic_spec *spec,
		  const _Atomic bool *stop, bool *created, struct err *err)
{
	rd_kafka_NewTopic_t *topic = new_topic(kafka, name, spec, err);
	if (topic == NULL)
		return -1;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka->rk);
	rd_kafka_AdminOptions_t *options = admin_options(kafka, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	int result = 0;
	while (result == 0) {
		rd_kafka_resp_err_t again;
		rd_kafka_CreateTopics(kafka->rk, &topic, 1, options, queue);
		rd_kafka_event_t *event = answer(kafka, queue, "create a topic", stop, err);
		result = event ? create_result(kafka, name, event, created, &again, err) : -1;
		if (event != NULL)
			rd_kafka_event_destroy(event);
		if (result == 0 &&
		    kafka_wait(kafka, "create a topic", again, LEADER_MS, stop, err) != 0)
			result = -1;
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	return result < 0 ? -1 : 0;
}

/* ---- delete ---- */

static int delete_result(struct kafka *kafka, const char *name, rd_kafka_event_t *event,
			 struct err *err)
{
	size_t n = 0;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const rd_kafka_DeleteTopics_result_t *result = rd_kafka_event_DeleteTopics_result(event);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL) {
		const rd_kafka_topic_result_t **topics =
			rd_kafka_DeleteTopics_result_topics(result, &n);
		code = n ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, ERR_KAFKA, "%s: topic \"%s\" cannot be deleted: %s", kafka->label, name,
		       rd_kafka_err2str(code));
}

int topics_delete(struct kafka *kafka, const char *name, const _Atomic bool *stop, struct err *err)
{
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka->rk);
	rd_kafka_AdminOptions_t *options = admin_options(kafka, RD_KAFKA_ADMIN_OP_DELETETOPICS);
	rd_kafka_DeleteTopics(kafka->rk, &topic, 1, options, queue);
	rd_kafka_event_t *event = answer(kafka, queue, "delete a topic", stop, err);
	int result = event ? delete_result(kafka, name, event, err) : -1;
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_DeleteTopic_destroy(topic);
	return result;
}

/* ---- describe ---- */

static bool policy_has(const char *policy, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = policy; (at = strstr(at, word)) != NULL; at += len) {
		char after = at[len];
		if ((at == policy || at[-1] == ',' || at[-1] == ' ') &&
		    (after == '\0' || after == ',' || after == ' '))
			return true;
	}
	return false;
}

static void take_entry(const char *name, const char *value, struct topic_facts *facts)
{
	uint64_t number;
	if (value == NULL)
		return;
	if (strcmp(name, "max.message.bytes") == 0 && num_parse_u64(slice_str(value), &number))
		facts->max_message = number;
	if (strcmp(name, "cleanup.policy") != 0)
		return;
	facts->compacted = policy_has(value, "compact");
	facts->deletes = policy_has(value, "delete");
	facts->described = true;
}

static rd_kafka_resp_err_t describe_result(rd_kafka_event_t *event, struct topic_facts *facts)
{
	size_t nresources = 0, nentries = 0;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const rd_kafka_DescribeConfigs_result_t *result =
		rd_kafka_event_DescribeConfigs_result(event);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR || result == NULL)
		return code;
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_DescribeConfigs_result_resources(result, &nresources);
	if (nresources == 0)
		return RD_KAFKA_RESP_ERR__BAD_MSG;
	code = rd_kafka_ConfigResource_error(resources[0]);
	const rd_kafka_ConfigEntry_t **entries =
		rd_kafka_ConfigResource_configs(resources[0], &nentries);
	for (size_t i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < nentries; i++)
		take_entry(rd_kafka_ConfigEntry_name(entries[i]),
			   rd_kafka_ConfigEntry_value(entries[i]), facts);
	return code;
}

/* One request. -1: waiting is over; else *code says how it ended. */
static int describe_once(struct kafka *kafka, rd_kafka_ConfigResource_t *resource,
			 const _Atomic bool *stop, struct topic_facts *facts,
			 rd_kafka_resp_err_t *code, struct err *err)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka->rk);
	rd_kafka_AdminOptions_t *options = admin_options(kafka, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_DescribeConfigs(kafka->rk, &resource, 1, options, queue);
	rd_kafka_event_t *event = answer(kafka, queue, "read a topic's configuration", stop, err);
	if (event != NULL) {
		*code = describe_result(event, facts);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return event ? 0 : -1;
}

int topics_describe(struct kafka *kafka, const char *name, const _Atomic bool *stop,
		    struct topic_facts *facts, struct err *err)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
	int result;
	do {
		result = describe_once(kafka, resource, stop, facts, &code, err);
		if (result == 0 &&
		    (kafka_transient(code) || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART))
			result = kafka_wait(kafka, "read a topic's configuration", code, LEADER_MS,
					    stop, err);
		else
			break;
	} while (result == 0);
	rd_kafka_ConfigResource_destroy(resource);
	if (result == 0 && code != RD_KAFKA_RESP_ERR_NO_ERROR)
		log_debug("%s: topic \"%s\": cannot read its configuration: %s", kafka->label, name,
			  rd_kafka_err2str(code));
	return result;
}

/* ---- ensure ---- */

/* Partitions when each has a leader, 0 when not yet. Other errors are for the caller to judge. */
static int led_partitions(const rd_kafka_metadata_topic_t *topic, rd_kafka_resp_err_t *code)
{
	*code = topic->err;
	if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	for (int i = 0; i < topic->partition_cnt; i++)
		if (topic->partitions[i].leader < 0)
			*code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
	return *code == RD_KAFKA_RESP_ERR_NO_ERROR ? topic->partition_cnt : 0;
}

static int look(struct kafka *kafka, rd_kafka_topic_t *rkt, rd_kafka_resp_err_t *code)
{
	const rd_kafka_metadata_t *metadata = NULL;
	int partitions = 0;
	*code = rd_kafka_metadata(kafka->rk, 0, rkt, &metadata, SLICE_MS);
	if (*code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	kafka_up(kafka);
	*code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (metadata->topic_cnt == 1)
		partitions = led_partitions(&metadata->topics[0], code);
	rd_kafka_metadata_destroy(metadata);
	return partitions;
}

/* What to do after a look without leaders: 0 look again, -1. */
static int look_again(struct kafka *kafka, const char *name, rd_kafka_resp_err_t code,
		      int64_t since_ms, bool *said, const _Atomic bool *stop, struct err *err)
{
	int64_t waited = clock_mono_ms() - since_ms;
	/* just created, it may not be known to the broker that was asked */
	bool unknown = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && waited < UNKNOWN_MS;
	if (!kafka_transient(code) && !unknown)
		return err_set(err, ERR_KAFKA, "%s: topic \"%s\": %s", kafka->label, name,
			       rd_kafka_err2str(code));
	if (!*said && waited > LEADER_LOG_MS && kafka->down_since == 0) {
		*said = true;
		log_warn("%s: topic \"%s\": waiting until all its partitions have leaders: %s",
			 kafka->label, name, rd_kafka_err2str(code));
	}
	return kafka_wait(kafka, "see the leaders of a topic", code, LEADER_MS, stop, err);
}

/* The topic exists: waits until all its partitions can be written to (rule 19). */
static int wait_for_leaders(struct kafka *kafka, const char *name, const _Atomic bool *stop,
			    struct topic_facts *facts, struct err *err)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(kafka->rk, name, NULL);
	rd_kafka_resp_err_t code;
	int result = 0;
	if (rkt == NULL)
		return err_set(err, ERR_KAFKA, "%s: topic \"%s\": %s", kafka->label, name,
			       rd_kafka_err2str(rd_kafka_last_error()));
	int64_t since_ms = clock_mono_ms();
	bool said = false;
	while (result == 0 && (facts->partitions = look(kafka, rkt, &code)) == 0)
		result = look_again(kafka, name, code, since_ms, &said, stop, err);
	rd_kafka_topic_destroy(rkt);
	return result;
}

static int missing(struct kafka *kafka, const char *name, struct err *err)
{
	return err_set(err, ERR_KAFKA,
		       "%s: topic \"%s\" does not exist, and topics = \"existing\" forbids to "
		       "create it: create it, "
		       "or allow it with topics = { create = true }; without Describe on a topic "
		       "it cannot be "
		       "seen either",
		       kafka->label, name);
}

static int find_or_create(struct kafka *kafka, struct topic_names *names, const char *name,
			  const struct topic_spec *spec, const _Atomic bool *stop,
			  struct topic_facts *facts, struct err *err)
{
	bool old = names->metadata == NULL || clock_mono_ms() - names->at_ms > NAMES_MS;
	if (old && topics_list(kafka, names, -1, stop, err) != 0)
		return -1;
	facts->mock = kafka_is_mock(kafka);
	if (topics_partitions(names, slice_str(name)) != 0)
		return 0;
	if (!spec->create) {
		/* the list may be older than the topic */
		if (topics_list(kafka, names, -1, stop, err) != 0)
			return -1;
		return topics_partitions(names, slice_str(name)) != 0 ? 0
								      : missing(kafka, name, err);
	}
	if (facts->mock) /* there a topic appears when it is asked for */
		return 0;
	return topics_create(kafka, name, spec, stop, &facts->created, err);
}

int topics_ensure(struct kafka *kafka, struct topic_names *names, const char *name,
		  const struct topic_spec *spec, const _Atomic bool *stop,
		  struct topic_facts *facts, struct err *err)
{
	struct topic_names own = {NULL, 0};
	*facts = (struct topic_facts){0};
	int result = find_or_create(kafka, names ? names : &own, name, spec, stop, facts, err);
	topics_forget(&own);
	if (result == 0)
		result = wait_for_leaders(kafka, name, stop, facts, err);
	if (result == 0 && !facts->mock)
		result = topics_describe(kafka, name, stop, facts, err);
	return result;
}
