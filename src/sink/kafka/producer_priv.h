/* producer_priv: the body of the Kafka sink, for producer*.c and their unit test.
 * Thread: the sink's. Owner: sink_free. */
#ifndef TIDEWAY_PRODUCER_PRIV_H
#define TIDEWAY_PRODUCER_PRIV_H

#include <assert.h>

#include "sink/kafka/pace.h"
#include "sink/kafka/topics.h"
#include "sink/lease.h"
#include "sink/sink_priv.h"

/* How sizes fit together (rule: size-before-send). The broker refuses a whole batch that is larger
 * than its topic's max.message.bytes. So batch.size, which counts uncompressed bytes, must be below
 * the smallest max.message.bytes of all topics. A single message may be larger than batch.size, and
 * is then sent alone. But the producer exists before its topics are known. So message.max.bytes is
 * as high as possible, since each message is checked against its own topic before it is sent; and
 * batch.size starts below Kafka's default for topics. If a topic with a lower limit appears, the
 * producer is drained and opened again with a smaller batch.size. */
/* Why a sink has shards. At each wake-up, librdkafka's broker thread looks at all partitions of its
 * producer. It sends one partition with each request, and has at most five requests in flight. So
 * 1,000 topics with 6 partitions, written in turns, run at a tenth of the speed. Therefore a
 * producer has at most SHARD_PARTITIONS partitions, and a sink with more has several producers, its
 * shards. A topic stays in one shard as long as the sink exists: one producer keeps the order of
 * its messages. All shards share the lane's queue, whose bytes are counted here. The first error of
 * any shard is the sink's. decisions/0005, 0012. */
enum {
	SHARDS_MAX = 4,
	SHARD_PARTITIONS = 1500, /* a producer with this many partitions is full */
	BATCH_DEFAULT = 1000000, /* below SINK_DEFAULT_MAX_MESSAGE */
	BATCHES_IN_QUEUE =
		32,         /* a lane's part of the queue: requests in flight come on top of it */
	BATCH_MIN = 100000, /* the lowest batch.size that a small queue leads to */
	BATCH_MARGIN = 512, /* the batch's own header, and slack */
	MESSAGE_MAX = 1000000000, /* librdkafka's upper limit of message.max.bytes */
	QUEUE_DEFAULT = 32 << 20, /* memory.queue */
	COPIES_OF_QUEUE =
		6, /* part of the queue that stays empty, for the compressed copies in flight */
	QUEUE_MIN = 64 << 10, /* a smaller queue makes no batches */
	BYTES_PER_MESSAGE =
		256,      /* what librdkafka keeps around a small message: bounds their number */
	ROOM_MS = 100,    /* one turn of waiting for room in the queue */
	FATAL_POLLS = 20, /* turns of waiting for the report after a fatal error */
	PURGE_MS = 5000,  /* librdkafka itself reports purged messages */
	EXIST_MS = 10000, /* sink_topics_exist waits this long for a broker */
	EXIST_AGAIN_MS = 500,  /* and this long after a wait without success */
	NAMES_MS = 2000,       /* its answers are at most this old */
	STALL_LOOK_MS = 1000,  /* between two checks for stalls */
	STALL_AGAIN_MS = 5000, /* added when the brokers were asked */
	STALL_MS = 5000,       /* a partition that acknowledges nothing for this long is stalled */
	SPAN_SHIFT = 56,       /* the span of a message begins at this bit of its opaque value */
	FORGOTTEN_MS =
		3600000, /* a broker may have forgotten a producer that was idle for longer */
};

struct shard {
	struct kafka_client kafka;
	unsigned partitions; /* of its topics */
};

struct kafka_sink {
	struct sink sink;
	struct shard shards[SHARDS_MAX]; /* librdkafka's callbacks have their addresses */
	unsigned nshards;                /* at least 1 */
	int wake;      /* eventfd: a shard has something to report; -1 while there is one shard */
	size_t queued; /* bytes of keys and values in all shards' queues */
	const struct lease *lease; /* NULL: none */
	struct pace pace;          /* of a sink with a lease */
	struct sink_config config; /* for opening the producers again; its strings are borrowed */
	char *client_id;
	size_t queue_bytes;
	size_t message_max;           /* limit of one message, from the user or librdkafka */
	size_t batch;                 /* batch.size of the producers */
	rd_kafka_topic_t *reported;   /* topic of the last delivery report; NULL: none */
	struct topic *reported_topic; /* the same topic */
	struct topic_names names;     /* of the cluster, at the last request */
	bool unreachable;             /* the last sink_topics_exist found no broker */
	int64_t looked_ms;            /* monotonic time of the last check for stalls */
	int64_t stalled_ms;     /* since when a partition is stalled, which is logged; 0: none is */
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

/* Return how many bytes the queues of all shards may hold: the limit of one producer, less the part
 * kept for copies. */
static inline size_t kafka_sink_queue_most(const struct kafka_sink *k)
{
	return k->queue_bytes - k->queue_bytes / COPIES_OF_QUEUE;
}

/* Return whether the lease holds. A message that is sent later could follow newer messages of
 * another process. */
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
/* Fail because the lease has ended: another process may have taken over. */
void kafka_sink_fail_lease(struct kafka_sink *k);
/* Fail with the failure of a producer. enable.gapless.guarantee makes each refused batch such a
 * failure, so that no later batch can overtake it. Wait briefly for the report of the message that
 * caused it, which is more precise. */
void kafka_sink_take_fatal(struct kafka_sink *k);
/* Fail because librdkafka has refused the message. Return -1. */
int kafka_sink_refuse(struct kafka_sink *k, const struct outgoing *outgoing,
		      rd_kafka_resp_err_t code, struct err *err);

/* producer_reports.c: the delivery report callback of each shard; arg: the sink. */
void kafka_sink_on_report(void *arg, const rd_kafka_message_t *message);

/* producer_stall.c */
/* Return since when no broker responds, for the longest outage of all shards; 0: all respond. Log a
 * new outage. */
int64_t kafka_sink_down_since(struct kafka_sink *k);
/* Log partitions that acknowledge nothing. librdkafka retries for ever when a broker is up but
 * accepts no messages, and reports no error. */
void kafka_sink_look_for_stalls(struct kafka_sink *k);
/* Return whether the partition has acknowledged nothing for long although messages are in flight. Forget that the broker
 * knows the producer when the partition was idle for long. */
bool kafka_sink_is_stalled(struct partition *partition, int64_t now_ms);

/* producer_poll.c */
void kafka_sink_poll(struct sink *sink, int timeout_ms);
void kafka_sink_flush(struct sink *sink, int timeout_ms);
void kafka_sink_purge(struct sink *sink);
/* Serve delivery reports until a full queue has some room (rule: first-error-poisons). */
int kafka_sink_wait_for_room(struct kafka_sink *k, struct err *err) MUST_CHECK;

/* producer_send.c */
int kafka_sink_send(struct sink *sink, const struct outgoing *outgoing, struct err *err) MUST_CHECK;
/* As sink_is_full, without reading the clock. */
bool kafka_sink_full(struct sink *sink);
int kafka_sink_send_added(struct sink *sink, const struct outgoing *outgoing, bool *added,
			  struct err *err) MUST_CHECK;
/* Return 1 if the lease allows a message to be sent; 0: not now; -1: the lease has ended. This
 * reads the clock for each message: a process that was stopped between two messages would send the
 * second too late. */
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
