/* reads: which tables a full sync reads, at which position, and what is durable before their first row is sent. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/identity.h"
#include "engine/records.h"
#include "engine/start_priv.h"
#include "source/catalog_load.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	POSITION_TRIES = 20, /* definitions that may have changed meanwhile */
};

static struct table_state *state_of(struct start *start, const struct table *table)
{
	return table_states_get(&start->sync->states, table->full_name);
}

static enum table_phase phase_of(const struct start *start, const struct table *table)
{
	return table_states_phase(&start->sync->states, table->full_name);
}

/* Keep the definition of a table that is missing in the catalog at the stream's position, though its database is tracked: it was
 * made after that position, or LIKE a table of a database that is not tracked. The definition is pending until the stream
 * reaches the start position of the table (docs/decisions/0004). */
static void keep_definition(struct start *start, struct table_state *state,
			    const struct table *table)
{
	const struct position *place = &state->record.start;
	bool pending;
	table_state_end_pending(&start->sync->states, state);
	if (catalog_find(start->catalog_at_position, table->db, table->name) ||
	    !catalog_has_database(start->catalog_at_position, table->db))
		return;
	pending = position_is_set(place) && !position_passed(&start->position, place);
	table = catalog_put(pending ? start->catalog_pending : start->catalog_at_position, table);
	table_state_set_definition(&start->sync->states, state, table, pending);
}

static int load_record(struct start *start, struct slice name, struct slice full_name,
		       struct slice json, struct err *err)
{
	struct table_states *states = &start->sync->states;
	struct table_record record;
	struct table_state *state;
	int rc;
	table_record_init(&record, TABLE_NEW);
	rc = table_record_read(&record, name, json, &start->arena, err);
	if (rc == 0) {
		state = table_states_get(states, full_name);
		table_state_load(states, state, &record, &start->position);
		if (record.definition)
			keep_definition(start, state, record.definition);
	}
	table_record_fini(&record);
	return rc;
}

/* Whether the script wants a table of this full name, wherever its dot is. */
static bool wants_name(const struct start *start, struct slice full_name)
{
	for (size_t i = 1; i + 1 < full_name.len; i++)
		if (full_name.ptr[i] == '.' &&
		    script_wants(start->script, start->sync->index, slice_of(full_name.ptr, i),
				 slice_of(full_name.ptr + i + 1, full_name.len - i - 1)))
			return true;
	return false;
}

static struct slice table_of_record(struct slice name)
{
	size_t prefix = sizeof("full/") - 1;
	return slice_of(name.ptr + prefix, name.len - prefix);
}

/* Also of tables that are gone by now: the stream may still come to their rows. */
static int load_records(struct start *start, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 &&
	       checkpoint_next(&start->sync->checkpoint, &at, SLICE("full/"), &name, &value))
		if (wants_name(start, table_of_record(name)))
			rc = load_record(start, name, table_of_record(name), value, err);
	return rc;
}

/* ---- what is read ---- */

/* Tables whose full sync is not done. */
static void decide(struct start *start)
{
	bool stream_only = start->sync->config->mode == MODE_STREAM;
	start_free_reads(start->reads, start->nreads);
	start->reads = mem_array(start->nselected + 1, sizeof(*start->reads));
	start->nreads = 0;
	for (unsigned i = 0; i < start->nselected; i++) {
		const struct table *table = start->selected[i];
		if (!stream_only && phase_of(start, table) != TABLE_COPIED)
			start->reads[start->nreads++] = (struct full_table){.table = table};
	}
}

static bool is_selected(const struct start *start, struct slice full_name)
{
	for (unsigned i = 0; i < start->nselected; i++)
		if (slice_equal(start->selected[i]->full_name, full_name))
			return true;
	return false;
}

/* Tables whose copy was cut off and that are not there any more. */
static void note_gone(struct start *start)
{
	struct table_state *state;
	size_t at = 0;
	while ((state = map_next(&start->sync->states.tables, &at)))
		if (state->record.phase == TABLE_COPYING && !is_selected(start, state->name))
			table_state_set_unread(state);
}

