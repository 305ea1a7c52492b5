/* partition_reader: read partition 0 of a topic from its beginning to its end. Of a transaction
 * that another producer has open, the reader waits for the end.
 * Thread: that of the client. Owner: nothing outlives the call. Only src/sink includes it. */
#ifndef TIDEWAY_PARTITION_READER_H
#define TIDEWAY_PARTITION_READER_H

#include "sink/kafka/client.h"

struct partition_reader {
	const struct sink_config *config;
	const char *topic;
	const char *purpose;      /* what the caller does, for messages: "read the checkpoint" */
	const _Atomic bool *stop; /* true: stop waiting for a broker; may be NULL */
	int64_t limit_ms;         /* give up when the end is not reached after it; 0: wait on */
	/* called for each committed record, in order; value.ptr NULL: a tombstone */
	void (*take)(void *arg, struct slice key, struct slice value);
	void *arg;
};

/* Read up to the end that the partition has now. kafka: any client of the cluster. */
int partition_read(const struct partition_reader *reader, struct kafka_client *kafka,
		   struct err *err) MUST_CHECK;

#endif
