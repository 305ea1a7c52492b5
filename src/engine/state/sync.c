#include "engine/state/sync.h"

#include "base/clock.h"

static void emit_outage(void *arg, const struct kafka_outage *outage)
{
	struct sync_event event = {
		.kind = outage->is_over ? SYNC_EVENT_KAFKA_BACK : SYNC_EVENT_KAFKA_LOST,
		.kafka = *outage,
	};
	sync_events_emit(arg, event);
}

void sync_init(struct sync *sync, const struct script_options *script, unsigned index,
	       const struct sync_config *config)
{
	*sync = (struct sync){
		.script = script, .index = index, .config = config, .start_ms = clock_wall_ms()};
	if (config) {
		sync->source = source_new(&config->source);
		sync->sink = config->sink;
	}
	sync->sink.outages = &sync->outages;
	sync_events_init(&sync->events, config ? config->name : "");
	sync_events_read(&sync->events, sync_event_log, NULL);
	sync->outages = (struct kafka_outage_reader){emit_outage, &sync->events};
	pins_init(&sync->pins);
	table_states_init(&sync->states);
	selection_init(&sync->tables.chosen);
}

void sync_fini(struct sync *sync)
{
	selection_fini(&sync->tables.chosen);
	table_states_fini(&sync->states);
	pins_fini(&sync->pins);
	sync_events_fini(&sync->events);
	source_free(sync->source);
}

int sync_check_server(const struct sync *sync, const struct position *position,
		      const char *identity, struct err *err)
{
	if (strcmp(position->server, identity) == 0)
		return 0;
	return err_set(err, E_OTHER_SERVER,
		       "the checkpoint of sync '%s' belongs to server %s, this one is %s: "
		       "positions of one server are not valid on another. " REMEDY_OTHER_SERVER,
		       sync->config->name, position->server, identity);
}

static void halt(struct sync *sync)
{
	atomic_store(&sync->flags.halt, true);
	for (int part = 0; part < SYNC_PARTS; part++)
		atomic_store(&sync->flags.parts[part], true);
}

void sync_stop(struct sync *sync)
{
	atomic_store(&sync->flags.stop, true);
	halt(sync);
}

void sync_abort(struct sync *sync)
{
	atomic_store(&sync->flags.abort, true);
	halt(sync);
}

void sync_stop_part(struct sync *sync, enum sync_part part)
{
	atomic_store(&sync->flags.parts[part], true);
}

bool sync_part_is_stopped(const struct sync *sync, enum sync_part part)
{
	return atomic_load(&sync->flags.parts[part]) && !atomic_load(&sync->flags.halt);
}

void sync_start_part(struct sync *sync, enum sync_part part)
{
	atomic_store(&sync->flags.parts[part], false);
	if (atomic_load(
		    &sync->flags.halt)) /* checked last, so that a stop in between is not lost */
		atomic_store(&sync->flags.parts[part], true);
}

void sync_again(struct sync *sync)
{
	atomic_store(&sync->flags.abort, false);
	atomic_store(&sync->flags.halt, false);
	for (int part = 0; part < SYNC_PARTS; part++)
		atomic_store(&sync->flags.parts[part], false);
	if (atomic_load(&sync->flags.stop)) /* checked last, as above */
		halt(sync);
}
