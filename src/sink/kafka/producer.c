#include "sink/kafka/producer_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "sink/kafka/properties.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char *label(const struct kafka_sink *k)
{
	return k->shards[0].kafka.label;
}

/* The failure of a producer, NULL: none has failed. */
static const struct err *fatal(const struct kafka_sink *k)
{
	for (unsigned i = 0; i < k->nshards; i++)
		if (k->shards[i].kafka.fatal.code != ERR_NONE)
			return &k->shards[i].kafka.fatal;
	return NULL;
}

/* ---- polling all shards ---- */

static int serve_all(struct kafka_sink *k)
{
	int served = 0;
	for (unsigned i = 0; i < k->nshards; i++)
		served += kafka_poll(&k->shards[i].kafka, 0);
	return served;
}

/* Serves callbacks, waiting at most timeout_ms for the first. */
static void poll_all(struct kafka_sink *k, int timeout_ms)
{
	struct pollfd fd = {k->wake, POLLIN, 0};
	eventfd_t count;
	if (k->nshards == 1) {
		(void)kafka_poll(&k->shards[0].kafka, timeout_ms);
		return;
	}
	if (serve_all(k) != 0 || timeout_ms == 0)
		return;
	/* librdkafka writes when a queue that was empty is not so any more */
	(void)poll(&fd, 1, timeout_ms);
	(void)eventfd_read(k->wake, &count);
	(void)serve_all(k);
}

/* ---- delivery reports ---- */

/* Whether the same messages may pass when the lane starts again from its checkpoint. */
static bool hopeless(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return true;
	default:
		return false;
	}
}

static const char *report_remedy(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return "; raise max.message.bytes of the topic";
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		return "; a compacted topic takes no message without a key";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "; grant Write on the topic";
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return "; the topic was deleted or created again while the sync ran";
	default:
		return "";
	}
}

