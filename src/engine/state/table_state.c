#include "engine/state/table_state.h"

#include "base/log.h"

#include <inttypes.h>

void table_states_init(struct table_states *states)
{
	*states = (struct table_states){.tables = {.count = 0}};
	map_init(&states->tables);
	map_init(&states->copied);
	map_init(&states->pending);
	map_init(&states->databases);
	arena_init(&states->arena, 0);
}

void table_states_fini(struct table_states *states)
{
	struct table_state *state;
	struct pending_database *database;
	size_t at = 0;
	while ((state = map_next(&states->tables, &at))) {
		table_record_fini(&state->record);
		position_fini(&state->reached);
	}
	for (at = 0; (database = map_next(&states->databases, &at));)
		position_fini(&database->start);
	map_fini(&states->pending);
	map_fini(&states->copied);
	map_fini(&states->tables);
	map_fini(&states->databases);
	arena_fini(&states->arena);
}

void table_states_clear(struct table_states *states)
{
	table_states_fini(states);
	table_states_init(states);
}

/* ---- one table ---- */

struct table_state *table_states_find(const struct table_states *states, struct slice name)
{
	return map_get(&states->tables, name);
}

struct table_state *table_states_get(struct table_states *states, struct slice name)
{
	struct table_state *state = map_get(&states->tables, name);
	if (state)
		return state;
	state = ARENA_NEW(&states->arena, struct table_state);
	state->name = arena_copy(&states->arena, name);
	table_record_init(&state->record,
			  map_remove(&states->copied, name) ? TABLE_COPIED : TABLE_NEW);
	position_init(&state->reached);
	map_set(&states->tables, state->name, state);
	return state;
}

void table_states_add_copied(struct table_states *states, struct slice name)
{
	map_set(&states->copied, arena_copy(&states->arena, name), states);
}

enum table_phase table_states_phase(const struct table_states *states, struct slice name)
{
	const struct table_state *state = table_states_find(states, name);
	if (state)
		return state->record.phase;
	return map_get(&states->copied, name) ? TABLE_COPIED : TABLE_NEW;
}

void table_state_load(struct table_states *states, struct table_state *state,
		      struct table_record *record, const struct position *begin)
{
	bool copied = record->phase == TABLE_COPIED;
	state->record.phase = record->phase;
	key_ranges_move(&state->record.ranges, &record->ranges);
	copy_again_fini(&state->record.again);
	state->record.again = record->again;
	record->again = (struct copy_again){.id = 0};
	/* a keyed table that is copied again keeps its start position, even if the stream has
	 * passed it */
	if (!copied || !position_passed(begin, &record->start))
		table_state_set_start(state, &record->start);
	/* a table that is copied again is read at another position */
	if (copied && position_is_set(&record->read_at))
		table_state_set_read(state, &record->read_at, begin);
	if (!copied)
		position_copy(&state->reached, &record->read_at);
	if (record->definition)
		table_state_set_definition(states, state, record->definition, false);
}

void table_state_set_start(struct table_state *state, const struct position *start)
{
	if (start)
		position_copy(&state->record.start, start);
	else
		position_fini(&state->record.start);
}

void table_state_set_read(struct table_state *state, const struct position *at,
			  const struct position *begin)
{
	state->unread = false;
	if (position_passed(begin, at))
		position_fini(&state->record.read_at);
	else
		position_copy(&state->record.read_at, at);
}

void table_state_set_unread(struct table_state *state)
{
	state->unread = true;
	position_fini(&state->record.read_at);
}

void table_state_begin_backfill(struct table_state *state, const struct position *now,
				const struct position *begin)
{
	if (state->record.phase == TABLE_NEW) {
		table_state_set_start(state, position_passed(begin, now) ? NULL : now);
		table_state_set_read(state, now, begin);
		position_copy(&state->reached, now);
	}
	state->record.phase = TABLE_COPYING;
	state->backfilled = true;
}