/* After a round: the tables that it has left. */
static void decide_again(struct start *start)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < start->nreads; i++) {
		struct full_table *old = &start->reads[i];
		if (atomic_load(&old->done)) {
			state_of(start, old->table)->record.phase = TABLE_COPIED;
			free(old->mismatch);
			continue;
		}
		start->reads[kept++] = (struct full_table){
			.table = old->table,
			.untouched = atomic_load(&old->begun_ms) == 0,
			.mismatch = old->mismatch,
			.mismatches = old->mismatch ? old->mismatches + 1 : 0,
		};
	}
	start->nreads = kept;
}

int start_renew_read(struct full_table *read, const struct table *table, struct err *err)
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

/* The definitions of the snapshot; a table that was dropped meanwhile is read no more. */
static int renew_reads(struct start *start, struct err *err)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < start->nreads; i++) {
		struct full_table *read = &start->reads[i];
		const struct table *table =
			catalog_find(start->catalog_now, read->table->db, read->table->name);
		if (table == NULL) {
			log_info("full sync: table %.*s is not there any more",
				 SLICE_FMT(read->table->full_name));
			table_state_set_unread(state_of(start, read->table));
			free(read->mismatch);
			read->mismatch = NULL;
			continue;
		}
		if (start_renew_read(read, table, err) < 0)
			return -1;
		if (kept != i)
			memcpy(&start->reads[kept], read, sizeof(*read));
		kept++;
	}
	start->nreads = kept;
	return 0;
}

static bool is_read(const struct start *start, struct slice full_name)
{
	for (unsigned i = 0; i < start->nreads; i++)
		if (slice_equal(start->reads[i].table->full_name, full_name))
			return true;
	return false;
}

/* Without a stream nobody tells of a table that has come under its name since the first round, made or renamed. */
static void add_reads(struct start *start)
{
	start->reads = mem_resize(start->reads, start->nreads + start->nselected + 1,
				  sizeof(*start->reads));
	for (unsigned i = 0; i < start->nselected; i++) {
		const struct table *table = start->selected[i];
		bool exact = start->snapshot.exact && table_transactional(table);
		if (phase_of(start, table) == TABLE_COPIED || is_read(start, table->full_name))
			continue;
		if ((table->npk == 0 && !exact) || table->versioned)
			log_warn("full sync: table %.*s has come while the tables were read, and "
				 "is left out",
				 SLICE_FMT(table->full_name));
		else
			start->reads[start->nreads++] = (struct full_table){.table = table};
	}
}

/* A position was taken: the definitions must be the ones from before it (rule: ddl-while-copying). They are those of now, afterwards. */
static int still_same(struct start *start, const struct position *at, struct err *err)
{
	uint64_t before = catalog_version(start->catalog_now);
	int changed = start_changed(start, at, err);
	if (changed < 0 || start_load_now(start, err) < 0)
		return -1;
	return changed || catalog_version(start->catalog_now) != before;
}

static int same_at_snapshot(void *arg, struct err *err)
{
	struct start *start = arg;
	return still_same(start, &start->snapshot.position, err);
}

/* ---- what is saved before the first row ---- */

/* A database with its tables. */
static void save_database(struct record_batch *records, const struct catalog *catalog,
			  struct slice db)
{
	const struct table *table;
	size_t at = 0;
	record_database(records, catalog, db);
	while ((table = catalog_next(catalog, &at)))
		if (slice_equal(table->db, db))
			record_table(records, table, true);
}

static void save_database_start(struct start *start, struct record_batch *records, struct slice db)
{
	struct buf json;
	buf_init(&json);
	database_record_write(&start->snapshot.position, &json);
	record_batch_add(records, record_name(&start->arena, "adopted", db), buf_slice(&json));
	buf_fini(&json);
}

/* A database that the position's catalog does not have is followed from this snapshot on: what its tables were before
 * nobody knows, and all of its rows are in the snapshot. */
static void track_database(struct start *start, struct record_batch *records, struct slice db)
{
	if (catalog_has_database(start->catalog_at_position, db) ||
	    catalog_has_database(start->catalog_pending, db))
		return;
	catalog_copy_database(start->catalog_pending, start->catalog_now, db);
	table_states_add_database(&start->sync->states, db, &start->snapshot.position);
	save_database_start(start, records, db);
	save_database(records, start->catalog_pending, db);
}

/* A table that is read again may have another definition than before, by an ALTER that the stream has not reached: than the
 * stream's, or than that of its record, where another table had the name before. */
