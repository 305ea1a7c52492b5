#include "engine/sync/setup.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/lane/lane.h"
#include "engine/state/records.h"
#include "sink/sink.h"
#include "source/catalog_load.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	GONE_MS = 3000,      /* a topic that is missing for this long does not exist */
	GONE_AGAIN_MS = 250, /* between two checks for it */
};

/* The constant topics of the selected tables, each once. */
struct setup {
	const struct bootstrap *bootstrap;
	struct sink *sink; /* NULL: Kafka has not been queried yet */
	struct arena arena;
	struct map seen; /* name -> struct constant_topic, in topics */
	struct constant_topic *topics;
	struct slice *names; /* likewise, in the form that the sink takes */
	struct topic_spec *specs;
	unsigned n;
	struct map writers;  /* pinned topic -> struct writers */
	struct map returned; /* name of a table -> struct returned */
};

/* The tables of a pinned topic that have been or are being copied to it, so that they need all of
 * its messages. */
struct writers {
	struct slice topic;
	struct pinned pinned;
	struct buf tables; /* their names, as many as fit in a line */
	unsigned ntables;
	bool exists;
	int partitions;
	struct err err; /* the problem of the topic */
};

enum { NAMED_MAX = 3 }; /* tables named in a line */

static bool has_topics(const struct sync *sync)
{
	return sync->config->sink.kind == SINK_KAFKA && !sync->output.dry_run;
}

static int open_sink(struct setup *setup, struct err *err)
{
	const struct sync *sync = setup->bootstrap->sync;
	if (setup->sink)
		return 0;
	setup->sink = sink_new(&sync->sink, "tideway-setup", 1 << 20, NULL, NULL, err);
	if (setup->sink == NULL)
		return -1;
	sink_stop_on(setup->sink, &sync->flags.stop);
	return 0;
}

/* ---- each table ---- */

int setup_check_policy(const struct bootstrap *bootstrap, struct sink *sink,
		       const struct table *table, struct slice topic, struct err *err)
{
	const struct topic_spec spec = {.create = false, .partitions = 1};
	struct topic *found;
	if (sink_topic(sink, topic, &spec, &bootstrap->sync->flags.stop, &found, err) < 0)
		return -1;
	if (!sink_topic_info(found)->compacted)
		return 0;
	return script_compacted(bootstrap->script, bootstrap->sync->index, table, topic, err);
}

static int check_policy(struct setup *setup, const struct table *table, struct slice topic,
			struct err *err)
{
	bool exists;
	int partitions;
	if (open_sink(setup, err) < 0 ||
	    sink_topics_exist(setup->sink, &topic, 1, &exists, &partitions, err) < 0)
		return -1;
	return exists ? setup_check_policy(setup->bootstrap, setup->sink, table, topic, err) : 0;
}

static bool is_copied(const struct setup *setup, struct slice table)
{
	struct arena arena;
	struct slice value;
	arena_init(&arena, 0);
	value = checkpoint_get(&setup->bootstrap->sync->checkpoint,
			       record_name(&arena, "full", table));
	arena_fini(&arena);
	return value.ptr != NULL;
}

/* Record that the table writes to the topic, if the topic is pinned. */
static void add_writer(struct setup *setup, struct slice topic, struct slice table)
{
	struct writers *writers = map_get(&setup->writers, topic);
	if (writers == NULL) {
		const struct pinned pinned =
			pins_get(&setup->bootstrap->sync->pins, topic, &setup->arena);
		if (pinned.partitions == 0)
			return;
		writers = ARENA_NEW(&setup->arena, struct writers);
		writers->topic = arena_copy(&setup->arena, topic);
		writers->pinned = pinned;
		buf_init(&writers->tables);
		map_set(&setup->writers, writers->topic, writers);
	}
	if (!is_copied(setup, table))
		return;
	if (writers->ntables < NAMED_MAX)
		buf_printf(&writers->tables, "%s%.*s", writers->ntables > 0 ? ", " : "",
			   SLICE_FMT(table));
	else if (writers->ntables == NAMED_MAX)
		buf_put(&writers->tables, SLICE(" ..."));
	writers->ntables++;
}

/* A topic that the function of a table has returned. */
struct returned {
	struct returned *next;
	const struct pin *pin;
};

static void note_returned(struct setup *setup, const struct pin *pin, struct slice table)
{
	struct returned *returned = ARENA_NEW(&setup->arena, struct returned);
	*returned = (struct returned){map_get(&setup->returned, table), pin};
	map_set(&setup->returned, table, returned);
}

