/* broker_priv: the mock cluster inside the embedded broker, for unit tests that make it fail.
 * Thread: one. Owner: the broker. */
#ifndef TIDEWAY_BROKER_PRIV_H
#define TIDEWAY_BROKER_PRIV_H

#include "sink/demo/broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

rd_kafka_mock_cluster_t *broker_mock(const struct broker *broker);

#endif