/* Reports of messages that fail only because the producer has failed already. */
static bool is_consequence(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE ||
	       code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

static void poison(struct kafka_sink *k, const rd_kafka_message_t *message)
{
	struct err err = ERR_INIT;
	if (k->sink.poison.code != ERR_NONE)
		return;
	err_set(&err, E_MESSAGE_REFUSED,
		"%s: a message for topic \"%s\", partition %d, was not accepted: %s (%s)%s. "
		"Nothing is sent after it, and the position stays before it",
		label(k), rd_kafka_topic_name(message->rkt), (int)message->partition,
		rd_kafka_err2str(message->err), rd_kafka_err2name(message->err),
		report_remedy(message->err));
	err.retriable = !hopeless(message->err);
	if (fatal(k) != NULL && is_consequence(message->err))
		err = *fatal(k);
	sink_set_poison(&k->sink, &err);
}

/* What librdkafka keeps for a message: the token, and above it, in a sink with a lease, its span of the pace. */
enum { SPAN_SHIFT = 56 };

static void *opaque_of(const struct kafka_sink *k, uint64_t token)
{
	if (k->lease == NULL)
		return (void *)(uintptr_t)token;
	assert(token >> SPAN_SHIFT == 0);
	return (void *)(uintptr_t)((uint64_t)pace_span(&k->pace) << SPAN_SHIFT | token);
}

/* Takes a reported message off the pace; its token. */
static uint64_t token_of(struct kafka_sink *k, uint64_t opaque, size_t bytes)
{
	if (k->lease == NULL)
		return opaque;
	pace_reported(&k->pace, (unsigned)(opaque >> SPAN_SHIFT), bytes, k->queued);
	return opaque & (((uint64_t)1 << SPAN_SHIFT) - 1);
}

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

/* Offsets only grow: retries of an idempotent producer keep theirs, retention and compaction move the beginning of a partition,
 * never its end. One that is lower than what was acknowledged before means that the partition has lost its end. */
static void poison_replaced(struct kafka_sink *k, const struct topic *topic,
			    const rd_kafka_message_t *message, int64_t end)
{
	struct err err = ERR_INIT;
	if (k->sink.poison.code != ERR_NONE)
		return;
	err_set(&err, E_TOPIC_REPLACED,
		"%s: topic \"%s\" is another one than before: partition %d took a message at "
		"offset "
		"%lld, and %lld had been acknowledged before: " TOPIC_REPLACED_WHY
		". " REMEDY_TOPIC_LOST,
		label(k), topic->name, (int)message->partition, (long long)message->offset,
		(long long)end - 1);
	sink_set_poison(&k->sink, &err);
	k->sink.replaced = topic;
}

/* A retry that the broker takes for a repetition is acknowledged without an offset: negative. */
static void note_offset(struct kafka_sink *k, struct topic *topic, struct partition *partition,
			const rd_kafka_message_t *message)
{
	if (message->offset < 0)
		return;
	if (message->offset < partition->end)
		poison_replaced(k, topic, message, partition->end);
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

static void on_report(void *arg, const rd_kafka_message_t *message)
{
	struct kafka_sink *k = arg;
	size_t bytes = message->len + message->key_len;
	uint64_t token = token_of(k, (uint64_t)(uintptr_t)message->_private, bytes);
	assert(k->sink.in_flight != 0);
	k->sink.in_flight--;
	k->queued -= bytes;
	note_report(k, message);
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		poison(k, message);
	else if (k->sink.poison.code == ERR_NONE)
		sink_count_acked(&k->sink, token);
}

/* The producer has failed (enable.gapless.guarantee makes each refused batch such a failure, so
 * that no later batch can pass it). The report of the message that did it says more than the
 * failure, and comes a moment later. */
static void take_fatal(struct kafka_sink *k)
{
	for (int i = 0;
	     i < FATAL_POLLS && k->sink.in_flight != 0 && k->sink.poison.code == ERR_NONE; i++)
		poll_all(k, ROOM_MS);
	sink_set_poison(&k->sink, fatal(k));
}

/* Says so when brokers are away; the longest outage counts. */
static int64_t down_since(struct kafka_sink *k)
{
	int64_t since = 0;
	for (unsigned i = 0; i < k->nshards; i++) {
		struct kafka_client *kafka = &k->shards[i].kafka;
		/* an idle connection that was closed is no outage */
		if (kafka->down_since != 0 && rd_kafka_outq_len(kafka->rk) != 0)
			kafka_waiting(kafka);
		if (kafka->announced && (since == 0 || kafka->down_since < since))
			since = kafka->down_since;
	}
	return since;
}

/* ---- partitions that acknowledge nothing ---- */

struct stall {
	const struct topic *topic; /* the first that is stalled; NULL: none is */
	int partition;
	unsigned others; /* partitions, of any topic */
	int64_t since_ms;
};

/* A broker forgets producers that have sent nothing to a partition for a day (producer.id.expiration.ms): the next message
 * travels alone again, long before that. */
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

static void tell_stall(struct kafka_sink *k, const struct stall *stall)
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

/* A broker that is up, but takes no messages, is no error to librdkafka: it tries again for ever. */
static void look_for_stalls(struct kafka_sink *k)
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
		tell_stall(k, &stall);
	if (stall.topic || k->stalled_ms == 0)
		return;
	log_info("%s: messages are acknowledged again after %.1f s", label(k),
		 (double)(now_ms - k->stalled_ms) / 1000);
	k->stalled_ms = 0;
}

/* Whether the lease holds; what is sent afterwards could follow newer messages of another process. */
static bool has_lease(struct kafka_sink *k, int64_t now_ms)
{
	struct err err = ERR_INIT;
	if (lease_age_ms(k->lease, now_ms) <= k->lease->times[LEASE_OVER])
		return true;
	err_retry(&err, E_LEASE,
		  "%s: the checkpoint has not been saved for %.0f s, and another process of this "
		  "name may have taken over. The stream ends, and what is not acknowledged is "
		  "dropped",
		  label(k), (double)k->lease->times[LEASE_OVER] / 1000);
	sink_set_poison(&k->sink, &err);
	return false;
}

static void kafka_sink_poll(struct sink *sink, int timeout_ms)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	poll_all(k, timeout_ms);
	sink_tell(sink);
	if (k->lease) {
		int64_t now_ms = clock_boot_ms();
		pace_tick(&k->pace, now_ms);
		(void)has_lease(k, now_ms);
	}
	if (fatal(k) != NULL && sink->poison.code == ERR_NONE)
		take_fatal(k);
	sink->down_since = down_since(k);
	look_for_stalls(k);
}

