/* topics: list, create, wait for, describe and delete the topics of a cluster.
 * Thread: that of the kafka client. Owner: the caller owns every struct. Only src/sink includes
 * it. */
#ifndef TIDEWAY_TOPICS_H
#define TIDEWAY_TOPICS_H

#include "sink/kafka/client.h"
#include "sink/sink.h"

struct topic_facts {
	int partitions;     /* 0: the topic does not exist */
	bool created;       /* this call has created the topic */
	bool described;     /* whether compacted and deletes are valid */
	bool compacted;     /* cleanup.policy contains compact */
	bool deletes;       /* cleanup.policy contains delete */
	size_t max_message; /* max.message.bytes; 0: unknown */
	int min_isr;        /* min.insync.replicas; 0: unknown */
	bool mock;          /* the cluster is librdkafka's mock */
};

/* A topic to create. */
struct topic_order {
	const char *name;
	const struct topic_spec *spec;
	bool done;    /* the topic exists: it was created now or earlier */
	bool created; /* this request has created it */
};

/* The list of a cluster's topics, at the last request. */
struct topic_names {
	const rd_kafka_metadata_t *metadata; /* NULL: not requested yet */
	/* its topics, ordered by their names with "_" for "."; heap */
	const rd_kafka_metadata_topic_t **sorted;
	int64_t at_ms; /* monotonic time of the request */
};

/* Find or create the topic, wait until every partition has a leader, and read its configuration.
 * names: a list that is used again for ten seconds, or NULL. */
int topics_ensure(struct kafka_client *kafka, struct topic_names *names, const char *name,
		  const struct topic_spec *spec, const _Atomic bool *stop,
		  struct topic_facts *facts, struct err *err) MUST_CHECK;
/* List all topics of the cluster. Wait at most timeout_ms for a broker (-1: until *stop is true).
 * The list contains all topics, since many clusters create a topic that is requested by name. */
int topics_list(struct kafka_client *kafka, struct topic_names *names, int timeout_ms,
		const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Put the topics of the metadata in order, because a start looks for thousands of them. Declared for unit tests. */
void topics_sort(struct topic_names *names);
/* Return a topic of the list; NULL: it is not on it. */
const rd_kafka_metadata_topic_t *topics_find(const struct topic_names *names, struct slice name);
/* Return the number of partitions of a topic; 0: it is not on the list. */
int topics_partitions(const struct topic_names *names, struct slice name);
void topics_forget(struct topic_names *names);
/* Return a topic on the list whose name collides with this one: Kafka treats "." and "_" as equal.
 * NULL: none. */
const char *topics_collides(const struct topic_names *names, struct slice name);
/* Fill in the ends of n partitions, as sink_ends does. */
int topics_ends(struct kafka_client *kafka, struct partition_end *ends, unsigned n,
		const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Read max.message.bytes, min.insync.replicas and cleanup.policy. Succeed without the privilege
 * too: facts->described remains false. */
int topics_describe(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
		    struct topic_facts *facts, struct err *err) MUST_CHECK;
/* Create topics, up to a hundred with one request. Do not wait for leaders. No name may occur
 * twice. */
int topics_create(struct kafka_client *kafka, struct topic_order *orders, unsigned n,
		  const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Create the topics that are not on the list, and wait until all have leaders, for about a minute
 * at most. Change the order of `orders`. Do nothing on the embedded broker, which does not support
 * CreateTopics. */
int topics_create_missing(struct kafka_client *kafka, struct topic_names *names,
			  struct topic_order *orders, unsigned n, const _Atomic bool *stop,
			  struct err *err) MUST_CHECK;
int topics_delete(struct kafka_client *kafka, const char *name, const _Atomic bool *stop,
		  struct err *err) MUST_CHECK;

#endif
