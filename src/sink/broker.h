/* broker: librdkafka's in-process mock cluster behind one command (`tideway broker`). It knows
 * no CreateTopics: a topic appears when a client first asks for it, with 4 partitions (the
 * library's number; it cannot be changed), unless broker_topic made it before. It keeps a few MB
 * a partition in memory.
 * Thread: one. Owner: broker_free. */
#ifndef TIDEWAY_BROKER_H
#define TIDEWAY_BROKER_H

#include "base/err.h"
#include "base/slice.h"

struct broker;

/* port 0: any free one. The mock listens on a free port of its own choice; a fixed port is
 * served by a forwarder in front of it, and clients go on to the mock's port by themselves
 * (loopback only). */
struct broker *broker_new(unsigned port, int partitions, struct err *err);
void broker_free(struct broker *broker);
/* "127.0.0.1:12345" */
const char *broker_address(const struct broker *broker);
/* Makes a topic with so many partitions. */
int broker_topic(struct broker *broker, const char *name, int partitions,
		 struct err *err) MUST_CHECK;

#endif
