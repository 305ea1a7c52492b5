/* kafka_outage: reports that no broker of a cluster can be reached, and that one can be reached
 * again. The sink makes them, and the code that opens a client may read them (struct sink_config).
 * Thread: the client's. Owner: the maker; a reader copies what it keeps. */
#ifndef TIDEWAY_KAFKA_OUTAGE_H
#define TIDEWAY_KAFKA_OUTAGE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct kafka_outage {
	bool is_over;
	const char *cluster; /* "Kafka 10.0.0.1:9092" */
	const char *cause;   /* the last connection error; "": none */
	bool gives_up;       /* the client waits for some seconds only */
	int64_t ms;          /* duration of the outage when it is over */
};

struct kafka_outage_reader {
	void (*read)(void *arg, const struct kafka_outage *outage);
	void *arg;
};

/* Appends the line of the log. */
void kafka_outage_print(const struct kafka_outage *outage, struct buf *out);

#endif
