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

/* A mask may return any integer for a date. */
static void test_date(void **state)
{
	(void)state;
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_DATETIME};
	const struct conversion conversion = find("date_text", &column);
	struct value value = {.kind = VALUE_I64, .i = INT64_C(253402300799999)};
	struct err err = ERR_INIT;
	struct arena arena;
	arena_init(&arena, 0);
	assert_int_equal(conversion_apply(&conversion, &value, &arena, &err), 0);
	assert_true(slice_equal(value.text, SLICE("9999-12-31 23:59:59")));
	arena_fini(&arena);
	expect_unfit(&conversion, (struct value){.kind = VALUE_I64, .i = INT64_C(253402300800000)});
	expect_unfit(&conversion, (struct value){.kind = VALUE_I64, .i = INT64_MIN});
	expect_unfit(&conversion, (struct value){.kind = VALUE_BOOL, .i = 1});
}

static void test_bit(void **state)
{
	(void)state;
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_BIT, .length = 64};
	const struct conversion conversion = find("bit_number", &column);
	static const struct {
		struct value from, to;
	} cases[] = {
		{{.kind = VALUE_BOOL, .i = 1}, {.kind = VALUE_I64, .i = 1}},
		{{.kind = VALUE_BYTES, .text = SLICE("\x01\x02")}, {.kind = VALUE_I64, .i = 258}},
		{{.kind = VALUE_BYTES, .text = SLICE("\xff\xff\xff\xff\xff\xff\xff\xfe")},
		 {.kind = VALUE_U64, .u = UINT64_MAX - 1}},
		{{.kind = VALUE_U64, .u = UINT64_MAX}, {.kind = VALUE_U64, .u = UINT64_MAX}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		struct value value = cases[i].from;
		assert_int_equal(conversion_apply(&conversion, &value, NULL, &err), 0);
		assert_true(value_equal(&value, &cases[i].to));
	}
	expect_unfit(&conversion, (struct value){.kind = VALUE_TEXT, .text = SLICE("1")});
	expect_unfit(&conversion, (struct value){.kind = VALUE_BYTES, .text = SLICE("123456789")});
}

/* A mask may return a number of another kind than the column's. */
static void test_number_text(void **state)
{
	(void)state;
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_DECIMAL};
	const struct conversion conversion = find("number_text", &column);
	static const struct {
		struct value from;
		struct slice to;
	} cases[] = {
		{{.kind = VALUE_DECIMAL, .text = SLICE("-12.30")}, SLICE("-12.30")},
		{{.kind = VALUE_I64, .i = INT64_MIN}, SLICE("-9223372036854775808")},
		{{.kind = VALUE_U64, .u = UINT64_MAX}, SLICE("18446744073709551615")},
		{{.kind = VALUE_F64, .f = 0.1}, SLICE("0.1")},
		{{.kind = VALUE_TEXT, .text = SLICE("***")}, SLICE("***")},
	};
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		struct value value = cases[i].from;
		assert_int_equal(conversion_apply(&conversion, &value, &arena, &err), 0);
		assert_int_equal(value.kind, VALUE_TEXT);
		assert_true(slice_equal(value.text, cases[i].to));
	}
	arena_fini(&arena);
	expect_unfit(&conversion, (struct value){.kind = VALUE_BOOL, .i = 1});
}

/* Converts text by the conversion of this name. kind VALUE_UNSET: it does not fit. */
static void expect_of_text(const char *name, const char *text, struct value expected)
{
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_VARCHAR};
	const struct conversion conversion = find(name, &column);
	struct value value = {.kind = VALUE_TEXT, .text = slice_str(text)};
	struct err err = ERR_INIT;
	struct arena arena;
	if (expected.kind == VALUE_UNSET) {
		expect_unfit(&conversion, value);
		return;
	}
	arena_init(&arena, 0);
	assert_int_equal(conversion_apply(&conversion, &value, &arena, &err), 0);
	assert_true(value_equal(&value, &expected));
	arena_fini(&arena);
}

static void test_text(void **state)
{
	(void)state;
	static const char *const numbers[] = {"0", "-0", "12.30", "1e5", "1E-5", "-1.5e+22"};
	static const char *const no_numbers[] = {"",    "-",  "007", "1.",  ".5",  "1e",
						 "1e+", "+1", " 1",  "0x1", "NaN", "1.5.2"};
	static const struct value unfit = {.kind = VALUE_UNSET};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		expect_of_text(
			"text_double", numbers[i],
			(struct value){.kind = VALUE_DECIMAL, .text = slice_str(numbers[i])});
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(*no_numbers); i++)
		expect_of_text("text_double", no_numbers[i], unfit);
	expect_of_text("text_long", "18446744073709551615",
		       (struct value){.kind = VALUE_U64, .u = UINT64_MAX});
	expect_of_text("text_long", "18446744073709551616", unfit);
	expect_of_text("text_long", "-9223372036854775809", unfit);
	expect_of_text("text_long", "1.0", unfit);
	expect_of_text("text_long", "", unfit);
	expect_of_text("text_boolean", "TRUE", unfit);
	expect_of_text("text_boolean", "1", (struct value){.kind = VALUE_BOOL, .i = 1});
	expect_of_text("text_date", "1970-01-02", (struct value){.kind = VALUE_MS, .i = 86400000});
	expect_of_text("text_date", "0000-00-00", unfit);
	expect_of_text("text_date", "1970-01-02T00:00:00", unfit);
	expect_of_text("text_bytes", "ab",
		       (struct value){.kind = VALUE_BYTES, .text = SLICE("ab")});
}

static void test_whole_number(void **state)
{
	(void)state;
	static const struct column column = {.name = SLICE("c"), .type = COLUMN_DECIMAL};
	const struct conversion conversion = find("whole_number", &column);
	static const struct {
		struct value from, to;
	} cases[] = {
		{{.kind = VALUE_DECIMAL, .text = SLICE("-12.00")}, {.kind = VALUE_I64, .i = -12}},
		{{.kind = VALUE_DECIMAL, .text = SLICE("100")}, {.kind = VALUE_I64, .i = 100}},
		{{.kind = VALUE_DECIMAL, .text = SLICE("18446744073709551615.0")},
		 {.kind = VALUE_U64, .u = UINT64_MAX}},
		{{.kind = VALUE_F64, .f = -0x1p62}, {.kind = VALUE_I64, .i = -(INT64_C(1) << 62)}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		struct value value = cases[i].from;
		assert_int_equal(conversion_apply(&conversion, &value, NULL, &err), 0);
		assert_true(value_equal(&value, &cases[i].to));
	}
	expect_unfit(&conversion, (struct value){.kind = VALUE_DECIMAL, .text = SLICE("12.30")});
	expect_unfit(&conversion, (struct value){.kind = VALUE_DECIMAL,
						 .text = SLICE("18446744073709551616.0")});
	expect_unfit(&conversion, (struct value){.kind = VALUE_F64, .f = 0.5});
	expect_unfit(&conversion, (struct value){.kind = VALUE_F64, .f = 0x1p63});
	expect_unfit(&conversion, (struct value){.kind = VALUE_BOOL, .i = 1});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),        cmocka_unit_test(test_boolean),
		cmocka_unit_test(test_date),         cmocka_unit_test(test_bit),
		cmocka_unit_test(test_number_text),  cmocka_unit_test(test_text),
		cmocka_unit_test(test_whole_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
