#include "sink/kafka/partition_reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "sink/kafka/headers.h"

enum {
	QUERY_MS = 5000,     /* longest wait for the end offset; then it is requested again */
	WAIT_MS = 100,       /* between two requests */
	READ_MS = 500,       /* one wait for records */
	READ_LOG_MS = 10000, /* log that the end is not reached after this time */
};

struct reading {
	const struct partition_reader *reader;
	struct kafka_client kafka; /* a consumer */
	rd_kafka_topic_t *rkt;
	int64_t end; /* which must be reached */
	uint64_t records;
	struct headers headers; /* of the present record */
};

static int refused(const struct partition_reader *reader, const struct kafka_client *kafka,
		   rd_kafka_resp_err_t code, const char *text, struct err *err)
{
	bool denied = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	return err_set(err, reader->error, "%s: cannot %s (topic \"%s\"): %s%s%s%s", kafka->label,
		       reader->purpose, reader->topic, text, denied ? ": grant " : "",
		       denied ? reader->rights : "", denied ? " on the topic" : "");
}

/* Get the end offset of the partition with a client that is not a read_committed consumer: such a consumer would
 * get the last stable offset, which is before the records of open transactions. */
static int find_end(const struct partition_reader *reader, struct kafka_client *kafka, int64_t *end,
		    struct err *err)
{
	int64_t low;
	for (;;) {
		rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
			kafka->rk, reader->topic, reader->partition, &low, end, QUERY_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		if (!kafka_transient(code))
			return refused(reader, kafka, code, rd_kafka_err2str(code), err);
		if (kafka_wait(kafka, reader->purpose, code, WAIT_MS, reader->stop, err) != 0)
			return -1;
	}
}

/* Pass a record on. Return whether the caller wants another one. */
static bool take_record(struct reading *reading, const rd_kafka_message_t *message)
{
	struct message record = {
		.topic = slice_str(reading->reader->topic),
		.partition = reading->reader->partition,
		.offset = message->offset,
		.key = slice_of(message->key, message->key_len),
		.value = slice_of(message->payload, message->len),
		.nheaders = headers_take(&reading->headers, message),
	};
	record.headers = reading->headers.list; /* now that it is filled */
	reading->records++;
	return reading->reader->take(reading->reader->arg, &record);
}

/* Process a message. Return 1 when the end is reached; 0 to continue; -1. */
static int take_message(struct reading *reading, const rd_kafka_message_t *message, struct err *err)
{
	if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return message->offset >= reading->end;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (message->offset >= reading->end || !take_record(reading, message))
			return 1;
		return message->offset + 1 >= reading->end;
	}
	if (kafka_transient(message->err))
		return 0;
	return refused(reading->reader, &reading->kafka, message->err,
		       rd_kafka_message_errstr(message), err);
}

/* As take_message, for the next message; wait for it one turn. */
static int take_next(struct reading *reading, struct err *err)
{
	const struct partition_reader *reader = reading->reader;
	int result = 0;
	rd_kafka_message_t *message = rd_kafka_consume(reading->rkt, reader->partition, READ_MS);
	if (message == NULL)
		return kafka_wait(&reading->kafka, reader->purpose, RD_KAFKA_RESP_ERR__TIMED_OUT, 0,
				  reader->stop, err);
	result = take_message(reading, message, err);
	rd_kafka_message_destroy(message);
	return result;
}

static int gave_up(const struct reading *reading, struct err *err)
{
	const struct partition_reader *reader = reading->reader;
	return err_retry(err, reader->error,
			 "%s: topic \"%s\" could not be read up to offset %lld in %d s: a process "
			 "that was killed while it saved has left a transaction open, which the "
			 "next run ends",
			 reading->kafka.label, reader->topic, (long long)reading->end,
			 (int)(reader->limit_ms / 1000));
}

static int read_to_end(struct reading *reading, struct err *err)
{
	const struct partition_reader *reader = reading->reader;
	int64_t start = clock_mono_ms();
	bool logged = false;
	int result = 0;
	while (result == 0) {
		int64_t elapsed = clock_mono_ms() - start;
		if (reader->limit_ms > 0 && elapsed > reader->limit_ms)
			return gave_up(reading, err);
		if (!logged && elapsed > READ_LOG_MS) {
			logged = true;
			log_info("%s: still reading topic \"%s\" up to offset %lld (another "
				 "producer's transaction may be open in it)",
				 reading->kafka.label, reader->topic, (long long)reading->end);
		}
		result = take_next(reading, err);
	}
	return result < 0 ? -1 : 0;
}

static int open_consumer(struct reading *reading, struct err *err)
{
	const struct partition_reader *reader = reading->reader;
	const struct property forced[] = {
		{"isolation.level", "read_committed"},
		{"enable.partition.eof", "true"},
		{"auto.offset.reset", reader->skips_removed ? "earliest" : "error"},
		{"enable.auto.commit", "false"},
		{"check.crcs", "true"},
		{NULL, NULL},
	};
	int64_t from = reader->from > 0 ? reader->from : RD_KAFKA_OFFSET_BEGINNING;
	const struct kafka_options options = {
		RD_KAFKA_CONSUMER, PROPERTY_ADMIN, reader->topic, NULL, forced, NULL, NULL, false};
	if (kafka_open(&reading->kafka, reader->config, &options, err) != 0)
		return -1;
	reading->rkt = rd_kafka_topic_new(reading->kafka.rk, reader->topic, NULL);
	if (reading->rkt != NULL &&
	    rd_kafka_consume_start(reading->rkt, reader->partition, from) == 0)
		return 0;
	return refused(reader, &reading->kafka, rd_kafka_last_error(),
		       rd_kafka_err2str(rd_kafka_last_error()), err);
}

static void close_consumer(struct reading *reading)
{
	if (reading->rkt != NULL) {
		(void)rd_kafka_consume_stop(reading->rkt, reading->reader->partition);
		rd_kafka_topic_destroy(reading->rkt);
	}
	kafka_close(&reading->kafka);
	headers_fini(&reading->headers);
}

int partition_read(const struct partition_reader *reader, struct kafka_client *kafka,
		   struct err *err)
{
	struct reading reading = {.reader = reader, .end = reader->until};
	int result;
	if (reading.end == 0 && find_end(reader, kafka, &reading.end, err) != 0)
		return -1;
	if (reading.end <= reader->from)
		return 0;
	result = open_consumer(&reading, err);
	if (result == 0)
		result = read_to_end(&reading, err);
	close_consumer(&reading);
	if (result == 0)
		log_debug("%s: topic \"%s\": %llu records up to offset %lld", kafka->label,
			  reader->topic, (unsigned long long)reading.records,
			  (long long)reading.end);
	return result;
}
