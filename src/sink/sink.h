/* sink: where the messages of one lane go: Kafka or lines. Only src/sink includes rdkafka.h.
 * Thread: the lane that owns it; librdkafka's threads never run our code.
 * Owner: sink_new / sink_free. A message is copied before sink_send returns.
 *
 * Delivery: every message carries a token (the window's slot). acked(arg, token, n) is called from
 * sink_send, sink_poll and sink_drain. The first delivery report with an error poisons the sink:
 * every later call returns that error, and no message is sent again alone (rule:
 * first-error-poisons). */
#ifndef TIDEWAY_SINK_H
#define TIDEWAY_SINK_H

#include "base/err.h"
#include "model/config.h"
#include "model/message.h"

#include <stdint.h>

struct sink;
struct lease;

/* A destination topic as this sink uses it. Opaque; belongs to the sink. */
struct topic;

/* Opens a kind of sink that is not built in. */
struct sink_opener {
	struct sink *(*open)(void *arg, const char *client_id, struct err *err);
	void *arg;
};

struct topic_info {
	struct slice name;
	int partitions;     /* pinned count, which the partitioner uses */
	int present;        /* existing partitions; not fewer than pinned */
	bool compacted;     /* cleanup.policy contains compact: null keys are refused */
	size_t max_message; /* max.message.bytes; 0: could not be read */
	bool created;       /* this call has created it */
};

/* Why a topic is not the one that the checkpoint names. */
#define TOPIC_REPLACED_WHY                                                                         \
	"it was deleted and created again, or the brokers have lost messages that they had "       \
	"acknowledged"
#define TOPIC_REPLACED                                                                             \
	"topic \"%.*s\" is not the same as before, as an earlier run has "                         \
	"found: " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST

struct topic_spec {
	bool create;     /* false: must exist already (topics = "existing") */
	int partitions;  /* when created */
	int replication; /* -1: the broker's default */
	const struct property *config;
	unsigned nconfig;
	/* count from the checkpoint; 0: none. A pinned topic is never created, and has at least
	 * this many partitions */
	int pinned;
	const int64_t *
		ends; /* of its first nends partitions: the offset after the highest acknowledged one; NULL: unknown */
	int nends;
};

typedef void sink_acked_fn(void *arg, uint64_t token, unsigned messages);

/* Return how many bytes the queues of all lanes may hold together: buffer.memory or
 * queue.buffering.max.kbytes of the sink's properties if one is set, else `fallback`. The caller
 * divides it among its lanes. */
size_t sink_queue_total(const struct sink_config *config, size_t fallback);

/* Make a sink. It connects when it is first used. queue_bytes: this lane's share of
 * sink_queue_total; 0: all of it. A message that is larger than the share is sent alone. client_id:
 * for the broker's logs. acked: NULL if the sink is not used for sending. */
struct sink *sink_new(const struct sink_config *config, const char *client_id, size_t queue_bytes,
		      sink_acked_fn *acked, void *arg, struct err *err);
/* Make a sink that sends only while the lease holds, and is poisoned (ERR_KAFKA,
 * retriable) when the lease has ended (sink/lease.h). lease may be NULL; it must outlive the
 * sink. */
struct sink *sink_new_leased(const struct sink_config *config, const char *client_id,
			     size_t queue_bytes, const struct lease *lease, sink_acked_fn *acked,
			     void *arg, struct err *err);
void sink_free(struct sink *sink);
/* Let a sink_send that waits for room give up (ERR_KAFKA, retriable) when *stop becomes true.
 * Without this call, it waits as long as the brokers are away. */
void sink_stop_on(struct sink *sink, const _Atomic bool *stop);

/* Find or create the topic, and wait until all its partitions have leaders in the metadata (rule:
 * topics-first). While a broker is away, log it and wait until *stop is true; stop may be NULL.
 * Fail with ERR_KAFKA, the name and a remedy if the topic does not exist and must not be created.
 * The result is valid until sink_free. A second call with the same name is only a map lookup. */
