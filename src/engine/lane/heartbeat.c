#include "engine/lane/heartbeat.h"

#include "base/log.h"
#include "engine/lane/plan.h"
#include "engine/lane/send.h"
#include "sink/sink.h"

void heartbeat_init(struct heartbeat *heartbeat, const struct sync_config *config)
{
	*heartbeat = (struct heartbeat){.interval_ms = (int64_t)(config->heartbeat_s * 1000)};
	buf_init(&heartbeat->value);
	buf_init(&heartbeat->key[0]);
	buf_init(&heartbeat->key[1]);
}

void heartbeat_fini(struct heartbeat *heartbeat)
{
	buf_fini(&heartbeat->key[1]);
	buf_fini(&heartbeat->key[0]);
	buf_fini(&heartbeat->value);
}

static unsigned count_partitions(const struct lane *lane)
{
	unsigned n = 0;
	for (const struct destination *d = lane->destinations.first; d; d = d->next)
		n += (unsigned)sink_topic_info(d->topic)->present;
	return n;
}

/* Return the topic for heartbeats only: the script names it, or there are too many partitions. */
static int named_topic(struct heartbeat *heartbeat, struct lane *lane, struct err *err)
{
	const char *topic = lane->config->heartbeat_topic;
	if (heartbeat->name.len == 0)
		heartbeat->name = topic ? slice_str(topic)
					: arena_printf(&lane->texts, "tideway.heartbeat.%s",
						       lane->config->name);
	if (!heartbeat->one_topic && !topic)
		log_warn("heartbeats: because %u partitions are more than %d, they go only to "
			 "topic '%.*s'. Set heartbeat = { topic = ... } to choose another one",
			 heartbeat->total, HEARTBEAT_PARTITIONS_MAX, SLICE_FMT(heartbeat->name));
	heartbeat->one_topic = true;
	lane->destinations.uncounted = 1 + (lane->config->ddl_topic != NULL);
	if (lane_destination(lane, heartbeat->name, false, NULL, &heartbeat->destination, err) < 0)
		return -1;
	heartbeat->total = (unsigned)sink_topic_info(heartbeat->destination->topic)->present;
	return 0;
}

static void make_keys(struct heartbeat *heartbeat, const struct lane *lane)
{
	const struct format_sync sync = lane_format_sync(lane);
	for (unsigned i = 0; i < 2; i++) {
		buf_clear(&heartbeat->key[i]);
		heartbeat->has_key[i] =
			lane->format->heartbeat_key(&sync, i == 1, &heartbeat->key[i]);
	}
}

static int begin_round(struct heartbeat *heartbeat, struct lane *lane, struct err *err)
{
	heartbeat->round_ms = lane->now_ms;
	heartbeat->sent = 0;
	heartbeat->partition = 0;
	heartbeat->destination = NULL;
	heartbeat->look = true;
	make_keys(heartbeat, lane);
	heartbeat->total = count_partitions(lane);
	if (lane->config->heartbeat_topic || heartbeat->total > HEARTBEAT_PARTITIONS_MAX)
		return named_topic(heartbeat, lane, err);
	return 0;
}

static bool next_partition(struct heartbeat *heartbeat, struct lane *lane)
{
	struct destination *next;
	while (heartbeat->destination == NULL ||
	       heartbeat->partition >= sink_topic_info(heartbeat->destination->topic)->present) {
		if (heartbeat->one_topic && heartbeat->destination)
			return false;
		next = heartbeat->destination ? heartbeat->destination->next
					      : lane->destinations.first;
		if (next == NULL)
			return false;
		heartbeat->destination = next;
		heartbeat->partition = 0;
	}
	return true;
}

static struct slice key_for(const struct heartbeat *heartbeat,
			    const struct destination *destination)
{
	bool compacted = sink_topic_info(destination->topic)->compacted;
	return heartbeat->has_key[compacted] ? buf_slice(&heartbeat->key[compacted])
					     : (struct slice){NULL, 0};
}