/* Index the topics that functions have returned by the names of the tables. */
static void list_returned(struct setup *setup)
{
	const struct pin *pin;
	size_t at = 0;
	while ((pin = pins_next(&setup->bootstrap->sync->pins, &at)))
		for (size_t i = 0; i < pin->tables.cap; i++)
			if (pin->tables.slots[i].value)
				note_returned(setup, pin, pin->tables.slots[i].key);
}

/* Record the topics that a function has returned for the table. */
static void add_returned(struct setup *setup, struct slice table)
{
	const struct returned *returned = map_get(&setup->returned, table);
	for (; returned; returned = returned->next)
		add_writer(setup, returned->pin->name, table);
}

static void add_topic(struct setup *setup, const struct script_destination *to)
{
	struct constant_topic *topic = map_get(&setup->seen, to->topic);
	if (topic == NULL) {
		topic = &setup->topics[setup->n];
		topic->name = arena_copy(&setup->arena, to->topic);
		topic->keyed = !to->empty_key;
		map_set(&setup->seen, topic->name, topic);
		setup->specs[setup->n] = lane_topic_spec(setup->bootstrap->sync->config,
							 topic->name, topic->keyed, NULL);
		setup->names[setup->n++] = topic->name;
	}
	topic->not_compacted |= to->not_compacted;
}

static int add_destination(struct setup *setup, const struct table *table,
			   const struct script_destination *to, struct err *err)
{
	if (!to->wanted)
		return 0;
	if (to->by_function) {
		add_returned(setup, table->full_name);
		return 0;
	}
	add_writer(setup, to->topic, table->full_name);
	add_topic(setup, to);
	if (!to->not_compacted || !has_topics(setup->bootstrap->sync))
		return 0;
	return check_policy(setup, table, to->topic, err);
}

static int add_table(struct setup *setup, const struct table *table, struct err *err)
{
	const struct bootstrap *bootstrap = setup->bootstrap;
	struct script_destination to;
	struct arena arena;
	int rc;
	arena_init(&arena, 0);
	rc = script_destination(bootstrap->script, bootstrap->sync->index, table, &arena, &to, err);
	if (rc == 0)
		rc = add_destination(setup, table, &to, err);
	arena_fini(&arena);
	return rc;
}

/* ---- topics of the checkpoint ---- */

/* Find out which of them exist, and with how many partitions. */
static int look_which_exist(struct setup *setup, bool *all, struct err *err)
{
	struct writers *writers;
	size_t at = 0;
	*all = true;
	while ((writers = map_next(&setup->writers, &at))) {
		if (sink_topics_exist(setup->sink, &writers->topic, 1, &writers->exists,
				      &writers->partitions, err) < 0)
			return -1;
		*all &= writers->exists;
	}
	return 0;
}

/* Check missing topics again: a broker that has just started may not know all topics yet. */
static int look_for_topics(struct setup *setup, struct err *err)
{
	int64_t end = clock_mono_ms() + GONE_MS;
	bool all;
	do {
		if (look_which_exist(setup, &all, err) < 0)
			return -1;
		if (!all && sink_poll(setup->sink, GONE_AGAIN_MS, err) < 0)
			return -1;
	} while (!all && clock_mono_ms() < end &&
		 !atomic_load(&setup->bootstrap->sync->flags.stop));
	return 0;
}

static bool is_whole(const struct writers *writers)
{
	return writers->exists && writers->partitions >= writers->pinned.partitions;
}

/* Collect the partitions whose ends must be compared; ends NULL: only count them. */
static unsigned list_ends(const struct setup *setup, struct partition_end *ends)
{
	const struct writers *writers;
	unsigned n = 0;
	size_t at = 0;
	while ((writers = map_next(&setup->writers, &at)))
		for (int i = 0; is_whole(writers) && i < writers->pinned.nends; i++)
			if (writers->pinned.ends[i] > 0 && ++n > 0 && ends)
				ends[n - 1] = (struct partition_end){writers->topic, i, 0};
	return n;
}

static void judge_end(struct writers *writers, const struct partition_end *end)
{
	int64_t acked = writers->pinned.ends[end->partition];
	if (end->end >= acked || writers->err.code != ERR_NONE)
		return;
	err_set(&writers->err, E_TOPIC_REPLACED,
		"topic \"%.*s\" is not the same as before: partition %d ends before offset "
		"%" PRId64 ", and %" PRId64
		" had been acknowledged (tables %s): " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST,
		SLICE_FMT(writers->topic), end->partition, end->end, acked - 1,
		buf_cstr(&writers->tables));
}

