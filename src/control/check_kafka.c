/* check_kafka: what the cluster reports without a write: brokers, the checkpoint and its position,
 * topics. */
#include "control/check.h"

#include "base/log.h"
#include "engine/lane/destination.h"
#include "engine/lane/plan.h"
#include "engine/sync/setup.h"
#include "sink/kafka/topic_probe.h"
#include "sink/sink.h"
#include "sink/store/store.h"

/* What the checks of one sync share. */
struct asking {
	struct report *report;
	struct look *look;
	const struct sync_config *config;
	struct topic_probe *probe;
	struct sink *sink; /* opened when a topic's policy is first needed; NULL: not yet */
	struct map seen;   /* topics that have their line in the report */
	struct map shapes; /* names with "_" for ".", each with its struct named */
};

/* A topic of the sync. */
struct named {
	struct slice topic, table;
	bool exists;
};

/* ---- the checkpoint ---- */

/* Report where the stream would resume. The source must have that position. */
static void check_position(struct report *report, struct look *look)
{
	static const char *const jumps[] = {
		[ON_PURGED_JUMP] = "on_purged = \"jump\": the stream continues at the end of the "
				   "binlog, without the changes before it",
		[ON_PURGED_RESYNC] = "on_purged = \"resync\": the stream continues at the end of "
				     "the binlog, and all tables are copied again",
	};
	const struct sync_config *config = look->sync.config;
	struct err err = ERR_INIT;
	struct buf text;
	if (look->bootstrap.conn == NULL) /* reported in the line of the source */
		return;
	if (bootstrap_check_saved(&look->bootstrap, &err) < 0) {
		if (bootstrap_may_jump(config, &err)) {
			check_line(report, FINDING_WARN, SLICE("position"), slice_str(err.text),
				   slice_str(jumps[config->on_purged]), err.id);
			return;
		}
		check_failed(report, "position", &err);
		return;
	}
	buf_init(&text);
	if (look->bootstrap.found)
		position_print(&look->bootstrap.position, &text);
	else
		buf_put(&text, SLICE("none is saved: the sync begins with its first start"));
	check_line(report, FINDING_OK, SLICE("position"), buf_slice(&text), SLICE(""), E_NONE);
	buf_fini(&text);
}

/* Report the store and take it. It stays open, since check_lost reads the topics in it. */
static void check_store(struct report *report, struct look *look, struct store *store,
			struct slice what)
{
	check_line(report, FINDING_OK, SLICE("checkpoint"), what, SLICE(""), E_NONE);
	checkpoint_init(&look->sync.checkpoint, store, look->sync.config->name);
	look->store_open = true;
	check_position(report, look);
}

void check_checkpoint_file(struct report *report, struct look *look)
{
	const struct sync_config *config = look->sync.config;
	struct err err = ERR_INIT;
	struct store *store;
	if (config->checkpoint_file == NULL)
		return;
	store = store_look_file(config->checkpoint_file, config->name, &err);
	if (store)
		check_store(report, look, store, slice_str(config->checkpoint_file));
	else if (err.code != ERR_NONE)
		check_failed(report, "checkpoint", &err);
	else
		check_line(report, FINDING_OK, SLICE("checkpoint"),
			   SLICE("the file does not exist yet; the first start creates it"),
			   SLICE(""), E_NONE);
}

static void check_new_checkpoint(struct asking *asking)
{
	static const struct property compact[] = {{"cleanup.policy", "compact"}};
	const struct topic_spec spec = {.create = true,
					.partitions = 1,
					.replication = -1,
					.config = compact,
					.nconfig = 1};
	struct err err = ERR_INIT;
	struct buf found;
	if (topic_probe_create(asking->probe, asking->config->checkpoint_topic, &spec, &err) < 0) {
		check_failed(asking->report, "checkpoint", &err);
		return;
	}
	buf_init(&found);
	buf_printf(&found, "topic %s will be created by the first start",
		   asking->config->checkpoint_topic);
	check_line(asking->report, FINDING_OK, SLICE("checkpoint"), buf_slice(&found), SLICE(""),
		   E_NONE);
	buf_fini(&found);
}

static void check_checkpoint(struct asking *asking)
{
	const struct sync_config *config = asking->config;
	struct err err = ERR_INIT;
	struct store *store;
	struct buf found;
	if (config->checkpoint_topic == NULL)
		return;
	store = store_look_topic(&config->sink, config->checkpoint_topic, config->name, &err);
	if (store == NULL && err.code == ERR_NONE) {
		check_new_checkpoint(asking);
		return;
	}
	if (store == NULL) {
		check_failed(asking->report, "checkpoint", &err);
		return;
	}
	buf_init(&found);
	buf_printf(&found, "topic %s", config->checkpoint_topic);
	check_store(asking->report, asking->look, store, buf_slice(&found));
	buf_fini(&found);
}

/* ---- topics ---- */

static int check_policy(struct asking *asking, const struct plan *plan, struct err *err)
{
	if (!plan->mapping.key.not_compacted)
		return 0;
	if (asking->sink == NULL)
		asking->sink =
			sink_new(&asking->config->sink, "tideway-check", 1 << 20, NULL, NULL, err);
	if (asking->sink == NULL)
		return -1;
	return setup_check_policy(&asking->look->bootstrap, asking->sink, plan->table,
				  plan->mapping.topic, err);
}

