/* bootstrap_jump: continue at the present end of the binlog, when the part of it that follows the saved position is missing
 * (on_purged = "jump" or "resync", docs/decisions/0037). Everything that the checkpoint has of that part is replaced in one save. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"
#include "engine/sync/host_selection.h"
#include "engine/sync/writers.h"
#include "source/catalog_load.h"

#include <inttypes.h>

/* Refuse definitions under which a column would lose its mask: no statement shows what became of it. */
static int guard_tables(const struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		const struct table *before =
			catalog_find(bootstrap->catalog_at_position, table->db, table->name);
		if (before == NULL)
			before = catalog_find(bootstrap->catalog_pending, table->db, table->name);
		if (before == NULL || table_same(before, table) ||
		    script_guard(bootstrap->script, bootstrap->sync->index, before, table, NULL, 0,
				 err) == 0)
			continue;
		err_table(err, table->full_name);
		return err_operation(err, "jump");
	}
	return 0;
}

static void remove_all(const struct bootstrap *bootstrap, struct slice prefix,
		       struct record_batch *records)
{
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(&bootstrap->sync->checkpoint, &at, prefix, &name, &value))
		record_batch_add(records, name, (struct slice){NULL, 0});
}

/* Return whether the table was copied completely: 1, 0, -1. */
static int is_copied(struct bootstrap *bootstrap, struct slice full_name, struct err *err)
{
	struct slice name = record_name(&bootstrap->arena, "full", full_name);
	struct slice value = checkpoint_get(&bootstrap->sync->checkpoint, name);
	struct table_record record;
	int rc;
	if (value.ptr == NULL)
		return 0;
	table_record_init(&record, TABLE_NEW);
	rc = table_record_read(&record, name, value, &bootstrap->arena, err);
	if (rc == 0)
		rc = record.phase == TABLE_COPIED;
	table_record_fini(&record);
	return rc;
}

static bool copies_again(const struct bootstrap *bootstrap)
{
	return bootstrap->sync->config->on_purged == ON_PURGED_RESYNC;
}

/* Return whether rows that were deleted in the missing part may be looked for in the topic of the table. */
static bool may_delete(struct bootstrap *bootstrap, const struct table *table)
{
	const unsigned index = bootstrap->sync->index;
	struct script_destination destination;
	struct err why = ERR_INIT;
	if (script_destination(bootstrap->script, index, table, &bootstrap->arena, &destination,
			       &why) == 0 &&
	    (destination.by_function ||
	     writers_check(bootstrap->script, index, destination.topic, &why) == 0))
		return true;
	log_warn("table %.*s is copied again without looking for deleted rows: %s",
		 SLICE_FMT(table->full_name), why.text);
	return false;
}

/* Keep a table that was copied completely. With on_purged = "resync" it is copied again, beside the stream where that is possible,
 * and otherwise like a new table. */
static void keep_table(struct bootstrap *bootstrap, const struct table *table,
		       struct record_batch *records)
{
	struct table_record record = {.phase = TABLE_COPIED};
	if (copies_again(bootstrap)) {
		if (bootstrap_again_obstacle(bootstrap, table))
			return;
		record.again.id = clock_wall_ms();
		record.again.deletes = may_delete(bootstrap, table);
	}
	record_progress(records, table->full_name, &record);
}

/* Place the tables. Those that were not copied completely, or were created meanwhile, are copied from their beginning: nothing repeats the
 * changes of their finished ranges. */
static int place_tables(struct bootstrap *bootstrap, struct record_batch *records, struct err *err)
{
	remove_all(bootstrap, SLICE("full/"), records);
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		int copied = bootstrap->sync->config->mode == MODE_STREAM
				     ? 1
				     : is_copied(bootstrap, table->full_name, err);
		if (copied < 0)
			return -1;
		if (copied)
			keep_table(bootstrap, table, records);
	}
	return 0;
}

