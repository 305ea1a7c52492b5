/* table_state: the rows that the stream drops, the rows that it misses, and the definitions that wait for a position. */
#include "unit.h"

#include "engine/state/table_state.h"

#include <stdio.h>

static const struct gtid NO_GTID = {.flavour = GTID_NONE};

static struct position place(uint64_t offset)
{
	struct position position;
	position_init(&position);
	strcpy(position.server, "1");
	strcpy(position.file, "bin.000002");
	position.offset = offset;
	return position;
}

static struct trx_place trx_at(uint64_t offset)
{
	return (struct trx_place){&NO_GTID, "1", "bin.000002", offset};
}

static struct table_record record_of(enum table_phase phase, uint64_t start, uint64_t read_at)
{
	struct table_record record;
	table_record_init(&record, phase);
	if (start > 0)
		record.start = place(start);
	if (read_at > 0)
		record.read_at = place(read_at);
	return record;
}

static struct table_state *load(struct table_states *states, const char *name,
				struct table_record record)
{
	struct table_state *state = table_states_get(states, slice_str(name));
	struct position begin = place(100);
	table_state_load(states, state, &record, &begin);
	return state;
}

static void what_is_not_known_drops_nothing(void **state)
{
	struct table_states states;
	const struct trx_place trx = trx_at(4);
	(void)state;
	table_states_init(&states);
	assert_null(table_states_find(&states, SLICE("d.t")));
	assert_int_equal(table_states_phase(&states, SLICE("d.t")), TABLE_NEW);
	assert_false(table_state_drops(NULL, &trx));
	assert_false(table_state_misses_rows(NULL, &trx));
	assert_false(table_state_is_read_later(NULL, &trx));
	assert_false(table_state_drops(table_states_get(&states, SLICE("d.t")), &trx));
	assert_false(table_states_any_drops(&states, &trx));
	table_states_fini(&states);
}

/* A table whose copy was interrupted keeps its finished ranges, and the place up to which they are valid. */
static void what_is_finished_is_kept(void **state)
{
	static const struct slice five = SLICE("5");
	const struct key_range range = {{1, &five}, {0, NULL}};
	struct table_record record = record_of(TABLE_COPYING, 0, 300);
	struct position begin = place(100);
	struct table_states states;
	struct table_state *table;
	(void)state;
	table_states_init(&states);
	key_ranges_restart(&record.ranges, SLICE("id"));
	assert_true(key_ranges_finish(&record.ranges, &range, 7));
	table = table_states_get(&states, SLICE("d.t"));
	table_state_load(&states, table, &record, &begin);
	assert_false(key_ranges_any(&record.ranges));
	assert_int_equal(table->record.ranges.rows, 7);
	assert_int_equal(table->reached.offset, 300);
	assert_false(position_is_set(&table->record.read_at));
	table_states_fini(&states);
}

/* Events before the start position are in the copy. Rows read later under the name may be another table's (decisions/0004). */
static void a_table_that_was_read_after_the_stream(void **state)
{
	struct table_states states;
	struct trx_place before = trx_at(199), at = trx_at(200), after = trx_at(300);
	struct table_state *table;
	(void)state;
	table_states_init(&states);
	table = load(&states, "d.t", record_of(TABLE_COPIED, 200, 300));
	assert_int_equal(table_states_phase(&states, SLICE("d.t")), TABLE_COPIED);
	assert_true(table_state_drops(table, &before));
	assert_true(table_states_any_drops(&states, &before));
	assert_false(table_state_drops(table, &at));
	assert_false(table_states_any_drops(&states, &at));
	assert_true(table_state_misses_rows(table, &at));
	assert_true(table_state_is_read_later(table, &at));
	assert_false(table_state_misses_rows(table, &after));
	table_states_clear(&states);
	assert_null(table_states_find(&states, SLICE("d.t")));
	table_states_fini(&states);
}

/* A table that is copied needs no state until there is more to remember about it. */
static void only_the_name_of_a_copied_table(void **state)
{
	struct table_states states;
	const struct trx_place trx = trx_at(4);
	const struct table_state *table;
	(void)state;
	table_states_init(&states);
	table_states_add_copied(&states, SLICE("d.t"));
	assert_int_equal(table_states_phase(&states, SLICE("d.t")), TABLE_COPIED);
	assert_int_equal(table_states_phase(&states, SLICE("d.u")), TABLE_NEW);
	assert_null(table_states_find(&states, SLICE("d.t")));
	assert_false(table_states_any_drops(&states, &trx));
	table = table_states_get(&states, SLICE("d.t"));
	assert_int_equal(table->record.phase, TABLE_COPIED);
	assert_false(table_state_misses_rows(table, &trx));
	assert_ptr_equal(table_states_find(&states, SLICE("d.t")), table);
	assert_int_equal(table_states_phase(&states, SLICE("d.t")), TABLE_COPIED);
	table_states_clear(&states);
	assert_int_equal(table_states_phase(&states, SLICE("d.t")), TABLE_NEW);
	table_states_fini(&states);
}

