/* Requests of commands for tables, from a command's thread to the supervisor and back. */
#include "unit.h"

#include "engine/sync/table_requests.h"

static const char *const one_table[] = {"shop.users"};

static int post_order(struct table_requests *requests, enum table_command command,
		      const char *const *tables, unsigned n, int64_t *id, struct err *err)
{
	const struct table_order order = {.command = command, .tables = tables, .ntables = n};
	return table_requests_post(requests, &order, id, err);
}

static int64_t post(struct table_requests *requests, enum table_command command)
{
	struct err err = ERR_INIT;
	int64_t id = 0;
	assert_int_equal(post_order(requests, command, one_table, 1, &id, &err), 0);
	return id;
}

struct seen {
	unsigned n;
	int64_t last;
	enum request_state state;
	enum err_id why;
};

static void see(void *arg, const struct table_request *request)
{
	struct seen *seen = arg;
	assert_true(request->id > seen->last);
	*seen = (struct seen){seen->n + 1, request->id, request->state, request->why};
}

static struct seen look(struct table_requests *requests)
{
	struct seen seen = {.n = 0};
	table_requests_visit(requests, see, &seen);
	return seen;
}

/* Requests are taken in the order in which they arrived. */
static void they_keep_their_order(void **state)
{
	struct table_requests requests;
	struct table_request *request;
	struct err err = ERR_INIT;
	int64_t first, second;
	(void)state;
	table_requests_init(&requests);
	assert_null(table_requests_next(&requests));
	assert_int_equal(table_requests_waiting(&requests), TABLE_COMMAND_COUNT);
	first = post(&requests, TABLE_REMOVE);
	second = post(&requests, TABLE_ADD);
	assert_true(second > first);
	request = table_requests_next(&requests);
	assert_int_equal(request->id, first);
	assert_int_equal(request->tables.n, 1);
	err_retry(&err, E_CONNECT, "it is away");
	table_requests_delay(&requests, request, &err);
	assert_int_equal(table_requests_next(&requests)->id, first);
	assert_int_equal(table_requests_waiting(&requests), TABLE_REMOVE);
	table_requests_await(&requests, request, "for its check");
	assert_string_equal(table_requests_next(&requests)->waits, "for its check");
	table_requests_finish(&requests, request, NULL);
	assert_null(request->waits);
	assert_int_equal(table_requests_next(&requests)->id, second);
	err_set(&err, E_COMMAND_MISSING, "it does not exist");
	table_requests_finish(&requests, table_requests_next(&requests), &err);
	assert_int_equal(look(&requests).n, 2);
	assert_int_equal(look(&requests).state, REQUEST_REFUSED);
	assert_int_equal(look(&requests).why, E_COMMAND_MISSING);
	table_requests_fini(&requests);
}

/* A request that waits keeps its place. Finished ones make room. */
static void only_some_are_kept(void **state)
{
	struct table_requests requests;
	struct err err = ERR_INIT;
	int64_t id = 0, newest = 0;
	(void)state;
	table_requests_init(&requests);
	for (unsigned i = 0; i < 3 * REQUESTS_KEPT; i++) {
		newest = post(&requests, TABLE_ADD);
		if (i > 0)
			table_requests_finish(&requests, table_requests_next(&requests), NULL);
	}
	assert_int_equal(look(&requests).n, REQUESTS_KEPT);
	assert_int_equal(look(&requests).last, newest);
	table_requests_finish(&requests, table_requests_next(&requests), NULL);
	for (unsigned i = 0; i < REQUESTS_KEPT; i++)
		post(&requests, TABLE_ADD);
	assert_int_equal(post_order(&requests, TABLE_ADD, one_table, 1, &id, &err), -1);
	assert_int_equal(err.id, E_COMMANDS_WAIT);
	table_requests_fini(&requests);
}

static void names_are_checked(void **state)
{
	static const char *const wrong[] = {"shop.users", "shop.*"};
	struct table_requests requests;
	struct err err = ERR_INIT;
	int64_t id = 0;
	(void)state;
	table_requests_init(&requests);
	assert_int_equal(post_order(&requests, TABLE_ADD, wrong, 2, &id, &err), -1);
	assert_int_equal(err.id, E_COMMAND_TABLES);
	assert_int_equal(post_order(&requests, TABLE_ADD, wrong, 0, &id, &err), -1);
	assert_int_equal(err.id, E_COMMAND_TABLES);
	assert_null(table_requests_next(&requests));
	table_requests_fini(&requests);
}

/* Of the rows that a condition leaves out, nothing is known. */
static void a_condition_excludes_deletes(void **state)
{
	const struct table_order order = {.command = TABLE_RESYNC,
					  .tables = one_table,
					  .ntables = 1,
					  .where = "v > 5",
					  .deletes = true};
	struct table_requests requests;
	struct err err = ERR_INIT;
	int64_t id = 0;
	(void)state;
	table_requests_init(&requests);
	assert_int_equal(table_requests_post(&requests, &order, &id, &err), -1);
	assert_int_equal(err.id, E_COMMAND_DELETES);
	assert_null(table_requests_next(&requests));
	table_requests_fini(&requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_keep_their_order),
		cmocka_unit_test(only_some_are_kept),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(a_condition_excludes_deletes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
