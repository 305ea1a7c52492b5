/* bootstrap_reads: which tables a full sync reads, at which position, and what is durable before
 * their first row is sent. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state/identity.h"
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"
#include "engine/sync/copy_lanes.h"
#include "source/catalog_load.h"

#include <inttypes.h>
#include <stdlib.h>

static struct table_state *state_of(struct bootstrap *bootstrap, const struct table *table)
{
	return table_states_get(&bootstrap->sync->states, table->full_name);
}

static enum table_phase phase_of(const struct bootstrap *bootstrap, const struct table *table)
{
	return table_states_phase(&bootstrap->sync->states, table->full_name);
}

static int load_record(struct bootstrap *bootstrap, struct slice name, struct slice full_name,
		       struct slice json, struct err *err)
{
	struct table_states *states = &bootstrap->sync->states;
	struct table_record record;
	struct table_state *state;
	int rc;
	table_record_init(&record, TABLE_NEW);
	rc = table_record_read(&record, name, json, &bootstrap->arena, err);
	if (rc == 0 && table_record_is_plain(&record, &bootstrap->position)) {
		table_states_add_copied(states, full_name);
	} else if (rc == 0) {
		state = table_states_get(states, full_name);
		table_state_load(states, state, &record, &bootstrap->position);
		if (record.definition)
			bootstrap_load_definition(bootstrap, state);
	}
	table_record_fini(&record);
	return rc;
}

/* Return whether the script selects a table with this full name, wherever the dot between database
 * and table is. */
static bool wants_name(const struct bootstrap *bootstrap, struct slice full_name)
{
	for (size_t i = 1; i + 1 < full_name.len; i++)
		if (full_name.ptr[i] == '.' &&
		    script_wants(bootstrap->script, bootstrap->sync->index,
				 slice_of(full_name.ptr, i),
				 slice_of(full_name.ptr + i + 1, full_name.len - i - 1)))
			return true;
	return false;
}

static struct slice table_of_record(struct slice name)
{
	size_t prefix = sizeof("full/") - 1;
	return slice_of(name.ptr + prefix, name.len - prefix);
}

/* Load the records of all tables, also of dropped ones: the stream may still reach their rows. */
static int load_records(struct bootstrap *bootstrap, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 &&
	       checkpoint_next(&bootstrap->sync->checkpoint, &at, SLICE("full/"), &name, &value))
		if (wants_name(bootstrap, table_of_record(name)))
			rc = load_record(bootstrap, name, table_of_record(name), value, err);
	return rc;
}

/* ---- what is read ---- */

static struct full_table new_read(const struct bootstrap *bootstrap, const struct table *table)
{
	return (struct full_table){.table = table,
				   .untouched = phase_of(bootstrap, table) == TABLE_NEW};
}

/* Find the tables whose full sync is not done. */
static int decide(struct bootstrap *bootstrap, struct err *err)
{
	bool stream_only = bootstrap->sync->config->mode == MODE_STREAM;
	int skips;
	bootstrap_free_reads(bootstrap->reads, bootstrap->nreads);
	bootstrap->reads = mem_array(bootstrap->nselected + 1, sizeof(*bootstrap->reads));
	bootstrap->nreads = 0;
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		if (phase_of(bootstrap, table) == TABLE_COPIED)
			bootstrap_backfill_again(bootstrap, table);
		if (phase_of(bootstrap, table) == TABLE_COPIED || stream_only)
			continue;
		skips = bootstrap_skips(bootstrap, table, err);
		if (skips < 0)
			return -1;
		if (skips == 0 && !bootstrap_backfill(bootstrap, table))
			bootstrap->reads[bootstrap->nreads++] = new_read(bootstrap, table);
	}
	return 0;
}

static bool is_selected(const struct bootstrap *bootstrap, struct slice full_name)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (slice_equal(bootstrap->selected[i]->full_name, full_name))
			return true;
	return false;
}

/* Mark the tables whose copy was interrupted and that no longer exist as unread. */
static void note_gone(struct bootstrap *bootstrap)
{
	struct table_state *state;
	size_t at = 0;
	while ((state = map_next(&bootstrap->sync->states.tables, &at)))
		if (state->record.phase == TABLE_COPYING && !is_selected(bootstrap, state->name))
			table_state_set_unread(state);
}

