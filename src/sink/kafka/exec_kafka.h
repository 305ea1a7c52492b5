/* client: Kafka clients for scripts of `tideway exec` and for tests: a producer, a consumer, and
 * functions for topics. Each function connects if necessary, and blocks until it has its result. It
 * waits at most 10 s for a broker unless its comment names another time.
 * Thread: one for each handle. Owner: each handle has its _free; the config must outlive the
 * handles. */
#ifndef TIDEWAY_EXEC_KAFKA_H
#define TIDEWAY_EXEC_KAFKA_H

#include "sink/sink.h"

struct client_producer;
struct client_consumer;

struct client_producer *client_producer_new(const struct sink_config *config, struct err *err);
void client_producer_free(struct client_producer *producer);
/* Queue one message for its topic, which must exist. The delivery error of a message is returned by
 * a later call. */
int client_producer_send(struct client_producer *producer, const struct message *message,
			 struct err *err) MUST_CHECK;
/* Wait until all messages are acknowledged. Fail with ERR_KAFKA, retriable, after `seconds`. */
int client_producer_flush(struct client_producer *producer, double seconds,
			  struct err *err) MUST_CHECK;

/* group NULL: read all partitions without a consumer group, and commit no offsets. from_beginning:
 * read a partition without a committed offset from its beginning; otherwise from its end. */
struct client_consumer *client_consumer_new(const struct sink_config *config,
					    const struct slice *topics, unsigned ntopics,
					    const char *group, bool from_beginning,
					    struct err *err);
void client_consumer_free(struct client_consumer *consumer);
/* Return 1 with a message, which is valid until the next call; 0 when none arrived in time; -1. */
int client_consumer_poll(struct client_consumer *consumer, double seconds, struct message *message,
			 struct err *err) MUST_CHECK;

/* Create a topic and wait until all its partitions have leaders. Fail with ERR_KAFKA when it
 * exists. replication -1: the broker's default. */
int client_topic_create(const struct sink_config *config, struct slice name, int partitions,
			int replication, const struct property *properties, unsigned n,
			struct err *err) MUST_CHECK;
int client_topic_delete(const struct sink_config *config, struct slice name,
			struct err *err) MUST_CHECK;
/* Call `each` for every topic of the cluster. */
int client_topic_list(const struct sink_config *config,
		      void (*each)(void *context, struct slice name, int partitions), void *context,
		      struct err *err) MUST_CHECK;

#endif