static int judge_ends(struct setup *setup, struct err *err)
{
	unsigned n = list_ends(setup, NULL);
	struct partition_end *ends = ARENA_ARRAY(&setup->arena, n + 1, struct partition_end);
	(void)list_ends(setup, ends);
	if (sink_ends(setup->sink, ends, n, &setup->bootstrap->sync->flags.stop, err) < 0)
		return -1;
	for (unsigned i = 0; i < n; i++)
		judge_end(map_get(&setup->writers, ends[i].topic), &ends[i]);
	return 0;
}

static void judge_topic(struct writers *writers)
{
	if (!writers->exists)
		err_set(&writers->err, E_TOPIC_DELETED,
			"topic \"%.*s\" does not exist any more, and rows of %s are in it "
			"according "
			"to the checkpoint: it was deleted. " REMEDY_TOPIC_LOST,
			SLICE_FMT(writers->topic), buf_cstr(&writers->tables));
	else if (writers->partitions < writers->pinned.partitions)
		err_set(&writers->err, E_TOPIC_REPLACED,
			"topic \"%.*s\" is not the same as before: it has %d partitions and had "
			"%d (tables %s): " TOPIC_REPLACED_WHY ". " REMEDY_TOPIC_LOST,
			SLICE_FMT(writers->topic), writers->partitions, writers->pinned.partitions,
			buf_cstr(&writers->tables));
}

/* A topic that was found to be replaced stays so, although it may have grown past the acknowledged
 * offsets since. */
static void judge_history(struct writers *writers)
{
	if (writers->pinned.replaced && writers->err.code == ERR_NONE)
		err_set(&writers->err, E_TOPIC_REPLACED, TOPIC_REPLACED, SLICE_FMT(writers->topic));
}

/* Check each pinned topic, and set its err. */
static int look_at_topics(struct setup *setup, struct err *err)
{
	struct writers *writers;
	size_t at = 0;
	if (setup->writers.count == 0)
		return 0;
	if (open_sink(setup, err) < 0 || look_for_topics(setup, err) < 0)
		return -1;
	while ((writers = map_next(&setup->writers, &at)))
		judge_topic(writers);
	if (judge_ends(setup, err) < 0)
		return -1;
	at = 0;
	while ((writers = map_next(&setup->writers, &at)))
		judge_history(writers);
	return 0;
}

/* Fail for a topic of the checkpoint that is missing or was replaced: its messages are not sent
 * again. It may be created again only if all of its tables will be copied again. */
