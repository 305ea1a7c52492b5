/* Several servers of one replication set: the one that is used, and the error if none can be. */
#include "base/clock.h"
#include "source/refusals.h"
#include "source/source_priv.h"
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct source_host list[] = {{"db1", 3306}, {"::1", 3307}};
static const struct source_config config = {.hosts = list, .nhosts = 2};
static const struct source_config alone = {.host = "db1"};
static struct source *source;

static int open_source(void **state)
{
	(void)state;
	source = source_new(&config);
	return 0;
}

static int close_source(void **state)
{
	(void)state;
	source_free(source);
	return 0;
}

static void one_is_chosen_at_a_time(void **state)
{
	struct source *single = source_new(&alone);
	(void)state;
	assert_int_equal(source_chosen_host(source), -1);
	source_host_select(source, 1);
	assert_int_equal(source_chosen_host(source), 1);
	source_host_select(single, 0);
	assert_int_equal(source_chosen_host(single), -1);
	source_free(single);
}

/* A change is reported once, with the host before it. */
static void a_change_is_reported_once(void **state)
{
	int before = 7;
	(void)state;
	assert_false(source_host_changed(source, &before));
	source_host_select(source, 1);
	assert_true(source_host_changed(source, &before));
	assert_int_equal(before, -1);
	assert_false(source_host_changed(source, &before));
	source_host_select(source, -1);
	assert_false(source_host_changed(source, &before));
	source_host_select(source, 1);
	assert_false(source_host_changed(source, &before)); /* the same one again */
	source_host_select(source, 0);
	assert_true(source_host_changed(source, &before));
	assert_int_equal(before, 1);
}

static void places(void **state)
{
	char place[300];
	(void)state;
	source_print_host(source, 0, place, sizeof(place));
	assert_string_equal(place, "db1:3306");
	source_print_host(source, 1, place, sizeof(place));
	assert_string_equal(place, "[::1]:3307");
}

static void all_have_been_blamed(void **state)
{
	(void)state;
	source_host_select(source, 1);
	assert_true(source_blame_host(source)); /* the first is left */
	assert_true(source_host_blamed(source, 1));
	assert_false(source_host_blamed(source, 0));
	source_host_select(source, 0);
	assert_false(source_blame_host(source));
	source_forgive_hosts(source);
	assert_false(source_host_blamed(source, 0));
	assert_true(source_blame_host(source));
	/* the second has refused for good */
	source_set_last_host(source, true);
	assert_false(source_blame_host(source));
}

static enum err_id id_of(enum err_code code)
{
	return code == ERR_POSITION ? E_BINLOG_PURGED : E_CONNECT;
}

/* Returns the final error when the two hosts have failed with these. */
static struct err none_of(enum err_code a, bool a_passes, enum err_code b, bool b_passes)
{
	const struct err first = {
		.id = id_of(a), .code = a, .retriable = a_passes, .text = "first"};
	const struct err second = {
		.id = id_of(b), .code = b, .retriable = b_passes, .text = "second"};
	struct refusals refusals;
	struct err err = ERR_INIT;
	refusals_init(&refusals);
	refusals_add(&refusals, source, 0, &first);
	refusals_add(&refusals, source, 1, &second);
	assert_int_equal(refusals_report(&refusals, &err), -1);
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
	/* one of them is away */
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
	/* one refuses the account: it may have the position, but this script cannot use it */
	err = none_of(ERR_POSITION, false, ERR_SOURCE, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	err = none_of(ERR_SOURCE, false, ERR_POSITION, false);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
}

static void the_only_host_speaks_for_itself(void **state)
{
	static const struct source_config one = {.hosts = list, .nhosts = 1};
	struct source *only = source_new(&one);
	const struct err why = {.id = E_BINLOG_PURGED, .code = ERR_POSITION, .text = "gone"};
	struct refusals refusals;
	struct err err = ERR_INIT;
	(void)state;
	refusals_init(&refusals);
	refusals_add(&refusals, only, 0, &why);
	assert_int_equal(refusals_report(&refusals, &err), -1);
	assert_string_equal(err.text, "gone");
	assert_int_equal(err.code, ERR_POSITION);
	assert_false(err.retriable);
	source_free(only);
}

static void a_host_is_reached_by_itself(void **state)
{
	struct source *single = source_new(&alone);
	(void)state;
	source_set_reached(source, 1);
	assert_true(source_was_reached(source, 1));
	assert_false(source_was_reached(source, 0));
	assert_false(source_was_reached(single, -1));
	source_set_reached(single, -1);
	assert_true(source_was_reached(single, -1));
	source_free(single);
}

/* Adds one end of a socket pair to the source. Returns the other end. */
static int add_socket(struct source_socket *socket, bool holds_lock)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*socket = (struct source_socket){.fd = ends[0], .holds_lock = holds_lock};
	source_add_socket(source, socket);
	return ends[1];
}

/* Returns whether the other end reads the end of the file, and not just no data so far. */
static bool was_shut_down(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_stop_shuts_connections_down(void **state)
{
	struct source_socket sockets[3];
	int ends[3];
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		ends[i] = add_socket(&sockets[i], i == 2);
	source_remove_socket(source, &sockets[0]);
	source_remove_socket(source, &sockets[0]); /* a connection that failed was never added */
	source_shutdown(source);
	assert_false(was_shut_down(ends[0]));
	assert_true(was_shut_down(ends[1]));
	assert_false(was_shut_down(ends[2])); /* holds a lock */
	atomic_store(&sockets[2].asked_ms, clock_mono_ms());
	source_shutdown(source);
	assert_false(was_shut_down(ends[2]));
	atomic_store(&sockets[2].asked_ms, clock_mono_ms() - 2000); /* gets no answer */
	source_shutdown(source);
	assert_true(was_shut_down(ends[2]));
	for (unsigned i = 0; i < 3; i++) {
		source_remove_socket(source, &sockets[i]);
		close(sockets[i].fd);
		close(ends[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_chosen_at_a_time, open_source, close_source),
		cmocka_unit_test_setup_teardown(a_change_is_reported_once, open_source,
						close_source),
		cmocka_unit_test_setup_teardown(places, open_source, close_source),
		cmocka_unit_test_setup_teardown(all_have_been_blamed, open_source, close_source),
		cmocka_unit_test_setup_teardown(lost_is_what_every_host_has_lost, open_source,
						close_source),
		cmocka_unit_test_setup_teardown(the_only_host_speaks_for_itself, open_source,
						close_source),
		cmocka_unit_test_setup_teardown(a_host_is_reached_by_itself, open_source,
						close_source),
		cmocka_unit_test_setup_teardown(a_stop_shuts_connections_down, open_source,
						close_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