static int may_create(struct asking *asking, const struct plan *plan, struct err *err)
{
	struct slice name = plan->mapping.topic;
	const struct topic_spec spec =
		lane_topic_spec(asking->config, name, plan->mapping.key.kind != KEY_EMPTY, NULL);
	struct buf text;
	int rc;
	if (!spec.create)
		return err_set(err, E_TOPIC_MISSING,
			       "it does not exist, and topics = \"existing\". Create it, or let "
			       "Tideway create it with topics = { create = true }. A topic that "
			       "the user may not Describe cannot be seen either");
	buf_init(&text);
	buf_put(&text, name);
	rc = topic_probe_create(asking->probe, buf_cstr(&text), &spec, err);
	buf_fini(&text);
	return rc;
}

/* Two topics whose names differ only in "." and "_" collide: Kafka refuses to create the second.
 * Other brokers may have both. */
static int check_collision(struct asking *asking, const struct plan *plan, bool exists,
			   struct err *err)
{
	struct arena *texts = &asking->look->lane.texts;
	struct slice name = plan->mapping.topic;
	struct named *other, *named = ARENA_NEW(texts, struct named);
	char *shape = arena_cstr(texts, name);
	for (char *at = shape; *at; at++)
		*at = *at == '.' ? '_' : *at;
	*named = (struct named){arena_copy(texts, name), arena_copy(texts, plan->table->full_name),
				exists};
	other = map_get(&asking->shapes, slice_str(shape));
	if (other == NULL)
		map_set(&asking->shapes, slice_str(shape), named);
	if (other == NULL || (other->exists && exists))
		return 0;
	return err_set(err, E_TOPIC_COLLIDES,
		       "\"%.*s\" (of %.*s) collides with \"%.*s\" (of %.*s): Kafka does not "
		       "distinguish \".\" and \"_\" in topic names. Give one of them another name "
		       "with a rule of topic",
		       SLICE_FMT(name), SLICE_FMT(named->table), SLICE_FMT(other->topic),
		       SLICE_FMT(other->table));
}

static void check_topic(struct asking *asking, const struct plan *plan)
{
	struct slice name = plan->mapping.topic;
	struct err err = ERR_INIT;
	struct buf what;
	bool exists = topic_probe_partitions(asking->probe, name) > 0;
	bool seen = map_get(&asking->seen, name) != NULL;
	if (seen && !(exists && plan->mapping.key.not_compacted))
		return;
	if (!seen)
		map_set(&asking->seen, arena_copy(&asking->look->lane.texts, name), asking);
	buf_init(&what);
	buf_printf(&what, "topic %.*s", SLICE_FMT(name));
	if ((!seen && check_collision(asking, plan, exists, &err) < 0) ||
	    (exists ? check_policy(asking, plan, &err) : may_create(asking, plan, &err)) < 0)
		check_failed(asking->report, buf_cstr(&what), &err);
	else if (!seen)
		check_line(asking->report, FINDING_OK, buf_slice(&what),
			   exists ? SLICE("exists") : SLICE("will be created"), SLICE(""), E_NONE);
	buf_fini(&what);
}

static void lost_line(void *arg, struct slice topic, const struct err *why)
{
	struct asking *asking = arg;
	struct slice name = arena_copy(&asking->look->lane.texts, topic);
	struct buf what;
	map_set(&asking->seen, name, asking);
	buf_init(&what);
	buf_printf(&what, "topic %.*s", SLICE_FMT(name));
	check_failed(asking->report, buf_cstr(&what), why);
	buf_fini(&what);
}

/* Report the topics in the checkpoint that a start would refuse. */
static void check_lost(struct asking *asking)
{
	struct err err = ERR_INIT;
	if (!asking->look->store_open || !asking->look->bootstrap.found)
		return;
	if (setup_lost(&asking->look->bootstrap, lost_line, asking, &err) < 0)
		check_failed(asking->report, "topics", &err);
}

static void check_topics(struct asking *asking)
{
	struct look *look = asking->look;
	struct err err = ERR_INIT;
	for (unsigned i = 0; i < look->bootstrap.nselected; i++) {
		struct plan *plan = plan_new(&look->lane, look->bootstrap.selected[i], &err);
		if (plan == NULL) {
			check_failed(asking->report, "script", &err);
			return;
		}
		if (!plan->mapping.topic_function)
			check_topic(asking, plan);
		plan_free(&look->lane, plan);
	}
}

void check_kafka(struct report *report, struct look *look)
{
	struct asking asking = {.report = report, .look = look, .config = look->sync.config};
	struct err err = ERR_INIT;
	if (asking.config->sink.kind != SINK_KAFKA)
		return;
	log_info("kafka: asking %s, for at most 10 s", asking.config->sink.brokers);
	asking.probe = topic_probe_new(&asking.config->sink, &err);
	if (asking.probe == NULL) {
		check_failed(report, "kafka", &err);
		return;
	}
	check_line(report, FINDING_OK, SLICE("kafka"), slice_str(asking.config->sink.brokers),
		   SLICE(""), E_NONE);
	map_init(&asking.seen);
	map_init(&asking.shapes);
	check_checkpoint(&asking);
	check_lost(&asking);
	check_topics(&asking);
	map_fini(&asking.shapes);
	map_fini(&asking.seen);
	sink_free(asking.sink);
	topic_probe_free(asking.probe);
}
