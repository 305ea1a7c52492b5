/* The changes of recorded packets. Row metadata FULL gives the definitions, so that no catalog is needed. */
#include "unit.h"

#include "events.h"

#include "base/mem.h"
#include "binlog/change_reader.h"
#include "decode/table_map.h"

struct fixture {
	struct change_reader reader;
	struct change_table *table;
	const char *refused; /* rows of every table */
	bool ignored;        /* likewise */
	struct err err;
	struct arena arena;
	struct buf log;
};

static void fill(struct change_table *table, const struct table_map *map)
{
	struct table *made;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	bool complete;
	if (table_map_table(map, NULL, &table->arena, &made, &complete, &err) < 0 || !complete ||
	    table_map_layout(map, made, &table->arena, &layout, &err) < 0)
		fail_msg("%s", err.text);
	table->table = made;
	table->before.layout = table->after.layout = layout;
	table->before.cells = ARENA_ARRAY(&table->arena, layout->ncells, struct cell);
	table->after.cells = ARENA_ARRAY(&table->arena, layout->ncells, struct cell);
}

static int find_table(void *arg, const struct event *event, const struct cursor *cursor,
		      uint64_t offset, struct change_table **table, struct change_table **replaced,
		      struct err *err)
{
	struct fixture *f = arg;
	struct change_table *made = mem_array(1, sizeof(*made));
	struct table_map map;
	assert_true(offset > 4);
	if (table_map_parse(event, &cursor->format, &map, err) < 0)
		fail_msg("%s", err->text);
	arena_init(&made->arena, 0);
	made->name = "d.t";
	made->refused = f->refused;
	made->ignored = f->ignored;
	if (!f->refused && !f->ignored)
		fill(made, &map);
	*replaced = NULL;
	change_table_free(f->table);
	f->table = *table = made;
	return 0;
}

static int follow(void *arg, const struct event_query *query, const struct event_format *format,
		  struct err *err)
{
	struct fixture *f = arg;
	assert_true(format->server_version[0] != '\0');
	buf_printf(&f->log, "%.*s;", SLICE_FMT(query->sql));
	return memmem(query->sql.ptr, query->sql.len, "latin1", 6)
		       ? err_set(err, E_STATEMENT_UNKNOWN, "no latin1")
		       : 0;
}

static void start(struct fixture *f, size_t hold_max)
{
	change_reader_init(&f->reader, &(struct change_tables){find_table, follow, f}, hold_max);
	cursor_begin(&f->reader.cursor, SLICE("bin.000001"), 4);
	buf_clear(&f->log);
}

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	arena_init(&f->arena, 0);
	buf_init(&f->log);
	start(f, 1024 * 1024);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	change_reader_fini(&f->reader);
	change_table_free(f->table);
	buf_fini(&f->log);
	arena_fini(&f->arena);
	test_free(f);
	return 0;
}

static void print_id(struct fixture *f, const char *what, const struct row *row)
{
	struct value value;
	if (row == NULL)
		return;
	if (row_value(row, 0, &f->arena, &value, &f->err) < 0)
		fail_msg("%s", f->err.text);
	buf_printf(&f->log, "%s%lld", what, (long long)value.i);
}

static int feed(struct fixture *f, struct slice packet)
{
	struct change *change;
	int rc;
	change_reader_put(&f->reader, packet);
	while ((rc = change_reader_next(&f->reader, &change, &f->err)) > 0) {
		assert_true(change->pos > 4);
		assert_int_equal(change->gtid->flavour, GTID_MYSQL);
		buf_printf(&f->log, "%s", change_op_name(change->op));
		print_id(f, " ", change->before);
		print_id(f, change->before ? "->" : " ", change->after);
		buf_char(&f->log, ';');
	}
	return rc;
}

static int feed_scene(struct fixture *f, bool mariadb, const char *label)
{
	const struct captured *event;
	unsigned at = 0;
	int rc = 0;
	while (rc == 0 && (event = events_next(mariadb, label, -1, &at)))
		rc = feed(f, event->packet);
	return rc;
}

static void rows_come_out_as_changes(void **state)
{
	struct fixture *f = *state;
	if (feed_scene(f, false, "partitioned") < 0)
		fail_msg("%s", f->err.text);
	assert_string_equal(buf_cstr(&f->log), "insert 1;insert 2;insert 5;update 2->3;delete 1;");
}

static void rows_of_sequences_are_passed_over(void **state)
{
	struct fixture *f = *state;
	f->ignored = true;
	assert_int_equal(feed_scene(f, true, "rows"), 0);
	assert_int_equal(f->log.len, 0);
}

static void rows_that_cannot_be_read_are_an_error(void **state)
{
	struct fixture *f = *state;
	f->refused = "it was changed";
	assert_int_equal(feed_scene(f, true, "rows"), -1);
	assert_non_null(strstr(f->err.text, "table d.t, binlog event at "));
	assert_non_null(strstr(f->err.text, ": its rows cannot be read: it was changed"));
}

static void statements_are_followed(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(feed_scene(f, true, "two-phase-alter"), 0);
	/* written twice; COMMIT ALTER counts */
	assert_string_equal(buf_cstr(&f->log), "ALTER TABLE z ADD COLUMN b INT;");
	assert_int_equal(feed_scene(f, false, "ddl"), -1);
	assert_non_null(strstr(f->err.text, "statement at "));
	assert_non_null(strstr(f->err.text, "no latin1"));
}

static void a_large_transaction_is_an_error(void **state)
{
	struct fixture *f = *state;
	change_reader_fini(&f->reader);
	start(f, 100);
	assert_int_equal(feed_scene(f, true, "large"), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	assert_non_null(strstr(f->err.text, "Use a sync, which does not hold it"));
}

static void prepared_rows_are_an_error(void **state)
{
	struct fixture *f = *state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		change_reader_fini(&f->reader);
		start(f, 1024 * 1024);
		assert_int_equal(feed_scene(f, mariadb, "xa"), -1);
		assert_non_null(strstr(f->err.text, "XA transaction "));
		assert_non_null(strstr(f->err.text, "holds rows: XA is not supported"));
	}
}

static void a_start_inside_a_transaction_is_an_error(void **state)
{
	struct fixture *f = *state;
	unsigned at = 0;
	assert_int_equal(feed(f, events_next(true, "rows", EVENT_FORMAT_DESCRIPTION, &at)->packet),
			 0);
	assert_int_equal(feed(f, events_next(true, "rows", EVENT_TABLE_MAP, &at)->packet), -1);
	assert_non_null(strstr(f->err.text, "belongs to no transaction"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_come_out_as_changes),
		TEST(rows_of_sequences_are_passed_over),
		TEST(rows_that_cannot_be_read_are_an_error),
		TEST(statements_are_followed),
		TEST(a_large_transaction_is_an_error),
		TEST(prepared_rows_are_an_error),
		TEST(a_start_inside_a_transaction_is_an_error),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