/* rd_kafka_flush makes librdkafka forget linger.ms while it runs. */
static void kafka_sink_flush(struct sink *sink, int timeout_ms)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	for (unsigned i = 0; timeout_ms > 0 && i < k->nshards; i++)
		if (rd_kafka_outq_len(k->shards[i].kafka.rk) > 0)
			(void)rd_kafka_flush(k->shards[i].kafka.rk, timeout_ms);
	kafka_sink_poll(sink, 0);
}

static void kafka_sink_purge(struct sink *sink)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	int64_t end = clock_mono_ms() + PURGE_MS;
	for (unsigned i = 0; i < k->nshards; i++)
		if (k->shards[i].kafka.rk != NULL) /* NULL: reopen has failed */
			(void)rd_kafka_purge(k->shards[i].kafka.rk,
					     RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (sink->in_flight != 0 && clock_mono_ms() < end)
		poll_all(k, ROOM_MS);
	sink->run = 0;
}

/* ---- the producers ---- */

static int open_producer(struct kafka_sink *k, struct kafka_client *kafka, size_t batch,
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
		{"isolation.level", "read_uncommitted"}, /* of kafka_sink_ends */
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
					      on_report,
					      k,
					      false};
	return kafka_open(kafka, &k->config, &options, err);
}

/* No partition knows the producer yet. */
static struct rd_kafka_topic_s *bind_topic(struct kafka_sink *k, struct topic *topic)
{
	k->reported = NULL;
	for (int i = 0; i < topic->info.present; i++)
		topic->partitions[i].known = KNOWN_NOT;
	return rd_kafka_topic_new(k->shards[topic->shard].kafka.rk, topic->name, NULL);
}

/* Every topic but those still being looked up gets a new handle; they belong to the producer. */
static void rebind_topics(struct kafka_sink *k, bool open)
{
	size_t at = 0;
	for (struct topic *topic; (topic = map_next(&k->sink.topics, &at)) != NULL;) {
		if (topic->native != NULL)
			rd_kafka_topic_destroy(topic->native);
		topic->native = open ? bind_topic(k, topic) : NULL;
	}
}

/* poll_all hears of this shard too. */
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
	if (open_producer(k, &shard->kafka, k->batch, err) != 0)
		return -1;
	shard->kafka.identified = old.identified;
	shard->kafka.mock = old.mock;
	if (k->wake >= 0)
		wake_for(k, shard);
	return 0;
}

/* Nothing may be in flight. The structs stay where they are. */
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
	if (open_producer(k, &shard->kafka, k->batch, err) != 0)
		return -1;
	/* no broker has answered this producer yet, and a list of all topics would cost each a megabyte */
	shard->kafka.identified = k->shards[0].kafka.identified;
	shard->kafka.mock = k->shards[0].kafka.mock;
	wake_for(k, shard);
	k->nshards++;
	return 0;
}

/* The shard of a new topic: the emptiest, or another one when that is full. */
static int choose_shard(struct kafka_sink *k, unsigned *shard, struct err *err)
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
	log_info("%s: topic \"%s\" takes %zu bytes at most; batches are at most %zu from now on",
		 label(k), name, limit, batch);
	int drained = sink_drain(&k->sink, -1, stop, err);
	if (drained > 0)
		return err_retry(err, E_STOPPED_SENDING, "stopped while messages were in flight");
	return drained < 0 ? -1 : reopen(k, batch, err);
}

/* ---- topics ---- */

/* A topic that is there, and in the checkpoint. */
static int check_pinned(struct kafka_sink *k, const char *name, int pinned, int partitions,
			struct err *err)
{
	if (pinned <= partitions)
		return 0;
	return err_set(err, E_TOPIC_REPLACED,
		       "%s: topic \"%s\" is another one than before: it has %d partitions and had "
		       "%d: " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST,
		       label(k), name, partitions, pinned);
}

static void warn_unreadable(struct kafka_sink *k, const char *name)
{
	if (!k->warned_unreadable)
		log_warn("%s: the configuration of topic \"%s\" cannot be read (grant "
			 "DescribeConfigs): "
			 "max.message.bytes is taken to be %d and cleanup.policy delete",
			 label(k), name, SINK_DEFAULT_MAX_MESSAGE);
	k->warned_unreadable = true;
}

static size_t message_limit(const struct kafka_sink *k, const struct topic_facts *facts)
{
	size_t limit = facts->max_message ? facts->max_message : SINK_DEFAULT_MAX_MESSAGE;
	return limit < k->message_max ? limit : k->message_max;
}

