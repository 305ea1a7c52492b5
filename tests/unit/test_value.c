/* Lossless values, and their conversion for formats and scripts. */
#include "model/labels.h"
#include "model/value.h"

#include "unit/unit.h"

static const struct slice LABELS[] = {{"a", 1}, {"", 0}, {"b c", 3}};
static const struct column TEXT = {
	.charset = CHARSET_UTF8MB4, .nlabels = 3, .labels = LABELS, .type = COLUMN_SET};
static const struct column BYTES = {
	.charset = CHARSET_BINARY, .nlabels = 3, .labels = LABELS, .type = COLUMN_SET};
static const struct slice EMPTY_FIRST[] = {{"", 0}, {"q", 1}, {"r", 1}};
static const struct column FIRST = {
	.charset = CHARSET_UTF8MB4, .nlabels = 3, .labels = EMPTY_FIRST, .type = COLUMN_SET};

static struct value label(enum value_kind kind, uint64_t bits, const struct column *column)
{
	return (struct value){.kind = kind, .label = {bits, column}};
}

static void expect_text(struct value value, enum value_kind kind, const char *text)
{
	struct arena arena;
	arena_init(&arena, 0);
	value_plain(&value, &arena);
	assert_int_equal(value.kind, kind);
	assert_slice(value.text, text);
	arena_fini(&arena);
}

static void test_times(void **state)
{
	(void)state;
	expect_text((struct value){.kind = VALUE_TIME}, VALUE_TEXT, "00:00:00");
	expect_text((struct value){.kind = VALUE_TIME, .i = -1, .digits = 6}, VALUE_TEXT,
		    "-00:00:00.000001");
	expect_text((struct value){.kind = VALUE_TIME, .i = -1, .digits = 5}, VALUE_TEXT,
		    "00:00:00.00000");
	expect_text((struct value){.kind = VALUE_TIME, .i = -INT64_C(3020399999999), .digits = 6},
		    VALUE_TEXT, "-838:59:59.999999");
	expect_text((struct value){.kind = VALUE_TIME, .i = INT64_C(360000000000), .digits = 1},
		    VALUE_TEXT, "100:00:00.0");
}

static void test_labels(void **state)
{
	(void)state;
	expect_text(label(VALUE_ENUM, 0, &TEXT), VALUE_TEXT, "");
	expect_text(label(VALUE_ENUM, 3, &TEXT), VALUE_TEXT, "b c");
	expect_text(label(VALUE_ENUM, 1, &BYTES), VALUE_BYTES, "a");
	expect_text(label(VALUE_SET, 0, &TEXT), VALUE_TEXT, "");
	expect_text(label(VALUE_SET, 3, &TEXT), VALUE_TEXT, "a,");
	expect_text(label(VALUE_SET, 7, &TEXT), VALUE_TEXT, "a,,b c");
	expect_text(label(VALUE_SET, 5, &BYTES), VALUE_BYTES, "a,b c");
	expect_text(label(VALUE_SET, 7, &FIRST), VALUE_TEXT, "q,r");
}

/* Finding the labels of a text and writing them gives the text again. */
static void test_labels_of_a_text(void **state)
{
	(void)state;
	for (uint64_t bits = 0; bits < 8; bits++) {
		const struct column *columns[] = {&TEXT, &FIRST};
		for (unsigned i = 0; i < 2; i++) {
			struct value value = label(VALUE_SET, bits, columns[i]), again = value;
			struct arena arena;
			arena_init(&arena, 0);
			value_plain(&value, &arena);
			assert_true(labels_find_set(columns[i], value.text, &again.label.bits));
			/* only an empty first label does not show */
			if (columns[i]->labels[0].len > 0 && bits != 2 && bits != 6)
				assert_int_equal(again.label.bits, bits);
			value_plain(&again, &arena);
			assert_true(value_equal(&value, &again));
			arena_fini(&arena);
		}
	}
}

static void test_unknown_labels(void **state)
{
	static const char *const texts[] = {"x", "a,x", "b c,a", "a,a", ",a", "a,b c,"};
	uint64_t bits;
	struct arena arena;
	struct label_index *index;
	(void)state;
	arena_init(&arena, 0);
	index = labels_index(&TEXT, &arena);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(labels_find_set(&TEXT, slice_str(texts[i]), &bits));
	assert_false(labels_find(index, SLICE("A"), &bits));
	assert_true(labels_find(index, SLICE("b c"), &bits));
	assert_int_equal(bits, 3);
	assert_true(labels_find(index, SLICE(""), &bits));
	assert_int_equal(bits, 2);
	arena_fini(&arena);
}

