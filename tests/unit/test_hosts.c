/* hosts: several servers of one replication set: which is used, and what is said when none can be. */
#include "base/log.h"
#include "source/hosts.h"

#include "unit.h"

static const struct source_host list[] = {{"db1", 3306}, {"::1", 3307}};
static bool blamed[2];
static struct source_choice choice;
static const struct source_config config = {.hosts = list, .nhosts = 2, .choice = &choice};
static const struct source_config alone = {.host = "db1"};

static int fresh(void **state)
{
	(void)state;
	blamed[0] = blamed[1] = false;
	choice = (struct source_choice){.end = false, .current = -1, .told = -1, .blamed = blamed};
	return 0;
}

static void one_is_chosen_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(hosts_chosen(&config), -1);
	hosts_choose(&config, 1);
	assert_int_equal(hosts_chosen(&config), 1);
	hosts_tell(&config);
	assert_int_equal(choice.told, 1);
	hosts_choose(&config, -1);
	hosts_tell(&config);
	assert_int_equal(choice.told, 1);
	/* without hosts there is nothing to choose */
	hosts_choose(&alone, 0);
	assert_int_equal(hosts_chosen(&alone), -1);
}

static void places(void **state)
{
	char place[300];
	(void)state;
	hosts_print(&config, 0, place, sizeof(place));
	assert_string_equal(place, "db1:3306");
	hosts_print(&config, 1, place, sizeof(place));
	assert_string_equal(place, "[::1]:3307");
}

static void all_have_been_blamed(void **state)
{
	(void)state;
	hosts_choose(&config, 1);
	assert_true(hosts_blame(&config)); /* the first is left */
	assert_true(hosts_blamed(&config, 1));
	assert_false(hosts_blamed(&config, 0));
	hosts_choose(&config, 0);
	assert_false(hosts_blame(&config));
	hosts_forgive(&config);
	assert_false(hosts_blamed(&config, 0));
	assert_true(hosts_blame(&config));
	/* the second has refused for good when it was asked */
	hosts_end(&config, true);
	assert_false(hosts_blame(&config));
}

static enum err_id id_of(enum err_code code)
{
	return code == ERR_POSITION ? E_BINLOG_PURGED : E_CONNECT;
}

/* The error that is left when both hosts have given these. */
static struct err none_of(enum err_code a, bool a_passes, enum err_code b, bool b_passes)
{
	const struct err first = {
		.id = id_of(a), .code = a, .retriable = a_passes, .text = "first"};
	const struct err second = {
		.id = id_of(b), .code = b, .retriable = b_passes, .text = "second"};
	struct refusals refusals;
	struct err err = ERR_INIT;
	refusals_init(&refusals);
	hosts_refuse(&refusals, &config, 0, &first);
	hosts_refuse(&refusals, &config, 1, &second);
	assert_int_equal(hosts_none(&refusals, &err), -1);
	assert_string_equal(err.text,
			    "none of the 2 hosts of the source can be used: first; second");
	return err;
}

static void lost_is_what_every_host_has_lost(void **state)
{
	struct err err = none_of(ERR_POSITION, false, ERR_POSITION, false);
	(void)state;
	assert_int_equal(err.code, ERR_POSITION);
	assert_false(err.retriable);
	/* one is away, whichever */
	err = none_of(ERR_SOURCE, true, ERR_POSITION, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_true(err.retriable);
	err = none_of(ERR_POSITION, false, ERR_SOURCE, true);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_true(err.retriable);
	/* one lags behind */
	err = none_of(ERR_POSITION, true, ERR_POSITION, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_true(err.retriable);
	/* one refuses the account: it may have the position, but not for this script */
	err = none_of(ERR_POSITION, false, ERR_SOURCE, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	err = none_of(ERR_SOURCE, false, ERR_POSITION, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
}

static void the_only_host_speaks_for_itself(void **state)
{
	static const struct source_config one = {.hosts = list, .nhosts = 1, .choice = &choice};
	const struct err why = {.id = E_BINLOG_PURGED, .code = ERR_POSITION, .text = "gone"};
	struct refusals refusals;
	struct err err = ERR_INIT;
	(void)state;
	refusals_init(&refusals);
	hosts_refuse(&refusals, &one, 0, &why);
	assert_int_equal(hosts_none(&refusals, &err), -1);
	assert_string_equal(err.text, "gone");
	assert_int_equal(err.code, ERR_POSITION);
	assert_false(err.retriable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_is_chosen_at_a_time, fresh),
		cmocka_unit_test(places),
		cmocka_unit_test_setup(all_have_been_blamed, fresh),
		cmocka_unit_test(lost_is_what_every_host_has_lost),
		cmocka_unit_test(the_only_host_speaks_for_itself),
	};
	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
