#include "sink/kafka/topics.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SLICE_MS = 500,            /* one turn of waiting for a response */
	LEADER_MS = 50,            /* the pause between two requests for leaders */
	GONE_MS = 3000,            /* a topic that is missing for this time does not exist */
	GONE_AGAIN_MS = 250,       /* the pause between two requests for such a topic */
	LEADER_LOG_MS = 5000,      /* log a wait for leaders after this time */
	UNKNOWN_MS = 60000,        /* after this time, all brokers know a new topic */
	NAMES_MS = 10000,          /* use a list of topics for this time */
	REQUEST_MS = 30000,        /* timeout of an admin request */
	TOPICS_AT_ONCE = 100,      /* most topics of one create request */
	PARTITIONS_AT_ONCE = 1000, /* most partitions of these topics together */
	NEW_PER_MS = 5,            /* new topics for which to wait 1 ms longer between two lists */
	ENDS_AT_ONCE = 1000,       /* most partitions of one request for ends */
	ENDS_MS = 5000,            /* timeout of that request */
	ENDS_AGAIN_MS = 250,       /* the pause between two lists while a leader is missing */
	CREATE_LOG_MS = 5000,      /* between two log lines about the progress for many topics */
	ERRSTR = 512,
	TOPIC_NAME_SIZE = 256, /* Kafka's limit is 249 */
};

/* ---- where partitions end ---- */

static rd_kafka_topic_partition_list_t *list_partitions(const struct partition_end *ends,
							unsigned n)
{
	char name[TOPIC_NAME_SIZE];
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%.*s", SLICE_FMT(ends[i].topic));
		rd_kafka_topic_partition_list_add(list, name, ends[i].partition)->offset =
			RD_KAFKA_OFFSET_END;
	}
	return list;
}

