#include "engine/lane/lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/lane/loop.h"
#include "engine/lane/plan.h"
#include "script/script.h"
#include "sink/sink.h"

#include <stdlib.h>

static void on_acked(void *arg, uint64_t token, unsigned messages)
{
	struct lane *lane = arg;
	commit_acked(lane->commit, token, messages);
	metric_add(&lane->metrics->acked, messages);
	atomic_store_explicit(&lane->metrics->ack_ms, lane->now_ms, memory_order_relaxed);
}

static int open_script(struct lane *lane, struct err *err)
{
	struct script_options options = *lane->sync->script;
	loop_host(lane);
	options.host = &lane->loop.host;
	lane->script = script_new(&options, err);
	if (lane->script == NULL)
		return -1;
	lane->config = script_config(lane->script, lane->sync->index);
	lane->format = format_find(lane->config->format);
	if (lane->format == NULL)
		return err_set(err, E_BUG, "there is no message format '%s'", lane->config->format);
	if (lane->sync->tables)
		return script_learn(lane->script, lane->sync->index, lane->sync->tables,
				    lane->sync->ntables, true, err);
	return 0;
}

static int open_sink(struct lane *lane, size_t queue_bytes, const struct lease *lease,
		     struct err *err)
{
	struct slice client =
		arena_printf(&lane->texts, "tideway-%s-%s", lane->config->name, lane->label);
	struct sink_config config = lane->config->sink;
	if (lane->sync->dry_run) {
		config.kind = lane->sync->prints ? SINK_LINES : SINK_DISCARD;
		config.file = NULL;
	}
	config.raw = lane->sync->raw;
	config.outages = &lane->sync->outages;
	lane->sink = sink_new_leased(&config, client.ptr, queue_bytes, lease, on_acked, lane, err);
	if (lane->sink == NULL)
		return -1;
	sink_stop_on(lane->sink, &lane->sync->halt);
	return 0;
}

int lane_open(struct lane *lane, struct sync *sync, const char *label, size_t queue_bytes,
	      const struct lease *lease, const struct commit_meaning *meaning,
	      struct lane_metrics *metrics, struct err *err)
{
	*lane = (struct lane){.sync = sync, .label = label, .metrics = metrics};
	log_about(sync->label);
	arena_init(&lane->arena, 64 * 1024);
	arena_init(&lane->texts, 0);
	map_init(&lane->plans);
	map_init(&lane->destinations.by_name);
	lane->now_ms = clock_wall_ms();
	if (open_script(lane, err) < 0 || open_sink(lane, queue_bytes, lease, err) < 0)
		return -1;
	lane->commit = commit_post_new(sync, lane->sink, meaning);
	return 0;
}

struct format_sync lane_format_sync(const struct lane *lane)
{
	return (struct format_sync){.name = slice_str(lane->config->name),
				    .mariadb = lane->sync->mariadb};
}

void lane_purge(struct lane *lane)
{
	if (sink_in_flight(lane->sink) > 0)
		atomic_store(&lane->sync->thrown_ms, clock_boot_ms());
	sink_purge(lane->sink);
}

void lane_close(struct lane *lane)
{
	struct destination *destination;
	struct plan *plan;
	size_t at = 0;
	while ((plan = map_next(&lane->plans, &at)))
		plan_free(lane, plan);
	at = 0;
	while ((destination = map_next(&lane->destinations.by_name, &at))) {
		map_fini(&destination->tables);
		free(destination);
	}
	if (lane->sink && sink_in_flight(lane->sink) > 0)
		lane_purge(lane);
	sink_free(lane->sink);
	commit_free(lane->commit);
	script_free(lane->script);
	map_fini(&lane->destinations.by_name);
	map_fini(&lane->plans);
	message_batch_fini(&lane->loop.spare);
	message_batch_fini(&lane->batch);
	arena_fini(&lane->texts);
	arena_fini(&lane->arena);
}

struct topic_spec lane_topic_spec(const struct sync_config *config, bool keyed,
				  const struct pinned *pinned)
{
	const struct topics_config *topics = &config->topics;
	return (struct topic_spec){
		.create = topics->create,
		.partitions = keyed ? topics->partitions : topics->partitions_without_key,
		.replication = topics->replication,
		.config = topics->config,
		.nconfig = topics->nconfig,
		.pinned = pinned->partitions,
		.ends = pinned->ends,
		.nends = pinned->nends,
	};
}

static int open_destination(struct lane *lane, struct slice name, bool keyed,
			    struct destination **destination, struct err *err)
{
	const struct topics_config *topics = &lane->config->topics;
	struct pins *pins = &lane->sync->pins;
	const struct pinned pinned = pins_get(pins, name, &lane->texts);
	const struct topic_spec spec = lane_topic_spec(lane->config, keyed, &pinned);
	struct topic *topic;
	if (!pins_open(pins, name, topics->max + lane->destinations.uncounted))
		return err_set(
			err, E_TOPICS_MAX,
			"topic '%.*s' would be number %u of this sync, topics.max is %u. Correct "
			"the topic function if it makes too many, or raise topics.max",
			SLICE_FMT(name), topics->max + 1, topics->max);
	if (pinned.replaced && !lane->sync->dry_run)
		return err_set(err, E_TOPIC_REPLACED, TOPIC_REPLACED, SLICE_FMT(name));
	if (sink_topic(lane->sink, name, &spec, &lane->sync->halt, &topic, err) < 0)
		return -1;
	*destination = mem_array(1, sizeof(**destination));
	(*destination)->topic = topic;
	(*destination)->name = sink_topic_info(topic)->name;
	map_init(&(*destination)->tables);
	for (size_t i = 0; i < pinned.ntables; i++)
		map_set(&(*destination)->tables, pinned.tables[i], *destination);
	map_set(&lane->destinations.by_name, (*destination)->name, *destination);
	if (lane->destinations.last)
		lane->destinations.last->next = *destination;
	else
		lane->destinations.first = *destination;
	lane->destinations.last = *destination;
	pins_note(pins, name, sink_topic_info(topic)->partitions, NULL);
	return 0;
}

int lane_destination(struct lane *lane, struct slice name, bool keyed, const struct table *table,
		     struct destination **destination, struct err *err)
{
	struct slice full_name;
	*destination = map_get(&lane->destinations.by_name, name);
	if (*destination == NULL && open_destination(lane, name, keyed, destination, err) < 0)
		return -1;
	if (table == NULL || map_get(&(*destination)->tables, table->full_name))
		return 0;
	full_name = arena_copy(&lane->texts, table->full_name);
	map_set(&(*destination)->tables, full_name, *destination);
	pins_note(&lane->sync->pins, name, sink_topic_info((*destination)->topic)->partitions,
		  &full_name);
	return 0;
}

void lane_note_failure(struct lane *lane)
{
	struct slice replaced = lane->sink ? sink_replaced(lane->sink) : (struct slice){NULL, 0};
	if (replaced.ptr)
		pins_replaced(&lane->sync->pins, replaced);
}

bool lane_stopping(const struct lane *lane)
{
	return atomic_load_explicit(&lane->sync->halt, memory_order_relaxed);
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
	lane_count(lane, message->value.len);
	return sink_send(lane->sink, destination->topic, message, lane->commit->token, err);
}
