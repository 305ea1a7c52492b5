#include "sink/kafka/outage.h"

#include <string.h>

enum {
	ASK_MS = 1500,
	BROKERS_MAX = 64, /* further brokers are ignored */
};

struct brokers {
	int32_t ids[BROKERS_MAX];
	int n;
};

static bool has(const struct brokers *brokers, int32_t id)
{
	for (int i = 0; i < brokers->n; i++)
		if (brokers->ids[i] == id)
			return true;
	return false;
}

static void add(struct brokers *brokers, int32_t id)
{
	if (brokers->n < BROKERS_MAX && !has(brokers, id))
		brokers->ids[brokers->n++] = id;
}

/* Find the brokers that have replicas and are not up. */
static void find_missing(const rd_kafka_metadata_t *metadata, const struct brokers *up,
			 struct brokers *missing)
{
	for (int t = 0; t < metadata->topic_cnt; t++) {
		const rd_kafka_metadata_topic_t *topic = &metadata->topics[t];
		for (int p = 0; p < topic->partition_cnt; p++)
			for (int r = 0; r < topic->partitions[p].replica_cnt; r++)
				if (!has(up, topic->partitions[p].replicas[r]))
					add(missing, topic->partitions[p].replicas[r]);
	}
}

/* Append which brokers are up and which are missing. Return the number of missing brokers. */
static int print_brokers(const rd_kafka_metadata_t *metadata, struct buf *text)
{
	struct brokers up = {.n = 0}, missing = {.n = 0};
	for (int i = 0; i < metadata->broker_cnt; i++)
		add(&up, metadata->brokers[i].id);
	find_missing(metadata, &up, &missing);
	buf_printf(text, "%d of %d brokers %s up (", up.n, up.n + missing.n,
		   up.n == 1 ? "is" : "are");
	for (int i = 0; i < metadata->broker_cnt; i++)
		buf_printf(text, "%s%s:%d", i > 0 ? ", " : "", metadata->brokers[i].host,
			   metadata->brokers[i].port);
	buf_char(text, ')');
	for (int i = 0; i < missing.n; i++)
		buf_printf(text, "%s%d", i > 0 ? ", " : ", missing: broker ", missing.ids[i]);
	return missing.n;
}

static bool lacks(const rd_kafka_metadata_partition_t *partition, int min_isr)
{
	int needed = min_isr > 0 ? min_isr : partition->replica_cnt;
	return partition->leader < 0 || partition->isr_cnt < needed;
}

/* Append the first partition that lacks a leader or replicas, and how many more do. Return the
 * number of these partitions. */
static int print_topic(const rd_kafka_metadata_topic_t *topic, int min_isr, struct buf *text)
{
	const rd_kafka_metadata_partition_t *first = NULL;
	int lacking = 0;
	for (int p = 0; p < topic->partition_cnt; p++) {
		if (!lacks(&topic->partitions[p], min_isr))
			continue;
		first = lacking++ == 0 ? &topic->partitions[p] : first;
	}
	if (first == NULL)
		return 0;
	buf_printf(text, "; topic \"%s\", partition %d", topic->topic, (int)first->id);
	if (lacking > 1)
		buf_printf(text, " and %d more", lacking - 1);
	if (first->leader < 0)
		buf_put(text, SLICE(": no leader"));
	else
		buf_printf(text, ": %d of %d replicas in sync", first->isr_cnt, first->replica_cnt);
	if (min_isr > 0)
		buf_printf(text, ", and min.insync.replicas is %d", min_isr);
	else if (first->leader >= 0)
		buf_put(text, SLICE(", which may be fewer than min.insync.replicas"));
	return lacking;
}

static const rd_kafka_metadata_topic_t *find_topic(const rd_kafka_metadata_t *metadata,
						   const char *name)
{
	for (int t = 0; t < metadata->topic_cnt; t++)
		if (strcmp(metadata->topics[t].topic, name) == 0)
			return &metadata->topics[t];
	return NULL;
}

enum cluster outage_describe(rd_kafka_t *rk, const struct outage_topic *topics, unsigned n,
			     struct buf *text)
{
	const rd_kafka_metadata_t *metadata;
	int lacking;
	/* request all topics: a request by name could make the broker create missing ones */
	if (rd_kafka_metadata(rk, 1, NULL, &metadata, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return CLUSTER_UNKNOWN;
	lacking = print_brokers(metadata, text);
	for (unsigned i = 0; i < n; i++) {
		const rd_kafka_metadata_topic_t *topic = find_topic(metadata, topics[i].name);
		if (topic)
			lacking += print_topic(topic, topics[i].min_isr, text);
	}
	rd_kafka_metadata_destroy(metadata);
	return lacking > 0 ? CLUSTER_PARTIAL : CLUSTER_WHOLE;
}
