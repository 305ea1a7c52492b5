#include "engine/lane/loop.h"

#include "engine/lane/map_change.h"
#include "engine/lane/send.h"

/* change:records() and :json(). For a statement or heartbeat (change NULL), return the messages that loop_item was given. A
 * function that records() calls may call it again. The batch is in use then, and the inner call makes its own. */
static int host_records(void *arg, struct change *change, const struct message **messages,
			unsigned *n, struct err *err)
{
	struct lane *lane = arg;
	struct message_batch batch;
	struct plan *plan;
	int rc;
	if (change == NULL) {
		*messages = lane->loop.item_messages ? lane->loop.item_messages->messages : NULL;
		*n = lane->loop.item_messages ? lane->loop.item_messages->n : 0;
		return 0;
	}
	plan = map_get(&lane->plans, change->table->full_name);
	if (plan == NULL)
		return err_set(err, E_BUG, "records() of a change whose table has no plan");
	message_batch_shrink(&lane->loop.spare, LANE_KEEP_BYTES);
	batch = lane->loop.spare;
	lane->loop.spare = (struct message_batch){.n = 0};
	rc = map_again(lane, plan, lane->config->has_loop, &batch, err);
	if (rc == 0)
		rc = find_destinations(lane, plan, &batch, err);
	message_batch_keep(&batch, &lane->arena);
	message_batch_fini(&lane->loop.spare);
	lane->loop.spare = batch;
	*messages = batch.messages;
	*n = batch.n;
	return rc;
}

static int host_send(void *arg, const struct message *message, struct err *err)
{
	struct lane *lane = arg;
	struct destination *destination;
	if (lane_destination(lane, message->topic, true, NULL, &destination, err) < 0)
		return -1;
	if (lane->loop.instead == NULL)
		return lane_send(lane, destination, message, err);
	message_batch_add(lane->loop.instead, message);
	message_keep(&lane->loop.instead->messages[lane->loop.instead->n - 1], &lane->arena);
	return 0;
}

static void host_heartbeat(void *arg, int64_t event_ms, struct buf *out)
{
	const struct lane *lane = arg;
	lane->format->heartbeat(event_ms, out);
}

void loop_host(struct lane *lane)
{
	if (lane->sync->script->host)
		lane->loop.host = *lane->sync->script->host;
	lane->loop.host.arg = lane;
	lane->loop.host.lane.records = host_records;
	lane->loop.host.lane.send = host_send;
	lane->loop.host.heartbeat = host_heartbeat;
}

int loop_item(struct lane *lane, const struct loop_item *item, const struct message_batch *messages,
	      struct err *err)
{
	int rc;
	lane->loop.item_messages = messages;
	rc = script_loop(lane->script, lane->sync->index, item, err);
	lane->loop.item_messages = NULL;
	script_done(lane->script);
	if (rc > 0)
		return err_set(err, E_LOOP_ENDED,
			       "the loop function of sync '%s' returned. It must iterate over "
			       "changes() without an end",
			       lane->config->name);
	return rc;
}

int loop_change(struct lane *lane, struct plan *plan, struct err *err)
{
	struct loop_item item = {
		.kind = LOOP_CHANGE,
		.change = &plan->change,
		.mapping = &plan->mapping,
		.time_ms = plan->change.time_ms,
	};
	int rc = loop_item(lane, &item, NULL, err);
	if (lane->loop.instead == NULL)
		arena_reset(&lane->arena);
	metric_add(&lane->metrics->rows, 1);
	return rc;
}
