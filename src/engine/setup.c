#include "engine/setup.h"

#include "base/mem.h"
#include "engine/lane.h"
#include "sink/sink.h"

#include <stdlib.h>

/* The constant topics of the selected tables, each once. */
struct topics {
	struct arena arena;
	struct map seen; /* name -> anything */
	struct slice *names;
	struct topic_spec *specs;
	unsigned n;
};

static void add_topic(struct topics *topics, const struct sync *sync, const struct mapping *mapping)
{
	struct slice name;
	if (map_get(&topics->seen, mapping->topic))
		return;
	name = arena_copy(&topics->arena, mapping->topic);
	map_set(&topics->seen, name, topics);
	topics->specs[topics->n] = lane_topic_spec(sync->config, mapping->key_kind != KEY_EMPTY, 0);
	topics->names[topics->n++] = name;
}

static int prepare_table(const struct start *start, const struct table *table,
			 struct topics *topics, struct err *err)
{
	struct arena arena;
	struct mapping mapping = {.event_function = MAPPING_NO_FUNCTION,
				  .image_function = MAPPING_NO_FUNCTION};
	int rc;
	arena_init(&arena, 0);
	rc = script_prepare(start->script, start->sync->index, table, &arena, &mapping, err);
	if (rc == 0 && mapping.wanted && !mapping.topic_function)
		add_topic(topics, start->sync, &mapping);
	if (rc == 0)
		script_release(start->script, &mapping);
	arena_fini(&arena);
	return rc;
}

static int name_missing(const struct topics *topics, const bool *exists, struct err *err)
{
	struct buf names;
	unsigned missing = 0;
	buf_init(&names);
	for (unsigned i = 0; i < topics->n; i++)
		if (!exists[i])
			buf_printf(&names, "%s\"%.*s\"", missing++ > 0 ? ", " : "",
				   SLICE_FMT(topics->names[i]));
	if (missing > 0)
		err_set(err, ERR_KAFKA,
			"topics = \"existing\", and these do not exist: %s; create them, or let "
			"Tideway do it with topics = "
			"{ create = true }; a topic that the user may not Describe cannot be seen "
			"either",
			buf_cstr(&names));
	buf_fini(&names);
	return missing > 0 ? -1 : 0;
}

static int check_existing(const struct start *start, const struct topics *topics, struct err *err)
{
	struct sink *sink =
		sink_new(&start->sync->config->sink, "tideway-setup", 1 << 20, NULL, NULL, err);
	bool *exists = mem_array(topics->n + 1, sizeof(*exists));
	int *partitions = mem_array(topics->n + 1, sizeof(*partitions));
	int rc = -1;
	if (sink) {
		sink_stop_on(sink, &start->sync->stop);
		rc = sink_topics_exist(sink, topics->names, topics->n, exists, partitions, err);
	}
	if (rc == 0)
		rc = name_missing(topics, exists, err);
	sink_free(sink);
	free(partitions);
	free(exists);
	return rc;
}

/* Those that the checkpoint does not know, as far as topics.max lets the lanes go. Kafka takes some 40 ms to make a
 * topic, but hardly more for a hundred in one request. */
static int create_new(const struct start *start, struct topics *topics, struct err *err)
{
	struct sync *sync = start->sync;
	struct sink *sink;
	struct slice *tables;
	size_t ntables;
	unsigned n = 0;
	int rc;
	for (unsigned i = 0; i < topics->n && n < sync->config->topics.max; i++) {
		if (pins_get(&sync->pins, topics->names[i], &topics->arena, &tables, &ntables) != 0)
			continue;
		topics->specs[n] = topics->specs[i];
		topics->names[n++] = topics->names[i];
	}
	if (n < 2) /* a lane makes one as fast */
		return 0;
	sink = sink_new(&sync->config->sink, "tideway-setup", 1 << 20, NULL, NULL, err);
	if (sink == NULL)
		return -1;
	rc = sink_topics_create(sink, topics->names, topics->specs, n, &sync->stop, err);
	sink_free(sink);
	return rc;
}

static int work_out(const struct start *start, struct topics *topics, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	for (unsigned i = 0; i < start->nselected; i++)
		if (prepare_table(start, start->selected[i], topics, err) < 0)
			return -1;
	if (config->sink.kind != SINK_KAFKA || start->sync->dry_run)
		return 0;
	return config->topics.create ? create_new(start, topics, err)
				     : check_existing(start, topics, err);
}

int setup_topics(const struct start *start, struct err *err)
{
	struct topics topics = {.n = 0};
	int rc;
	arena_init(&topics.arena, 0);
	map_init(&topics.seen);
	topics.names = mem_array(start->nselected + 1, sizeof(*topics.names));
	topics.specs = mem_array(start->nselected + 1, sizeof(*topics.specs));
	rc = work_out(start, &topics, err);
	free(topics.specs);
	free(topics.names);
	map_fini(&topics.seen);
	arena_fini(&topics.arena);
	return rc;
}
