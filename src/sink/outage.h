/* outage: which part of a cluster is away, in words. Asks a broker, for a second and a half at most.
 * Thread: the one that uses the client. Only src/sink includes it. */
#ifndef TIDEWAY_OUTAGE_H
#define TIDEWAY_OUTAGE_H

#include "base/buf.h"

#include <librdkafka/rdkafka.h>

/* A topic that takes no messages, or may not. */
struct outage_topic {
	const char *name;
	int min_isr; /* its min.insync.replicas; 0: not known */
};

enum cluster {
	CLUSTER_UNKNOWN, /* no broker answers */
	CLUSTER_WHOLE,   /* nothing is missing */
	CLUSTER_PARTIAL, /* brokers are missing, or leaders, or replicas in sync */
};

/* Appends which brokers are up, which are missing, and what the topics' partitions lack; nothing when no broker answers. */
enum cluster outage_describe(rd_kafka_t *rk, const struct outage_topic *topics, unsigned n,
			     struct buf *text);

#endif
