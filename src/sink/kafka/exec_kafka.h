/* exec_kafka: Kafka clients for scripts of `tideway exec` and for tests: a producer, a consumer, and
 * functions for topics. Each function connects if necessary, and blocks until it has its result. It
 * waits at most 10 s for a broker unless its comment names another time.
 * Thread: one for each object. Owner: each object has its _free; the config must outlive
 * them. */
#ifndef TIDEWAY_EXEC_KAFKA_H
#define TIDEWAY_EXEC_KAFKA_H

#include "sink/sink.h"

struct exec_producer;
struct exec_consumer;

struct exec_producer *exec_producer_new(const struct sink_config *config, struct err *err);
void exec_producer_free(struct exec_producer *producer);
/* Queue one message for its topic, which must exist. The delivery error of a message is returned by
 * a later call. */
int exec_producer_send(struct exec_producer *producer, const struct message *message,
		       struct err *err) MUST_CHECK;
/* Wait until all messages are acknowledged. Fail with ERR_KAFKA, retriable, after `seconds`. */
int exec_producer_flush(struct exec_producer *producer, double seconds, struct err *err) MUST_CHECK;

/* group NULL: read all partitions without a consumer group, and commit no offsets. from_beginning:
 * read a partition without a committed offset from its beginning; otherwise from its end. */
struct exec_consumer *exec_consumer_new(const struct sink_config *config,
					const struct slice *topics, unsigned ntopics,
					const char *group, bool from_beginning, struct err *err);
void exec_consumer_free(struct exec_consumer *consumer);
/* Return 1 with a message, which is valid until the next call; 0 when none arrived in time; -1. */
int exec_consumer_poll(struct exec_consumer *consumer, double seconds, struct message *message,
		       struct err *err) MUST_CHECK;

/* Create a topic and wait until all its partitions have leaders. Fail with ERR_KAFKA when it
 * exists. replication -1: the broker's default. */
int exec_topic_create(const struct sink_config *config, struct slice name, int partitions,
		      int replication, const struct property *properties, unsigned n,
		      struct err *err) MUST_CHECK;
int exec_topic_delete(const struct sink_config *config, struct slice name,
		      struct err *err) MUST_CHECK;
/* Call `each` for every topic of the cluster. */
int exec_topic_list(const struct sink_config *config,
		    void (*each)(void *context, struct slice name, int partitions), void *context,
		    struct err *err) MUST_CHECK;

#endif
