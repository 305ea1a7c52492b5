#include "engine/setup.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/lane.h"
#include "sink/sink.h"

#include <stdlib.h>

/* The constant topics of the selected tables, each once. */
struct setup {
	const struct start *start;
	struct sink *sink; /* NULL: nothing has been asked of Kafka yet */
	struct arena arena;
	struct map seen; /* name -> anything */
	struct slice *names;
	struct topic_spec *specs;
	unsigned n;
};

static bool has_topics(const struct sync *sync)
{
	return sync->config->sink.kind == SINK_KAFKA && !sync->dry_run;
}

static int open_sink(struct setup *setup, struct err *err)
{
	const struct sync *sync = setup->start->sync;
	if (setup->sink)
		return 0;
	setup->sink = sink_new(&sync->config->sink, "tideway-setup", 1 << 20, NULL, NULL, err);
	if (setup->sink == NULL)
		return -1;
	sink_stop_on(setup->sink, &sync->stop);
	return 0;
}

/* ---- each table ---- */

int setup_check_policy(const struct start *start, struct sink *sink, const struct table *table,
		       struct slice topic, struct err *err)
{
	const struct topic_spec spec = {.create = false, .partitions = 1};
	struct topic *found;
	if (sink_topic(sink, topic, &spec, &start->sync->stop, &found, err) < 0)
		return -1;
	if (!sink_topic_info(found)->compacted)
		return 0;
	return script_compacted(start->script, start->sync->index, table, topic, err);
}

static int check_policy(struct setup *setup, const struct table *table, struct slice topic,
			struct err *err)
{
	bool exists;
	int partitions;
	if (open_sink(setup, err) < 0 ||
	    sink_topics_exist(setup->sink, &topic, 1, &exists, &partitions, err) < 0)
		return -1;
	return exists ? setup_check_policy(setup->start, setup->sink, table, topic, err) : 0;
}

static void add_topic(struct setup *setup, const struct mapping *mapping)
{
	struct slice name;
	if (map_get(&setup->seen, mapping->topic))
		return;
	name = arena_copy(&setup->arena, mapping->topic);
	map_set(&setup->seen, name, setup);
	setup->specs[setup->n] =
		lane_topic_spec(setup->start->sync->config, mapping->key_kind != KEY_EMPTY, 0);
	setup->names[setup->n++] = name;
}

static int add_mapping(struct setup *setup, const struct table *table,
		       const struct mapping *mapping, struct err *err)
{
	if (!mapping->wanted || mapping->topic_function)
		return 0;
	add_topic(setup, mapping);
	if (!mapping->not_compacted || !has_topics(setup->start->sync))
		return 0;
	return check_policy(setup, table, mapping->topic, err);
}

static int add_table(struct setup *setup, const struct table *table, struct err *err)
{
	const struct start *start = setup->start;
	struct arena arena;
	struct mapping mapping = {.event_function = MAPPING_NO_FUNCTION,
				  .image_function = MAPPING_NO_FUNCTION};
	int rc;
	arena_init(&arena, 0);
	rc = script_prepare(start->script, start->sync->index, table, &arena, &mapping, err);
	if (rc == 0) {
		rc = add_mapping(setup, table, &mapping, err);
		script_release(start->script, &mapping);
	}
	arena_fini(&arena);
	return rc;
}

/* ---- all topics ---- */

static int name_missing(const struct setup *setup, const bool *exists, struct err *err)
{
	struct buf names;
	unsigned missing = 0;
	buf_init(&names);
	for (unsigned i = 0; i < setup->n; i++)
		if (!exists[i])
			buf_printf(&names, "%s\"%.*s\"", missing++ > 0 ? ", " : "",
				   SLICE_FMT(setup->names[i]));
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

static int check_existing(struct setup *setup, struct err *err)
{
	bool *exists;
	int *partitions, rc;
	if (open_sink(setup, err) < 0)
		return -1;
	exists = mem_array(setup->n + 1, sizeof(*exists));
	partitions = mem_array(setup->n + 1, sizeof(*partitions));
	rc = sink_topics_exist(setup->sink, setup->names, setup->n, exists, partitions, err);
	if (rc == 0)
		rc = name_missing(setup, exists, err);
	free(partitions);
	free(exists);
	return rc;
}

/* Those that the checkpoint does not know, as far as topics.max lets the lanes go. Kafka takes some 40 ms to make a
 * topic, but hardly more for a hundred in one request. */
static int create_new(struct setup *setup, struct err *err)
{
	struct sync *sync = setup->start->sync;
	struct slice *tables;
	size_t ntables;
	unsigned n = 0;
	for (unsigned i = 0; i < setup->n && n < sync->config->topics.max; i++) {
		if (pins_get(&sync->pins, setup->names[i], &setup->arena, &tables, &ntables) != 0)
			continue;
		setup->specs[n] = setup->specs[i];
		setup->names[n++] = setup->names[i];
	}
	if (n < 2) /* a lane makes one as fast */
		return 0;
	if (open_sink(setup, err) < 0)
		return -1;
	return sink_topics_create(setup->sink, setup->names, setup->specs, n, &sync->stop, err);
}

/* Partitions that topics have got since they were pinned (rule 18). Nothing is on its way now, so that the change has a place in
 * time; but a key's older messages stay where they are. */
static int adopt_partitions(struct setup *setup, struct err *err)
{
	struct pins *pins = &setup->start->sync->pins;
	size_t n = 0, cap = pins->by_topic.count + 1, at = 0;
	struct slice *names = ARENA_ARRAY(&setup->arena, cap, struct slice);
	bool *exists = ARENA_ARRAY(&setup->arena, cap, bool);
	int *pinned = ARENA_ARRAY(&setup->arena, cap, int);
	int *partitions = ARENA_ARRAY(&setup->arena, cap, int);
	const struct pin *pin;
	while ((pin = pins_next(pins, &at))) {
		pinned[n] = pin->partitions;
		names[n++] = pin->name;
	}
	if (n == 0)
		return 0;
	if (open_sink(setup, err) < 0 ||
	    sink_topics_exist(setup->sink, names, (unsigned)n, exists, partitions, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!exists[i] || partitions[i] <= pinned[i])
			continue;
		log_warn("topic \"%.*s\" has %d partitions now and had %d: its keys are spread "
			 "over all "
			 "of them from here on; of a key whose partition changes, consumers may "
			 "see newer messages before older ones (topics.partitions = \"adopt\")",
			 SLICE_FMT(names[i]), partitions[i], pinned[i]);
		pins_adopt(pins, names[i], partitions[i]);
	}
	return 0;
}

static int work_out(struct setup *setup, struct err *err)
{
	const struct start *start = setup->start;
	for (unsigned i = 0; i < start->nselected; i++)
		if (add_table(setup, start->selected[i], err) < 0)
			return -1;
	if (!has_topics(start->sync))
		return 0;
	if (start->sync->config->topics.adopt && adopt_partitions(setup, err) < 0)
		return -1;
	return start->sync->config->topics.create ? create_new(setup, err)
						  : check_existing(setup, err);
}

int setup_topics(const struct start *start, struct err *err)
{
	struct setup setup = {.start = start};
	int rc;
	arena_init(&setup.arena, 0);
	map_init(&setup.seen);
	setup.names = mem_array(start->nselected + 1, sizeof(*setup.names));
	setup.specs = mem_array(start->nselected + 1, sizeof(*setup.specs));
	rc = work_out(&setup, err);
	sink_free(setup.sink);
	free(setup.specs);
	free(setup.names);
	map_fini(&setup.seen);
	arena_fini(&setup.arena);
	return rc;
}
