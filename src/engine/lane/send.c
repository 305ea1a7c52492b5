#include "engine/lane/send.h"

#include "sink/sink.h"

/* Return the destination of that name if it is the table's own or that of the previous record; otherwise NULL. */
static struct destination *recent(const struct plan *plan, struct slice topic)
{
	if (plan->destination && slice_equal(plan->destination->name, topic))
		return plan->destination;
	return plan->last && slice_equal(plan->last->name, topic) ? plan->last : NULL;
}

/* Add the message's key to an ERR_DATA. Return -1. */
static int message_error(const struct message *message, struct err *err)
{
	return err->code == ERR_DATA ? err_key(err, message->key) : -1;
}

/* Set the destination of a row's message. Check that the topic accepts the message's key. */
static int find_destination(struct lane *lane, struct plan *plan, struct message *message,
			    struct err *err)
{
	struct destination *destination = recent(plan, message->topic);
	if (destination == NULL &&
	    lane_destination(lane, message->topic, plan->mapping.key.kind != KEY_EMPTY, plan->table,
			     &destination, err) < 0)
		return -1;
	if (message->mapped_key && plan->last != destination &&
	    plan_check_topic(lane, plan, destination, err) < 0)
		return -1;
	plan->last = destination;
	message->destination = destination;
	return 0;
}

int find_destinations(struct lane *lane, struct plan *plan, struct message_batch *batch,
		      struct err *err)
{
	for (unsigned i = 0; i < batch->n; i++)
		if (find_destination(lane, plan, &batch->messages[i], err) < 0)
			return message_error(&batch->messages[i], err);
	return 0;
}

void lane_count(struct lane *lane, size_t bytes)
{
	commit_sent(lane->commit, 1);
	metric_add(&lane->metrics->messages, 1);
	metric_add(&lane->metrics->bytes, bytes);
}

int lane_send(struct lane *lane, struct destination *destination, const struct message *message,
	      struct err *err)
{
	int admitted =
		lane->gate ? lane->gate->admit(lane->gate->arg, destination, message, err) : 1;
	if (admitted <= 0)
		return admitted;
	lane_count(lane, message->value.len);
	return sink_send(lane->sink, destination->topic, message, lane->commit->token, err);
}

int send_batch(struct lane *lane, const struct message_batch *batch, struct err *err)
{
	const struct message *messages = batch->messages;
	/* the sink checks a single message itself */
	for (unsigned i = 0; batch->n > 1 && i < batch->n; i++)
		if (sink_check(lane->sink, messages[i].destination->topic, &messages[i], err) < 0)
			return message_error(&messages[i], err);
	for (unsigned i = 0; i < batch->n; i++)
		if (lane_send(lane, messages[i].destination, &messages[i], err) < 0)
			return message_error(&messages[i], err);
	return 0;
}
