/* forward: a proxy in front of the embedded broker, librdkafka's mock. It listens on the port that
 * users name, and forwards requests to the mock and responses to the client. It adds what the mock
 * lacks. Before a request reaches the mock, it creates the topics of the request with the requested
 * number of partitions; the mock would create them with its own number. In responses that contain
 * the address of the broker, it replaces the port by its own, so that clients connect to the proxy.
 * Thread: one of its own, between forward_new and forward_free. Owner: forward_free. */
#ifndef TIDEWAY_BROKER_PROXY_H
#define TIDEWAY_BROKER_PROXY_H

#include "base/err.h"
#include "base/slice.h"

struct forward;

/* Called in the forwarder's thread for each topic that a client requests. name is
 * NUL-terminated. */
typedef void forward_topic_fn(void *arg, const char *name);

/* Listen on 127.0.0.1:port (0: any free port), and forward to the mock on 127.0.0.1:mock_port. */
struct forward *forward_new(unsigned port, unsigned mock_port, forward_topic_fn *topic, void *arg,
			    struct err *err);
void forward_free(struct forward *forward);
unsigned forward_port(const struct forward *forward);

#endif
