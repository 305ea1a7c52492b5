/* bootstrap_backfill: which tables are copied beside the stream, and not before it (docs/decisions/0033). */
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

/* Rows of a transaction that was prepared while the table was not selected are not in the stream. */
static bool has_prepared(const struct position *position)
{
	for (size_t i = 0; i < position->npending; i++)
		if (!position->pending[i].is_alter)
			return true;
	return false;
}

/* Return whether a copy shows two values of the column alike that have different numbers in the binlog. */
static bool is_ambiguous(const struct column *column)
{
	for (unsigned i = 0; i < column->nlabels; i++)
		if (column->labels[i].len == 0)
			return true;
	return false;
}

/* Return whether rows of the table can be told apart, and be read in parts, as of a position. */
static bool has_key(const struct table *table)
{
	for (unsigned i = 0; i < table->npk; i++)
		if (is_ambiguous(&table->columns[table->pk[i]]))
			return false;
	return table->npk > 0 &&
	       chunk_literal_of(&table->columns[table->pk[0]]) != CHUNK_LITERAL_NONE &&
	       table_transactional(table) && !table->versioned;
}

/* Return whether the server gives positions that a snapshot contains, without a lock. */
static bool has_low_marks(const struct bootstrap *bootstrap)
{
	return bootstrap->sync->mariadb || bootstrap->position.gtids.flavour == GTID_MYSQL;
}

/* Return whether the stream has the definition of the table at its position, and follows it from there. A table that a statement
 * made another one of, in the middle of a copy, has its definition in its record: a round reads it. */
static bool is_followed(const struct bootstrap *bootstrap, const struct table *table)
{
	const struct table *there =
		catalog_find(bootstrap->catalog_at_position, table->db, table->name);
	const struct table_state *state =
		table_states_find(&bootstrap->sync->states, table->full_name);
	if (there == NULL || !table_same(there, table))
		return false;
	return state == NULL ||
	       (!state->pending && !state->unread && state->record.definition == NULL);
}

bool bootstrap_backfill(struct bootstrap *bootstrap, const struct table *table)
{
	const struct table_state *state =
		table_states_find(&bootstrap->sync->states, table->full_name);
	if (state && state->backfilled)
		return true;
	if (!bootstrap->found || bootstrap->sync->config->mode != MODE_FULL_THEN_STREAM ||
	    !has_begun(bootstrap) || has_prepared(&bootstrap->position) || !has_key(table) ||
	    !has_low_marks(bootstrap) || !is_followed(bootstrap, table))
		return false;
	table_states_get(&bootstrap->sync->states, table->full_name)->backfilled = true;
	return true;
}

void bootstrap_place_backfills(struct bootstrap *bootstrap, const struct position *now)
{
	struct record_batch records = {NULL, NULL};
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		struct table_state *state = table_states_find(&bootstrap->sync->states,
							      bootstrap->selected[i]->full_name);
		if (state == NULL || !state->backfilled)
			continue;
		table_state_begin_backfill(state, now, &bootstrap->position);
		record_copying(&records, state);
	}
	checkpoint_post(&bootstrap->sync->checkpoint, &records, NULL);
	record_batch_fini(&records);
}

unsigned bootstrap_backfills(const struct bootstrap *bootstrap, const struct table **tables)
{
	unsigned n = 0;
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table_state *state = table_states_find(
			&bootstrap->sync->states, bootstrap->selected[i]->full_name);
		if (state == NULL || !state->backfilled)
			continue;
		if (tables)
			tables[n] = bootstrap->selected[i];
		n++;
	}
	return n;
}