static int guard_read(struct start *start, const struct table_state *state,
		      const struct table *table, struct err *err)
{
	const struct table *before = state->record.definition;
	if (before == NULL)
		before = catalog_find(start->catalog_at_position, table->db, table->name);
	if (before == NULL || table_same(before, table) ||
	    script_guard(start->script, start->sync->index, before, table, NULL, 0, err) == 0)
		return 0;
	err_table(err, table->full_name);
	return err_operation(err, "full sync");
}

/* Up to where rows that are read now may be of: lanes without one lock may stand behind the snapshot's position. */
static const struct position *highest(const struct snapshot *snapshot)
{
	const struct position *highest = &snapshot->position;
	for (unsigned i = 0; snapshot->positions && i < snapshot->nconns; i++) {
		const struct position *at = &snapshot->positions[i];
		if (at->gtids.flavour != GTID_NONE && gtid_set_subset(&highest->gtids, &at->gtids))
			highest = at;
	}
	return highest;
}

/* Until the copy is done, the record names the newest place that its rows may be from. */
static void save_copying(struct start *start, const struct table_state *state,
			 struct record_batch *records)
{
	struct table_record record;
	table_record_init(&record, TABLE_COPYING);
	position_copy(&record.start, &state->record.start);
	position_copy(&record.read_at, highest(&start->snapshot));
	record.definition = state->record.definition;
	record_progress(records, state->name, &record);
	table_record_fini(&record);
}

/* Assigns the start position of a table that is read now. A keyed table whose copy was cut off keeps its first one: rows
 * deleted since must be deleted downstream too, and replaying the overlap converges (docs/decisions/0001). A table without
 * a key gets the position of this snapshot. So does a table that has sent nothing yet. */
static int place_read(struct start *start, struct full_table *read, struct record_batch *records,
		      struct err *err)
{
	const struct table *table = read->table;
	struct table_state *state = state_of(start, table);
	const struct position *here = table->npk == 0 && start->snapshot.positions
					      ? &start->snapshot.positions[0]
					      : &start->snapshot.position;
	bool is_new = state->record.phase == TABLE_NEW;
	if (!is_new && guard_read(start, state, table, err) < 0)
		return -1;
	if (is_new || table->npk == 0 || read->untouched) {
		track_database(start, records, table->db);
		table_state_set_start(state, position_passed(&start->position, here) ? NULL : here);
		keep_definition(start, state, table);
	}
	state->record.phase = TABLE_COPYING;
	table_state_set_read(state, here, &start->position);
	save_copying(start, state, records);
	read->state = state;
	return 0;
}

/* The first start: the stream begins here, with the catalog of this moment. */
static int begin(struct start *start, const struct position *at, struct record_batch *records,
		 struct err *err)
{
	struct slice db;
	size_t i = 0;
	position_copy(&start->position, at);
	start->position.sequence = (uint64_t)start->sync->start_ms * 1000000;
	start->position.row_offset = 0;
	start->position.commit_ms = 0;
	if (start->will_stream &&
	    identity_take(start->sync, start->conn, &start->position, err) < 0)
		return -1;
	catalog_free(start->catalog_at_position);
	start->catalog_at_position = catalog_new_for(start->conn);
	while ((db = catalog_next_database(start->catalog_now, &i)).ptr) {
		catalog_copy_database(start->catalog_at_position, start->catalog_now, db);
		save_database(records, start->catalog_at_position, db);
	}
	start->found = true;
	return 0;
}

/* A position now, with the definitions of that moment. */
static int position_now(struct start *start, struct position *now, struct err *err)
{
	for (unsigned tries = 0; tries < POSITION_TRIES; tries++) {
		int rc;
		if (snapshot_position_now(start->sync->source, now, err) < 0)
			return -1;
		rc = still_same(start, now, err);
		if (rc <= 0)
			return rc;
	}
	return err_retry(err, E_TABLES_CHANGE,
			 "tables change so often that none of %d positions agreed with their "
			 "definitions. " REMEDY_WAIT_MIGRATION,
			 POSITION_TRIES);
}

