/* bootstrap_backfill: which tables are copied beside the stream, and not before it (docs/decisions/0033), for the first time or again
 * (docs/decisions/0036). */
#include "base/log.h"
#include "base/mem.h"
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"
#include "source/chunk_sql.h"

#include <stdlib.h>

/* Return whether a copy of all tables has ended, as far as is known. While it has not, lanes read faster. */
static bool has_begun(const struct bootstrap *bootstrap)
{
	const struct table_state *state;
	size_t at = 0;
	if (bootstrap->position.commit_ms > 0)
		return true;
	while ((state = map_next(&bootstrap->sync->states.tables, &at)))
		if (state->record.phase == TABLE_COPYING && !state->backfilled)
			return false;
	return true;
}

/* Return whether a copy shows two values of the column alike that have different numbers in the binlog. */
static bool is_ambiguous(const struct column *column)
{
	for (unsigned i = 0; i < column->nlabels; i++)
		if (column->labels[i].len == 0)
			return true;
	return false;
}

const char *bootstrap_backfill_obstacle(const struct table *table)
{
	if (table->npk == 0)
		return "it has no primary key";
	for (unsigned i = 0; i < table->npk; i++)
		if (is_ambiguous(&table->columns[table->pk[i]]))
			return "its primary key has an ENUM or SET with an empty label";
	if (chunk_literal_of(&table->columns[table->pk[0]]) == CHUNK_LITERAL_NONE)
		return "it cannot be read in parts, because of the type of the first column of its "
		       "primary key";
	if (!table_transactional(table))
		return "its engine has no transactions";
	return table->versioned ? "it has system versioning" : NULL;
}

/* Return whether the server gives positions that a snapshot contains, without a lock. */
static bool has_low_marks(const struct bootstrap *bootstrap)
{
	return bootstrap->sync->mariadb || bootstrap->position.gtids.flavour == GTID_MYSQL;
}

/* Return whether the stream has the definition of the table when it reaches its start position. A table that a statement of the
 * stream made another one of, in the middle of a copy, was not placed by a start: a round reads it. */
static bool can_follow(const struct bootstrap *bootstrap, const struct table *table)
{
	const struct table_state *state =
		table_states_find(&bootstrap->sync->states, table->full_name);
	if (state == NULL || state->record.phase == TABLE_NEW)
		return true; /* this start keeps the present definition */
	if (state->unread || (state->record.definition && !position_is_set(&state->reached)))
		return false;
	if (!catalog_has_database(bootstrap->catalog_at_position, table->db))
		return catalog_has_database(bootstrap->catalog_pending, table->db);
	return state->record.definition ||
	       catalog_find(bootstrap->catalog_at_position, table->db, table->name);
}

bool bootstrap_backfill(struct bootstrap *bootstrap, const struct table *table)
{
	const struct table_state *state =
		table_states_find(&bootstrap->sync->states, table->full_name);
	if (state && state->backfilled)
		return true;
	/* a table that has come since the start position was taken is read in the round that follows */
	if (bootstrap->snapshot_is_open || !bootstrap->found ||
	    bootstrap->sync->config->mode != MODE_FULL_THEN_STREAM || !has_begun(bootstrap) ||
	    bootstrap_backfill_obstacle(table) || !has_low_marks(bootstrap) ||
	    !can_follow(bootstrap, table))
		return false;
	table_states_get(&bootstrap->sync->states, table->full_name)->backfilled = true;
	return true;
}

/* ---- again ---- */

static void post_copied(struct bootstrap *bootstrap, const struct table_state *state)
{
	struct record_batch records = {NULL, NULL};
	record_copied(&records, state);
	checkpoint_post(&bootstrap->sync->checkpoint, &records, NULL);
}

static bool is_selected(const struct bootstrap *bootstrap, const struct chosen_copy *copy)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (slice_equal(bootstrap->selected[i]->db, copy->db) &&
		    slice_equal(bootstrap->selected[i]->name, copy->name))
			return true;
	return false;
}

