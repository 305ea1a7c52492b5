#include "sink/topic_reader.h"

#include "base/mem.h"
#include "sink/kafka/partition_reader.h"

#include <stdlib.h>

enum {
	QUERY_MS =
		5000,  /* longest wait for the ends of a partition; then they are requested again */
	WAIT_MS = 100, /* between two requests */
};

struct topic_reader {
	struct kafka_client kafka; /* asks where partitions begin and end */
	const struct sink_config *config;
	const _Atomic bool *halt;
	const char *purpose;
	char *topic;
};

struct topic_reader *topic_reader_open(const struct sink_config *config, struct slice topic,
				       const char *purpose, const _Atomic bool *halt,
				       struct err *err)
{
	static const struct kafka_options options = {.type = RD_KAFKA_PRODUCER,
						     .use = PROPERTY_ADMIN};
	struct topic_reader *reader = mem_array(1, sizeof(*reader));
	if (kafka_open(&reader->kafka, config, &options, err) < 0) {
		free(reader);
		return NULL;
	}
	reader->config = config;
	reader->halt = halt;
	reader->purpose = purpose;
	reader->topic = slice_copy(topic);
	reader->kafka.topic = reader->topic;
	return reader;
}

void topic_reader_close(struct topic_reader *reader)
{
	if (reader == NULL)
		return;
	kafka_close(&reader->kafka);
	free(reader->topic);
	free(reader);
}

int topic_reader_range(struct topic_reader *reader, int partition, int64_t *begin, int64_t *end,
		       struct err *err)
{
	for (;;) {
		rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
			reader->kafka.rk, reader->topic, partition, begin, end, QUERY_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		if (!kafka_transient(code))
			return err_set(err, E_TOPIC_READ, "%s: cannot %s (topic \"%s\"): %s",
				       reader->kafka.label, reader->purpose, reader->topic,
				       rd_kafka_err2str(code));
		if (kafka_wait(&reader->kafka, reader->purpose, code, WAIT_MS, reader->halt, err) !=
		    0)
			return -1;
	}
}

int topic_reader_read(struct topic_reader *reader, int partition, int64_t from, int64_t until,
		      topic_take_fn *take, void *arg, struct err *err)
{
	const struct partition_reader part = {
		.config = reader->config,
		.topic = reader->topic,
		.partition = partition,
		.from = from,
		.until = until,
		.skips_removed = true,
		.purpose = reader->purpose,
		.stop = reader->halt,
		.error = E_TOPIC_READ,
		.rights = "Read and Describe",
		.take = take,
		.arg = arg,
	};
	return from < until ? partition_read(&part, &reader->kafka, err) : 0;
}
