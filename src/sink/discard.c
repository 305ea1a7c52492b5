/* discard: a sink for dry runs. It discards every message and acknowledges it at the next poll, or
 * when a message with another token is sent. */
#include "base/mem.h"
#include "sink/sink_priv.h"

#include <stdint.h>
#include <stdlib.h>

struct discard_sink {
	struct sink sink;
	uint64_t token; /* token of the unacknowledged messages */
};

static struct discard_sink *of(struct sink *sink)
{
	return (struct discard_sink *)sink;
}

static void discard_poll(struct sink *sink, int timeout_ms)
{
	if (sink->in_flight == 0)
		sink_local_wait(timeout_ms);
	for (; sink->in_flight > 0; sink->in_flight--)
		sink_count_acked(sink, of(sink)->token);
	sink_tell(sink);
}

static int discard_send(struct sink *sink, const struct outgoing *outgoing, struct err *err)
{
	(void)err;
	if (sink->in_flight > 0 && of(sink)->token != outgoing->token)
		discard_poll(sink, 0);
	of(sink)->token = outgoing->token;
	sink->in_flight++;
	return 0;
}

static void discard_purge(struct sink *sink)
{
	sink->in_flight = 0;
}

static void discard_free(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops discard_ops = {
	.topic = sink_local_topic,
	.exist = sink_local_exist,
	.send = discard_send,
	.poll = discard_poll,
	.flush = discard_poll,
	.purge = discard_purge,
	.forget = sink_local_forget,
	.free = discard_free,
};

struct sink *sink_discard_new(void)
{
	struct discard_sink *discard = mem_array(1, sizeof(*discard));
	discard->sink.ops = &discard_ops;
	map_init(&discard->sink.topics);
	return &discard->sink;
}
