#include "engine/compaction.h"

#include "sink/sink.h"

int compaction_check_topic(const struct start *start, struct sink *sink, const struct table *table,
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

static int check_mapping(const struct start *start, struct sink *sink, const struct table *table,
			 const struct mapping *mapping, struct err *err)
{
	bool exists;
	int partitions;
	if (!mapping->wanted || !mapping->not_compacted || mapping->topic_function)
		return 0;
	if (sink_topics_exist(sink, &mapping->topic, 1, &exists, &partitions, err) < 0)
		return -1;
	return exists ? compaction_check_topic(start, sink, table, mapping->topic, err) : 0;
}

static int check_table(const struct start *start, struct sink *sink, const struct table *table,
		       struct err *err)
{
	struct arena arena;
	struct mapping mapping;
	int rc;
	arena_init(&arena, 0);
	rc = script_prepare(start->script, start->sync->index, table, &arena, &mapping, err);
	if (rc == 0) {
		rc = check_mapping(start, sink, table, &mapping, err);
		script_release(start->script, &mapping);
	}
	arena_fini(&arena);
	return rc;
}

int compaction_check(const struct start *start, struct err *err)
{
	const struct sync *sync = start->sync;
	struct sink *sink;
	int rc = 0;
	if (sync->config->sink.kind != SINK_KAFKA || sync->dry_run ||
	    !script_not_compacted(start->script, sync->index))
		return 0;
	sink = sink_new(&sync->config->sink, "tideway-setup", 1 << 20, NULL, NULL, err);
	if (sink == NULL)
		return -1;
	sink_stop_on(sink, &sync->stop);
	for (unsigned i = 0; rc == 0 && i < start->nselected; i++)
		rc = check_table(start, sink, start->selected[i], err);
	sink_free(sink);
	return rc;
}
