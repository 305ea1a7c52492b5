/* producer_priv: the body of the Kafka sink, for producer*.c and their unit test.
 * Thread: the sink's. Owner: sink_free. */
#ifndef TIDEWAY_PRODUCER_PRIV_H
#define TIDEWAY_PRODUCER_PRIV_H

#include <assert.h>

#include "sink/kafka/pace.h"
#include "sink/kafka/topics.h"
#include "sink/lease.h"
#include "sink/sink_priv.h"

/* How sizes fit together (rule: size-before-send). One batch that is larger than its topic's max.message.bytes
 * is refused as a whole, so batch.size, which counts uncompressed bytes, must stay below the
 * smallest max.message.bytes of all topics; a single message may be larger than batch.size and
 * then travels alone. But topics become known only after the producer exists. So:
 * message.max.bytes is as high as it goes (each message is checked against its own topic before
 * it is handed over), batch.size starts below Kafka's default for topics, and when a topic turns
 * up that takes less, the producer is drained and made again with a smaller batch.size. */
/* librdkafka's broker thread looks at all partitions of its producer each time it wakes, sends one partition with each
 * request and has at most five requests in flight: 1,000 topics with 6 partitions that are written in turns go at a
 * tenth of the speed. So a producer takes some hundred partitions, and a sink with more has several: its shards. A
 * topic stays in one of them as long as the sink lives, so that the order of its messages is that of one producer.
 * All of them share the lane's queue, whose bytes are counted here; the first error of any is the sink's.
 * decisions/0005, 0012. */
enum {
	SHARDS_MAX = 4,
	SHARD_PARTITIONS = 1500, /* where the next shard begins */
	BATCH_DEFAULT = 1000000, /* below SINK_DEFAULT_MAX_MESSAGE */
	BATCHES_IN_QUEUE =
		32,         /* a lane's part of the queue: requests in flight come on top of it */
	BATCH_MIN = 100000, /* by that */
	BATCH_MARGIN = 512, /* a batch's own header, and slack */
	MESSAGE_MAX = 1000000000, /* librdkafka's upper limit of message.max.bytes */
	QUEUE_DEFAULT = 32 << 20, /* memory.queue */
	COPIES_OF_QUEUE =
		6, /* part of the queue that stays empty, for the compressed copies in flight */
	QUEUE_MIN = 64 << 10, /* less makes no batches */
	BYTES_PER_MESSAGE =
		256,      /* what librdkafka keeps around a small message: bounds their number */
	ROOM_MS = 100,    /* one turn of waiting for room in the queue */
	FATAL_POLLS = 20, /* turns of waiting for the report after a fatal error */
	PURGE_MS = 5000,  /* reports of purged messages come from librdkafka itself */
	EXIST_MS = 10000, /* sink_topics_exist waits so long for a broker ... */
	EXIST_AGAIN_MS = 500,  /* ... and this after a wait in vain */
	NAMES_MS = 2000,       /* its answers are at most so old */
	STALL_LOOK_MS = 1000,  /* between two looks for stalls */
	STALL_AGAIN_MS = 5000, /* and more where the brokers were asked */
	STALL_MS = 5000,       /* a partition that acknowledges nothing for this long is stalled */
	SPAN_SHIFT = 56,       /* where a message's span begins in what librdkafka keeps for it */
	FORGOTTEN_MS =
		3600000, /* a broker may have forgotten a producer that was idle for longer */
};

struct shard {
	struct kafka_client kafka;
	unsigned partitions; /* of its topics */
};

struct kafka_sink {
	struct sink sink;
	struct shard shards[SHARDS_MAX]; /* librdkafka's callbacks know their addresses */
	unsigned nshards;                /* at least 1 */
	int wake;      /* eventfd: some shard has something to say; -1 while there is one shard */
	size_t queued; /* bytes of keys and values in all shards' queues */
	const struct lease *lease; /* NULL: none */
	struct pace pace;          /* of a sink with a lease */
	struct sink_config config; /* for making the producer again; its strings are borrowed */
	char *client_id;
	size_t queue_bytes;
	size_t message_max;           /* what the user or librdkafka allows for one message */
	size_t batch;                 /* batch.size of this producer */
	rd_kafka_topic_t *reported;   /* whose delivery report came last; NULL: none */
	struct topic *reported_topic; /* the topic of that */
	struct topic_names names;     /* of the cluster, as last asked */
	bool unreachable;             /* sink_topics_exist waited in vain */
	int64_t looked_ms;            /* monotonic time of the last look for stalls */
	int64_t stalled_ms; /* since when some partition is stalled, and the log says so; 0: none is */
	bool warned_unreadable; /* "configuration cannot be read" was logged */
};

static inline struct kafka_sink *kafka_sink_of(struct sink *sink)
{
	return (struct kafka_sink *)sink;
}

static inline const char *kafka_sink_label(const struct kafka_sink *k)
{
	return k->shards[0].kafka.label;
}

/* Return how many bytes the queue of all shards may hold: what one producer may, less the part kept for copies. */
static inline size_t kafka_sink_queue_most(const struct kafka_sink *k)
{
	return k->queue_bytes - k->queue_bytes / COPIES_OF_QUEUE;
}

/* Return whether the lease holds. What is sent afterwards could follow newer messages of another process. */
static inline bool kafka_sink_has_lease(const struct kafka_sink *k, int64_t now_ms)
{
	return lease_age_ms(k->lease, now_ms) <= k->lease->times[LEASE_OVER];
}

