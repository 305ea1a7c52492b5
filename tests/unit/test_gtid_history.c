/* Which transactions a MariaDB server has had, by the state of its binlog. */
#include "unit.h"

#include "source/gtid_history.h"

static struct gtid_history history_of(const char *state, const char *applied)
{
	struct gtid_history history;
	struct err err = ERR_INIT;
	gtid_history_init(&history);
	assert_int_equal(gtid_history_parse(&history, slice_str(state), &err), 0);
	assert_int_equal(gtid_set_parse(&history.applied, slice_str(applied), &err), 0);
	return history;
}

static bool has(const char *state, const char *applied, uint32_t domain, uint32_t server,
		uint64_t seq)
{
	struct gtid_history history = history_of(state, applied);
	const struct gtid_domain last = {.domain = domain, .server_id = server, .seq = seq};
	bool yes = gtid_history_contains(&history, &last);
	gtid_history_fini(&history);
	return yes;
}

static void a_number_of_another_server_is_another_transaction(void **state)
{
	const char *after_failover = "0-1-45,0-2-70,5-1-9";
	(void)state;
	assert_true(has(after_failover, "", 0, 1, 45));
	assert_true(has(after_failover, "", 0, 2, 46));
	assert_false(has(after_failover, "", 0, 1,
			 60)); /* lost: from 46 on the numbers are server 2's */
	assert_false(has(after_failover, "", 0, 3, 1));
	assert_true(has(after_failover, "", 5, 1, 9));
	assert_false(has(after_failover, "", 5, 1, 10));
	assert_false(has(after_failover, "", 7, 1, 1));
	assert_false(has("", "", 0, 1, 1));
}

/* The server's binlog lacks the transactions between an earlier position and the backup. */
static void a_backup_stands_at_its_point_only(void **state)
{
	(void)state;
	assert_true(has("", "0-1-100", 0, 1, 100));
	assert_false(has("", "0-1-100", 0, 1, 50));
	assert_false(has("", "0-1-100", 0, 1, 101));
	assert_false(has("", "0-2-100", 0, 1, 100));
	assert_true(
		has("0-1-101", "0-1-101", 0, 1, 50)); /* the dump itself reports what it lacks */
	assert_true(has("1-1-3", "0-1-100,1-1-3", 0, 1, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_of_another_server_is_another_transaction),
		cmocka_unit_test(a_backup_stands_at_its_point_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
