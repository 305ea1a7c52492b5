/* host_selection: a position that moves to another server. */
#include "engine/sync/host_selection_priv.h"

#include "base/clock.h"
#include "sink/store/store.h"
#include "source/conn_priv.h"
#include "unit.h"

static struct position saved(uint64_t sequence)
{
	struct position position;
	struct err err = ERR_INIT;
	position_init(&position);
	strcpy(position.server, "1");
	strcpy(position.file, "bin.000007");
	position.offset = 1234;
	position.row_offset = 5;
	position.sequence = sequence;
	position.commit_ms = 77;
	position.gtids.flavour = GTID_MARIADB;
	assert_int_equal(gtid_set_parse(&position.gtids, SLICE("0-1-5"), &err), 0);
	return position;
}

/* File names of the old server are dropped and the GTIDs kept. Replayed rows have higher ids than all rows sent so far. */
static void a_position_moves(void **state)
{
	const struct conn conn = {.server = {.identity = "2"}};
	struct position position = saved(1000);
	uint64_t before = (uint64_t)clock_wall_ms() * 1000000;
	(void)state;
	host_move_position(&position, &conn);
	assert_string_equal(position.server, "2");
	assert_string_equal(position.file, "");
	assert_int_equal(position.offset, 0);
	assert_int_equal(position.row_offset, 0);
	assert_true(position.sequence >= before);
	assert_int_equal(position.commit_ms, 77);
	assert_int_equal(position.gtids.domains[0].seq, 5);
	position_fini(&position);
}

/* The sequence is always raised by the ids that may have been used since the last save. */
static void the_sequence_is_never_lowered(void **state)
{
	const struct conn conn = {.server = {.identity = "2"}};
	uint64_t ahead = (uint64_t)(clock_wall_ms() + 86400000) * 1000000;
	struct position position = saved(ahead);
	(void)state;
	host_move_position(&position, &conn);
	assert_true(position.sequence == ahead + UNSAVED);
	position_fini(&position);
}

/* Returns how many GTID sets are needed if a table's record in the checkpoint has this position. */
static size_t needed_with(struct host_selection *selection, enum table_phase phase, bool is_start,
			  const char *gtids)
{
	struct table_record record;
	struct err err = ERR_INIT;
	struct buf json;
	struct position point = saved(1);
	table_record_init(&record, phase);
	assert_int_equal(gtid_set_parse(&point.gtids, slice_str(gtids), &err), 0);
	position_copy(is_start ? &record.start : &record.read_at, &point);
	buf_init(&json);
	table_record_write(&record, &json);
	assert_int_equal(checkpoint_put(&selection->sync->checkpoint, SLICE("full/d.t"),
					buf_slice(&json), &err),
			 0);
	assert_int_equal(selection_need_tables(selection, &err), 0);
	buf_fini(&json);
	table_record_fini(&record);
	position_fini(&point);
	return selection->nneeded;
}

/* Each place where a table was read is needed, once, as long as it is after the position. */
static void points_that_are_needed(void **state)
{
	struct sync sync = {.config = NULL};
	struct position position = saved(1);
	struct host_selection selection = {.sync = &sync, .position = &position};
	struct err err = ERR_INIT;
	(void)state;
	checkpoint_init(&sync.checkpoint, store_open_memory(), "shop");
	assert_int_equal(gtid_set_parse(&position.gtids, SLICE("0-2-65"), &err), 0);
	selection_need(&selection, &position.gtids);
	assert_int_equal(needed_with(&selection, TABLE_COPIED, true, "0-1-20"), 1);
	assert_int_equal(needed_with(&selection, TABLE_COPIED, false, "0-2-65"), 1);
	assert_int_equal(needed_with(&selection, TABLE_COPIED, false, "0-1-80"), 2);
	assert_int_equal(needed_with(&selection, TABLE_COPYING, false, "0-1-80"), 2);
	assert_int_equal(needed_with(&selection, TABLE_COPYING, false, "0-2-90"), 3);
	assert_int_equal(checkpoint_put(&sync.checkpoint, SLICE("full/d.t"), SLICE("{}"), &err), 0);
	assert_int_equal(selection_need_tables(&selection, &err), -1);
	assert_int_equal(err.code, ERR_INTERNAL);
	for (size_t i = 0; i < selection.nneeded; i++)
		gtid_set_fini(&selection.needed[i]);
	free(selection.needed);
	position_fini(&position);
	checkpoint_fini(&sync.checkpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_moves),
		cmocka_unit_test(the_sequence_is_never_lowered),
		cmocka_unit_test(points_that_are_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
