/* sink_new: the kinds of sink. sink.c contains what all kinds have in common. */
#include "sink/sink_priv.h"

static struct sink *new_of_kind(const struct sink_config *config, const char *client_id,
				size_t queue_bytes, const struct lease *lease, struct err *err)
{
	if (config->opener)
		return config->opener->open(config->opener->arg, client_id, err);
	switch (config->kind) {
	case SINK_KAFKA:
		return sink_kafka_new(config, client_id, queue_bytes, lease, err);
	case SINK_LINES:
		return sink_lines_new(config, err);
	case SINK_DISCARD:
		break;
	}
	return sink_discard_new();
}

struct sink *sink_new(const struct sink_config *config, const char *client_id, size_t queue_bytes,
		      sink_acked_fn *acked, void *arg, struct err *err)
{
	return sink_new_leased(config, client_id, queue_bytes, NULL, acked, arg, err);
}

struct sink *sink_new_leased(const struct sink_config *config, const char *client_id,
			     size_t queue_bytes, const struct lease *lease, sink_acked_fn *acked,
			     void *arg, struct err *err)
{
	struct sink *sink = new_of_kind(config, client_id, queue_bytes, lease, err);
	if (sink == NULL)
		return NULL;
	sink->acked = acked;
	sink->arg = arg;
	return sink;
}
