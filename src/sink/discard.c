/* discard: takes every message and forgets it, for dry runs; acknowledged at the next poll. */
#include "base/mem.h"
#include "sink/sink_priv.h"

#include <stdint.h>
#include <stdlib.h>

struct discard_sink {
	struct sink sink;
	uint64_t token; /* of the messages not acknowledged yet */
};

static struct discard_sink *of(struct sink *sink)
{
	return (struct discard_sink *)sink;
}

static void discard_poll(struct sink *sink, int timeout_ms)
{
	(void)timeout_ms;
	for (; sink->in_flight > 0; sink->in_flight--)
		sink_count_acked(sink, of(sink)->token);
	sink_tell(sink);
}

static int discard_send(struct sink *sink, const struct message *message, struct err *err)
{
	(void)err;
	if (sink->in_flight > 0 && of(sink)->token != message->token)
		discard_poll(sink, 0);
	of(sink)->token = message->token;
	sink->in_flight++;
	return 0;
}

static void discard_purge(struct sink *sink)
{
	sink->in_flight = 0;
}

static int discard_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
			 const _Atomic bool *stop, struct err *err)
{
	(void)sink, (void)stop, (void)err;
	topic->info.partitions = spec->pinned > 0 ? spec->pinned : spec->partitions;
	if (topic->info.partitions < 1)
		topic->info.partitions = 1;
	topic->limit = SIZE_MAX;
	return 0;
}

static int discard_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
			 int *partitions, struct err *err)
{
	(void)sink, (void)names, (void)err;
	for (unsigned i = 0; i < n; i++) {
		exists[i] = true;
		partitions[i] = 1;
	}
	return 0;
}

static void discard_forget(struct topic *topic)
{
	(void)topic;
}

static void discard_free(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops discard_ops = {
	.topic = discard_topic,
	.exist = discard_exist,
	.send = discard_send,
	.poll = discard_poll,
	.flush = discard_poll,
	.purge = discard_purge,
	.forget = discard_forget,
	.free = discard_free,
};

struct sink *sink_discard_new(void)
{
	struct discard_sink *discard = mem_array(1, sizeof(*discard));
	discard->sink.ops = &discard_ops;
	map_init(&discard->sink.topics);
	return &discard->sink;
}
