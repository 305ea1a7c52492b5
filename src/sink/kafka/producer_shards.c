/* producer_shards: the librdkafka producers of a Kafka sink: open, add, serve, and open again with smaller batches. */
#include "sink/kafka/producer_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>

const struct err *kafka_sink_fatal(const struct kafka_sink *k)
{
	for (unsigned i = 0; i < k->nshards; i++)
		if (k->shards[i].kafka.fatal.code != ERR_NONE)
			return &k->shards[i].kafka.fatal;
	return NULL;
}

static int serve_all(struct kafka_sink *k)
{
	int served = 0;
	for (unsigned i = 0; i < k->nshards; i++)
		served += kafka_poll(&k->shards[i].kafka, 0);
	return served;
}

void kafka_sink_serve(struct kafka_sink *k, int timeout_ms)
{
	struct pollfd fd = {k->wake, POLLIN, 0};
	eventfd_t count;
	if (k->nshards == 1) {
		(void)kafka_poll(&k->shards[0].kafka, timeout_ms);
		return;
	}
	if (serve_all(k) != 0 || timeout_ms == 0)
		return;
	/* librdkafka writes to it when an empty queue gets an entry */
	(void)clock_poll(&fd, 1, timeout_ms);
	(void)eventfd_read(k->wake, &count);
	(void)serve_all(k);
}

int kafka_sink_open_producer(struct kafka_sink *k, struct kafka_client *kafka, size_t batch,
			     struct err *err)
{
	char messages[NUM_INT_MAX + 1], batch_size[NUM_INT_MAX + 1], timeout[NUM_INT_MAX + 1];
	int64_t timeout_ms = k->lease ? k->lease->times[LEASE_OVER] : 0;
	snprintf(messages, sizeof(messages), "%zu", k->queue_bytes / BYTES_PER_MESSAGE);
	snprintf(batch_size, sizeof(batch_size), "%zu", batch);
	snprintf(timeout, sizeof(timeout), "%lld", (long long)timeout_ms);
	const struct property defaults[] = {
		{"topic.metadata.refresh.interval.ms", "60000"},
		{"linger.ms", "0.5"},
		{"compression.type", "lz4"},
		{"message.max.bytes", "1000000000"},
		{"queue.buffering.max.messages", messages},
		{NULL, NULL},
	};
	const struct property forced[] = {
		{"enable.idempotence", "true"},
		{"enable.gapless.guarantee", "true"},
		{"acks", "all"},
		{"message.timeout.ms", timeout},              /* 0: none */
		{"queue.buffering.max.kbytes", "2147483647"}, /* has_room counts the bytes */
		{"batch.size", batch_size},
		{NULL, NULL},
	};
	const struct kafka_options options = {RD_KAFKA_PRODUCER,
					      PROPERTY_PRODUCER,
					      k->client_id,
					      defaults,
					      forced,
					      kafka_sink_on_report,
					      k,
					      false};
	return kafka_open(kafka, &k->config, &options, err);
}

struct rd_kafka_topic_s *kafka_sink_bind_topic(struct kafka_sink *k, struct topic *topic)
{
	k->reported = NULL;
	for (int i = 0; i < topic->info.present; i++)
		topic->partitions[i].known = KNOWN_NOT;
	return rd_kafka_topic_new(k->shards[topic->shard].kafka.rk, topic->name, NULL);
}

/* Give every topic a new handle, which belongs to its producer; those still being looked up have none. */
static void rebind_topics(struct kafka_sink *k, bool open)
{
	size_t at = 0;
	for (struct topic *topic; (topic = map_next(&k->sink.topics, &at)) != NULL;) {
		if (topic->native != NULL)
			rd_kafka_topic_destroy(topic->native);
		topic->native = open ? kafka_sink_bind_topic(k, topic) : NULL;
	}
}

/* Let this shard wake kafka_sink_serve, too. */
static void wake_for(struct kafka_sink *k, const struct shard *shard)
{
	static const uint64_t one = 1;
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(shard->kafka.rk);
	rd_kafka_queue_io_event_enable(queue, k->wake, &one, sizeof(one));
	rd_kafka_queue_destroy(queue);
}

static int reopen_shard(struct kafka_sink *k, struct shard *shard, struct err *err)
{
	const struct kafka_client old = shard->kafka;
	kafka_close(&shard->kafka);
	if (kafka_sink_open_producer(k, &shard->kafka, k->batch, err) != 0)
		return -1;
	shard->kafka.identified = old.identified;
	shard->kafka.mock = old.mock;
	if (k->wake >= 0)
		wake_for(k, shard);
	return 0;
}

/* Open all producers again. Nothing may be in flight. The structs keep their addresses. */
static int reopen(struct kafka_sink *k, size_t batch, struct err *err)
{
	rebind_topics(k, false);
	k->batch = batch;
	for (unsigned i = 0; i < k->nshards; i++) {
		if (reopen_shard(k, &k->shards[i], err) != 0) {
			sink_set_poison(&k->sink, err);
			return -1;
		}
	}
	rebind_topics(k, true);
	return 0;
}

static int add_shard(struct kafka_sink *k, struct err *err)
{
	struct shard *shard = &k->shards[k->nshards];
	if (k->wake < 0) {
		k->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (k->wake < 0)
			return err_set(err, E_SYSTEM, "cannot create an eventfd: %s",
				       strerror(errno));
		wake_for(k, &k->shards[0]);
	}
	if (kafka_sink_open_producer(k, &shard->kafka, k->batch, err) != 0)
		return -1;
	/* no broker has answered it yet, and to ask for all topics would cost each producer a megabyte */
	shard->kafka.identified = k->shards[0].kafka.identified;
	shard->kafka.mock = k->shards[0].kafka.mock;
	wake_for(k, shard);
	k->nshards++;
	return 0;
}

int kafka_sink_choose_shard(struct kafka_sink *k, unsigned *shard, struct err *err)
{
	*shard = 0;
	for (unsigned i = 1; i < k->nshards; i++)
		if (k->shards[i].partitions < k->shards[*shard].partitions)
			*shard = i;
	if (k->shards[*shard].partitions < SHARD_PARTITIONS || k->nshards == SHARDS_MAX)
		return 0;
	*shard = k->nshards;
	return add_shard(k, err);
}

int kafka_sink_fit_batch(struct kafka_sink *k, const char *name, size_t limit,
			 const _Atomic bool *stop, struct err *err)
{
	size_t batch = limit > 2 * BATCH_MARGIN ? limit - BATCH_MARGIN : limit / 2 + 1;
	if (batch >= k->batch)
		return 0;
	log_info("%s: topic \"%s\" accepts at most %zu bytes; batches now have at most %zu",
		 kafka_sink_label(k), name, limit, batch);
	int drained = sink_drain(&k->sink, -1, stop, err);
	if (drained > 0)
		return err_retry(err, E_STOPPED_SENDING, "stopped while messages were in flight");
	return drained < 0 ? -1 : reopen(k, batch, err);
}
