#include "engine/setup.h"

#include "base/mem.h"
#include "sink/sink.h"

#include <stdlib.h>

/* The constant topics of the selected tables. */
struct topics {
	struct arena arena;
	struct slice *names;
	unsigned n;
};

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
		topics->names[topics->n++] = arena_copy(&topics->arena, mapping.topic);
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

int setup_check(const struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	struct topics topics = {.n = 0};
	int rc = 0;
	arena_init(&topics.arena, 0);
	topics.names = mem_array(start->nselected + 1, sizeof(*topics.names));
	for (unsigned i = 0; rc == 0 && i < start->nselected; i++)
		rc = prepare_table(start, start->selected[i], &topics, err);
	if (rc == 0 && !config->topics.create && config->sink.kind == SINK_KAFKA &&
	    !start->sync->dry_run)
		rc = check_existing(start, &topics, err);
	free(topics.names);
	arena_fini(&topics.arena);
	return rc;
}
