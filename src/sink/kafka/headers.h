/* headers: the headers of a message that was read. Thread: that of the client. Owner: headers_fini; the names and values belong to
 * librdkafka's message. Zeros are empty. Only src/sink includes it. */
#ifndef TIDEWAY_HEADERS_H
#define TIDEWAY_HEADERS_H

#include "model/message.h"

#include <librdkafka/rdkafka.h>

struct headers {
	struct header *list;
	size_t cap;
};

/* Put the headers of the message into the list. Return their number. */
unsigned headers_take(struct headers *headers, const rd_kafka_message_t *message);
void headers_fini(struct headers *headers);

#endif
