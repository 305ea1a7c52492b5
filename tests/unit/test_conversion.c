/* Conversions of values that are not written in their default form. */
#include "model/conversion.h"
#include "model/table.h"

#include "unit/unit.h"

static struct conversion find(const char *name, const struct column *column)
{
	struct conversion conversion;
	assert_true(conversion_find(slice_str(name), column, &conversion));
	conversion.remedy = SLICE("Remedy");
	return conversion;
}

static void test_names(void **state)
{
	(void)state;
	static const struct column column = {.type = COLUMN_TINYINT};
	struct conversion conversion;
	assert_false(conversion_find(SLICE("bool"), &column, &conversion));
	assert_false(conversion_find(SLICE(""), &column, &conversion));
	assert_int_equal(find("boolean", &column).kind, CONVERT_BOOLEAN);
}

/* Fails unless the value is refused, with the column and the remedy. */
static void expect_unfit(const struct conversion *conversion, struct value value)
{
	struct arena arena;
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	assert_int_equal(conversion_apply(conversion, &value, &arena, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "column c"));
	assert_non_null(strstr(err.text, "Remedy"));
	arena_fini(&arena);
}

static void test_boolean(void **state)
{
	(void)state;
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_TINYINT};
	const struct conversion conversion = find("boolean", &column);
	struct err err = ERR_INIT;
	struct value value = {.kind = VALUE_NULL};
	assert_int_equal(conversion_apply(&conversion, &value, NULL, &err), 0);
	assert_int_equal(value.kind, VALUE_NULL);
	for (int64_t i = 0; i < 2; i++) {
		for (enum value_kind kind = VALUE_BOOL; kind <= VALUE_I64; kind++) {
			value = (struct value){.kind = kind, .i = i};
			assert_int_equal(conversion_apply(&conversion, &value, NULL, &err), 0);
			assert_int_equal(value.kind, VALUE_BOOL);
			assert_int_equal(value.i, i);
		}
	}
	expect_unfit(&conversion, (struct value){.kind = VALUE_I64, .i = 2});
	expect_unfit(&conversion, (struct value){.kind = VALUE_I64, .i = -1});
	expect_unfit(&conversion, (struct value){.kind = VALUE_TEXT, .text = SLICE("1")});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_boolean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
