/* choose: a position that moves to another server. */
#include "engine/choose.c"

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

/* A file means nothing there: GTIDs alone are left, and what is replayed has higher ids than all that was sent. */
static void a_position_moves(void **state)
{
	const struct conn conn = {.server = {.identity = "2"}};
	struct position position = saved(1000);
	uint64_t before = (uint64_t)clock_wall_ms() * 1000000;
	(void)state;
	choose_move(&position, &conn);
	assert_string_equal(position.server, "2");
	assert_string_equal(position.file, "");
	assert_int_equal(position.offset, 0);
	assert_int_equal(position.row_offset, 0);
	assert_true(position.sequence >= before);
	assert_int_equal(position.commit_ms, 77);
	assert_int_equal(position.gtids.domains[0].seq, 5);
	position_fini(&position);
}

/* By what may have been given since the last save it is raised in any case. */
static void the_sequence_is_never_lowered(void **state)
{
	const struct conn conn = {.server = {.identity = "2"}};
	uint64_t ahead = (uint64_t)(clock_wall_ms() + 86400000) * 1000000;
	struct position position = saved(ahead);
	(void)state;
	choose_move(&position, &conn);
	assert_true(position.sequence == ahead + UNSAVED);
	position_fini(&position);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_moves),
		cmocka_unit_test(the_sequence_is_never_lowered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