static int check_topics(struct setup *setup, struct err *err)
{
	struct writers *writers;
	size_t at = 0;
	int rc = look_at_topics(setup, err);
	while (rc >= 0 && (writers = map_next(&setup->writers, &at))) {
		if (writers->err.code == ERR_NONE)
			continue;
		if (writers->ntables == 0) {
			pins_forget(&setup->bootstrap->sync->pins, writers->topic);
			continue;
		}
		if (writers->exists)
			pins_replaced(&setup->bootstrap->sync->pins, writers->topic);
		if (err->code != ERR_NONE)
			log_warn("%s", err->text);
		*err = writers->err;
	}
	return rc < 0 || err->code != ERR_NONE ? -1 : 0;
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
		err_set(err, E_TOPIC_MISSING,
			"topics = \"existing\", and these do not exist: %s. Create them, or let "
			"Tideway create them with topics = { create = true }. A topic that the "
			"user may not Describe cannot be seen either",
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

/* Create the topics that the checkpoint does not contain, as many as topics.max lets the lanes
 * open. Kafka takes about 40 ms for one topic, and hardly more for a hundred in one request. */
static int create_new(struct setup *setup, struct err *err)
{
	struct sync *sync = setup->bootstrap->sync;
	unsigned n = 0;
	for (unsigned i = 0; i < setup->n && n < sync->config->topics.max; i++) {
		if (pins_get(&sync->pins, setup->names[i], &setup->arena).partitions != 0)
			continue;
		setup->specs[n] = setup->specs[i];
		setup->names[n++] = setup->names[i];
	}
	if (n < 2) /* a lane creates one as fast */
		return 0;
	if (open_sink(setup, err) < 0)
		return -1;
	return sink_topics_create(setup->sink, setup->names, setup->specs, n, &sync->flags.stop,
				  err);
}

/* Report partitions that topics have gained since they were pinned (rule: pinned-partitions). Keys
 * stay on the pinned partitions unless the script adopts the new ones. Nothing is in flight now, so
 * the change happens at one point of the stream; but older messages of a key stay where they
 * are. */
static int look_for_partitions(struct setup *setup, struct err *err)
{
	struct pins *pins = &setup->bootstrap->sync->pins;
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
		if (!exists[i] || pinned[i] == 0 || partitions[i] <= pinned[i])
			continue;
		if (!setup->bootstrap->sync->config->topics.adopt) {
			pins_tell_grown(names[i], partitions[i], pinned[i]);
			continue;
		}
		log_warn("topic \"%.*s\" now has %d partitions instead of %d: from now on, its "
			 "keys are spread over all of them. If the partition of a key changes, "
			 "consumers may see newer messages of the key before older ones "
			 "(topics.partitions = \"adopt\")",
			 SLICE_FMT(names[i]), partitions[i], pinned[i]);
		pins_adopt(pins, names[i], partitions[i]);
	}
	return 0;
}

static int add_tables(struct setup *setup, struct err *err)
{
	const struct bootstrap *bootstrap = setup->bootstrap;
	list_returned(setup);
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (add_table(setup, bootstrap->selected[i], err) < 0)
			return -1;
	return 0;
}

static int work_out(struct setup *setup, struct err *err)
{
	const struct bootstrap *bootstrap = setup->bootstrap;
	if (add_tables(setup, err) < 0)
		return -1;
	if (!has_topics(bootstrap->sync))
		return 0;
	if (check_topics(setup, err) < 0 || look_for_partitions(setup, err) < 0)
		return -1;
	return bootstrap->sync->config->topics.create ? create_new(setup, err)
						      : check_existing(setup, err);
}

static void setup_init(struct setup *setup, const struct bootstrap *bootstrap)
{
	*setup = (struct setup){.bootstrap = bootstrap};
	arena_init(&setup->arena, 0);
	map_init(&setup->seen);
	map_init(&setup->writers);
	map_init(&setup->returned);
	setup->topics = mem_array(bootstrap->nselected + 1, sizeof(*setup->topics));
	setup->names = mem_array(bootstrap->nselected + 1, sizeof(*setup->names));
	setup->specs = mem_array(bootstrap->nselected + 1, sizeof(*setup->specs));
}

static void setup_fini(struct setup *setup)
{
	struct writers *writers;
	size_t at = 0;
	while ((writers = map_next(&setup->writers, &at)))
		buf_fini(&writers->tables);
	sink_free(setup->sink);
	free(setup->specs);
	free(setup->names);
	free(setup->topics);
	map_fini(&setup->returned);
	map_fini(&setup->writers);
	map_fini(&setup->seen);
	arena_fini(&setup->arena);
}

/* Let the bootstrap keep what was checked, for the stream. */
static void keep_checked(const struct setup *setup, struct bootstrap *bootstrap)
{
	struct slice db;
	size_t at = 0;
	bootstrap->findings.topics =
		ARENA_ARRAY(&bootstrap->arena, setup->n + 1, struct constant_topic);
	for (unsigned i = 0; i < setup->n; i++) {
		bootstrap->findings.topics[i] = setup->topics[i];
		bootstrap->findings.topics[i].name =
			arena_copy(&bootstrap->arena, setup->topics[i].name);
	}
	bootstrap->findings.ntopics = setup->n;
	bootstrap->findings.checked = catalog_new_for(bootstrap->conn);
	while ((db = catalog_next_database(bootstrap->catalog_now, &at)).ptr)
		catalog_copy_database(bootstrap->findings.checked, bootstrap->catalog_now, db);
}

int setup_topics(struct bootstrap *bootstrap, struct err *err)
{
	struct setup setup;
	int rc;
	setup_init(&setup, bootstrap);
	rc = work_out(&setup, err);
	if (rc == 0)
		keep_checked(&setup, bootstrap);
	setup_fini(&setup);
	return rc;
}

int setup_lost(const struct bootstrap *bootstrap, setup_lost_fn *lost, void *arg, struct err *err)
{
	struct setup setup;
	const struct writers *writers;
	size_t at = 0;
	int rc;
	setup_init(&setup, bootstrap);
	rc = add_tables(&setup, err);
	if (rc == 0)
		rc = look_at_topics(&setup, err);
	while (rc == 0 && (writers = map_next(&setup.writers, &at)))
		if (writers->err.code != ERR_NONE)
			lost(arg, writers->topic, &writers->err);
	setup_fini(&setup);
	return rc;
}