/* Forget what only the missing part needed: definitions, where databases begin, and statements that were not understood. */
static void forget_definitions(struct bootstrap *bootstrap, struct record_batch *records)
{
	remove_all(bootstrap, SLICE("catalog/"), records);
	remove_all(bootstrap, SLICE("database/"), records);
	remove_all(bootstrap, SLICE("adopted/"), records);
	remove_all(bootstrap, SLICE("doubt/"), records);
	table_states_clear(&bootstrap->sync->states);
	catalog_free(bootstrap->catalog_pending);
	bootstrap->catalog_pending = catalog_new_for(bootstrap->conn);
	bootstrap->findings.doubts = NULL;
}

/* Heartbeats and sequenceIds continue above all earlier ones. */
static void continue_numbers(struct position *position, const struct position *before)
{
	position->sequence = host_sequence_beyond(before->sequence);
	position->commit_ms = before->commit_ms;
	position->watermark_ms = before->watermark_ms;
}

static void record_jump(struct record_batch *records, const struct bootstrap *bootstrap,
			const struct position *from, const struct err *why)
{
	struct buf json;
	buf_init(&json);
	buf_printf(&json, "{\"time\":\"%" PRId64 "\",\"code\":%d,\"from\":", clock_wall_ms(),
		   (int)why->id);
	position_to_json(from, &json);
	buf_put(&json, SLICE(",\"to\":"));
	position_to_json(&bootstrap->position, &json);
	buf_char(&json, '}');
	record_batch_add(records, RECORD_JUMP, buf_slice(&json));
	buf_fini(&json);
}

static void emit_jump(const struct bootstrap *bootstrap, const struct position *from,
		      const struct err *why)
{
	sync_events_emit(&bootstrap->sync->events,
			 (struct sync_event){.kind = SYNC_EVENT_JUMPED,
					     .jump = {.from = from,
						      .to = &bootstrap->position,
						      .why = why,
						      .copies = copies_again(bootstrap)}});
}

/* Move the stream to `now`, and save it. */
static int jump_to(struct bootstrap *bootstrap, const struct position *from,
		   const struct position *now, const struct err *why, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	struct checkpoint *checkpoint = &bootstrap->sync->checkpoint;
	int rc;
	bootstrap->moved = false; /* the position is replaced */
	forget_definitions(bootstrap, &records);
	rc = place_tables(bootstrap, &records, err);
	if (rc == 0)
		rc = bootstrap_begin(bootstrap, now, &records, err);
	if (rc == 0) {
		continue_numbers(&bootstrap->position, from);
		record_jump(&records, bootstrap, from, why);
		checkpoint_post(checkpoint, &records, &bootstrap->position);
		rc = checkpoint_save(checkpoint, err);
	}
	if (rc == 0)
		emit_jump(bootstrap, from, why);
	record_batch_fini(&records);
	return rc;
}

bool bootstrap_may_jump(const struct sync_config *config, const struct err *why)
{
	return config->on_purged != ON_PURGED_STOP && config->mode != MODE_FULL &&
	       (why->id == E_BINLOG_PURGED || why->id == E_BINLOG_NEEDED || why->id == E_INCIDENT);
}

int bootstrap_jump(struct bootstrap *bootstrap, const struct err *why, struct err *err)
{
	struct position from, now;
	int rc;
	position_init(&from);
	position_init(&now);
	position_copy(&from, &bootstrap->position);
	rc = bootstrap_position_now(bootstrap, &now, err);
	if (rc == 0) {
		bootstrap_select(bootstrap); /* the definitions may have been loaded again */
		rc = guard_tables(bootstrap, err);
	}
	if (rc == 0)
		rc = jump_to(bootstrap, &from, &now, why, err);
	if (rc == 0)
		rc = catalog_load_variables(bootstrap->catalog_at_position, bootstrap->conn, err);
	if (rc == 0)
		rc = bootstrap_settle(bootstrap, err);
	position_fini(&now);
	position_fini(&from);
	return rc;
}
