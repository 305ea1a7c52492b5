/* producer_stall: brokers that are down, and partitions that acknowledge nothing. The sink waits and reports them. */
#include "sink/kafka/producer_priv.h"

#include "base/clock.h"
#include "base/log.h"

struct stall {
	const struct topic *topic; /* the first one with a stall; NULL: none */
	int partition;
	unsigned others; /* partitions, of any topic */
	int64_t since_ms;
};

int64_t kafka_sink_down_since(struct kafka_sink *k)
{
	int64_t since = 0;
	for (unsigned i = 0; i < k->nshards; i++) {
		struct kafka_client *kafka = &k->shards[i].kafka;
		/* an idle connection that was closed is not an outage */
		if (kafka->down_since != 0 && rd_kafka_outq_len(kafka->rk) != 0)
			kafka_waiting(kafka);
		if (kafka->announced && (since == 0 || kafka->down_since < since))
			since = kafka->down_since;
	}
	return since;
}

/* A broker forgets a producer that has sent nothing to a partition for a day (producer.id.expiration.ms). Long before that,
 * send the next message alone again. */
static void note_idle(struct partition *partition, int64_t now_ms)
{
	if (partition->reported)
		partition->reported_ms = now_ms;
	else if (partition->known == KNOWN && partition->in_flight == 0 &&
		 now_ms - partition->reported_ms > FORGOTTEN_MS)
		partition->known = KNOWN_NOT;
}

bool kafka_sink_is_stalled(struct partition *partition, int64_t now_ms)
{
	note_idle(partition, now_ms);
	if (partition->in_flight == 0 || partition->reported)
		partition->stalled_ms = 0;
	else if (partition->stalled_ms == 0)
		partition->stalled_ms = now_ms;
	partition->reported = false;
	return partition->stalled_ms != 0 && now_ms - partition->stalled_ms >= STALL_MS;
}

static void add_stalls(struct topic *topic, int64_t now_ms, struct stall *stall)
{
	for (int i = 0; i < topic->info.present; i++) {
		if (!kafka_sink_is_stalled(&topic->partitions[i], now_ms))
			continue;
		if (stall->topic)
			stall->others++;
		else
			*stall = (struct stall){topic, i, 0, topic->partitions[i].stalled_ms};
	}
}

static void report_stall(struct kafka_sink *k, const struct stall *stall)
{
	struct kafka_client *kafka = &k->shards[stall->topic->shard].kafka;
	const struct outage_topic topic = {stall->topic->name, stall->topic->min_isr};
	struct buf text;
	buf_init(&text);
	k->looked_ms = clock_mono_ms() + STALL_AGAIN_MS;
	if (kafka_describe_outage(kafka, &topic, 1, &text) != CLUSTER_UNKNOWN) {
		log_warn(
			"%s: topic \"%s\", partition %d (and %u other partitions) has acknowledged "
			"nothing for %d s: %s; waiting, nothing is lost",
			kafka->label, topic.name, stall->partition, stall->others, STALL_MS / 1000,
			buf_cstr(&text));
		k->stalled_ms = stall->since_ms;
	}
	buf_fini(&text);
}

void kafka_sink_look_for_stalls(struct kafka_sink *k)
{
	int64_t now_ms = clock_mono_ms();
	struct stall stall = {.topic = NULL};
	size_t at = 0;
	if (now_ms - k->looked_ms < STALL_LOOK_MS)
		return;
	k->looked_ms = now_ms;
	for (struct topic *topic; (topic = map_next(&k->sink.topics, &at)) != NULL;)
		add_stalls(topic, now_ms, &stall);
	if (stall.topic && k->stalled_ms == 0 && k->sink.down_since == 0)
		report_stall(k, &stall);
	if (stall.topic || k->stalled_ms == 0)
		return;
	log_info("%s: messages are acknowledged again after %.1f s", kafka_sink_label(k),
		 (double)(now_ms - k->stalled_ms) / 1000);
	k->stalled_ms = 0;
}