int sink_topic(struct sink *sink, struct slice name, const struct topic_spec *spec,
	       const _Atomic bool *stop, struct topic **topic, struct err *err) MUST_CHECK;
const struct topic_info *sink_topic_info(const struct topic *topic);
/* Create those of n topics that do not exist, many with one request, and wait until they have
 * leaders, so that sink_topic finds them ready. No name may occur twice. Waits and fails as
 * sink_topic does. */
int sink_topics_create(struct sink *sink, const struct slice *names, const struct topic_spec *specs,
		       unsigned n, const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Find out which topics exist, without creating any (check, plan, topics = "existing"). Set
 * exists[i], and partitions[i] to the number of its partitions or 0. Wait for a broker for at most
 * 10 s, or for the time set by sink_wait_at_most, and only briefly after it found none. The answer
 * may be 2 s old. */
int sink_topics_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		      int *partitions, struct err *err) MUST_CHECK;

/* Set how long sink_topics_exist waits for a broker that is away. */
void sink_wait_at_most(struct sink *sink, int ms);

/* Where a partition ends: after its last message, committed or not. */
struct partition_end {
	struct slice topic;
	int partition;
	int64_t end;
};
/* Fill in the ends of n partitions; those of one topic are adjacent. The topics must exist. Wait
 * for a broker as sink_topic does. */
int sink_ends(struct sink *sink, struct partition_end *ends, unsigned n, const _Atomic bool *stop,
	      struct err *err) MUST_CHECK;
/* Return a topic of the cluster, as of the last sink_topics_exist, whose name collides with this
 * one: Kafka does not distinguish "." and "_" in names. ptr NULL: none. */
struct slice sink_collides(const struct sink *sink, struct slice name);

/* Send one message to `topic`. The partition is murmur2(key) modulo the pinned count, or 0 for a
 * null key, unless the message names one. While the queue is full, poll until there is room; drop
 * nothing. Refuse what sink_check refuses. */
int sink_send(struct sink *sink, struct topic *topic, const struct message *message, uint64_t token,
	      struct err *err) MUST_CHECK;
/* Returns whether sink_send would wait for room now: until sink_poll has served reports. */
bool sink_is_full(struct sink *sink);
/* Fail with ERR_DATA, sizes and a remedy for a message that is larger than the topic accepts or
 * whose partition does not exist. Send nothing. */
int sink_check(const struct sink *sink, const struct topic *topic, const struct message *message,
	       struct err *err) MUST_CHECK;
/* Send to the partition after the last known one, if the topic has gained it. Only the client's own
 * metadata counts: no broker is asked, and nothing is waited for. *added: the topic has the
 * partition. */
int sink_send_added(struct sink *sink, struct topic *topic, struct slice key, struct slice value,
		    uint64_t token, bool *added, struct err *err) MUST_CHECK;
/* Receives, for each topic with acknowledgements since the last call, the offsets after the highest
 * acknowledged ones: its partitions end there or later. */
typedef void sink_ends_fn(void *arg, struct slice topic, const int64_t *ends, int n);
void sink_take_ends(struct sink *sink, sink_ends_fn *take, void *arg);
/* Return the topic that a delivery report has shown to be replaced; ptr NULL: none. */
struct slice sink_replaced(const struct sink *sink);
/* Serve delivery reports. Wait at most timeout_ms for the first. Return -1 if the sink is
 * poisoned. */
int sink_poll(struct sink *sink, int timeout_ms, struct err *err) MUST_CHECK;
/* Poll until nothing is in flight. Return 0 then; 1 after timeout_ms (negative: no limit) or when
 * *stop is true (may be NULL). */
int sink_drain(struct sink *sink, int64_t timeout_ms, const _Atomic bool *stop,
	       struct err *err) MUST_CHECK;
/* Return the number of messages that were sent and not yet reported. */
unsigned sink_in_flight(const struct sink *sink);
/* Discard what is queued and in flight, after an error or at an immediate stop. */
void sink_purge(struct sink *sink);

/* Return murmur2 as in Kafka's Java client (seed 0x9747b28c), masked to 31 bits. */
uint32_t murmur2(struct slice key);

#endif
