/* producer_topics: the topics of a Kafka sink: create, look up and bind them, with their limits and ends. */
#include "sink/kafka/producer_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>

/* Refuse a topic that has fewer partitions than the checkpoint has for it. */
static int check_pinned(struct kafka_sink *k, const char *name, int pinned, int partitions,
			struct err *err)
{
	if (pinned <= partitions)
		return 0;
	return err_set(err, E_TOPIC_REPLACED,
		       "%s: topic \"%s\" is not the same as before: it has %d partitions and had "
		       "%d: " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST,
		       kafka_sink_label(k), name, partitions, pinned);
}

static void warn_unreadable(struct kafka_sink *k, const char *name)
{
	if (!k->warned_unreadable)
		log_warn("%s: the configuration of topic \"%s\" cannot be read (grant "
			 "DescribeConfigs): "
			 "assuming max.message.bytes = %d and cleanup.policy = delete",
			 kafka_sink_label(k), name, SINK_DEFAULT_MAX_MESSAGE);
	k->warned_unreadable = true;
}

static size_t message_limit(const struct kafka_sink *k, const struct topic_facts *facts)
{
	size_t limit = facts->max_message ? facts->max_message : SINK_DEFAULT_MAX_MESSAGE;
	return limit < k->message_max ? limit : k->message_max;
}

int kafka_sink_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
		     const _Atomic bool *stop, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	struct topic_facts facts;
	if (kafka_sink_choose_shard(k, &topic->shard, err) != 0 ||
	    topics_ensure(&k->shards[topic->shard].kafka, &k->names, topic->name, spec, stop,
			  &facts, err) != 0 ||
	    check_pinned(k, topic->name, spec->pinned, facts.partitions, err) != 0)
		return -1;
	if (!facts.described && !facts.mock)
		warn_unreadable(k, topic->name);
	if (facts.max_message != 0 &&
	    kafka_sink_fit_batch(k, topic->name, facts.max_message, stop, err) != 0)
		return -1;
	topic->info.partitions = spec->pinned > 0 ? spec->pinned : facts.partitions;
	topic->info.present = facts.partitions;
	topic->partitions = mem_array((size_t)topic->info.present, sizeof(*topic->partitions));
	for (int i = 0; i < topic->info.present && i < spec->nends; i++)
		topic->partitions[i].end = spec->ends[i];
	k->shards[topic->shard].partitions += (unsigned)topic->info.present;
	topic->native = kafka_sink_bind_topic(k, topic);
	if (topic->native == NULL)
		return err_set(err, E_TOPIC_REQUEST, "%s: topic \"%s\": %s", kafka_sink_label(k),
			       topic->name, rd_kafka_err2str(rd_kafka_last_error()));
	topic->info.compacted = facts.compacted;
	topic->info.max_message = facts.max_message;
	topic->min_isr = facts.min_isr;
	topic->info.created = facts.created;
	topic->limit = message_limit(k, &facts);
	return 0;
}

int kafka_sink_create(struct sink *sink, const char *const *names, const struct topic_spec *specs,
		      unsigned n, const _Atomic bool *stop, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	struct topic_order *orders = mem_array(n, sizeof(*orders));
	for (unsigned i = 0; i < n; i++)
		orders[i] = (struct topic_order){.name = names[i], .spec = &specs[i]};
	int result = topics_create_missing(&k->shards[0].kafka, &k->names, orders, n, stop, err);
	free(orders);
	return result;
}

void kafka_sink_forget(struct topic *topic)
{
	if (topic->native != NULL)
		rd_kafka_topic_destroy(topic->native);
	topic->native = NULL;
	free(topic->partitions);
	topic->partitions = NULL;
}

/* Make sure that the list of topics is not older than NAMES_MS: callers ask for one table after another. */
static int refresh_names(struct kafka_sink *k, struct err *err)
{
	if (k->names.metadata != NULL && clock_mono_ms() - k->names.at_ms < NAMES_MS)
		return 0;
	int first_ms = k->sink.exist_ms > 0 ? k->sink.exist_ms : EXIST_MS;
	int result = topics_list(&k->shards[0].kafka, &k->names,
				 k->unreachable ? EXIST_AGAIN_MS : first_ms, k->sink.stop, err);
	k->unreachable = result != 0;
	return result;
}

int kafka_sink_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		     int *partitions, struct err *err)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	if (refresh_names(k, err) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		partitions[i] = topics_partitions(&k->names, names[i]);
		exists[i] = partitions[i] != 0;
	}
	return 0;
}

int kafka_sink_ends(struct sink *sink, struct partition_end *ends, unsigned n,
		    const _Atomic bool *stop, struct err *err)
{
	return topics_ends(&kafka_sink_of(sink)->shards[0].kafka, ends, n, stop, err);
}

const char *kafka_sink_collides(const struct sink *sink, struct slice name)
{
	return topics_collides(&((const struct kafka_sink *)sink)->names, name);
}
