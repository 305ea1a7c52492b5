/* forward: the embedded broker's front. It listens on the port that users name, and hands requests on to the mock
 * behind it and answers back. On the way it does what the mock cannot: it makes a topic, with the number of
 * partitions that was asked for, before the mock sees the request that would make it with its own number; and in
 * answers that say where the broker is it puts its own port, so that clients stay here.
 * Thread: one of its own, between forward_new and forward_free. Owner: forward_free. */
#ifndef TIDEWAY_FORWARD_H
#define TIDEWAY_FORWARD_H

#include "base/err.h"
#include "base/slice.h"

struct forward;

/* A client asks for this topic; called from the forwarder's thread. name is NUL-terminated. */
typedef void forward_topic_fn(void *arg, const char *name);

/* Listens on 127.0.0.1:port (0: any free one) for the mock on 127.0.0.1:mock_port. */
struct forward *forward_new(unsigned port, unsigned mock_port, forward_topic_fn *topic, void *arg,
			    struct err *err);
void forward_free(struct forward *forward);
unsigned forward_port(const struct forward *forward);

#endif
