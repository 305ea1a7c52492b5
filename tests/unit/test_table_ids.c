/* table_ids: the table that rows of a statement belong to. */
#include "unit.h"

#include "binlog/table_ids.h"

static void *of(const struct table_ids *ids, uint64_t id)
{
	const struct rows rows = {.table_id = id, .images = SLICE("x")};
	struct err err = ERR_INIT;
	void *table;
	return table_ids_find(ids, &rows, &table, &err) < 0 ? NULL : table;
}

/* A multi-table UPDATE announces all its tables first. */
static void every_table_of_a_statement_is_known(void **state)
{
	struct table_ids ids = {.n = 0};
	int tables[100];
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		table_ids_set(&ids, 7 + i, &tables[i]);
	for (unsigned i = 0; i < 100; i++)
		assert_ptr_equal(of(&ids, 7 + i), &tables[i]);
	table_ids_set(&ids, 8, &tables[5]);
	assert_ptr_equal(of(&ids, 8), &tables[5]);
	table_ids_drop(&ids, &tables[5]);
	assert_null(of(&ids, 8));
	assert_null(of(&ids, 12));
	assert_ptr_equal(of(&ids, 13), &tables[6]);
	table_ids_clear(&ids);
	assert_null(of(&ids, 7));
	table_ids_fini(&ids);
}

/* Rows of an unknown table are an error; the event that only ends a statement has none. */
static void rows_without_a_table_are_an_error(void **state)
{
	const struct rows end = {.table_id = 0xffffff, .images = SLICE("x")};
	const struct rows empty = {.table_id = 9};
	const struct rows lost = {.table_id = 9, .images = SLICE("x")};
	const struct table_ids ids = {.n = 0};
	struct err err = ERR_INIT;
	void *table = &err;
	(void)state;
	assert_int_equal(table_ids_find(&ids, &end, &table, &err), 0);
	assert_null(table);
	assert_int_equal(table_ids_find(&ids, &empty, &table, &err), 0);
	assert_int_equal(table_ids_find(&ids, &lost, &table, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "table id 9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_of_a_statement_is_known),
		cmocka_unit_test(rows_without_a_table_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
