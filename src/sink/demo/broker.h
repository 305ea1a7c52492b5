/* broker: librdkafka's in-process mock cluster, run by `tideway broker`. It does not support
 * CreateTopics: a topic appears when a client first requests it, unless broker_topic created it
 * before. It keeps a few MB for each partition in memory.
 * Thread: one. Owner: broker_new / broker_free. */
#ifndef TIDEWAY_BROKER_H
#define TIDEWAY_BROKER_H

#include "base/err.h"
#include "base/slice.h"

struct broker;

/* port: 0 for any free port. partitions: of a topic that a client requests; 0: the mock's own
 * number (4), and clients then connect to the mock itself, on a port that it chooses. */
struct broker *broker_new(unsigned port, int partitions, struct err *err);
void broker_free(struct broker *broker);
/* "127.0.0.1:12345" */
const char *broker_address(const struct broker *broker);
/* Create a topic with this many partitions. */
int broker_topic(struct broker *broker, const char *name, int partitions,
		 struct err *err) MUST_CHECK;

#endif
