/* topics_list: the list of all topics of a cluster, and topics on it. */
#include "base/clock.h"
#include "base/mem.h"
#include "sink/kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLICE_MS = 500,        /* one turn of waiting for a response */
	TOPIC_NAME_SIZE = 256, /* Kafka's limit is 249 */
};

void topics_forget(struct topic_names *names)
{
	if (names->metadata != NULL)
		rd_kafka_metadata_destroy(names->metadata);
	names->metadata = NULL;
	free(names->sorted);
	names->sorted = NULL;
}

static int alike(char c)
{
	return c == '.' ? '_' : (unsigned char)c;
}

/* Compare names as Kafka does where it looks for collisions: "." and "_" are equal. */
static int compare_alike(const char *a, const char *b)
{
	while (*a != '\0' && alike(*a) == alike(*b))
		a++, b++;
	return alike(*a) - alike(*b);
}

static int compare_topics(const void *a, const void *b)
{
	const rd_kafka_metadata_topic_t *const *first = a, *const *second = b;
	return compare_alike((*first)->topic, (*second)->topic);
}

void topics_sort(struct topic_names *names)
{
	int n = names->metadata->topic_cnt;
	names->sorted = mem_array((size_t)n + 1, sizeof(const rd_kafka_metadata_topic_t *));
	for (int i = 0; i < n; i++)
		names->sorted[i] = &names->metadata->topics[i];
	qsort(names->sorted, (size_t)n, sizeof(const rd_kafka_metadata_topic_t *), compare_topics);
}

int topics_list(struct kafka_client *kafka, struct topic_names *names, int timeout_ms,
		const _Atomic bool *stop, struct err *err)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	topics_forget(names);
	kafka->hurried = timeout_ms >= 0;
	for (;;) {
		rd_kafka_resp_err_t code =
			rd_kafka_metadata(kafka->rk, 1, NULL, &names->metadata, SLICE_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		names->metadata = NULL;
		if (!kafka_transient(code))
			return err_set(err, E_TOPIC_REQUEST, "%s: cannot list topics: %s",
				       kafka->label, rd_kafka_err2str(code));
		if (kafka_wait(kafka, "list the topics", code, 0, stop, err) != 0)
			return -1;
		if (timeout_ms >= 0 && clock_mono_ms() >= end)
			return err_retry(err, E_BROKER_AWAY,
					 "%s: no broker can be reached%s%s. Check the address, the "
					 "firewall and security.protocol",
					 kafka->label, kafka->last_error[0] ? ": " : "",
					 kafka->last_error);
	}
	kafka->hurried = false;
	kafka_up(kafka);
	topics_sort(names);
	names->at_ms = clock_mono_ms();
	return 0;
}

/* Return a topic whose name is alike, and equal or not. */
static const rd_kafka_metadata_topic_t *find_alike(const struct topic_names *names,
						   struct slice name, bool equal)
{
	char text[TOPIC_NAME_SIZE];
	int low = 0, high = names->metadata ? names->metadata->topic_cnt : 0, n = high;
	if (name.len >= sizeof(text)) /* Kafka has no such name */
		return NULL;
	snprintf(text, sizeof(text), "%.*s", SLICE_FMT(name));
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (compare_alike(names->sorted[middle]->topic, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n && compare_alike(names->sorted[low]->topic, text) == 0; low++)
		if ((strcmp(names->sorted[low]->topic, text) == 0) == equal)
			return names->sorted[low];
	return NULL;
}

const rd_kafka_metadata_topic_t *topics_find(const struct topic_names *names, struct slice name)
{
	return find_alike(names, name, true);
}

int topics_partitions(const struct topic_names *names, struct slice name)
{
	const rd_kafka_metadata_topic_t *topic = topics_find(names, name);
	return topic ? topic->partition_cnt : 0;
}

const char *topics_collides(const struct topic_names *names, struct slice name)
{
	const rd_kafka_metadata_topic_t *topic = find_alike(names, name, false);
	return topic ? topic->topic : NULL;
}
