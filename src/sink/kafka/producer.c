/* producer: open and close a Kafka sink: its functions and the sizes of its queue and batches. */
#include "sink/kafka/producer_priv.h"

#include "base/mem.h"
#include "base/num.h"
#include "sink/kafka/properties.h"

#include <stdlib.h>
#include <unistd.h>

static void kafka_sink_free(struct sink *sink)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	topics_forget(&k->names);
	k->reported = NULL;
	if (sink->in_flight != 0)
		kafka_sink_purge(sink);
	for (unsigned i = 0; i < k->nshards; i++)
		kafka_close(&k->shards[i].kafka);
	if (k->wake >= 0)
		close(k->wake);
	free(k->client_id);
	free(k);
}

static const struct sink_ops kafka_ops = {
	.topic = kafka_sink_topic,
	.create = kafka_sink_create,
	.exist = kafka_sink_exist,
	.ends = kafka_sink_ends,
	.collides = kafka_sink_collides,
	.send = kafka_sink_send,
	.full = kafka_sink_full,
	.send_added = kafka_sink_send_added,
	.poll = kafka_sink_poll,
	.flush = kafka_sink_flush,
	.purge = kafka_sink_purge,
	.forget = kafka_sink_forget,
	.free = kafka_sink_free,
};

static bool number(const struct sink_config *config, const char *name, const char *alias,
		   size_t *out)
{
	uint64_t v;
	const char *text = property_find(config->properties, config->nproperties, name, alias);
	if (text == NULL || !num_parse_u64(slice_str(text), &v))
		return false;
	*out = v;
	return true;
}

size_t sink_queue_total(const struct sink_config *config, size_t fallback)
{
	size_t bytes = fallback, kbytes;
	if (number(config, "queue.buffering.max.kbytes", NULL, &kbytes))
		bytes = kbytes << 10;
	(void)number(config, "buffer.memory", NULL, &bytes);
	return bytes;
}

static void choose_sizes(struct kafka_sink *k, size_t queue_bytes)
{
	k->queue_bytes = queue_bytes ? queue_bytes : sink_queue_total(&k->config, QUEUE_DEFAULT);
	if (k->queue_bytes < QUEUE_MIN)
		k->queue_bytes = QUEUE_MIN;
	k->message_max = MESSAGE_MAX;
	(void)number(&k->config, "max.request.size", "message.max.bytes", &k->message_max);
	k->batch = k->queue_bytes / BATCHES_IN_QUEUE;
	if (k->batch < BATCH_MIN)
		k->batch = BATCH_MIN;
	if (k->batch > BATCH_DEFAULT)
		k->batch = BATCH_DEFAULT;
	(void)number(&k->config, "batch.size", NULL, &k->batch);
	if (k->batch > BATCH_DEFAULT || k->batch == 0) /* Java's 0 is "no batches": 1 */
		k->batch = k->batch ? BATCH_DEFAULT : 1;
}

struct sink *sink_kafka_new(const struct sink_config *config, const char *client_id,
			    size_t queue_bytes, const struct lease *lease, struct err *err)
{
	struct kafka_sink *k = mem_array(1, sizeof(*k));
	k->sink.ops = &kafka_ops;
	k->config = *config;
	k->client_id = client_id ? strdup(client_id) : NULL;
	map_init(&k->sink.topics);
	choose_sizes(k, queue_bytes);
	k->lease = lease;
	if (lease)
		pace_init(&k->pace, lease->times[LEASE_ACKED], kafka_sink_queue_most(k));
	k->wake = -1;
	k->nshards = 1;
	if (kafka_sink_open_producer(k, &k->shards[0].kafka, k->batch, err) != 0) {
		free(k->client_id);
		free(k);
		return NULL;
	}
	return &k->sink;
}
