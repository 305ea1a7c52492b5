#include "engine/sync/writers.h"

#include "base/arena.h"
#include "sink/store/store.h"

#include <stdio.h>

static struct store *look(const struct sync_config *config, struct err *err)
{
	char topic[80];
	if (config->checkpoint_file)
		return store_look_file(config->checkpoint_file, config->name, err);
	snprintf(topic, sizeof(topic), "tideway.%s", config->name);
	return store_look_topic(&config->sink,
				config->checkpoint_topic ? config->checkpoint_topic : topic,
				config->name, err);
}

/* Check one sync. */
static int check_sync(const struct sync_config *config, struct slice topic, struct err *err)
{
	struct store *store = look(config, err);
	struct arena arena;
	bool writes;
	if (store == NULL)
		return err->code == ERR_NONE ? 0 : -1;
	arena_init(&arena, 0);
	writes = store_get(store,
			   arena_printf(&arena, "%s/topic/%.*s", config->name, SLICE_FMT(topic)))
			 .ptr != NULL;
	arena_fini(&arena);
	store_free(store);
	if (!writes)
		return 0;
	return err_set(err, E_COMMAND_DELETES,
		       "deleted rows cannot be found, because sync '%s' writes to topic \"%.*s\" "
		       "too, and its rows cannot be told apart",
		       config->name, SLICE_FMT(topic));
}

int writers_check(const struct script *script, unsigned own, struct slice topic, struct err *err)
{
	for (unsigned i = 0; i < script_syncs(script); i++) {
		const struct sync_config *config = script_config(script, i);
		if (i != own && config->sink.kind == SINK_KAFKA &&
		    check_sync(config, topic, err) < 0)
			return -1;
	}
	return 0;
}