/* After a round, keep the tables that it has not finished for the next one. */
static void decide_again(struct bootstrap *bootstrap)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < bootstrap->nreads; i++) {
		struct full_table *old = &bootstrap->reads[i];
		struct table_record *record = &state_of(bootstrap, old->table)->record;
		if (atomic_load(&old->metrics.done))
			record->phase = TABLE_COPIED;
		if (atomic_load(&old->metrics.done) || atomic_load(&old->changed))
			key_ranges_fini(&record->ranges);
		if (atomic_load(&old->metrics.done)) {
			free(old->mismatch);
			continue;
		}
		bootstrap->reads[kept++] = (struct full_table){
			.table = old->table,
			.untouched = old->untouched && atomic_load(&old->metrics.begun_ms) == 0,
			.mismatch = old->mismatch,
			.mismatches = old->mismatch ? old->mismatches + 1 : 0,
		};
	}
	bootstrap->nreads = kept;
}

int bootstrap_renew_read(struct full_table *read, const struct table *table, struct err *err)
{
	if (read->table->version != table->version)
		read->mismatches = 0;
	if (read->mismatches >= READ_MISMATCHES_MAX) {
		*err = *read->mismatch;
		err_table(err, table->full_name);
		return err_operation(err, "full sync");
	}
	free(read->mismatch);
	read->mismatch = NULL;
	read->table = table;
	return 0;
}

/* Use the definitions of the snapshot. A table that was dropped meanwhile is not read any more. */
static int renew_reads(struct bootstrap *bootstrap, struct err *err)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < bootstrap->nreads; i++) {
		struct full_table *read = &bootstrap->reads[i];
		const struct table *table =
			catalog_find(bootstrap->catalog_now, read->table->db, read->table->name);
		if (table == NULL) {
			log_info("full sync: table %.*s is not there any more",
				 SLICE_FMT(read->table->full_name));
			table_state_set_unread(state_of(bootstrap, read->table));
			free(read->mismatch);
			read->mismatch = NULL;
			continue;
		}
		if (bootstrap_renew_read(read, table, err) < 0)
			return -1;
		if (kept != i)
			memcpy(&bootstrap->reads[kept], read, sizeof(*read));
		kept++;
	}
	bootstrap->nreads = kept;
	return 0;
}

static bool is_read(const struct bootstrap *bootstrap, struct slice full_name)
{
	for (unsigned i = 0; i < bootstrap->nreads; i++)
		if (slice_equal(bootstrap->reads[i].table->full_name, full_name))
			return true;
	return false;
}

/* Add the tables that were created, or renamed to their name, since the first round. Without a
 * stream nothing else reports them. */
static int add_reads(struct bootstrap *bootstrap, struct err *err)
{
	int skips;
	bootstrap->reads =
		mem_resize(bootstrap->reads, bootstrap->nreads + bootstrap->nselected + 1,
			   sizeof(*bootstrap->reads));
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		bool exact = bootstrap->snapshot.exact && table_transactional(table);
		if (phase_of(bootstrap, table) == TABLE_COPIED ||
		    is_read(bootstrap, table->full_name))
			continue;
		skips = bootstrap_skips(bootstrap, table, err);
		if (skips < 0)
			return -1;
		if (skips > 0)
			continue;
		if ((table->npk == 0 && !exact) || table->versioned)
			log_warn("full sync: table %.*s has come while the tables were read, and "
				 "is left out",
				 SLICE_FMT(table->full_name));
		else
			bootstrap->reads[bootstrap->nreads++] = new_read(bootstrap, table);
	}
	return 0;
}

static int same_at_snapshot(void *arg, struct err *err)
{
	struct bootstrap *bootstrap = arg;
	return bootstrap_differs(bootstrap, &bootstrap->snapshot.position, err);
}

/* ---- what is saved before the first row ---- */

/* Refuse a definition under which a column would lose its mask (script_guard). A table that is read
 * again may have another definition than the stream's catalog, by an ALTER that the stream has not
 * reached, or than its record, from when another table had the name. */
static int guard_read(struct bootstrap *bootstrap, const struct table_state *state,
		      const struct table *table, struct err *err)
{
	const struct table *before = state->record.definition;
	if (before == NULL)
		before = catalog_find(bootstrap->catalog_at_position, table->db, table->name);
	if (before == NULL || table_same(before, table) ||
	    script_guard(bootstrap->script, bootstrap->sync->index, before, table, NULL, 0, err) ==
		    0)
		return 0;
	err_table(err, table->full_name);
	return err_operation(err, "full sync");
}

/* Set the start position of a table that is read now. A keyed table whose copy was interrupted
 * keeps its first start position: rows deleted since then must be deleted downstream too, and
 * replaying the overlap converges (docs/decisions/0001). Therefore its finished ranges stay valid (docs/decisions/0034). A table
 * without a key gets the position of this snapshot. So does a table that has sent nothing yet. */
