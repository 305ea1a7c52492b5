/* topics: topics of a cluster: found, created, waited for, described, deleted.
 * Thread: the one of the kafka handle. Owner: the caller of everything. Only src/sink includes
 * it. */
#ifndef TIDEWAY_TOPICS_H
#define TIDEWAY_TOPICS_H

#include "sink/handle.h"
#include "sink/sink.h"

struct topic_facts {
	int partitions;     /* 0: does not exist */
	bool created;       /* by this call */
	bool described;     /* the next three could be read */
	bool compacted;     /* cleanup.policy holds compact */
	bool deletes;       /* cleanup.policy holds delete */
	size_t max_message; /* max.message.bytes; 0: could not be read */
	int min_isr;        /* min.insync.replicas; 0: could not be read */
	bool mock;          /* librdkafka's embedded broker */
};

/* A topic that is to be created. */
struct topic_order {
	const char *name;
	const struct topic_spec *spec;
	bool done;    /* it exists: created, or it was there already */
	bool created; /* by this request */
};

/* Names of a cluster's topics, as last asked for. */
struct topic_names {
	const rd_kafka_metadata_t *metadata; /* NULL: not asked yet */
	int64_t at_ms;                       /* when (monotonic) */
};

/* Finds or creates the topic, waits until every partition has a leader, then reads its
 * configuration. `names` may be NULL; it saves asking for the list of all topics again within
 * ten seconds. */
int topics_ensure(struct kafka *kafka, struct topic_names *names, const char *name,
		  const struct topic_spec *spec, const _Atomic bool *stop,
		  struct topic_facts *facts, struct err *err) MUST_CHECK;
/* All topics of the cluster; waits at most timeout_ms for a broker (-1: until *stop). Asking for
 * one topic by name would create it on many clusters, so the whole list is asked for. */
int topics_list(struct kafka *kafka, struct topic_names *names, int timeout_ms,
		const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Partitions of a topic on the list; 0: not there. */
int topics_partitions(const struct topic_names *names, struct slice name);
void topics_forget(struct topic_names *names);
/* Another topic on the list that Kafka takes for the same as this name ("." and "_" collide); NULL: none. */
const char *topics_collides(const struct topic_names *names, struct slice name);
/* See sink_ends. */
int topics_ends(struct kafka *kafka, struct partition_end *ends, unsigned n,
		const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* max.message.bytes and cleanup.policy. Not being allowed to is no failure: described stays
 * false. */
int topics_describe(struct kafka *kafka, const char *name, const _Atomic bool *stop,
		    struct topic_facts *facts, struct err *err) MUST_CHECK;
/* A hundred with one request; does not wait for leaders. No name may occur twice. */
int topics_create(struct kafka *kafka, struct topic_order *orders, unsigned n,
		  const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Creates those that are not on the list of topics, and waits until all have leaders, but hardly more than a minute.
 * The orders are moved about. The embedded broker knows no CreateTopics: nothing is done there. */
int topics_create_missing(struct kafka *kafka, struct topic_names *names,
			  struct topic_order *orders, unsigned n, const _Atomic bool *stop,
			  struct err *err) MUST_CHECK;
int topics_delete(struct kafka *kafka, const char *name, const _Atomic bool *stop,
		  struct err *err) MUST_CHECK;

#endif
