#include "control/look.h"

#include "sink/sink.h"
#include "sink/store/store.h"

void look_init(struct look *look)
{
	*look = (struct look){.lane_open = false};
	selection_init(&look->chosen);
}

int look_load(struct look *look, const struct arguments *arguments, struct err *err)
{
	look->options =
		(struct script_options){.args = arguments->settings, .nargs = arguments->nsettings};
	if (arguments_script(arguments, &look->options.path, err) < 0)
		return -1;
	look->script = script_new(&look->options, err);
	return look->script ? 0 : -1;
}

struct sink *look_open_sink(const struct sink_config *config, const char *client, struct err *err)
{
	struct sink *sink = sink_new(config, client, 1 << 20, NULL, NULL, err);
	if (sink)
		sink_wait_at_most(sink, LOOK_BROKER_MS);
	return sink;
}

/* Open the checkpoint for reading. Return NULL with err->code ERR_NONE if there is none. */
static struct store *open_store(const struct sync_config *config, struct sink *sink,
				struct err *err)
{
	bool exists = false;
	int partitions = 0;
	struct slice topic;
	if (config->checkpoint_file)
		return store_look_file(config->checkpoint_file, config->name, err);
	if (sink == NULL || config->checkpoint_topic == NULL)
		return NULL;
	topic = slice_str(config->checkpoint_topic);
	if (sink_topics_exist(sink, &topic, 1, &exists, &partitions, err) < 0 || !exists)
		return NULL;
	return store_look_topic(&config->sink, config->checkpoint_topic, config->name, err);
}

int look_choose(struct look *look, unsigned index, struct sink *sink, struct err *err)
{
	const struct sync_config *config = script_config(look->script, index);
	struct store *store = open_store(config, sink, err);
	struct checkpoint checkpoint;
	int rc;
	if (store == NULL)
		return err->code == ERR_NONE ? 0 : -1;
	checkpoint_init(&checkpoint, store, config->name);
	rc = selection_load(&look->chosen, &checkpoint, err);
	checkpoint_fini(&checkpoint);
	return rc;
}

int look_connect(struct look *look, unsigned index, struct err *err)
{
	sync_init(&look->sync, &look->options, index, script_config(look->script, index));
	selection_copy(&look->sync.tables.chosen, &look->chosen);
	look->sync.output.dry_run = true;
	bootstrap_init(&look->bootstrap, &look->sync, look->script);
	look->lane_open = true;
	if (script_choose(look->script, index, look->chosen.tables, look->chosen.n, err) < 0 ||
	    lane_open(&look->lane, &look->sync, SYNC_COPY, "look", 1 << 20, NULL, NULL,
		      &look->metrics, err) < 0)
		return -1;
	return bootstrap_connect(&look->bootstrap, err);
}

void look_leave(struct look *look)
{
	if (look->store_open)
		checkpoint_fini(&look->sync.checkpoint);
	look->store_open = false;
	selection_clear(&look->chosen);
	if (!look->lane_open)
		return;
	lane_close(&look->lane);
	bootstrap_fini(&look->bootstrap);
	sync_fini(&look->sync);
	look->lane_open = false;
}

void look_fini(struct look *look)
{
	look_leave(look);
	selection_fini(&look->chosen);
	script_free(look->script);
}
