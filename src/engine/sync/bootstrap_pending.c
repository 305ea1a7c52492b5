/* bootstrap_pending: definitions that the stream does not have at its position: of a database that nobody tracked, and of a table
 * that was created or altered since. They are pending until the stream reaches the position at which they were loaded
 * (docs/decisions/0004, 0033). */
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"

/* ---- databases ---- */

void bootstrap_save_database(struct record_batch *records, const struct catalog *catalog,
			     struct slice db)
{
	const struct table *table;
	size_t at = 0;
	record_database(records, catalog, db);
	while ((table = catalog_next(catalog, &at)))
		if (slice_equal(table->db, db))
			record_table(records, table, true);
}

static void save_database_start(struct bootstrap *bootstrap, struct record_batch *records,
				struct slice db, const struct position *start)
{
	struct buf json;
	buf_init(&json);
	database_record_write(start, &json);
	record_batch_add(records, record_name(&bootstrap->arena, "adopted", db), buf_slice(&json));
	buf_fini(&json);
}

/* Track a database that the catalog of the position does not have from `at` on. Its earlier definitions are unknown, and its
 * tables are read after that position. */
static void track_database(struct bootstrap *bootstrap, struct record_batch *records,
			   struct slice db, const struct position *at)
{
	if (catalog_has_database(bootstrap->catalog_at_position, db) ||
	    catalog_has_database(bootstrap->catalog_pending, db))
		return;
	catalog_copy_database(bootstrap->catalog_pending, bootstrap->catalog_now, db);
	table_states_add_database(&bootstrap->sync->states, db, at);
	save_database_start(bootstrap, records, db, at);
	bootstrap_save_database(records, bootstrap->catalog_pending, db);
}

/* ---- tables ---- */

/* Return the catalog that the stream follows the database in, now or from its start position on. */
static struct catalog *catalog_of(const struct bootstrap *bootstrap, struct slice db)
{
	return catalog_has_database(bootstrap->catalog_at_position, db)
		       ? bootstrap->catalog_at_position
		       : bootstrap->catalog_pending;
}

/* Let the stream take the definition at the start position of the table, also if it has the same one now: statements up to there may
 * lose it. The pending catalog has it for its topics. What that has of a pending database stays as it is, because it may be of another
 * position. */
static void wait_for_start(struct bootstrap *bootstrap, struct table_state *state,
			   const struct table *table)
{
	if (catalog_has_database(bootstrap->catalog_at_position, table->db))
		table = catalog_put(bootstrap->catalog_pending, table);
	table_state_set_definition(&bootstrap->sync->states, state, table, true);
}

/* The stream begins where the definition was loaded. */
static void put_now(struct bootstrap *bootstrap, struct record_batch *records,
		    const struct table *table)
{
	struct catalog *catalog = catalog_of(bootstrap, table->db);
	const struct table *there = catalog_find(catalog, table->db, table->name);
	if (there && table_same(there, table))
		return;
	if (there)
		record_table(records, there, false);
	record_table(records, catalog_put(catalog, table), true);
}

void bootstrap_keep_definition(struct bootstrap *bootstrap, struct record_batch *records,
			       struct table_state *state, const struct table *table,
			       const struct position *at)
{
	track_database(bootstrap, records, table->db, at);
	table_state_end_pending(&bootstrap->sync->states, state);
	if (position_is_set(&state->record.start))
		wait_for_start(bootstrap, state, table);
	else
		put_now(bootstrap, records, table);
}

/* A definition that the stream has at its position is newer than that of an earlier start position. */
void bootstrap_load_definition(struct bootstrap *bootstrap, struct table_state *state)
{
	const struct position *start = &state->record.start;
	const struct table *table = state->record.definition;
	if (position_is_set(start) && !position_passed(&bootstrap->position, start)) {
		wait_for_start(bootstrap, state, table);
	} else if (catalog_find(bootstrap->catalog_at_position, table->db, table->name)) {
		table_state_end_pending(&bootstrap->sync->states, state);
	} else if (catalog_has_database(bootstrap->catalog_at_position, table->db)) {
		catalog_put(bootstrap->catalog_at_position, table);
	}
}