static int place_read(struct bootstrap *bootstrap, struct full_table *read,
		      struct record_batch *records, struct err *err)
{
	const struct table *table = read->table;
	struct table_state *state = state_of(bootstrap, table);
	const struct position *here = table->npk == 0 && bootstrap->snapshot.positions
					      ? &bootstrap->snapshot.positions[0]
					      : &bootstrap->snapshot.position;
	bool is_new = state->record.phase == TABLE_NEW;
	if (!is_new && guard_read(bootstrap, state, table, err) < 0)
		return -1;
	if (is_new || table->npk == 0 || read->untouched) {
		table_state_set_start(state,
				      position_passed(&bootstrap->position, here) ? NULL : here);
		bootstrap_keep_definition(bootstrap, records, state, table, here);
	}
	state->record.phase = TABLE_COPYING;
	if (state->record.again.deletes)
		log_warn("table %.*s is read before the stream, without looking for deleted rows",
			 SLICE_FMT(table->full_name));
	copy_again_fini(&state->record.again); /* a round sends no markers */
	table_state_set_read(state, here, &bootstrap->position);
	record_copying(records, state);
	atomic_store(&read->metrics.rows, state->record.ranges.rows);
	read->state = state;
	return 0;
}

int bootstrap_begin(struct bootstrap *bootstrap, const struct position *at,
		    struct record_batch *records, struct err *err)
{
	struct slice db;
	size_t i = 0;
	position_copy(&bootstrap->position, at);
	bootstrap->position.sequence = (uint64_t)bootstrap->sync->start_ms * 1000000;
	bootstrap->position.row_offset = 0;
	bootstrap->position.commit_ms = 0;
	if (bootstrap->will_stream &&
	    identity_take(bootstrap->sync, bootstrap->conn, &bootstrap->position, err) < 0)
		return -1;
	catalog_free(bootstrap->catalog_at_position);
	bootstrap->catalog_at_position = catalog_new_for(bootstrap->conn);
	while ((db = catalog_next_database(bootstrap->catalog_now, &i)).ptr) {
		catalog_copy_database(bootstrap->catalog_at_position, bootstrap->catalog_now, db);
		bootstrap_save_database(records, bootstrap->catalog_at_position, db);
	}
	bootstrap->found = true;
	return 0;
}

static int begin_stream_only(struct bootstrap *bootstrap, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	struct position start;
	int rc;
	position_init(&start);
	rc = bootstrap_find_start(bootstrap, &start, err);
	if (rc == 0)
		rc = bootstrap_begin(bootstrap, &start, &records, err);
	if (rc == 0) {
		for (unsigned i = 0; i < bootstrap->nselected; i++)
			record_phase(&records, bootstrap->selected[i]->full_name, TABLE_COPIED);
		checkpoint_post(&bootstrap->sync->checkpoint, &records, &bootstrap->position);
	}
	position_fini(&start);
	record_batch_fini(&records);
	return rc;
}

/* Begin the tables that are copied beside the stream, and those that are not copied. */
static int begin_backfills(struct bootstrap *bootstrap, struct err *err)
{
	bool skips = bootstrap->found && bootstrap->will_stream && bootstrap_any_skipped(bootstrap);
	struct record_batch records = {NULL, NULL};
	struct position now;
	int rc;
	if (bootstrap_backfills(bootstrap, NULL) == 0 && !skips)
		return 0;
	position_init(&now);
	rc = bootstrap_position_now(bootstrap, &now, err);
	if (rc == 0) {
		bootstrap_select(bootstrap); /* the definitions may have been loaded again */
		rc = decide(bootstrap, err);
	}
	if (rc == 0) {
		bootstrap_place_backfills(bootstrap, &now);
		bootstrap_place_skipped(bootstrap, &now, &records);
		checkpoint_post(&bootstrap->sync->checkpoint, &records, NULL);
	}
	record_batch_fini(&records);
	position_fini(&now);
	return rc;
}

/* Forget a table that the script no longer selects: its changes are not sent from now on, so it
 * must be read again if it is selected later. */
static void forget_rejected(struct bootstrap *bootstrap)
{
	struct record_batch records = {NULL, NULL};
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(&bootstrap->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		if (wants_name(bootstrap, table_of_record(name)))
			continue;
		log_info("table %.*s is not selected any more; it will be read again when it comes "
			 "back",
			 SLICE_FMT(table_of_record(name)));
		record_batch_add(&records, name, (struct slice){NULL, 0});
	}
	if (records.first)
		checkpoint_post(&bootstrap->sync->checkpoint, &records, NULL);
}

/* ---- the snapshot ---- */

