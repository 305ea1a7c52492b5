#include "unit.h"

#include "base/err.h"

static void set_fills_and_returns_minus_one(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_int_equal(err_set(&err, E_VALUE, "%s.%s: bad", "shop", "t"), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_false(err.retriable);
	assert_string_equal(err.text, "shop.t: bad");
}

static void retry_is_retriable(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_int_equal(err_retry(&err, E_CONNECT, "gone"), -1);
	assert_true(err.retriable);
	assert_int_equal(err_wrap(&err, "connection %d", 3), -1);
	assert_string_equal(err.text, "connection 3: gone");
	assert_true(err.retriable);
	assert_int_equal(err.code, ERR_SOURCE);
	err_set(&err, E_TOPIC_MISSING, "other");
	assert_false(err.retriable);
}

static void arguments_may_point_into_the_text(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	err_set(&err, E_VALUE, "inner");
	err_set(&err, err.id, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	char text[3000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, E_VALUE, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_wrap(&err, "head");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "head: xxx", 9);
	err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void fields_make_the_place_of_the_text(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	err_set(&err, E_VALUE, "label %u of an ENUM that has %u", 7, 3);
	assert_int_equal(err.code, ERR_DATA);
	assert_int_equal(err.id, 718);
	assert_int_equal(err_column(&err, SLICE("size")), -1);
	assert_string_equal(err.text, "column size: label 7 of an ENUM that has 3");
	err_key(&err, SLICE("4,\n2"));
	err_position(&err, "mysql-bin.000001", 1234);
	err_operation(&err, "INSERT");
	err_table_of(&err, SLICE("shop"), SLICE("shirts"));
	assert_string_equal(err.text,
			    "table shop.shirts, INSERT at mysql-bin.000001:1234: key 4,?2: "
			    "column size: label 7 of an ENUM that has 3");
	assert_string_equal(err.table, "shop.shirts");
	assert_string_equal(err.column, "size");
	assert_string_equal(err.position, "mysql-bin.000001:1234");
	assert_string_equal(err.operation, "INSERT");
	assert_string_equal(err.key, "4,?2");
	assert_string_equal(err_cause(&err), "label 7 of an ENUM that has 3");
}

static void the_innermost_place_stays(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	err_set(&err, E_VALUE, "bad");
	err_table(&err, SLICE("shop.a"));
	err_table(&err, SLICE("shop.b"));
	err_position(&err, "f", 4);
	err_position(&err, "f", 8);
	assert_string_equal(err.text, "table shop.a, at f:4: bad");
	err_set(&err, E_BUG, "another");
	assert_string_equal(err.table, "");
	assert_string_equal(err.text, "another");
}

static void a_prefix_is_part_of_the_message(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	err_set(&err, E_VALUE, "damaged");
	err_table(&err, SLICE("shop.t"));
	err_wrap(&err, "the definition (%s)", err.text);
	err_operation(&err, "full sync");
	assert_string_equal(
		err.text,
		"table shop.t, full sync: the definition (table shop.t: damaged): damaged");
	assert_string_equal(err_cause(&err), "damaged");
	err_become(&err, E_BUG);
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_string_equal(err_cause(&err), "damaged");
}

static void fields_are_cut_within_their_size(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	char text[5000];
	memset(text, 'x', sizeof(text));
	struct slice slice = slice_of(text, sizeof(text));
	err_set(&err, E_VALUE, "%.*s", SLICE_FMT(slice));
	err_table(&err, slice);
	err_table_of(&err, slice, slice);
	err_column(&err, slice);
	err_key(&err, slice);
	err_sync(&err, "orders");
	assert_int_equal(strlen(err.table), ERR_TABLE_SIZE - 1);
	assert_int_equal(strlen(err.column), ERR_COLUMN_SIZE - 1);
	assert_int_equal(strlen(err.key), ERR_KEY_SIZE - 1);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	assert_true(err.cause < sizeof(err.text));
	assert_true(sizeof(err) < 4096);
}

static void the_list_is_in_order_and_complete(void **state)
{
	(void)state;
	const struct err_entry *entry;
	int last = 0;
	for (unsigned i = 0; (entry = err_entry_at(i)); i++) {
		assert_true((int)entry->id > last && entry->id < 900);
		last = (int)entry->id;
		assert_true(entry->title[0] && entry->when[0] && entry->remedy[0]);
		assert_ptr_equal(err_entry_of(entry->id), entry);
		assert_ptr_equal(err_entry_named(entry->name), entry);
	}
	assert_true(last > 800);
	assert_null(err_entry_of((enum err_id)100));
	assert_null(err_entry_named("E_NOTHING"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_minus_one),
		cmocka_unit_test(retry_is_retriable),
		cmocka_unit_test(arguments_may_point_into_the_text),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(fields_make_the_place_of_the_text),
		cmocka_unit_test(the_innermost_place_stays),
		cmocka_unit_test(a_prefix_is_part_of_the_message),
		cmocka_unit_test(fields_are_cut_within_their_size),
		cmocka_unit_test(the_list_is_in_order_and_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