/* Of two labels with the same text the first is found. The empty text is 0 if no label is empty. */
static void test_many_labels(void **state)
{
	struct slice labels[1000];
	struct column column = {.nlabels = 1000, .labels = labels};
	struct arena arena;
	struct label_index *index;
	uint64_t number;
	(void)state;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < 1000; i++)
		labels[i] = arena_printf(&arena, "label %u", i % 999);
	index = labels_index(&column, &arena);
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(labels_find(index, labels[i], &number));
		assert_int_equal(number, i % 999 + 1);
	}
	assert_false(labels_find(index, SLICE("label 999"), &number));
	assert_true(labels_find(index, SLICE(""), &number));
	assert_int_equal(number, 0);
	arena_fini(&arena);
}

static void expect_micros(struct value value, int64_t us, int64_t ms)
{
	int64_t have;
	assert_true(value_micros(&value, &have));
	assert_int_equal(have, us);
	assert_true(value_ms(&value, &have));
	assert_int_equal(have, ms);
	value_plain(&value, NULL);
	assert_int_equal(value.kind, VALUE_MS);
	assert_int_equal(value.i, ms);
}

static void test_microseconds(void **state)
{
	(void)state;
	expect_micros((struct value){.kind = VALUE_DATE, .civil = {1970, 1, 2, 0, 0, 0, 0}},
		      INT64_C(86400000000), 86400000);
	expect_micros(
		(struct value){.kind = VALUE_DATETIME, .civil = {1969, 12, 31, 23, 59, 59, 999999}},
		-1, -1);
	expect_micros(
		(struct value){.kind = VALUE_DATETIME, .civil = {1969, 12, 31, 23, 59, 58, 0}},
		-2000000, -2000);
	expect_micros((struct value){.kind = VALUE_TIMESTAMP, .i = 1999}, 1999, 1);
	expect_micros((struct value){.kind = VALUE_MS, .i = -5}, -5000, -5);
}

static void expect_no_instant(struct value value)
{
	int64_t us;
	assert_false(value_micros(&value, &us));
	assert_false(value_ms(&value, &us));
	value_plain(&value, NULL);
	assert_int_equal(value.kind, VALUE_NULL);
}

static void test_zero_dates(void **state)
{
	(void)state;
	expect_no_instant((struct value){.kind = VALUE_DATE});
	expect_no_instant(
		(struct value){.kind = VALUE_DATETIME, .civil = {.year = 2020, .day = 1}});
	expect_no_instant((struct value){.kind = VALUE_DATE, .civil = {.year = 2020, .month = 1}});
	expect_no_instant((struct value){.kind = VALUE_TIMESTAMP, .i = VALUE_ZERO_TIMESTAMP});
}

static void test_equal(void **state)
{
	const struct value values[] = {
		{.kind = VALUE_NULL},
		{.kind = VALUE_I64, .i = 1},
		{.kind = VALUE_MS, .i = 1},
		{.kind = VALUE_TEXT, .text = SLICE("a")},
		{.kind = VALUE_BYTES, .text = SLICE("a")},
		{.kind = VALUE_TIME, .i = 1},
		{.kind = VALUE_TIME, .i = 1, .digits = 6},
		{.kind = VALUE_DATE, .civil = {.year = 1}},
		{.kind = VALUE_DATETIME, .civil = {.year = 1}},
		{.kind = VALUE_DATETIME, .civil = {.year = 1, .micros = 1}},
		{.kind = VALUE_TIMESTAMP, .i = 1},
		label(VALUE_ENUM, 1, &TEXT),
		label(VALUE_SET, 1, &TEXT),
		label(VALUE_SET, 1, &BYTES),
	};
	unsigned n = sizeof(values) / sizeof(values[0]);
	(void)state;
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < n; k++)
			assert_int_equal(value_equal(&values[i], &values[k]), i == k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_labels_of_a_text),
		cmocka_unit_test(test_unknown_labels),
		cmocka_unit_test(test_many_labels),
		cmocka_unit_test(test_microseconds),
		cmocka_unit_test(test_zero_dates),
		cmocka_unit_test(test_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