/* Positions that the stream has passed no longer count, except the start position of a table that is copied again
 * (decisions/0001). */
static void positions_that_the_stream_has_passed(void **state)
{
	struct table_states states;
	const struct table_state *copied, *copying;
	(void)state;
	table_states_init(&states);
	copied = load(&states, "d.copied", record_of(TABLE_COPIED, 50, 100));
	copying = load(&states, "d.copying", record_of(TABLE_COPYING, 50, 300));
	assert_false(position_is_set(&copied->record.start));
	assert_false(position_is_set(&copied->record.read_at));
	assert_int_equal(copying->record.start.offset, 50);
	assert_false(position_is_set(&copying->record.read_at));
	table_states_fini(&states);
}

static void unread_rows_are_missed_until_the_table_is_read(void **state)
{
	struct table_states states;
	struct position begin = place(100), here = place(400);
	struct trx_place before = trx_at(399), after = trx_at(400);
	struct table_state *table;
	(void)state;
	table_states_init(&states);
	table = table_states_get(&states, SLICE("d.t"));
	table_state_set_read(table, &here, &begin);
	table_state_set_unread(table);
	assert_true(table_state_misses_rows(table, &before));
	assert_true(table_state_misses_rows(table, &after));
	assert_false(table_state_is_read_later(table, &before));
	table_state_set_read(table, &here, &begin);
	assert_true(table_state_is_read_later(table, &before));
	assert_false(table_state_misses_rows(table, &after));
	table_state_set_read(table, &begin, &begin);
	assert_false(position_is_set(&table->record.read_at));
	table_states_fini(&states);
}

static bool is_before(const void *trx, const struct position *start)
{
	return !position_covers(start, trx);
}

static void a_pending_definition_waits_for_its_position(void **state)
{
	static const struct table made = {
		.db = {"d", 1}, .name = {"t", 1}, .full_name = {"d.t", 3}, .version = 7};
	struct table_states states;
	struct position start = place(200);
	struct trx_place before = trx_at(199), after = trx_at(200);
	struct table_state *table;
	(void)state;
	table_states_init(&states);
	table = table_states_get(&states, SLICE("d.t"));
	table_state_set_start(table, &start);
	assert_false(table_states_has_pending(&states));
	table_state_set_definition(&states, table, &made, true);
	table_state_set_definition(&states, table, &made, true);
	assert_true(table_states_has_pending(&states));
	assert_null(table_states_reached_table(&states, is_before, &before));
	assert_ptr_equal(table_states_reached_table(&states, is_before, &after), table);
	assert_int_equal(table->record.definition->version, 7);
	table_state_end_pending(&states, table);
	table_state_end_pending(&states, table);
	assert_false(table_states_has_pending(&states));
	assert_null(table_states_reached_table(&states, is_before, &after));
	assert_null(table->record.definition);
	table_states_fini(&states);
}

static void a_pending_database_waits_for_its_position(void **state)
{
	struct table_states states;
	struct position start = place(200);
	struct trx_place before = trx_at(199), after = trx_at(200);
	struct pending_database *database;
	(void)state;
	table_states_init(&states);
	table_states_add_database(&states, SLICE("d"), &start);
	assert_true(table_states_has_pending(&states));
	assert_true(table_states_before_database(&states, SLICE("d"), &before));
	assert_false(table_states_before_database(&states, SLICE("other"), &before));
	assert_null(table_states_reached_database(&states, is_before, &before));
	assert_false(table_states_before_database(&states, SLICE("d"), &after));
	database = table_states_reached_database(&states, is_before, &after);
	assert_slice(database->name, "d");
	table_states_remove_database(&states, database);
	assert_false(table_states_has_pending(&states));
	assert_false(table_states_before_database(&states, SLICE("d"), &before));
	table_states_fini(&states);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_drops_nothing),
		cmocka_unit_test(what_is_finished_is_kept),
		cmocka_unit_test(a_table_that_was_read_after_the_stream),
		cmocka_unit_test(only_the_name_of_a_copied_table),
		cmocka_unit_test(positions_that_the_stream_has_passed),
		cmocka_unit_test(unread_rows_are_missed_until_the_table_is_read),
		cmocka_unit_test(a_pending_definition_waits_for_its_position),
		cmocka_unit_test(a_pending_database_waits_for_its_position),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
