/* partition_reader: read a partition of a topic, or a part of it. Of a transaction that another
 * producer has open, the reader waits for the end.
 * Thread: that of the client. Owner: nothing outlives the call. Only src/sink includes it. */
#ifndef TIDEWAY_PARTITION_READER_H
#define TIDEWAY_PARTITION_READER_H

#include "model/message.h"
#include "sink/kafka/client.h"

struct partition_reader {
	const struct sink_config *config;
	const char *topic;
	int partition;
	int64_t from;  /* the first offset; 0: the beginning */
	int64_t until; /* the offset after the last one; 0: the end that the partition has now */
	/* pass over what the brokers have removed since the partition was asked for its beginning */
	bool skips_removed;
	const char *purpose;      /* what the caller does, for messages: "read the checkpoint" */
	const _Atomic bool *stop; /* true: stop waiting for a broker; may be NULL */
	int64_t limit_ms;         /* give up when the end is not reached after it; 0: wait on */
	enum err_id error;        /* of an error that the brokers report */
	const char *rights;       /* that reading the topic needs: "Read and Describe" */
	/* called for each committed record, in order, until it returns false. A record has a topic, a key, a value, headers and an
	 * offset, which live until it returns; value.ptr NULL: a tombstone */
	bool (*take)(void *arg, const struct message *record);
	void *arg;
};

/* Read the records. kafka: any client of the cluster except a consumer with read_committed. */
int partition_read(const struct partition_reader *reader, struct kafka_client *kafka,
		   struct err *err) MUST_CHECK;

#endif