/* A table that was in quarantine has no record. This start places its copy, and saves both. A new table is never copied in part. */
static bool begin_after_quarantine(struct bootstrap *bootstrap, const struct chosen_copy *copy,
				   struct slice name)
{
	struct table_states *states = &bootstrap->sync->states;
	if (copy->cancelled || copy->where.ptr || table_states_phase(states, name) != TABLE_NEW ||
	    !is_selected(bootstrap, copy))
		return false;
	table_state_begin_again(table_states_get(states, name), copy->id, copy->where,
				copy->deletes);
	return true;
}

/* Take what a command has chosen into the record of the table, which may have changed since. */
static void take_copy(struct bootstrap *bootstrap, const struct chosen_copy *copy)
{
	struct slice name = arena_printf(&bootstrap->arena, "%.*s.%.*s", SLICE_FMT(copy->db),
					 SLICE_FMT(copy->name));
	struct table_state *state = NULL;
	if (begin_after_quarantine(bootstrap, copy, name))
		return;
	if (table_states_phase(&bootstrap->sync->states, name) == TABLE_COPIED)
		state = table_states_get(&bootstrap->sync->states, name);
	if (copy->cancelled) {
		if (state == NULL || state->record.again.id == 0)
			return;
		table_state_log_cut_off(state, "a command has cancelled it");
		table_state_end_backfill(state);
	} else if (state) {
		table_state_begin_again(state, copy->id, copy->where, copy->deletes);
	} else {
		log_warn("table %.*s is not copied again: it is not completely copied any more",
			 SLICE_FMT(name));
		return;
	}
	post_copied(bootstrap, state);
}

void bootstrap_take_copies(struct bootstrap *bootstrap)
{
	struct selection *chosen = &bootstrap->sync->tables.chosen;
	if (chosen->ncopies == 0)
		return;
	for (unsigned i = 0; i < chosen->ncopies; i++)
		take_copy(bootstrap, &chosen->copies[i]);
	selection_drop_copies(chosen);
	selection_post(chosen, &bootstrap->sync->checkpoint);
}

const char *bootstrap_again_obstacle(const struct bootstrap *bootstrap, const struct table *table)
{
	if (!has_low_marks(bootstrap))
		return "gtid_mode of the server is not ON any more";
	return bootstrap_backfill_obstacle(table);
}

void bootstrap_backfill_again(struct bootstrap *bootstrap, const struct table *table)
{
	struct table_state *state = table_states_find(&bootstrap->sync->states, table->full_name);
	const char *obstacle;
	if (state == NULL || state->record.again.id == 0 || !bootstrap->found || state->backfilled)
		return;
	obstacle = bootstrap_again_obstacle(bootstrap, table);
	if (obstacle) {
		table_state_log_cut_off(state, obstacle);
		table_state_end_backfill(state);
		post_copied(bootstrap, state);
	} else if (bootstrap->sync->config->mode == MODE_FULL_THEN_STREAM &&
		   catalog_find(bootstrap->catalog_at_position, table->db, table->name)) {
		state->backfilled = true;
	} else {
		log_warn(
			"table %.*s is not copied again at this start. Its copy continues when the "
			"stream knows the table and mode is \"full_then_stream\"",
			SLICE_FMT(table->full_name));
	}
}

/* ---- all ---- */

void bootstrap_place_backfills(struct bootstrap *bootstrap, const struct position *now)
{
	struct record_batch records = {NULL, NULL};
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		struct table_state *state =
			table_states_find(&bootstrap->sync->states, table->full_name);
		bool is_new;
		if (state == NULL || !table_state_is_incomplete(state))
			continue;
		is_new = state->record.phase == TABLE_NEW;
		table_state_begin_backfill(state, now, &bootstrap->position);
		if (is_new)
			bootstrap_keep_definition(bootstrap, &records, state, table, now);
		record_copying(&records, state);
	}
	checkpoint_post(&bootstrap->sync->checkpoint, &records, NULL);
	record_batch_fini(&records);
}
