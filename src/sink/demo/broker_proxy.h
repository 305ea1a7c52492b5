/* broker_proxy: a proxy in front of the embedded broker, librdkafka's mock. It listens on the port that
 * users name, and forwards requests to the mock and responses to the client. It adds what the mock
 * lacks. Before a request reaches the mock, it creates the topics of the request with the requested
 * number of partitions; the mock would create them with its own number. In responses that contain
 * the address of the broker, it replaces the port by its own, so that clients connect to the proxy.
 * Thread: one of its own, between broker_proxy_new and broker_proxy_free. Owner: broker_proxy_free. */
#ifndef TIDEWAY_BROKER_PROXY_H
#define TIDEWAY_BROKER_PROXY_H

#include "base/err.h"
#include "base/slice.h"

struct broker_proxy;

/* Called in the thread of the proxy for each topic that a client requests. name is
 * NUL-terminated. */
typedef void broker_proxy_topic_fn(void *arg, const char *name);

/* Listen on 127.0.0.1:port (0: any free port), and forward to the mock on 127.0.0.1:mock_port. */
struct broker_proxy *broker_proxy_new(unsigned port, unsigned mock_port,
				      broker_proxy_topic_fn *topic, void *arg, struct err *err);
void broker_proxy_free(struct broker_proxy *proxy);
unsigned broker_proxy_port(const struct broker_proxy *proxy);

#endif
