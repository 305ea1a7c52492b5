/* producer_send: hand messages to librdkafka, as room in the queue, the lease and the partition allow. */
#include "sink/kafka/producer_priv.h"

#include "base/clock.h"
#include "base/mem.h"

static rd_kafka_headers_t *make_headers(const struct message *message)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(message->nheaders);
	for (unsigned i = 0; i < message->nheaders; i++) {
		const struct header *header = &message->headers[i];
		rd_kafka_header_add(headers, header->name.ptr, (ssize_t)header->name.len,
				    header->value.ptr, (ssize_t)header->value.len);
	}
	return headers;
}

static rd_kafka_resp_err_t produce_headers(struct kafka_sink *k, const struct outgoing *outgoing,
					   rd_kafka_headers_t *headers)
{
	const rd_kafka_vu_t vus[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = outgoing->topic->native},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = outgoing->partition},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_KEY,
		 .u.mem = {(void *)(uintptr_t)outgoing->message->key.ptr,
			   outgoing->message->key.len}},
		{.vtype = RD_KAFKA_VTYPE_VALUE,
		 .u.mem = {(void *)(uintptr_t)outgoing->message->value.ptr,
			   outgoing->message->value.len}},
		{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = kafka_sink_opaque(k, outgoing->token)},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
	};
	rd_kafka_error_t *error = rd_kafka_produceva(k->shards[outgoing->topic->shard].kafka.rk,
						     vus, sizeof(vus) / sizeof(vus[0]));
	rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (error != NULL)
		rd_kafka_error_destroy(error);
	return code;
}

/* headers NULL: none. They belong to librdkafka once it has taken the message. */
static rd_kafka_resp_err_t produce(struct kafka_sink *k, const struct outgoing *outgoing,
				   rd_kafka_headers_t *headers)
{
	if (headers != NULL)
		return produce_headers(k, outgoing, headers);
	if (rd_kafka_produce(outgoing->topic->native, outgoing->partition, RD_KAFKA_MSG_F_COPY,
			     (void *)(uintptr_t)outgoing->message->value.ptr,
			     outgoing->message->value.len, outgoing->message->key.ptr,
			     outgoing->message->key.len,
			     kafka_sink_opaque(k, outgoing->token)) == 0)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	return rd_kafka_last_error();
}

/* The first message to a partition travels alone. A broker that does not know a producer takes its batches from any
 * sequence number on. When it refuses the first batch for a moment (a leader that is not yet ready) and takes the second,
 * which was sent before the refusal came, librdkafka (2.0.2 to 2.15.1) reports the first as delivered with the second
 * and never sends it again: it is lost. decisions/0003. */
static int introduce(struct kafka_sink *k, const struct outgoing *outgoing, struct err *err)
{
	struct partition *partition = &outgoing->topic->partitions[outgoing->partition];
	while (partition->known == KNOWN_SOON)
		if (kafka_sink_wait_for_room(k, err) < 0)
			return -1;
	if (partition->known == KNOWN_NOT)
		partition->known = KNOWN_SOON;
	return 0;
}

static size_t queue_limit(const struct kafka_sink *k)
{
	return k->lease ? k->pace.bytes : kafka_sink_queue_most(k);
}

/* Return whether the message fits into the queue. One that is larger than the queue is sent alone.
 * With one shard, librdkafka itself limits the number of messages. */
static bool has_room(const struct kafka_sink *k, size_t bytes)
{
	if (k->sink.in_flight == 0)
		return true;
	return k->queued + bytes <= queue_limit(k) &&
	       (k->nshards == 1 || k->sink.in_flight < k->queue_bytes / BYTES_PER_MESSAGE);
}

bool kafka_sink_full(struct sink *sink)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	if (sink->in_flight == 0)
		return false;
	return k->queued >= queue_limit(k) ||
	       sink->in_flight >= k->queue_bytes / BYTES_PER_MESSAGE ||
	       (k->lease && pace_is_late(&k->pace));
}

static void count_sent(struct kafka_sink *k, const struct outgoing *outgoing)
{
	if (k->lease)
		pace_sent(&k->pace);
	k->sink.in_flight++;
	k->queued += outgoing->message->key.len + outgoing->message->value.len;
	outgoing->topic->partitions[outgoing->partition].in_flight++;
}

int kafka_sink_lease_allows(struct kafka_sink *k, struct err *err)
{
	int64_t now_ms;
	if (k->lease == NULL)
		return 1;
	now_ms = clock_boot_ms();
	pace_tick(&k->pace, now_ms);
	if (!kafka_sink_has_lease(k, now_ms)) {
		kafka_sink_fail_lease(k);
		*err = k->sink.poison;
		return -1;
	}
	return lease_age_ms(k->lease, now_ms) <= k->lease->times[LEASE_SEND] &&
	       !pace_is_late(&k->pace);
}

static int wait_to_send(struct kafka_sink *k, size_t bytes, struct err *err)
{
	int allowed;
	while ((allowed = kafka_sink_lease_allows(k, err)) == 0 ||
	       (allowed > 0 && !has_room(k, bytes)))
		if (kafka_sink_wait_for_room(k, err) != 0)
			return -1;
	return allowed > 0 ? 0 : -1;
}

int kafka_sink_send(struct sink *sink, const struct outgoing *outgoing, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	rd_kafka_headers_t *headers;
	rd_kafka_resp_err_t code;
	size_t bytes = outgoing->message->key.len + outgoing->message->value.len;
	int result = 0;
	if (outgoing->topic->partitions[outgoing->partition].known != KNOWN &&
	    introduce(k, outgoing, err) < 0)
		return -1;
	if (wait_to_send(k, bytes, err) != 0)
		return -1;
	headers = outgoing->message->nheaders ? make_headers(outgoing->message) : NULL;
	code = produce(k, outgoing, headers);
	while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
	       (result = kafka_sink_wait_for_room(k, err)) == 0 &&
	       (result = wait_to_send(k, bytes, err)) == 0)
		code = produce(k, outgoing, headers);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		count_sent(k, outgoing);
		return 0;
	}
	if (headers != NULL)
		rd_kafka_headers_destroy(headers);
	return result != 0 ? -1 : kafka_sink_refuse(k, outgoing, code, err);
}

/* Record that the topic has one partition more than before. */
static void add_partition(struct kafka_sink *k, struct topic *topic)
{
	int n = topic->info.present++;
	topic->partitions =
		mem_resize(topic->partitions, (size_t)n + 1, sizeof(*topic->partitions));
	topic->partitions[n] = (struct partition){.known = KNOWN_SOON};
	k->shards[topic->shard].partitions++;
}

/* Send to a new partition. The client refreshes its metadata periodically
 * (topic.metadata.refresh.interval.ms), and refuses at once a message for a partition that it does
 * not know. It would accept any partition for a topic that it does not know yet or has not
 * refreshed for long, but then the last partition would not have just acknowledged. */
int kafka_sink_send_added(struct sink *sink, const struct outgoing *outgoing, bool *added,
			  struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	struct topic *topic = outgoing->topic;
	const struct partition *last = &topic->partitions[topic->info.present - 1];
	rd_kafka_resp_err_t code;
	int allowed;
	if (last->known != KNOWN || last->in_flight != 0)
		return 0;
	allowed = kafka_sink_lease_allows(k, err);
	if (allowed <= 0)
		return allowed;
	code = produce(k, outgoing, NULL);
	if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return 0;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_sink_refuse(k, outgoing, code, err);
	add_partition(k, topic);
	count_sent(k, outgoing);
	*added = true;
	return 0;
}