static int open_snapshot(struct bootstrap *bootstrap, struct err *err)
{
	int64_t before = clock_mono_ms();
	unsigned nlanes;
	struct buf text;
	bootstrap_close_snapshot(bootstrap);
	if (copy_lanes_choose(bootstrap, &nlanes, err) < 0 ||
	    snapshot_open(bootstrap->sync->source, nlanes, &bootstrap->snapshot, same_at_snapshot,
			  bootstrap, err) < 0)
		return -1;
	bootstrap->snapshot_is_open = true;
	buf_init(&text);
	position_print(&bootstrap->snapshot.position, &text);
	log_info("full sync: %u connections at %.*s (%s, %" PRId64 " ms)",
		 bootstrap->snapshot.nconns, SLICE_FMT(buf_slice(&text)), bootstrap->snapshot.how,
		 clock_mono_ms() - before);
	buf_fini(&text);
	if (FAULT(SNAPSHOT))
		return err_retry(err, E_SOURCE_FAULT, "after the snapshot: fault injected");
	return 0;
}

int bootstrap_check_exact(struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; !bootstrap->snapshot.exact && i < bootstrap->nreads; i++) {
		const struct table *table = bootstrap->reads[i].table;
		if (table->npk == 0)
			return err_set(
				err, E_EXACT_POSITION,
				"table %.*s has no primary key, and this server gives no exact "
				"position without a lock. GRANT RELOAD ON *.* TO the user of the "
				"sync, add a primary key, or exclude the table in source.tables",
				SLICE_FMT(table->full_name));
	}
	return 0;
}

int bootstrap_check_engine(const struct table *table, struct err *err)
{
	if (table->npk > 0 || table_transactional(table))
		return 0;
	return err_set(err, E_NOT_TRANSACTIONAL,
		       "table %.*s has no primary key and is stored in %.*s, which has no "
		       "transactions: rows written while it is read would arrive twice. Add a "
		       "primary key, ALTER TABLE ... ENGINE=InnoDB, or exclude the table in "
		       "source.tables",
		       SLICE_FMT(table->full_name), SLICE_FMT(table->engine));
}

static int check_engines(struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; i < bootstrap->nreads; i++)
		if (bootstrap_check_engine(bootstrap->reads[i].table, err) < 0)
			return -1;
	return 0;
}

static int place_reads(struct bootstrap *bootstrap, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	bool first = !bootstrap->found;
	int rc = 0;
	if (first)
		rc = bootstrap_begin(bootstrap, &bootstrap->snapshot.position, &records, err);
	if (rc == 0 && bootstrap->will_stream)
		bootstrap_place_skipped(bootstrap, &bootstrap->snapshot.position, &records);
	for (unsigned i = 0; rc == 0 && i < bootstrap->nreads; i++)
		rc = place_read(bootstrap, &bootstrap->reads[i], &records, err);
	if (rc == 0)
		checkpoint_post(&bootstrap->sync->checkpoint, &records,
				first ? &bootstrap->position : NULL);
	record_batch_fini(&records);
	return rc;
}

int bootstrap_reads(struct bootstrap *bootstrap, bool again, struct err *err)
{
	if (again) {
		decide_again(bootstrap);
	} else {
		forget_rejected(bootstrap);
		if (load_records(bootstrap, err) < 0)
			return -1;
		note_gone(bootstrap);
		bootstrap_take_copies(bootstrap);
		if (decide(bootstrap, err) < 0 || begin_backfills(bootstrap, err) < 0)
			return -1;
	}
	if (bootstrap->nreads == 0 && bootstrap->found)
		return bootstrap_set_copies(bootstrap, err);
	if (bootstrap->sync->config->mode == MODE_STREAM)
		return begin_stream_only(bootstrap, err);
	/* the last load may be hours old, and the binlog since then would be read to prove it */
	if ((again && bootstrap_load_now(bootstrap, err) < 0) || open_snapshot(bootstrap, err) < 0)
		return -1;
	/* the definitions may have been loaded again: read the tables of the snapshot */
	bootstrap_select(bootstrap);
	if ((again ? renew_reads(bootstrap, err) : decide(bootstrap, err)) < 0)
		return -1;
	if (again && bootstrap->sync->config->mode == MODE_FULL && add_reads(bootstrap, err) < 0)
		return -1;
	if (bootstrap_check_exact(bootstrap, err) < 0 || check_engines(bootstrap, err) < 0 ||
	    bootstrap_set_copies(bootstrap, err) < 0 || bootstrap_keep_ranges(bootstrap, err) < 0)
		return -1;
	return place_reads(bootstrap, err);
}