static int kafka_sink_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
			    const _Atomic bool *stop, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	struct topic_facts facts;
	if (choose_shard(k, &topic->shard, err) != 0 ||
	    topics_ensure(&k->shards[topic->shard].kafka, &k->names, topic->name, spec, stop,
			  &facts, err) != 0 ||
	    check_pinned(k, topic->name, spec->pinned, facts.partitions, err) != 0)
		return -1;
	if (!facts.described && !facts.mock)
		warn_unreadable(k, topic->name);
	if (facts.max_message != 0 &&
	    kafka_sink_fit_batch(k, topic->name, facts.max_message, stop, err) != 0)
		return -1;
	topic->info.partitions = spec->pinned > 0 ? spec->pinned : facts.partitions;
	topic->info.present = facts.partitions;
	topic->partitions = mem_array((size_t)topic->info.present, sizeof(*topic->partitions));
	for (int i = 0; i < topic->info.present && i < spec->nends; i++)
		topic->partitions[i].end = spec->ends[i];
	k->shards[topic->shard].partitions += (unsigned)topic->info.present;
	topic->native = bind_topic(k, topic);
	if (topic->native == NULL)
		return err_set(err, E_TOPIC_REQUEST, "%s: topic \"%s\": %s", label(k), topic->name,
			       rd_kafka_err2str(rd_kafka_last_error()));
	topic->info.compacted = facts.compacted;
	topic->info.max_message = facts.max_message;
	topic->min_isr = facts.min_isr;
	topic->info.created = facts.created;
	topic->limit = message_limit(k, &facts);
	return 0;
}

static int kafka_sink_create(struct sink *sink, const char *const *names,
			     const struct topic_spec *specs, unsigned n, const _Atomic bool *stop,
			     struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	struct topic_order *orders = mem_array(n, sizeof(*orders));
	for (unsigned i = 0; i < n; i++)
		orders[i] = (struct topic_order){.name = names[i], .spec = &specs[i]};
	int result = topics_create_missing(&k->shards[0].kafka, &k->names, orders, n, stop, err);
	free(orders);
	return result;
}

static void kafka_sink_forget(struct topic *topic)
{
	if (topic->native != NULL)
		rd_kafka_topic_destroy(topic->native);
	topic->native = NULL;
	free(topic->partitions);
	topic->partitions = NULL;
}

/* The list of topics, not older than NAMES_MS: callers ask table by table. */
static int refresh_names(struct kafka_sink *k, struct err *err)
{
	if (k->names.metadata != NULL && clock_mono_ms() - k->names.at_ms < NAMES_MS)
		return 0;
	int first_ms = k->sink.exist_ms > 0 ? k->sink.exist_ms : EXIST_MS;
	int result = topics_list(&k->shards[0].kafka, &k->names,
				 k->unreachable ? EXIST_AGAIN_MS : first_ms, k->sink.stop, err);
	k->unreachable = result != 0;
	return result;
}

static int kafka_sink_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
			    int *partitions, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	if (refresh_names(k, err) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		partitions[i] = topics_partitions(&k->names, names[i]);
		exists[i] = partitions[i] != 0;
	}
	return 0;
}

static int kafka_sink_ends(struct sink *sink, struct partition_end *ends, unsigned n,
			   const _Atomic bool *stop, struct err *err)
{
	return topics_ends(&kafka_sink_of(sink)->shards[0].kafka, ends, n, stop, err);
}

static const char *kafka_sink_collides(const struct sink *sink, struct slice name)
{
	return topics_collides(&((const struct kafka_sink *)sink)->names, name);
}

/* ---- send ---- */

/* The queue is full: serves delivery reports until some room is there (rule: first-error-poisons). */
static int wait_for_room(struct kafka_sink *k, struct err *err)
{
	kafka_sink_poll(&k->sink, ROOM_MS);
	if (k->sink.poison.code != ERR_NONE) {
		*err = k->sink.poison;
		return -1;
	}
	if (sink_stopping(&k->sink))
		return err_retry(err, E_STOPPED_SENDING,
				 "%s: stopped while the producer's queue was full", label(k));
	return 0;
}

