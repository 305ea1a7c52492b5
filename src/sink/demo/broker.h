/* broker: librdkafka's in-process mock cluster as one command (`tideway broker`). It knows
 * no CreateTopics: a topic appears when a client first asks for it, unless broker_topic made it before. It keeps
 * a few MB a partition in memory.
 * Thread: one. Owner: broker_free. */
#ifndef TIDEWAY_BROKER_H
#define TIDEWAY_BROKER_H

#include "base/err.h"
#include "base/slice.h"

struct broker;

/* port 0: any free one. partitions of a topic that a client asks for; 0: the mock's own number (4), and clients
 * talk to the mock itself, on a port of its own choice. */
struct broker *broker_new(unsigned port, int partitions, struct err *err);
void broker_free(struct broker *broker);
/* "127.0.0.1:12345" */
const char *broker_address(const struct broker *broker);
/* Makes a topic with so many partitions. */
int broker_topic(struct broker *broker, const char *name, int partitions,
		 struct err *err) MUST_CHECK;

#endif