/* Return what librdkafka keeps for a message: the token and, above it, in a sink with a lease, its span of the pace. */
static inline void *kafka_sink_opaque(const struct kafka_sink *k, uint64_t token)
{
	if (k->lease == NULL)
		return (void *)(uintptr_t)token;
	assert(token >> SPAN_SHIFT == 0);
	return (void *)(uintptr_t)((uint64_t)pace_span(&k->pace) << SPAN_SHIFT | token);
}

/* Take a reported message off the pace. Return its token. */
static inline uint64_t kafka_sink_token(struct kafka_sink *k, uint64_t opaque, size_t bytes)
{
	if (k->lease == NULL)
		return opaque;
	pace_reported(&k->pace, (unsigned)(opaque >> SPAN_SHIFT), bytes, k->queued);
	return opaque & (((uint64_t)1 << SPAN_SHIFT) - 1);
}

/* producer_shards.c */
/* Return the failure of a producer; NULL: none has failed. */
const struct err *kafka_sink_fatal(const struct kafka_sink *k);
/* Serve the callbacks of all shards. Wait at most timeout_ms for the first. */
void kafka_sink_serve(struct kafka_sink *k, int timeout_ms);
int kafka_sink_open_producer(struct kafka_sink *k, struct kafka_client *kafka, size_t batch,
			     struct err *err) MUST_CHECK;
/* Give the topic a handle of its shard's producer. No partition knows that producer yet. NULL: it failed. */
struct rd_kafka_topic_s *kafka_sink_bind_topic(struct kafka_sink *k, struct topic *topic);
/* Choose the shard of a new topic: the emptiest, or a new one when that is full. */
int kafka_sink_choose_shard(struct kafka_sink *k, unsigned *shard, struct err *err) MUST_CHECK;
/* Make batches so small that none is larger than `limit`, the most that topic `name` takes. */
int kafka_sink_fit_batch(struct kafka_sink *k, const char *name, size_t limit,
			 const _Atomic bool *stop, struct err *err) MUST_CHECK;

/* producer_failure.c: the first failure of a sink stays (sink_set_poison). */
void kafka_sink_fail_delivery(struct kafka_sink *k, const rd_kafka_message_t *message);
/* Offsets only grow: retries of an idempotent producer keep theirs, and retention and compaction move the beginning of a
 * partition, never its end. An offset below what was acknowledged before means that the partition has lost its end. */
void kafka_sink_fail_replaced(struct kafka_sink *k, const struct topic *topic,
			      const rd_kafka_message_t *message, int64_t end);
/* The lease is over: another process may have taken over. */
void kafka_sink_fail_lease(struct kafka_sink *k);
/* Fail with the failure of a producer. enable.gapless.guarantee makes each refused batch such a failure, so that no later
 * batch can pass it. Wait a moment for the report of the message that caused it, which says more. */
void kafka_sink_take_fatal(struct kafka_sink *k);
/* librdkafka does not take the message. Return -1. */
int kafka_sink_refuse(struct kafka_sink *k, const struct outgoing *outgoing,
		      rd_kafka_resp_err_t code, struct err *err);

/* producer_reports.c: the delivery report callback of each shard; arg: the sink. */
void kafka_sink_on_report(void *arg, const rd_kafka_message_t *message);

/* producer_stall.c */
/* Return since when no broker answers, the longest outage of all shards; 0: they answer. Log an outage that begins. */
int64_t kafka_sink_down_since(struct kafka_sink *k);
/* Log partitions that acknowledge nothing. A broker that is up but takes no messages is not an error to librdkafka,
 * which retries for ever. */
void kafka_sink_look_for_stalls(struct kafka_sink *k);
/* Return whether the partition has acknowledged nothing for long although messages are in flight. Forget that the broker
 * knows the producer when the partition was idle for long. */
bool kafka_sink_is_stalled(struct partition *partition, int64_t now_ms);

/* producer_poll.c */
void kafka_sink_poll(struct sink *sink, int timeout_ms);
void kafka_sink_flush(struct sink *sink, int timeout_ms);
void kafka_sink_purge(struct sink *sink);
/* The queue is full: serve delivery reports until some room is there (rule: first-error-poisons). */
int kafka_sink_wait_for_room(struct kafka_sink *k, struct err *err) MUST_CHECK;

/* producer_send.c */
int kafka_sink_send(struct sink *sink, const struct outgoing *outgoing, struct err *err) MUST_CHECK;
/* As far as that is known without reading the clock. */
bool kafka_sink_full(struct sink *sink);
int kafka_sink_send_added(struct sink *sink, const struct outgoing *outgoing, bool *added,
			  struct err *err) MUST_CHECK;
/* Return 1 if the lease allows to send a message; 0: not now; -1: the lease is over. Read the clock for each message: a
 * process that was stopped between two of them would send the second too late. */
int kafka_sink_lease_allows(struct kafka_sink *k, struct err *err) MUST_CHECK;

/* producer_topics.c */
int kafka_sink_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
		     const _Atomic bool *stop, struct err *err) MUST_CHECK;
int kafka_sink_create(struct sink *sink, const char *const *names, const struct topic_spec *specs,
		      unsigned n, const _Atomic bool *stop, struct err *err) MUST_CHECK;
void kafka_sink_forget(struct topic *topic);
int kafka_sink_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		     int *partitions, struct err *err) MUST_CHECK;
int kafka_sink_ends(struct sink *sink, struct partition_end *ends, unsigned n,
		    const _Atomic bool *stop, struct err *err) MUST_CHECK;
const char *kafka_sink_collides(const struct sink *sink, struct slice name);

#endif
