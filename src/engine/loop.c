#include "engine/loop.h"

#include "format/dataworks.h"
#include "engine/write.h"
#include "sink/sink.h"

static const struct header_pair *copy_headers(const struct message *message, struct arena *arena)
{
	struct header_pair *headers;
	if (message->nheaders == 0)
		return NULL;
	headers = ARENA_ARRAY(arena, message->nheaders, struct header_pair);
	for (unsigned i = 0; i < message->nheaders; i++) {
		headers[i].name = arena_copy(arena, message->headers[i].name);
		headers[i].value = arena_copy(arena, message->headers[i].value);
	}
	return headers;
}

static int collect(void *arg, struct slice topic, const struct message *message, struct err *err)
{
	struct collected *collected = arg;
	struct arena *arena = &collected->lane->arena;
	struct script_record *grown;
	(void)err;
	if (collected->n == collected->cap) {
		collected->cap = collected->cap ? 2 * collected->cap : 4;
		grown = ARENA_ARRAY(arena, collected->cap, struct script_record);
		if (collected->n > 0)
			memcpy(grown, collected->records, collected->n * sizeof(*grown));
		collected->records = grown;
	}
	collected->records[collected->n++] = (struct script_record){
		.topic = arena_copy(arena, topic),
		.key = message->key.ptr ? arena_copy(arena, message->key) : message->key,
		.value = message->value.ptr ? arena_copy(arena, message->value) : message->value,
		.op = arena_copy(arena, message->op),
		.partition = message->partition,
		.headers = copy_headers(message, arena),
		.nheaders = message->nheaders,
	};
	return 0;
}

void loop_collect(struct lane *lane, struct collected *collected)
{
	*collected = (struct collected){.lane = lane};
	lane->capture = collect;
	lane->capture_arg = collected;
}

void loop_collect_end(struct collected *collected)
{
	collected->lane->capture = NULL;
	collected->lane->capture_arg = NULL;
}

/* change:records() and :json(). Of a statement or beat (change NULL): what loop_item was given. */
static int host_records(void *arg, struct change *change, const struct script_record **records,
			unsigned *n, struct err *err)
{
	struct lane *lane = arg;
	capture_fn *capture = lane->capture;
	void *capture_arg = lane->capture_arg;
	struct collected collected;
	struct plan *plan;
	int rc;
	if (change == NULL) {
		*records = lane->item_records ? lane->item_records->records : NULL;
		*n = lane->item_records ? lane->item_records->n : 0;
		return 0;
	}
	plan = map_get(&lane->plans, change->table->full_name);
	if (plan == NULL)
		return err_set(err, ERR_INTERNAL, "records() of a change whose table has no plan");
	loop_collect(lane, &collected);
	rc = write_records(lane, plan, lane->config->has_loop, err);
	lane->capture = capture;
	lane->capture_arg = capture_arg;
	*records = collected.records;
	*n = collected.n;
	return rc;
}

static int host_send(void *arg, const struct script_record *record, struct err *err)
{
	struct lane *lane = arg;
	struct destination *destination;
	if (lane_destination(lane, record->topic, true, NULL, &destination, err) < 0)
		return -1;
	return lane_send(lane, destination,
			 &(struct message){record->partition, record->key, record->value,
					   record->op, record->headers, record->nheaders},
			 err);
}

static void host_heartbeat(void *arg, int64_t event_ms, struct buf *out)
{
	(void)arg;
	heartbeat_write(out, event_ms);
}

void loop_host(struct lane *lane)
{
	if (lane->sync->script->host)
		lane->host = *lane->sync->script->host;
	lane->host.arg = lane;
	lane->host.records = host_records;
	lane->host.send = host_send;
	lane->host.heartbeat = host_heartbeat;
}

int loop_item(struct lane *lane, const struct loop_item *item, const struct collected *records,
	      struct err *err)
{
	int rc;
	lane->item_records = records;
	rc = script_loop(lane->script, lane->sync->index, item, err);
	lane->item_records = NULL;
	script_done(lane->script);
	if (rc > 0)
		return err_set(err, ERR_SCRIPT,
			       "the loop function of sync '%s' returned: it must go on as long as "
			       "there are changes",
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
	arena_reset(&lane->arena);
	metric_add(&lane->metrics->rows, 1);
	return rc;
}
