#include "engine/sync/pause.h"

#include "base/clock.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void pause_init(struct pause *pause, struct checkpoint *checkpoint)
{
	*pause = (struct pause){.checkpoint = checkpoint};
	position_init(&pause->position);
}

void pause_fini(struct pause *pause)
{
	position_fini(&pause->position);
}

/* ---- the wish ---- */

void pause_wish(struct pause *pause, enum pause_wish wish)
{
	atomic_store(&pause->wish, (int)wish);
}

enum pause_wish pause_wished(const struct pause *pause)
{
	return (enum pause_wish)atomic_load(&pause->wish);
}

/* A wish that has arrived meanwhile remains. */
static void fulfil(struct pause *pause, enum pause_wish wish)
{
	int expected = (int)wish;
	atomic_compare_exchange_strong(&pause->wish, &expected, (int)PAUSE_KEEP);
}

int64_t pause_since(const struct pause *pause)
{
	return atomic_load(&pause->since_ms);
}

/* ---- the record ---- */

static bool has_record(struct pause *pause)
{
	return checkpoint_get(pause->checkpoint, RECORD_PAUSED).ptr != NULL;
}

/* Return the time in the record. A record that cannot be read pauses the sync, too. */
static int64_t read_since(struct pause *pause)
{
	struct slice record = checkpoint_get(pause->checkpoint, RECORD_PAUSED);
	cJSON *json = cJSON_ParseWithLength(record.ptr, record.len);
	const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "since"));
	int64_t ms = since ? strtoll(since, NULL, 10) : 0;
	cJSON_Delete(json);
	return ms > 0 ? ms : clock_wall_ms();
}

bool pause_is_due(struct pause *pause)
{
	enum pause_wish wish = pause_wished(pause);
	return wish == PAUSE_BEGIN || (wish == PAUSE_KEEP && has_record(pause));
}

void pause_post(struct pause *pause)
{
	struct record_batch records = {NULL, NULL};
	char json[48];
	if (has_record(pause))
		return;
	snprintf(json, sizeof(json), "{\"since\":\"%" PRId64 "\"}", clock_wall_ms());
	record_batch_add(&records, RECORD_PAUSED, slice_str(json));
	checkpoint_post(pause->checkpoint, &records, NULL);
}

/* ---- the pause ---- */

int pause_begin(struct pause *pause, struct source *source, struct sync_events *events,
		struct err *err)
{
	if (checkpoint_load(pause->checkpoint, &pause->position, &pause->has_position, err) < 0)
		return -1;
	pause_post(pause);
	if (checkpoint_save(pause->checkpoint, err) < 0)
		return -1;
	atomic_store(&pause->since_ms, read_since(pause));
	retention_init(&pause->retention, source, events);
	fulfil(pause, PAUSE_BEGIN);
	return 0;
}

int pause_watch(struct pause *pause, struct err *err)
{
	fulfil(pause, PAUSE_BEGIN); /* by a command that came when it was paused */
	if (!pause->has_position)
		return 0;
	return retention_tick(&pause->retention, &pause->position, err);
}

void pause_watch_no_more(struct pause *pause)
{
	pause->has_position = false;
}

void pause_leave(struct pause *pause)
{
	retention_fini(&pause->retention);
}

int pause_end(struct pause *pause, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	if (has_record(pause)) {
		record_batch_add(&records, RECORD_PAUSED, (struct slice){NULL, 0});
		checkpoint_post(pause->checkpoint, &records, NULL);
		if (checkpoint_save(pause->checkpoint, err) < 0)
			return -1;
	}
	atomic_store(&pause->since_ms, 0);
	fulfil(pause, PAUSE_END);
	return 0;
}
