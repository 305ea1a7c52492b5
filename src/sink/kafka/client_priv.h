/* client_priv: the outages that the clients of one process share, and the choice of librdkafka's
 * lines to log. For client.c and its unit test.
 * Thread: kafka_begin_outage and kafka_end_outage any; kafka_may_log the client's. */
#ifndef TIDEWAY_CLIENT_PRIV_H
#define TIDEWAY_CLIENT_PRIV_H

#include "sink/kafka/client.h"

enum {
	LOG_REPEAT_MS = 60000, /* log lines of one facility at most this often */
	OUTAGES = 32, /* outages at a time that are reported once; each client reports any other */
};

/* Add a client to the outage of the cluster with this label. reader: where the client reports the
 * outage: the reader of its sync; NULL: the log. Return whether the client is the first. */
bool kafka_begin_outage(const char *label, const struct kafka_outage_reader *reader);
/* Remove a client from the outage. Return whether it was the last. */
bool kafka_end_outage(const char *label, const struct kafka_outage_reader *reader);
/* Return whether to log a line of librdkafka: a warning that is not reported otherwise. Limit the
 * lines of one facility. */
bool kafka_may_log(struct kafka_client *kafka, int level, const char *fac);

#endif
