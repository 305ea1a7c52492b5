/* outage: describe which part of a cluster cannot be reached. Queries a broker, and waits at most
 * 1.5 s for its response.
 * Thread: the one that uses the client. Only src/sink includes it. */
#ifndef TIDEWAY_OUTAGE_H
#define TIDEWAY_OUTAGE_H

#include "base/buf.h"

#include <librdkafka/rdkafka.h>

/* A topic that may not accept messages. */
struct outage_topic {
	const char *name;
	int min_isr; /* its min.insync.replicas; 0: unknown */
};

enum cluster {
	CLUSTER_UNKNOWN, /* no broker responds */
	CLUSTER_WHOLE,   /* nothing is missing */
	CLUSTER_PARTIAL, /* brokers, leaders or in-sync replicas are missing */
};

/* Append to `text` which brokers are up, which are missing, and which partitions of the topics lack
 * a leader or in-sync replicas. Append nothing when no broker responds. */
enum cluster outage_describe(rd_kafka_t *rk, const struct outage_topic *topics, unsigned n,
			     struct buf *text);

#endif
