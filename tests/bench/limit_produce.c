/* limit_produce BROKERS TOPIC PARTITIONS N < messages: a bare librdkafka producer, lz4, idempotent, acks=all, with the
 * settings that Tideway uses. Reads all messages first, each as two lengths (4 bytes each, this machine's byte order), key and
 * value. Sends them repeatedly until N are sent. The time is from the first produce to the last
 * acknowledgement. */
#include "bench/bench.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include "sink/sink.h"

enum { SAMPLES_MAX = 1000000 };

struct sample {
	struct slice key, value;
	int32_t partition;
};

static struct sample samples[SAMPLES_MAX];
static size_t nsamples;
static uint64_t failed;

static bool read_slice(struct slice *slice, uint32_t len)
{
	char *bytes = malloc(len + 1u);
	if (bytes == NULL || fread(bytes, 1, len, stdin) != len)
		return false;
	*slice = slice_of(bytes, len);
	return true;
}

static void read_samples(int partitions)
{
	uint32_t lengths[2];
	while (nsamples < SAMPLES_MAX && fread(lengths, sizeof(lengths), 1, stdin) == 1) {
		struct sample *sample = &samples[nsamples];
		if (!read_slice(&sample->key, lengths[0]) ||
		    !read_slice(&sample->value, lengths[1]))
			break;
		sample->partition = (int32_t)(murmur2(sample->key) % (unsigned)partitions);
		nsamples++;
	}
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (message->err)
		failed++;
}

static rd_kafka_t *open_producer(const char *brokers)
{
	static const char *const settings[][2] = {
		{"enable.idempotence", "true"},
		{"acks", "all"},
		{"compression.codec", "lz4"},
		{"linger.ms", "0.5"},
		{"queue.buffering.max.kbytes", "32768"},
		{"queue.buffering.max.messages", "10000000"},
	};
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text));
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) !=
		    RD_KAFKA_CONF_OK) {
			fprintf(stderr, "%s\n", text);
			exit(1);
		}
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (rk == NULL) {
		fprintf(stderr, "%s\n", text);
		exit(1);
	}
	return rk;
}

static void send_one(rd_kafka_t *rk, rd_kafka_topic_t *topic, const struct sample *sample)
{
	while (rd_kafka_produce(topic, sample->partition, RD_KAFKA_MSG_F_COPY,
				(void *)(uintptr_t)sample->value.ptr, sample->value.len,
				sample->key.ptr, sample->key.len, NULL) != 0) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
			fprintf(stderr, "%s\n", rd_kafka_err2str(rd_kafka_last_error()));
			exit(1);
		}
		rd_kafka_poll(rk, 100);
	}
}

int main(int argc, char **argv)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	uint64_t n, bytes = 0;
	int64_t began;
	if (argc != 5) {
		fprintf(stderr, "usage: limit_produce BROKERS TOPIC PARTITIONS N < messages\n");
		return 2;
	}
	read_samples(atoi(argv[3]));
	n = strtoull(argv[4], NULL, 10);
	if (nsamples == 0)
		return 1;
	rk = open_producer(argv[1]);
	topic = rd_kafka_topic_new(rk, argv[2], NULL);
	if (rd_kafka_metadata(rk, 0, topic, &metadata, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(metadata);
	began = clock_mono_ns();
	for (uint64_t i = 0; i < n; i++) {
		send_one(rk, topic, &samples[i % nsamples]);
		bytes += samples[i % nsamples].value.len;
		if (i % 64 == 0)
			rd_kafka_poll(rk, 0);
	}
	while (rd_kafka_outq_len(rk) > 0)
		rd_kafka_poll(rk, 100);
	bench_print(n - failed, bytes, began);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return failed > 0;
}
