/* cmd_plan: `tideway plan`: print how the script maps each table, before anything is sent. */
#include "base/buf.h"
#include "base/log.h"
#include "control/planned.h"
#include "engine/lane/destination.h"
#include "sink/sink.h"

#include <stdio.h>

static void close_sink(struct sink **sink)
{
	sink_free(*sink);
	*sink = NULL;
}

static void report_unasked(const struct err *err)
{
	if (err->retriable)
		log_warn("waited %d s for a broker; the plan does not show which topics exist: %s",
			 LOOK_BROKER_MS / 1000, err->text);
	else
		log_warn("the plan does not show which topics exist: %s", err->text);
}

/* Return NULL if the sync has no brokers, or if they do not answer. */
static struct sink *open_sink(const struct sink_config *config)
{
	struct err err = ERR_INIT;
	struct sink *sink;
	if (config->kind != SINK_KAFKA)
		return NULL;
	sink = look_open_sink(config, "tideway-plan", &err);
	if (sink == NULL)
		report_unasked(&err);
	return sink;
}

/* Find out whether the topic exists. A broker that does not answer is not asked again: set *sink to
 * NULL. */
static void ask_broker(struct sink **sink, struct planned *planned)
{
	const struct mapping *mapping = &planned->plan->mapping;
	struct err err = ERR_INIT;
	planned->partitions = lane_topic_spec(planned->config, mapping->topic,
					      mapping->key.kind != KEY_EMPTY, NULL)
				      .partitions;
	if (*sink == NULL || mapping->topic_function)
		return;
	int partitions = planned->partitions;
	planned->asked = sink_topics_exist(*sink, &mapping->topic, 1, &planned->exists, &partitions,
					   &err) == 0;
	if (planned->asked && planned->exists)
		planned->partitions = partitions;
	else if (planned->asked)
		planned->collides = sink_collides(*sink, mapping->topic);
	else {
		report_unasked(&err);
		close_sink(sink);
	}
}

/* Return whether a command has added the table. */
static bool is_added(const struct look *look, const struct table *table)
{
	const struct chosen_table *chosen = selection_find(&look->chosen, table->db, table->name);
	return chosen && !chosen->removed &&
	       script_naming(look->script, look->sync.index, table->db, table->name) ==
		       SCRIPT_NAMES_NOT;
}

static int plan_table(struct look *look, struct sink **sink, struct planned *planned,
		      struct buf *json, struct err *err)
{
	struct plan *plan = plan_new(&look->lane, planned->copied->table, err);
	if (plan == NULL)
		return -1;
	planned->plan = plan;
	planned->config = look->sync.config;
	planned->by_command = is_added(look, planned->copied->table);
	ask_broker(sink, planned);
	if (json == NULL) {
		planned_print(planned);
	} else {
		if (json->len > 0)
			buf_char(json, ',');
		planned_put_json(planned, json);
	}
	plan_free(&look->lane, plan);
	return 0;
}

static void print_removed(const struct look *look)
{
	struct arena arena;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < look->chosen.n; i++) {
		struct slice name = chosen_table_print(&look->chosen.tables[i], &arena);
		const struct table_hold *hold = look->chosen.tables[i].hold;
		if (hold && hold->code == 0)
			printf("%.*s\n  paused  by command; tideway resume ends that\n\n",
			       SLICE_FMT(name));
		else if (hold)
			printf("%.*s\n  quarantined  E-%d: %.*s\n\n", SLICE_FMT(name), hold->code,
			       SLICE_FMT(hold->text));
		else if (look->chosen.tables[i].removed)
			printf("%.*s\n  removed  by command; to keep that, write \"!%.*s\" into "
			       "source.tables\n\n",
			       SLICE_FMT(name), SLICE_FMT(name));
	}
	arena_fini(&arena);
}

static int plan_tables(struct look *look, struct sink **sink, struct buf *json, struct err *err)
{
	struct estimate estimate;
	int rc;
	estimate_init(&estimate);
	rc = estimate_make(&estimate, look, err);
	for (unsigned i = 0; rc == 0 && i < estimate.ntables; i++) {
		struct planned planned = {.estimate = &estimate, .copied = &estimate.tables[i]};
		rc = plan_table(look, sink, &planned, json, err);
	}
	if (rc == 0 && json == NULL) {
		print_removed(look);
		planned_print_copy(&estimate);
	}
	estimate_fini(&estimate);
	return rc;
}

/* Load what commands have chosen. If no broker answers, the plan is that of the script alone. */
static int load_choices(struct look *look, unsigned index, struct sink **sink, struct err *err)
{
	if (look_choose(look, index, *sink, err) == 0)
		return 0;
	if (script_config(look->script, index)->checkpoint_file || err->code != ERR_KAFKA)
		return -1;
	report_unasked(err);
	close_sink(sink);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int plan_sync(struct look *look, unsigned index, struct buf *json, struct err *err)
{
	struct sink *sink = open_sink(&script_config(look->script, index)->sink);
	int rc = load_choices(look, index, &sink, err);
	if (rc == 0)
		rc = look_connect(look, index, err);
	if (rc == 0 && json == NULL && look->sync.config->description)
		printf("sync '%s': %s\n", look->sync.config->name, look->sync.config->description);
	if (rc == 0)
		rc = plan_tables(look, &sink, json, err);
	close_sink(&sink);
	look_leave(look);
	return rc;
}

int command_plan(const struct arguments *arguments, struct err *err)
{
	struct look look;
	struct buf json;
	int rc;
	look_init(&look);
	buf_init(&json);
	rc = look_load(&look, arguments, err);
	for (unsigned i = 0; rc == 0 && i < script_syncs(look.script); i++)
		rc = plan_sync(&look, i, arguments->json ? &json : NULL, err);
	if (rc == 0 && arguments->json)
		printf("[%s]\n", buf_cstr(&json));
	buf_fini(&json);
	look_fini(&look);
	return rc;
}