/* Copy the ends from the list. Return the first error of a partition. */
static rd_kafka_resp_err_t take_ends(const rd_kafka_topic_partition_list_t *list,
				     struct partition_end *ends)
{
	for (int i = 0; i < list->cnt; i++) {
		if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			return list->elems[i].err;
		if (list->elems[i].offset < 0)
			return RD_KAFKA_RESP_ERR__TIMED_OUT;
		ends[i].end = list->elems[i].offset;
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t ask_ends(struct kafka_client *kafka, struct partition_end *ends,
				    unsigned n)
{
	rd_kafka_topic_partition_list_t *list = list_partitions(ends, n);
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(kafka->rk, list, ENDS_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = take_ends(list, ends);
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

/* Return whether the client's cache of metadata does not contain the topic yet. */
static bool is_unknown(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
	       code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	       code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* Return whether a listed topic has the partition, but no leader for it. */
static bool lacks_leader(const struct topic_names *names, const struct partition_end *end)
{
	const rd_kafka_metadata_topic_t *topic = topics_find(names, end->topic);
	for (int i = 0; topic != NULL && i < topic->partition_cnt; i++)
		if (topic->partitions[i].id == end->partition)
			return topic->partitions[i].leader < 0;
	return false;
}

/* List all topics, which renews the client's cache of leaders. rd_kafka_offsets_for_times does not:
 * while the cache has a partition without a leader, it reports the partition as unknown, at most
 * until the next periodic refresh of the cache. *missing: one of the partitions has no leader. */
static int renew_leaders(struct kafka_client *kafka, const struct partition_end *ends, unsigned n,
			 bool *missing, const _Atomic bool *stop, struct err *err)
{
	struct topic_names names = {.metadata = NULL};
	*missing = false;
	if (topics_list(kafka, &names, -1, stop, err) != 0)
		return -1;
	for (unsigned i = 0; i < n && !*missing; i++)
		*missing = lacks_leader(&names, &ends[i]);
	topics_forget(&names);
	return 0;
}

/* Wait after a request for ends that failed with `code`. Return 0 to request again; -1. */
static int ask_again(struct kafka_client *kafka, const struct partition_end *ends, unsigned n,
		     rd_kafka_resp_err_t code, int64_t unknown_end, const _Atomic bool *stop,
		     struct err *err)
{
	bool unknown = is_unknown(code), missing = false;
	if ((unknown || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) &&
	    renew_leaders(kafka, ends, n, &missing, stop, err) != 0)
		return -1;
	if (missing)
		code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
	else if (unknown ? clock_mono_ms() >= unknown_end : !kafka_transient(code))
		return err_set(err, E_TOPIC_REQUEST,
			       "%s: cannot find the end of topic \"%.*s\": %s. Grant Describe on "
			       "the topic",
			       kafka->label, SLICE_FMT(ends[0].topic), rd_kafka_err2str(code));
	return kafka_wait(kafka, "ask where topics end", code, missing ? ENDS_AGAIN_MS : LEADER_MS,
			  stop, err);
}

static int some_ends(struct kafka_client *kafka, struct partition_end *ends, unsigned n,
		     const _Atomic bool *stop, struct err *err)
{
	int64_t unknown_end = clock_mono_ms() + UNKNOWN_MS;
	rd_kafka_resp_err_t code;
	while ((code = ask_ends(kafka, ends, n)) != RD_KAFKA_RESP_ERR_NO_ERROR)
		if (ask_again(kafka, ends, n, code, unknown_end, stop, err) != 0)
			return -1;
	return 0;
}

int topics_ends(struct kafka_client *kafka, struct partition_end *ends, unsigned n,
		const _Atomic bool *stop, struct err *err)
{
	for (unsigned at = 0, some; at < n; at += some) {
		some = n - at < ENDS_AT_ONCE ? n - at : ENDS_AT_ONCE;
		if (some_ends(kafka, ends + at, some, stop, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- admin requests ---- */

/* Wait for the response to a request that was sent with `queue`. Return NULL with *err when
 * kafka_wait fails. */
static rd_kafka_event_t *answer(struct kafka_client *kafka, rd_kafka_queue_t *queue,
				const char *what, const _Atomic bool *stop, struct err *err)
{
	for (;;) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(queue, SLICE_MS);
		if (event != NULL)
			return event;
		if (kafka_wait(kafka, what, RD_KAFKA_RESP_ERR__TIMED_OUT, 0, stop, err) != 0)
			return NULL;
	}
}

static rd_kafka_AdminOptions_t *admin_options(struct kafka_client *kafka, rd_kafka_admin_op_t op)
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

static int refuse_spec(struct kafka_client *kafka, const char *name, const char *text,
		       struct err *err)
{
	return err_set(err, E_TOPIC_CREATE, "%s: topic \"%s\" cannot be created: %s", kafka->label,
		       name, text);
}

static rd_kafka_NewTopic_t *new_topic(struct kafka_client *kafka, const char *name,
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
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		return "; give it another name with a rule of topic";
	case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
		return "; check topics.partitions";
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return "; the broker's policy forbids it: change topics.config, partitions or "
		       "replication";
	default:
		return "";
	}
}

static int refuse_create(struct kafka_client *kafka, const char *name, rd_kafka_resp_err_t code,
			 const char *text, struct err *err)
{
	return err_set(err, E_TOPIC_CREATE, "%s: topic \"%s\" cannot be created: %s%s",
		       kafka->label, name, text && *text ? text : rd_kafka_err2str(code),
		       create_remedy(code));
}

/* Process the result for one topic. Set *again to the error when the request must be repeated. */
static int take_created(struct kafka_client *kafka, struct topic_order *order,
			rd_kafka_resp_err_t code, const char *text, rd_kafka_resp_err_t *again,
			struct err *err)
{
	order->created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
	order->done = order->created || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
	if (order->done)
		return 0;
	if (!kafka_transient(code))
		return refuse_create(kafka, order->name, code, text, err);
	*again = code;
	return 0;
}

/* Process a response. It contains the topics of the request, which are those not done, in the same
 * order. */
static int create_result(struct kafka_client *kafka, struct topic_order *orders, unsigned n,
			 rd_kafka_event_t *event, rd_kafka_resp_err_t *again, struct err *err)
{
	size_t nresults = 0;
	const rd_kafka_topic_result_t **results = NULL;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL)
		results = rd_kafka_CreateTopics_result_topics(result, &nresults);
	for (size_t i = 0, at = 0; i < n; i++) {
		const char *text = rd_kafka_event_error_string(event);
		if (orders[i].done)
			continue;
		if (results != NULL) {
			bool given = at < nresults && results[at] != NULL &&
				     strcmp(rd_kafka_topic_result_name(results[at]),
					    orders[i].name) == 0;
			code = given ? rd_kafka_topic_result_error(results[at])
				     : RD_KAFKA_RESP_ERR__BAD_MSG;
			text = given ? rd_kafka_topic_result_error_string(results[at]) : NULL;
			at++;
		}
		if (take_created(kafka, &orders[i], code, text, again, err) != 0)
			return -1;
	}
	return 0;
}

/* Send one request for the topics that are not done. *again: the error for which to repeat it. */
static int create_once(struct kafka_client *kafka, struct topic_order *orders, unsigned n,
		       const _Atomic bool *stop, rd_kafka_resp_err_t *again, struct err *err)
{
	rd_kafka_NewTopic_t *topics[TOPICS_AT_ONCE];
	size_t ntopics = 0;
	int result = 0;
	*again = RD_KAFKA_RESP_ERR_NO_ERROR;
	for (unsigned i = 0; result == 0 && i < n; i++) {
		if (orders[i].done)
			continue;
		topics[ntopics] = new_topic(kafka, orders[i].name, orders[i].spec, err);
		result = topics[ntopics] == NULL ? -1 : 0;
		ntopics += result == 0;
	}
	if (result == 0) {
		rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka->rk);
		rd_kafka_AdminOptions_t *options =
			admin_options(kafka, RD_KAFKA_ADMIN_OP_CREATETOPICS);
		rd_kafka_CreateTopics(kafka->rk, topics, ntopics, options, queue);
		rd_kafka_event_t *event = answer(kafka, queue, "create a topic", stop, err);
		result = event ? create_result(kafka, orders, n, event, again, err) : -1;
		if (event != NULL)
			rd_kafka_event_destroy(event);
		rd_kafka_AdminOptions_destroy(options);
		rd_kafka_queue_destroy(queue);
	}
	rd_kafka_NewTopic_destroy_array(topics, ntopics);
	return result;
}

static int create_some(struct kafka_client *kafka, struct topic_order *orders, unsigned n,
		       const _Atomic bool *stop, struct err *err)
{
	rd_kafka_resp_err_t again;
	do {
		if (create_once(kafka, orders, n, stop, &again, err) != 0)
			return -1;
		if (again != RD_KAFKA_RESP_ERR_NO_ERROR &&
		    kafka_wait(kafka, "create a topic", again, LEADER_MS, stop, err) != 0)
			return -1;
	} while (again != RD_KAFKA_RESP_ERR_NO_ERROR);
	return 0;
}

/* Return how many topics to create with one request. Apache Kafka refuses requests for more
 * than 10,000 partitions. */
static unsigned how_many(const struct topic_order *orders, unsigned n)
{
	unsigned some = 0;
	for (int partitions = 0; some < n && some < TOPICS_AT_ONCE; some++) {
		partitions += orders[some].spec->partitions;
		if (some > 0 && partitions > PARTITIONS_AT_ONCE)
			break;
	}
	return some;
}

int topics_create(struct kafka_client *kafka, struct topic_order *orders, unsigned n,
		  const _Atomic bool *stop, struct err *err)
{
	for (unsigned at = 0, some; at < n; at += some) {
		some = how_many(orders + at, n - at);
		if (create_some(kafka, orders + at, some, stop, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- delete ---- */

static int delete_result(struct kafka_client *kafka, const char *name, rd_kafka_event_t *event,
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
	return err_set(err, E_TOPIC_REQUEST, "%s: topic \"%s\" cannot be deleted: %s", kafka->label,
		       name, rd_kafka_err2str(code));
}

int topics_delete(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
		  struct err *err)
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
	if (strcmp(name, "min.insync.replicas") == 0 && num_parse_u64(slice_str(value), &number))
		facts->min_isr = (int)number;
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

/* Send one request. Return 0 with its result in *code; -1 when kafka_wait fails. */
static int describe_once(struct kafka_client *kafka, rd_kafka_ConfigResource_t *resource,
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

int topics_describe(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
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

/* Return the number of partitions if each has a leader; otherwise 0, with the reason in *code. */
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

/* Request the topic's metadata. The result is that of led_partitions. */
static int look(struct kafka_client *kafka, rd_kafka_topic_t *rkt, rd_kafka_resp_err_t *code)
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

/* Wait after a request that found no leaders. Return 0 to request again; -1. */
static int look_again(struct kafka_client *kafka, const char *name, rd_kafka_resp_err_t code,
		      int64_t since_ms, bool *said, const _Atomic bool *stop, struct err *err)
{
	int64_t waited = clock_mono_ms() - since_ms;
	/* the broker may not know a topic that has just been created */
	bool unknown = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && waited < UNKNOWN_MS;
	if (!kafka_transient(code) && !unknown)
		return err_set(err, E_TOPIC_REQUEST, "%s: topic \"%s\": %s", kafka->label, name,
			       rd_kafka_err2str(code));
	if (!*said && waited > LEADER_LOG_MS && kafka->down_since == 0) {
		*said = true;
		log_warn("%s: topic \"%s\": waiting until all its partitions have leaders: %s",
			 kafka->label, name, rd_kafka_err2str(code));
	}
	return kafka_wait(kafka, "see the leaders of a topic", code, LEADER_MS, stop, err);
}

/* Wait until all partitions of an existing topic can be written to (rule: topics-first). */
static int wait_for_leaders(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
			    struct topic_facts *facts, struct err *err)
{
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(kafka->rk, name, NULL);
	rd_kafka_resp_err_t code;
	int result = 0;
	if (rkt == NULL)
		return err_set(err, E_TOPIC_REQUEST, "%s: topic \"%s\": %s", kafka->label, name,
			       rd_kafka_err2str(rd_kafka_last_error()));
	int64_t since_ms = clock_mono_ms();
	bool said = false;
	while (result == 0 && (facts->partitions = look(kafka, rkt, &code)) == 0)
		result = look_again(kafka, name, code, since_ms, &said, stop, err);
	rd_kafka_topic_destroy(rkt);
	return result;
}

static int missing(struct kafka_client *kafka, const char *name, struct err *err)
{
	return err_set(
		err, E_TOPIC_MISSING,
		"%s: topic \"%s\" does not exist, and topics = \"existing\" forbids creating "
		"it. Create it, or allow that with topics = { create = true }. A "
		"topic that the user may not Describe cannot be seen either",
		kafka->label, name);
}

/* List all topics, unless the list is recent. */
static int recent_names(struct kafka_client *kafka, struct topic_names *names,
			const _Atomic bool *stop, struct err *err)
{
	bool old = names->metadata == NULL || clock_mono_ms() - names->at_ms > NAMES_MS;
	return old ? topics_list(kafka, names, -1, stop, err) : 0;
}

/* Fail when a topic of the checkpoint does not exist any more. It is not on the list. List the
 * topics again for some time, because a broker that has just started may not know all of them. */
static int confirm_gone(struct kafka_client *kafka, struct topic_names *names, const char *name,
			const _Atomic bool *stop, struct err *err)
{
	int64_t end = clock_mono_ms() + GONE_MS;
	do {
		if (kafka_wait(kafka, "see a topic", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
			       GONE_AGAIN_MS, stop, err) != 0 ||
		    topics_list(kafka, names, -1, stop, err) != 0)
			return -1;
		if (topics_partitions(names, slice_str(name)) != 0)
			return 0;
	} while (clock_mono_ms() < end);
	return err_set(err, E_TOPIC_DELETED,
		       "%s: topic \"%s\" does not exist any more, and messages went to it "
		       "according to the checkpoint: it was deleted. " REMEDY_TOPIC_LOST,
		       kafka->label, name);
}

/* Create a topic on the embedded broker, which creates each topic that a client with makes_topics
 * requests. */
static int appear(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
		  struct err *err)
{
	const struct kafka_options options = {
		.type = RD_KAFKA_PRODUCER, .use = PROPERTY_ADMIN, .makes_topics = true};
	struct topic_facts ignored = {0};
	struct kafka_client maker;
	if (kafka_open(&maker, kafka->config, &options, err) != 0)
		return -1;
	int result = wait_for_leaders(&maker, name, stop, &ignored, err);
	kafka_close(&maker);
	return result;
}

static int find_or_create(struct kafka_client *kafka, struct topic_names *names, const char *name,
			  const struct topic_spec *spec, const _Atomic bool *stop,
			  struct topic_facts *facts, struct err *err)
{
	if (recent_names(kafka, names, stop, err) != 0)
		return -1;
	facts->mock = kafka_is_mock(kafka);
	if (topics_partitions(names, slice_str(name)) != 0)
		return 0;
	if (spec->pinned > 0)
		return confirm_gone(kafka, names, name, stop, err);
	if (!spec->create) {
		/* list again: the topic may have been created after the list was made */
		if (topics_list(kafka, names, -1, stop, err) != 0)
			return -1;
		return topics_partitions(names, slice_str(name)) != 0 ? 0
								      : missing(kafka, name, err);
	}
	if (facts->mock)
		return appear(kafka, name, stop, err);
	struct topic_order order = {.name = name, .spec = spec};
	int result = topics_create(kafka, &order, 1, stop, err);
	facts->created = order.created;
	return result;
}

/* Move the orders whose topics are not on the list with all their leaders to the front. Return
 * their number. */
static unsigned leaderless(const struct topic_names *names, struct topic_order *orders, unsigned n)
{
	rd_kafka_resp_err_t code;
	unsigned left = 0;
	for (unsigned i = 0; i < n; i++) {
		const rd_kafka_metadata_topic_t *topic =
			topics_find(names, slice_str(orders[i].name));
		if (topic == NULL || led_partitions(topic, &code) == 0)
			orders[left++] = orders[i];
	}
	return left;
}

static void log_progress(const struct kafka_client *kafka, unsigned done, unsigned n,
			 int64_t *said_ms)
{
	if (clock_mono_ms() - *said_ms < CREATE_LOG_MS)
		return;
	*said_ms = clock_mono_ms();
	log_info("%s: %u of %u new topics can be written to", kafka->label, done, n);
}

/* Wait until new topics have leaders: a broker continues to create their directories for seconds
 * after it has responded. List all topics repeatedly, for a limited time. A topic
 * that has no leaders then is not an error here; topics_ensure waits for it. */
static int wait_for_new(struct kafka_client *kafka, struct topic_names *names,
			struct topic_order *orders, unsigned n, const _Atomic bool *stop,
			struct err *err)
{
	int64_t end = clock_mono_ms() + UNKNOWN_MS, said_ms = clock_mono_ms();
	unsigned left = n;
	while (left > 0 && clock_mono_ms() < end) {
		if (topics_list(kafka, names, -1, stop, err) != 0)
			return -1;
		left = leaderless(names, orders, left);
		log_progress(kafka, n - left, n, &said_ms);
		if (left > 0 && kafka_wait(kafka, "see the leaders of new topics",
					   RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
					   LEADER_MS + (int)(n / NEW_PER_MS), stop, err) != 0)
			return -1;
	}
	return 0;
}

int topics_create_missing(struct kafka_client *kafka, struct topic_names *names,
			  struct topic_order *orders, unsigned n, const _Atomic bool *stop,
			  struct err *err)
{
	unsigned missing = 0;
	if (recent_names(kafka, names, stop, err) != 0)
		return -1;
	if (kafka_is_mock(kafka))
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (topics_partitions(names, slice_str(orders[i].name)) == 0)
			orders[missing++] = orders[i];
	if (missing == 0)
		return 0;
	if (topics_create(kafka, orders, missing, stop, err) != 0)
		return -1;
	return wait_for_new(kafka, names, orders, missing, stop, err);
}

int topics_ensure(struct kafka_client *kafka, struct topic_names *names, const char *name,
		  const struct topic_spec *spec, const _Atomic bool *stop,
		  struct topic_facts *facts, struct err *err)
{
	struct topic_names own = {.metadata = NULL};
	*facts = (struct topic_facts){0};
	int result = find_or_create(kafka, names ? names : &own, name, spec, stop, facts, err);
	topics_forget(&own);
	if (result == 0)
		result = wait_for_leaders(kafka, name, stop, facts, err);
	if (result == 0 && !facts->mock)
		result = topics_describe(kafka, name, stop, facts, err);
	return result;
}
