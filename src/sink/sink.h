/* sink: where messages go; one for each lane. Kafka (the only rdkafka.h is in src/sink) or
 * lines.
 * Thread: the lane that owns it; no function is called from elsewhere, and librdkafka's threads
 * never run our code. Owner: sink_free. What is sent is copied before sink_send returns.
 *
 * Delivery: every message carries a token (the window's slot). acked(arg, token, n) is called
 * from sink_send, sink_poll and sink_drain. The first delivery report with an error poisons the
 * sink: every later call gives that error; nothing is sent again alone (consistency rule: first-error-poisons). */
#ifndef TIDEWAY_SINK_H
#define TIDEWAY_SINK_H

#include "base/err.h"
#include "model/config.h"
#include "model/message.h"

#include <stdint.h>

struct sink;
struct lease;

/* A destination topic as this sink knows it. Opaque; belongs to the sink. */
struct topic;

struct topic_info {
	struct slice name;
	int partitions;     /* pinned count: what the partitioner uses */
	int present;        /* partitions that there are; not less than pinned */
	bool compacted;     /* cleanup.policy holds compact: null keys are refused there */
	size_t max_message; /* max.message.bytes; 0: could not be read */
	bool created;       /* this call has created it */
};

/* Why a topic is not the one that the checkpoint names. */
#define TOPIC_REPLACED_WHY                                                                         \
	"it was deleted and created again, or the brokers have lost messages that they had "       \
	"acknowledged"
#define TOPIC_REPLACED                                                                             \
	"topic \"%.*s\" is another one than before, as an earlier run has "                        \
	"found: " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST

struct topic_spec {
	bool create;     /* false: must exist already (topics = "existing") */
	int partitions;  /* when created */
	int replication; /* -1: the broker's default */
	const struct property *config;
	unsigned nconfig;
	int pinned; /* count from the checkpoint; 0: none. A pinned topic is never created, and has at least so many */
	const int64_t *ends; /* of its first nends partitions: after the highest offset that was
				acknowledged; NULL: not known */
	int nends;
};

typedef void sink_acked_fn(void *arg, uint64_t token, unsigned messages);

/* Bytes all lanes' queues may take together: buffer.memory (or queue.buffering.max.kbytes) of
 * the sink's properties when it is set there, else `fallback`. The caller divides it among its
 * lanes. */
size_t sink_queue_total(const struct sink_config *config, size_t fallback);

/* queue_bytes: this lane's share of sink_queue_total; 0: all of it. A larger message than that goes alone. client_id
 * for the broker's logs. Connects lazily. acked NULL: nobody wants to know (a sink that only asks for topics). */
struct sink *sink_new(const struct sink_config *config, const char *client_id, size_t queue_bytes,
		      sink_acked_fn *acked, void *arg, struct err *err);
/* The same, for the stream: it sends only while it has the lease, which may be NULL and outlives the sink, and is poisoned
 * (ERR_KAFKA, retriable) when the lease is over (sink/lease.h). */
struct sink *sink_new_leased(const struct sink_config *config, const char *client_id,
			     size_t queue_bytes, const struct lease *lease, sink_acked_fn *acked,
			     void *arg, struct err *err);
void sink_free(struct sink *sink);
/* When *stop becomes true, a sink_send that waits for room gives up (ERR_KAFKA, retriable). Not
 * set: it waits as long as the brokers are away. */
void sink_stop_on(struct sink *sink, const _Atomic bool *stop);

/* Finds or creates the topic and waits until all its partitions have leaders in the metadata
 * (rule: topics-first); waits for a broker that is away as long as `stop` (may be NULL) stays false, and
 * says so in the log. Missing and not to be created: ERR_KAFKA that names it and the remedy. The
 * result stays valid until sink_free; asking again for the same name is a map lookup. */
int sink_topic(struct sink *sink, struct slice name, const struct topic_spec *spec,
	       const _Atomic bool *stop, struct topic **topic, struct err *err) MUST_CHECK;