static int begin_stream_only(struct start *start, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	struct position now;
	int rc;
	position_init(&now);
	rc = position_now(start, &now, err);
	if (rc == 0) {
		start_select(start);
		rc = begin(start, &now, &records, err);
	}
	if (rc == 0) {
		for (unsigned i = 0; i < start->nselected; i++)
			record_phase(&records, start->selected[i]->full_name, TABLE_COPIED);
		checkpoint_post(&start->sync->checkpoint, &records, &start->position);
	}
	position_fini(&now);
	record_batch_fini(&records);
	return rc;
}

/* A table that the script does not select any more is forgotten: what changes in it from now on is not sent, so that it
 * has to be read again when it comes back. */
static void forget_rejected(struct start *start)
{
	struct record_batch records = {NULL, NULL};
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(&start->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		if (wants_name(start, table_of_record(name)))
			continue;
		log_info("table %.*s is not selected any more; it will be read again when it comes "
			 "back",
			 SLICE_FMT(table_of_record(name)));
		record_batch_add(&records, name, (struct slice){NULL, 0});
	}
	if (records.first)
		checkpoint_post(&start->sync->checkpoint, &records, NULL);
}

/* ---- the snapshot ---- */

static int open_snapshot(struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	int64_t before = clock_mono_ms();
	struct buf text;
	start_close_snapshot(start);
	if (snapshot_open(start->sync->source, config->has_loop ? 1 : config->full_parallel,
			  &start->snapshot, same_at_snapshot, start, err) < 0)
		return -1;
	start->snapshot_is_open = true;
	buf_init(&text);
	position_print(&start->snapshot.position, &text);
	log_info("full sync: %u connections at %.*s (%s, %" PRId64 " ms)", start->snapshot.nconns,
		 SLICE_FMT(buf_slice(&text)), start->snapshot.how, clock_mono_ms() - before);
	buf_fini(&text);
	if (FAULT(SNAPSHOT))
		return err_retry(err, E_SOURCE_FAULT, "after the snapshot: fault injected");
	return 0;
}

int start_check_exact(struct start *start, struct err *err)
{
	for (unsigned i = 0; !start->snapshot.exact && i < start->nreads; i++) {
		const struct table *table = start->reads[i].table;
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

/* A table that no transaction covers is read as it is later than the position: the stream brings rows of that time again,
 * which a key puts in place and nothing else does. */
static int check_engines(struct start *start, struct err *err)
{
	for (unsigned i = 0; i < start->nreads; i++) {
		const struct table *table = start->reads[i].table;
		if (table->npk == 0 && !table_transactional(table))
			return err_set(err, E_NOT_TRANSACTIONAL,
				       "table %.*s has no primary key and is stored in %.*s, which "
				       "has no transactions: rows written while it is read would "
				       "arrive twice. Add a primary key, ALTER TABLE ... "
				       "ENGINE=InnoDB, or exclude the table in source.tables",
				       SLICE_FMT(table->full_name), SLICE_FMT(table->engine));
	}
	return 0;
}

static int place_reads(struct start *start, struct err *err)
{
	struct record_batch records = {NULL, NULL};
	bool first = !start->found;
	int rc = 0;
	if (first)
		rc = begin(start, &start->snapshot.position, &records, err);
	for (unsigned i = 0; rc == 0 && i < start->nreads; i++)
		rc = place_read(start, &start->reads[i], &records, err);
	if (rc == 0)
		checkpoint_post(&start->sync->checkpoint, &records,
				first ? &start->position : NULL);
	record_batch_fini(&records);
	return rc;
}

int start_reads(struct start *start, bool again, struct err *err)
{
	if (again) {
		decide_again(start);
	} else {
		forget_rejected(start);
		if (load_records(start, err) < 0)
			return -1;
		note_gone(start);
		decide(start);
	}
	if (start->nreads == 0 && start->found)
		return 0;
	if (start->sync->config->mode == MODE_STREAM)
		return begin_stream_only(start, err);
	/* the last look may be hours old, and the binlog of that time is read to prove it right */
	if ((again && start_load_now(start, err) < 0) || open_snapshot(start, err) < 0)
		return -1;
	/* the definitions may have been loaded again: the tables to read are the snapshot's */
	start_select(start);
	if (!again)
		decide(start);
	else if (renew_reads(start, err) < 0)
		return -1;
	else if (start->sync->config->mode == MODE_FULL)
		add_reads(start);
	if (start_check_exact(start, err) < 0 || check_engines(start, err) < 0)
		return -1;
	return place_reads(start, err);
}