static int refuse(struct kafka_sink *k, const struct outgoing *outgoing, rd_kafka_resp_err_t code,
		  struct err *err)
{
	poll_all(k, 0); /* what made it fail may be a fatal error that is not yet told */
	if (fatal(k) != NULL) {
		take_fatal(k);
		*err = k->sink.poison;
		return -1;
	}
	err_set(err,
		code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? E_MESSAGE_SIZE : E_MESSAGE_REFUSED,
		"%s: a message of %zu bytes for topic \"%s\", partition %d, cannot be sent: %s%s",
		label(k), outgoing->size, outgoing->topic->name, outgoing->partition,
		rd_kafka_err2str(code), report_remedy(code));
	err->retriable = !hopeless(code);
	return -1;
}

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
		{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque_of(k, outgoing->token)},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
	};
	rd_kafka_error_t *error = rd_kafka_produceva(k->shards[outgoing->topic->shard].kafka.rk,
						     vus, sizeof(vus) / sizeof(vus[0]));
	rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (error != NULL)
		rd_kafka_error_destroy(error);
	return code;
}

/* headers NULL: none; they belong to librdkafka once it took the message. */
static rd_kafka_resp_err_t produce(struct kafka_sink *k, const struct outgoing *outgoing,
				   rd_kafka_headers_t *headers)
{
	if (headers != NULL)
		return produce_headers(k, outgoing, headers);
	if (rd_kafka_produce(outgoing->topic->native, outgoing->partition, RD_KAFKA_MSG_F_COPY,
			     (void *)(uintptr_t)outgoing->message->value.ptr,
			     outgoing->message->value.len, outgoing->message->key.ptr,
			     outgoing->message->key.len, opaque_of(k, outgoing->token)) == 0)
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
		if (wait_for_room(k, err) < 0)
			return -1;
	if (partition->known == KNOWN_NOT)
		partition->known = KNOWN_SOON;
	return 0;
}

/* Bytes that the queue of all shards may hold: what one producer may, less what is kept for copies. */
static size_t queue_most(const struct kafka_sink *k)
{
	return k->queue_bytes - k->queue_bytes / COPIES_OF_QUEUE;
}

/* A message that is larger than the queue goes alone. The number of messages is librdkafka's to watch while
 * there is one shard. */
static bool has_room(const struct kafka_sink *k, size_t bytes)
{
	if (k->sink.in_flight == 0)
		return true;
	return k->queued + bytes <= (k->lease ? k->pace.bytes : queue_most(k)) &&
	       (k->nshards == 1 || k->sink.in_flight < k->queue_bytes / BYTES_PER_MESSAGE);
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
	if (!has_lease(k, now_ms)) {
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
		if (wait_for_room(k, err) != 0)
			return -1;
	return allowed > 0 ? 0 : -1;
}

static int kafka_sink_send(struct sink *sink, const struct outgoing *outgoing, struct err *err)
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
	while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && (result = wait_for_room(k, err)) == 0 &&
	       (result = wait_to_send(k, bytes, err)) == 0)
		code = produce(k, outgoing, headers);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		count_sent(k, outgoing);
		return 0;
	}
	if (headers != NULL)
		rd_kafka_headers_destroy(headers);
	return result != 0 ? -1 : refuse(k, outgoing, code, err);
}

/* One more partition than there was. */
static void add_partition(struct kafka_sink *k, struct topic *topic)
{
	int n = topic->info.present++;
	topic->partitions =
		mem_resize(topic->partitions, (size_t)n + 1, sizeof(*topic->partitions));
	topic->partitions[n] = (struct partition){.known = KNOWN_SOON};
	k->shards[topic->shard].partitions++;
}

/* The client looks at its topics now and then (topic.metadata.refresh.interval.ms), and refuses at once what is sent
 * to a partition that it has not seen. It takes everything for a topic of which it has not heard yet, or not for long; but then the
 * last partition would not just have answered. */
static int kafka_sink_send_added(struct sink *sink, const struct outgoing *outgoing, bool *added,
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
		return refuse(k, outgoing, code, err);
	add_partition(k, topic);
	count_sent(k, outgoing);
	*added = true;
	return 0;
}

/* ---- lifecycle ---- */

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
		pace_init(&k->pace, lease->times[LEASE_ACKED], queue_most(k));
	k->wake = -1;
	k->nshards = 1;
	if (open_producer(k, &k->shards[0].kafka, k->batch, err) != 0) {
		free(k->client_id);
		free(k);
		return NULL;
	}
	return &k->sink;
}