const struct topic_info *sink_topic_info(const struct topic *topic);
/* Creates those of n topics that do not exist, many with one request, and waits until they have leaders, so that
 * sink_topic finds them ready. No name may occur twice. Waits and fails like sink_topic. */
int sink_topics_create(struct sink *sink, const struct slice *names, const struct topic_spec *specs,
		       unsigned n, const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Which of the names do not exist, without creating any (check, plan, topics = "existing").
 * exists[i] is set; partitions[i] when it exists, else 0. Waits at most 10 s for a broker, or as long as
 * sink_wait_at_most allows, and hardly the next time. What it says may be 2 s old. */
int sink_topics_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		      int *partitions, struct err *err) MUST_CHECK;

/* How long sink_topics_exist waits for a broker that is away. */
void sink_wait_at_most(struct sink *sink, int ms);

/* Where a partition ends: after its last message, committed or not. */
struct partition_end {
	struct slice topic;
	int partition;
	int64_t end;
};
/* Fills in the ends of n partitions, those of a topic one after the other. The topics exist. Waits for a broker as
 * sink_topic does. */
int sink_ends(struct sink *sink, struct partition_end *ends, unsigned n, const _Atomic bool *stop,
	      struct err *err) MUST_CHECK;
/* Another topic of the cluster, as last asked by sink_topics_exist, whose name collides with this one: Kafka takes "."
 * and "_" for the same there. ptr NULL: none. */
struct slice sink_collides(const struct sink *sink, struct slice name);

/* Hands one message over; its topic is `topic`. Null keys go to partition 0 of those that are chosen by key
 * (murmur2(key) modulo the pinned count). While the queue is full, polls until there is room (no sleep, no drop). Refuses
 * what sink_check refuses. */
int sink_send(struct sink *sink, struct topic *topic, const struct message *message, uint64_t token,
	      struct err *err) MUST_CHECK;
/* Returns whether sink_send would wait for room now: until sink_poll has served reports. */
bool sink_is_full(struct sink *sink);
/* ERR_DATA, with sizes and remedy, for a message that is larger than the topic accepts or whose partition does not
 * exist. Sends nothing. */
int sink_check(const struct sink *sink, const struct topic *topic, const struct message *message,
	       struct err *err) MUST_CHECK;
/* Sends to the partition after the last one when the topic has got one more, as far as the client has heard by
 * itself: no broker is asked, and nothing is waited for. *added: it has. */
int sink_send_added(struct sink *sink, struct topic *topic, struct slice key, struct slice value,
		    uint64_t token, bool *added, struct err *err) MUST_CHECK;
/* Hands over, for each topic with acknowledgements since the last call, where its partitions end at least: after the
 * highest acknowledged offset. */
typedef void sink_ends_fn(void *arg, struct slice topic, const int64_t *ends, int n);
void sink_take_ends(struct sink *sink, sink_ends_fn *take, void *arg);
/* The topic that a delivery report has shown to be another one than before; ptr NULL: none. */
struct slice sink_replaced(const struct sink *sink);
/* Serves delivery reports, waiting at most timeout_ms for the first. -1 when poisoned. */
int sink_poll(struct sink *sink, int timeout_ms, struct err *err) MUST_CHECK;
/* Polls until nothing is in flight (0), or timeout_ms have passed (1; negative: no limit), or
 * *stop became true (1; may be NULL). */
int sink_drain(struct sink *sink, int64_t timeout_ms, const _Atomic bool *stop,
	       struct err *err) MUST_CHECK;
/* Messages handed over and not reported yet. */
unsigned sink_in_flight(const struct sink *sink);
/* Throws away what is queued and in flight (after an error, at a hard stop). */
void sink_purge(struct sink *sink);

/* murmur2 of Kafka's Java client (seed 0x9747b28c), masked to 31 bits. */
uint32_t murmur2(struct slice key);

#endif
