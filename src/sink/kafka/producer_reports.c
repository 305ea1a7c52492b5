/* producer_reports: the delivery reports of a Kafka sink: acknowledgements, offsets and failures. */
#include "sink/kafka/producer_priv.h"

#include <assert.h>

/* Reports come partition by partition, so that one lookup serves many. */
static struct topic *reported_topic(struct kafka_sink *k, const rd_kafka_message_t *message)
{
	if (message->rkt != k->reported) {
		k->reported = message->rkt;
		k->reported_topic =
			map_get(&k->sink.topics, slice_str(rd_kafka_topic_name(message->rkt)));
	}
	return k->reported_topic;
}

/* The broker acknowledges a retry that it recognizes as a duplicate without an offset: it is negative. */
static void note_offset(struct kafka_sink *k, struct topic *topic, struct partition *partition,
			const rd_kafka_message_t *message)
{
	if (message->offset < 0)
		return;
	if (message->offset < partition->end)
		kafka_sink_fail_replaced(k, topic, message, partition->end);
	else
		sink_note_end(&k->sink, topic, partition, message->offset + 1);
}

static void note_report(struct kafka_sink *k, const rd_kafka_message_t *message)
{
	struct topic *topic = reported_topic(k, message);
	struct partition *partition;
	if (topic == NULL) /* the sink is being freed */
		return;
	partition = &topic->partitions[message->partition];
	partition->in_flight--;
	partition->reported = true;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	partition->known = KNOWN;
	note_offset(k, topic, partition, message);
}

void kafka_sink_on_report(void *arg, const rd_kafka_message_t *message)
{
	struct kafka_sink *k = arg;
	size_t bytes = message->len + message->key_len;
	uint64_t token = kafka_sink_token(k, (uint64_t)(uintptr_t)message->_private, bytes);
	assert(k->sink.in_flight != 0);
	k->sink.in_flight--;
	k->queued -= bytes;
	note_report(k, message);
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		kafka_sink_fail_delivery(k, message);
	else if (k->sink.poison.code == ERR_NONE)
		sink_count_acked(&k->sink, token);
}