/* Send to an added partition. The first heartbeat of that partition is how the sink finds it. */
static int send_to_added(struct heartbeat *heartbeat, struct lane *lane,
			 const struct destination *destination, struct err *err)
{
	const struct topic_info *info = sink_topic_info(destination->topic);
	int before = info->present;
	bool added = true;
	while (added) {
		if (sink_send_added(lane->sink, destination->topic, key_for(heartbeat, destination),
				    buf_slice(&heartbeat->value), lane->commit->token, &added,
				    err) < 0)
			return -1;
		if (added)
			lane_count(lane, heartbeat->value.len);
	}
	if (info->present > before)
		pins_tell_grown(info->name, info->present, info->partitions);
	return 0;
}

static int look_for_partitions(struct heartbeat *heartbeat, struct lane *lane, struct err *err)
{
	if (!heartbeat->look)
		return 0;
	heartbeat->look = false;
	if (heartbeat->one_topic)
		return send_to_added(heartbeat, lane, heartbeat->destination, err);
	for (const struct destination *d = lane->destinations.first; d; d = d->next)
		if (send_to_added(heartbeat, lane, d, err) < 0)
			return -1;
	return 0;
}

/* Return the heartbeat of the next partition. */
static struct message next_message(struct heartbeat *heartbeat, const struct lane *lane)
{
	struct destination *destination = heartbeat->destination;
	const struct copying *copying =
		heartbeat->one_topic ? &heartbeat->copying : &destination->copying;
	heartbeat->sent++;
	return (struct message){
		.topic = destination->name,
		.key = key_for(heartbeat, destination),
		.value = buf_slice(&heartbeat->value),
		.op = lane->format->heartbeat_op,
		.headers = &copying->header,
		.nheaders = copying->tables > 0,
		.partition = heartbeat->partition++,
		.destination = destination,
	};
}

/* Return how many partitions should have a heartbeat by now: the whole round is sent in the first
 * half of the interval. */
static unsigned due(const struct heartbeat *heartbeat, int64_t now_ms)
{
	int64_t elapsed = now_ms - heartbeat->round_ms;
	if (heartbeat->total <= 64 || 2 * elapsed >= heartbeat->interval_ms)
		return heartbeat->total;
	return (unsigned)((int64_t)heartbeat->total * 2 * elapsed / heartbeat->interval_ms) + 1;
}

static int send_due(struct heartbeat *heartbeat, struct lane *lane, unsigned until, struct err *err)
{
	struct message message;
	if (look_for_partitions(heartbeat, lane, err) < 0)
		return -1;
	while (heartbeat->sent < until && next_partition(heartbeat, lane)) {
		message = next_message(heartbeat, lane);
		if (lane_send(lane, message.destination, &message, err) < 0)
			return -1;
	}
	return 0;
}

/* How many partitions should have been served by now; the value is theirs. 0: nothing is due. */
static int prepare(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		   unsigned *until, struct err *err)
{
	*until = 0;
	if (heartbeat->interval_ms == 0)
		return 0;
	if ((heartbeat->round_ms == 0 ||
	     lane->now_ms - heartbeat->round_ms >= heartbeat->interval_ms) &&
	    begin_round(heartbeat, lane, err) < 0)
		return -1;
	*until = due(heartbeat, lane->now_ms);
	if (heartbeat->sent >= *until) {
		*until = 0;
		return 0;
	}
	buf_clear(&heartbeat->value);
	lane->format->heartbeat(watermark_ms, &heartbeat->value);
	return 0;
}

int heartbeat_add(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		  struct message_batch *batch, struct err *err)
{
	struct message message;
	unsigned until;
	if (prepare(heartbeat, lane, watermark_ms, &until, err) < 0)
		return -1;
	while (heartbeat->sent < until && next_partition(heartbeat, lane)) {
		message = next_message(heartbeat, lane);
		message_batch_add(batch, &message);
	}
	return 0;
}

int heartbeat_tick(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		   bool slot_open, const struct mark *mark, struct err *err)
{
	unsigned until;
	int rc;
	if (prepare(heartbeat, lane, watermark_ms, &until, err) < 0)
		return -1;
	if (until == 0)
		return 0;
	if (slot_open)
		return send_due(heartbeat, lane, until, err);
	if (commit_begin(lane->commit, err) < 0)
		return -1;
	rc = send_due(heartbeat, lane, until, err);
	commit_done(lane->commit, mark);
	return rc;
}
