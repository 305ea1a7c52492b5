/* client: Kafka for scripts of `tideway exec` and for tests: a producer, a consumer, and topics,
 * one call at a time. Everything connects when it is called and waits at most 10 s for a broker
 * unless it says otherwise.
 * Thread: one for each handle. Owner: each has its _free; the config must outlive the handles. */
#ifndef TIDEWAY_CLIENT_H
#define TIDEWAY_CLIENT_H

#include "sink/sink.h"

struct client_producer;
struct client_consumer;

struct client_message {
	struct slice topic;
	int partition;
	int64_t offset;
	int64_t timestamp_ms;         /* -1: the message has none */
	struct slice key, value;      /* ptr NULL: null */
	const struct header *headers; /* value.ptr NULL: null */
	unsigned nheaders;
};

struct client_producer *client_producer_new(const struct sink_config *config, struct err *err);
void client_producer_free(struct client_producer *producer);
/* Hands one message over (partition SINK_PARTITION_BY_KEY: murmur2 of the key). The topic must
 * exist. An error of an earlier message comes with a later call. */
int client_producer_send(struct client_producer *producer, struct slice topic, int partition,
			 struct slice key, struct slice value, const struct header *headers,
			 unsigned nheaders, struct err *err) MUST_CHECK;
/* Waits until all that was sent is acknowledged; not in time: ERR_KAFKA, retriable. */
int client_producer_flush(struct client_producer *producer, double seconds,
			  struct err *err) MUST_CHECK;

/* group NULL: reads all partitions without a group, and commits nothing. from_beginning: where a
 * partition is begun that has no committed offset; otherwise only what comes later is read. */
struct client_consumer *client_consumer_new(const struct sink_config *config,
					    const struct slice *topics, unsigned ntopics,
					    const char *group, bool from_beginning,
					    struct err *err);
void client_consumer_free(struct client_consumer *consumer);
/* 1: a message, valid until the next call; 0: none within the time; -1. */
int client_consumer_poll(struct client_consumer *consumer, double seconds,
			 struct client_message *message, struct err *err) MUST_CHECK;

/* Exists already: ERR_KAFKA. Returns when all partitions have leaders. replication -1: the
 * broker's default. */
int client_topic_create(const struct sink_config *config, struct slice name, int partitions,
			int replication, const struct property *properties, unsigned n,
			struct err *err) MUST_CHECK;
int client_topic_delete(const struct sink_config *config, struct slice name,
			struct err *err) MUST_CHECK;
/* Calls `each` for every topic of the cluster. */
int client_topic_list(const struct sink_config *config,
		      void (*each)(void *context, struct slice name, int partitions), void *context,
		      struct err *err) MUST_CHECK;
/* Fills what is known of one topic (name stays the argument). Missing: ERR_KAFKA. */
int client_topic_describe(const struct sink_config *config, struct slice name,
			  struct topic_info *info, struct err *err) MUST_CHECK;

#endif
