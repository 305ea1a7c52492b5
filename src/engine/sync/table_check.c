#include "engine/sync/table_check.h"

#include "engine/lane/key_rule.h"
#include "engine/lane/lane.h"
#include "engine/lane/plan.h"
#include "engine/sync/bootstrap_priv.h"
#include "engine/sync/writers.h"
#include "source/chunk.h"

void table_check_init(struct table_check *check, const struct sync *running,
		      const struct sync_world *world)
{
	sync_init(&check->sync, running->script, running->index, running->config);
	sync_enter_world(&check->sync, world);
	check->sync.output.dry_run = true;
	check->sync.label = running->label;
	selection_init(&check->tables);
}

void table_check_fini(struct table_check *check)
{
	selection_fini(&check->tables);
	sync_fini(&check->sync);
}

void table_check_stop(struct table_check *check)
{
	sync_stop(&check->sync);
	source_shutdown(check->sync.source);
}

void sync_enter_world(struct sync *sync, const struct sync_world *world)
{
	if (world == NULL)
		return;
	source_free(sync->source);
	sync->source = source_new_with(&sync->config->source, world->source, world->arg);
	sync->sink.opener = world->sink;
}

/* Check whether the lanes can send a table. */
static int check_plan(struct lane *lane, const struct table *table, struct err *err)
{
	struct plan *plan = plan_new(lane, table, err);
	bool wanted = plan && plan->mapping.wanted;
	plan_free(lane, plan);
	if (plan == NULL)
		return -1;
	if (!wanted || lane->sync->config->mode == MODE_STREAM)
		return 0;
	return bootstrap_check_engine(table, err);
}

/* Check whether rows that are only in the topic of the table can be found. */
static int check_deletes(const struct table_check *check, struct lane *lane, struct script *script,
			 const struct table *table, struct err *err)
{
	struct plan *plan = check->deletes ? plan_new(lane, table, err) : NULL;
	const char *obstacle;
	int rc = 0;
	if (plan == NULL)
		return check->deletes ? -1 : 0;
	obstacle = key_rule_obstacle(lane, plan);
	if (obstacle)
		rc = err_set(err, E_COMMAND_DELETES,
			     "deleted rows of table %.*s cannot be found: %s",
			     SLICE_FMT(table->full_name), obstacle);
	else
		rc = writers_check(script, lane->sync->index, plan->mapping.topic, err);
	plan_free(lane, plan);
	return rc;
}

/* Check whether a table can be copied again beside the stream. */
static int check_copy(const struct table_check *check, const struct bootstrap *bootstrap,
		      const struct table *table, struct err *err)
{
	const char *obstacle = bootstrap_backfill_obstacle(table);
	if (obstacle)
		return err_set(err, E_COMMAND_BESIDE,
			       "table %.*s cannot be copied beside the stream: %s",
			       SLICE_FMT(table->full_name), obstacle);
	if (check->where == NULL ||
	    chunk_check_where(bootstrap->conn, table, check->where, err) == 0)
		return 0;
	return err->retriable ? -1 : err_become(err, E_COMMAND_WHERE);
}

static int check_table(const struct table_check *check, const struct bootstrap *bootstrap,
		       struct lane *lane, const struct chosen_table *chosen, struct err *err)
{
	const char *user = lane->sync->config->source.user;
	const struct table *table = catalog_find(bootstrap->catalog_now, chosen->db, chosen->name);
	if (table && check_plan(lane, table, err) < 0)
		return -1;
	if (table && check->copies && (!chosen->hold || check->deletes) &&
	    check_copy(check, bootstrap, table, err) < 0)
		return -1;
	if (table)
		return check_deletes(check, lane, bootstrap->script, table, err);
	return err_set(err, E_COMMAND_MISSING,
		       "table %.*s.%.*s does not exist on the source, or user '%s' may not SELECT "
		       "from it",
		       SLICE_FMT(chosen->db), SLICE_FMT(chosen->name), user ? user : "");
}

static int check_tables(struct table_check *check, struct script *script, struct lane *lane,
			struct err *err)
{
	struct sync *sync = &check->sync;
	const struct selection *chosen = &sync->tables.chosen;
	struct bootstrap bootstrap;
	int rc;
	bootstrap_init(&bootstrap, sync, script);
	rc = script_choose(script, sync->index, chosen->tables, chosen->n, err);
	if (rc == 0)
		rc = bootstrap_connect(&bootstrap, err);
	for (unsigned i = 0; rc == 0 && i < check->tables.n; i++)
		rc = check_table(check, &bootstrap, lane, &check->tables.tables[i], err);
	bootstrap_fini(&bootstrap);
	return rc;
}

/* The lane sends nothing. */
static int check_with_lane(struct table_check *check, struct script *script, struct err *err)
{
	struct lane_metrics metrics = {.rows = 0};
	struct lane lane;
	int rc = lane_open(&lane, &check->sync, SYNC_COPY, "check", 1 << 20, NULL, NULL, &metrics,
			   err);
	if (rc == 0)
		rc = check_tables(check, script, &lane, err);
	lane_close(&lane);
	return rc;
}

int table_check_run(struct table_check *check, struct err *err)
{
	struct script *script = script_new(check->sync.script, err);
	int rc;
	if (script == NULL)
		return -1;
	rc = check_with_lane(check, script, err);
	script_free(script);
	return rc;
}