void table_state_begin_again(struct table_state *state, int64_t id, struct slice where,
			     bool deletes)
{
	key_ranges_fini(&state->record.ranges);
	copy_again_set(&state->record.again, id, where, deletes);
}

void table_state_log_cut_off(const struct table_state *state, const char *why)
{
	log_warn("copy %" PRId64 " of table %.*s has ended before %s, without an end marker: %s",
		 state->record.again.id, SLICE_FMT(state->name),
		 table_record_is_copied(&state->record) ? "all deleted rows were found"
							: "all of its rows were sent",
		 why);
}

bool table_state_is_incomplete(const struct table_state *state)
{
	return state->backfilled && state->record.phase != TABLE_COPIED;
}

void table_state_end_backfill(struct table_state *state)
{
	copy_again_fini(&state->record.again);
	state->record.phase = TABLE_COPIED;
	state->backfilled = false;
	state->unread = false;
}

void table_state_leave_backfill(struct table_state *state)
{
	state->left = table_state_is_incomplete(state);
	table_state_end_backfill(state);
}

void table_state_set_definition(struct table_states *states, struct table_state *state,
				const struct table *definition, bool pending)
{
	definition = table_copy(&states->arena, definition);
	table_state_end_pending(states, state);
	state->record.definition = definition;
	state->pending = pending;
	if (pending)
		map_set(&states->pending, state->name, state);
}

void table_state_end_pending(struct table_states *states, struct table_state *state)
{
	if (state->pending)
		map_remove(&states->pending, state->name);
	state->pending = false;
	state->record.definition = NULL;
}

bool table_state_drops(const struct table_state *state, const struct trx_place *trx)
{
	return state && position_is_set(&state->record.start) &&
	       position_covers(&state->record.start, trx);
}

bool table_state_is_read_later(const struct table_state *state, const struct trx_place *trx)
{
	return state && !state->unread && position_is_set(&state->record.read_at) &&
	       position_covers(&state->record.read_at, trx);
}

bool table_state_misses_rows(const struct table_state *state, const struct trx_place *trx)
{
	return state && (state->unread || table_state_is_incomplete(state) ||
			 table_state_is_read_later(state, trx));
}

bool table_states_any_drops(const struct table_states *states, const struct trx_place *trx)
{
	const struct table_state *state;
	size_t at = 0;
	while ((state = map_next(&states->tables, &at)))
		if (table_state_drops(state, trx))
			return true;
	return false;
}

/* ---- pending definitions ---- */

bool table_states_has_pending(const struct table_states *states)
{
	return states->pending.count > 0 || states->databases.count > 0;
}

void table_states_add_database(struct table_states *states, struct slice name,
			       const struct position *start)
{
	struct pending_database *database = map_get(&states->databases, name);
	if (database == NULL) {
		database = ARENA_NEW(&states->arena, struct pending_database);
		database->name = arena_copy(&states->arena, name);
		position_init(&database->start);
		map_set(&states->databases, database->name, database);
	}
	position_copy(&database->start, start);
}

void table_states_remove_database(struct table_states *states, struct pending_database *database)
{
	map_remove(&states->databases, database->name);
	position_fini(&database->start);
}

bool table_states_before_database(const struct table_states *states, struct slice name,
				  const struct trx_place *trx)
{
	const struct pending_database *database = map_get(&states->databases, name);
	return database && position_covers(&database->start, trx);
}

struct pending_database *table_states_reached_database(const struct table_states *states,
						       start_reached *reached, const void *arg)
{
	struct pending_database *database;
	size_t at = 0;
	while ((database = map_next(&states->databases, &at)))
		if (reached(arg, &database->start))
			return database;
	return NULL;
}

struct table_state *table_states_reached_table(const struct table_states *states,
					       start_reached *reached, const void *arg)
{
	struct table_state *state;
	size_t at = 0;
	while ((state = map_next(&states->pending, &at)))
		if (reached(arg, &state->record.start))
			return state;
	return NULL;
}
