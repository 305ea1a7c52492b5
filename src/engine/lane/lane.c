#include "engine/lane/lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/lane/loop.h"
#include "engine/lane/plan.h"
#include "script/script.h"
#include "sink/sink.h"

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
	const struct sync_tables *tables = &lane->sync->tables;
	loop_host(lane);
	options.host = &lane->loop.host;
	lane->script = script_new(&options, err);
	if (lane->script == NULL || script_limit(lane->script, lane->sync->index, err) < 0)
		return -1;
	lane->config = script_config(lane->script, lane->sync->index);
	lane->format = format_find(lane->config->format);
	if (lane->format == NULL)
		return err_set(err, E_BUG, "there is no message format '%s'", lane->config->format);
	if (script_choose(lane->script, lane->sync->index, tables->chosen.tables, tables->chosen.n,
			  err) < 0)
		return -1;
	if (tables->captured)
		return script_learn(lane->script, lane->sync->index, tables->captured,
				    tables->ncaptured, true, err);
	return 0;
}

static int open_sink(struct lane *lane, size_t queue_bytes, const struct lease *lease,
		     struct err *err)
{
	struct slice client =
		arena_printf(&lane->texts, "tideway-%s-%s", lane->config->name, lane->label);
	struct sink_config config = lane->config->sink;
	if (lane->sync->output.dry_run) {
		config.kind = lane->sync->output.prints ? SINK_LINES : SINK_DISCARD;
		config.file = NULL;
	}
	config.raw = lane->sync->output.raw;
	config.outages = &lane->sync->outages;
	config.opener = lane->sync->sink.opener;
	lane->sink = sink_new_leased(&config, client.ptr, queue_bytes, lease, on_acked, lane, err);
	if (lane->sink == NULL)
		return -1;
	sink_stop_on(lane->sink, lane->halt);
	return 0;
}

int lane_open(struct lane *lane, struct sync *sync, enum sync_part part, const char *label,
	      size_t queue_bytes, const struct lease *lease, const struct commit_meaning *meaning,
	      struct lane_metrics *metrics, struct err *err)
{
	*lane = (struct lane){
		.sync = sync, .halt = &sync->flags.parts[part], .label = label, .metrics = metrics};
	log_about(sync->label);
	arena_init(&lane->arena, 64 * 1024);
	arena_init(&lane->texts, 0);
	map_init(&lane->plans);
	destinations_init(&lane->destinations);
	lane->now_ms = clock_wall_ms();
	if (open_script(lane, err) < 0 || open_sink(lane, queue_bytes, lease, err) < 0)
		return -1;
	lane->commit = commit_post_new(sync, lane->sink, lane->halt, meaning);
	return 0;
}

void lane_purge(struct lane *lane)
{
	if (sink_in_flight(lane->sink) > 0)
		atomic_store(&lane->sync->thrown_ms, clock_boot_ms());
	sink_purge(lane->sink);
}

void lane_close(struct lane *lane)
{
	struct plan *plan;
	size_t at = 0;
	while ((plan = map_next(&lane->plans, &at)))
		plan_free(lane, plan);
	if (lane->sink && sink_in_flight(lane->sink) > 0)
		lane_purge(lane);
	sink_free(lane->sink);
	commit_free(lane->commit);
	script_free(lane->script);
	destinations_fini(&lane->destinations);
	map_fini(&lane->plans);
	message_batch_fini(&lane->loop.spare);
	message_batch_fini(&lane->batch);
	arena_fini(&lane->texts);
	arena_fini(&lane->arena);
}

void lane_note_failure(struct lane *lane)
{
	struct slice replaced = lane->sink ? sink_replaced(lane->sink) : (struct slice){NULL, 0};
	if (replaced.ptr)
		pins_replaced(&lane->sync->pins, replaced);
}

bool lane_stopping(const struct lane *lane)
{
	return atomic_load_explicit(lane->halt, memory_order_relaxed);
}
