/* key_ranges: the finished ranges of a key, in whatever order they finish, and as a record. */
#include "unit.h"

#include "engine/state/key_ranges.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 60, RUNS = 2000 };

/* A range of the keys 0 to KEYS-1, written as three digits. low -1, high KEYS-1: an open end. */
struct text_range {
	char texts[2][8];
	struct slice parts[2];
	struct key_range range;
};

static struct key_bound bound_of(struct text_range *made, unsigned i, int key, int open)
{
	if (key == open)
		return (struct key_bound){0, NULL};
	snprintf(made->texts[i], sizeof(made->texts[i]), "%03d", key);
	made->parts[i] = slice_str(made->texts[i]);
	return (struct key_bound){1, &made->parts[i]};
}

/* The keys after low, up to and including high. */
static const struct key_range *keys(struct text_range *made, int low, int high)
{
	made->range.low = bound_of(made, 0, low, -1);
	made->range.high = bound_of(made, 1, high, KEYS - 1);
	return &made->range;
}

static int key_of(const struct key_bound *bound, int open)
{
	char text[8];
	if (bound->n == 0)
		return open;
	snprintf(text, sizeof(text), "%.*s", SLICE_FMT(bound->parts[0]));
	return atoi(text);
}

/* Sets missing[key] for each key of a missing range. */
static void find_missing(const struct key_ranges *ranges, bool missing[KEYS])
{
	struct key_range range;
	int before = -2;
	memset(missing, 0, KEYS);
	for (size_t at = 0; key_ranges_next_missing(ranges, &at, &range);) {
		int low = key_of(&range.low, -1), high = key_of(&range.high, KEYS - 1);
		assert_true(low > before); /* in key order, and adjacent ones are one */
		for (int key = low + 1; key <= high; key++)
			missing[key] = true;
		before = high;
	}
}

static void write(const struct key_ranges *ranges, struct buf *out)
{
	buf_clear(out);
	key_ranges_write(ranges, out);
}

static int read(struct key_ranges *ranges, const char *json, struct err *err)
{
	cJSON *root = cJSON_Parse(json);
	int rc = key_ranges_read(ranges, root, err);
	cJSON_Delete(root);
	return rc;
}

static void nothing_is_finished_at_first(void **state)
{
	struct key_ranges ranges = {.parts = NULL};
	struct key_range range;
	size_t at = 0;
	(void)state;
	assert_false(key_ranges_any(&ranges));
	assert_true(key_ranges_next_missing(&ranges, &at, &range));
	assert_int_equal(range.low.n + range.high.n, 0);
	assert_false(key_ranges_next_missing(&ranges, &at, &range));
	assert_int_equal(key_ranges_width(&ranges), 0);
	key_ranges_fini(&ranges);
}

static void adjacent_ranges_are_one(void **state)
{
	struct key_ranges ranges = {.parts = NULL};
	struct text_range made;
	struct buf out;
	(void)state;
	buf_init(&out);
	key_ranges_restart(&ranges, SLICE("id int"));
	assert_true(key_ranges_finish(&ranges, keys(&made, -1, 10), 11));
	assert_true(key_ranges_finish(&ranges, keys(&made, 20, 30), 10));
	write(&ranges, &out);
	assert_string_equal(buf_cstr(&out), "{\"key\":\"id int\",\"rows\":21,\"ranges\":[[null,"
					    "[\"010\"]],[[\"020\"],[\"030\"]]]}");
	assert_true(key_ranges_finish(&ranges, keys(&made, 10, 20), 10));
	write(&ranges, &out);
	assert_string_equal(buf_cstr(&out),
			    "{\"key\":\"id int\",\"rows\":31,\"ranges\":[[null,[\"030\"]]]}");
	assert_true(key_ranges_finish(&ranges, keys(&made, 30, KEYS - 1), 3));
	write(&ranges, &out);
	assert_string_equal(buf_cstr(&out),
			    "{\"key\":\"id int\",\"rows\":34,\"ranges\":[[null,null]]}");
	key_ranges_fini(&ranges);
	buf_fini(&out);
}

/* The order of keys is known only from the cuts. */
static void a_range_of_unknown_place_is_refused(void **state)
{
	struct key_ranges ranges = {.parts = NULL};
	struct text_range made;
	bool missing[KEYS];
	(void)state;
	assert_true(key_ranges_finish(&ranges, keys(&made, 20, 30), 10));
	assert_false(key_ranges_cut(&ranges, keys(&made, 35, 40))); /* before or after? */
	assert_false(key_ranges_finish(&ranges, keys(&made, 5, 10), 5));
	assert_false(key_ranges_finish(&ranges, keys(&made, 20, 30), 10)); /* it is finished */
	assert_false(key_ranges_cut(&ranges, keys(&made, -1, KEYS - 1)));
	assert_true(key_ranges_cut(&ranges, keys(&made, 30, 35)));
	assert_true(key_ranges_cut(&ranges, keys(&made, 35, 40)));
	find_missing(&ranges, missing);
	for (int key = 0; key < KEYS; key++)
		assert_int_equal(missing[key], key <= 20 || key > 30);
	assert_int_equal(ranges.rows, 10);
	key_ranges_fini(&ranges);
}

/* ---- in any order ---- */

struct model {
	struct key_ranges ranges;
	int border_before[KEYS + 1]; /* the low end of the chunk that ends there; -2: none does */
	bool finished[KEYS];
	uint64_t rows;
};

static bool is_cut(const struct model *model, int high)
{
	return model->border_before[high] > -2;
}

/* Cuts the key space into chunks: from the front, from the end, or in the middle of a chunk. */
static void cut_somewhere(struct model *model)
{
	int high = rand() % KEYS, low, between;
	struct text_range made;
	while (!is_cut(model, high))
		high = (high + 1) % KEYS;
	low = model->border_before[high];
	if (high - low < 2 || model->finished[high])
		return;
	between = low + 1 + rand() % (high - low - 1);
	if (rand() % 2)
		assert_true(key_ranges_cut(&model->ranges, keys(&made, low, between)));
	else
		assert_true(key_ranges_cut(&model->ranges, keys(&made, between, high)));
	model->border_before[between] = low;
	model->border_before[high] = between;
}

static void finish_one(struct model *model)
{
	int high = rand() % KEYS, low;
	struct text_range made;
	while (!is_cut(model, high))
		high = (high + 1) % KEYS;
	if (model->finished[high])
		return;
	low = model->border_before[high];
	assert_true(
		key_ranges_finish(&model->ranges, keys(&made, low, high), (uint64_t)(high - low)));
	for (int key = low + 1; key <= high; key++)
		model->finished[key] = true;
	model->rows += (uint64_t)(high - low);
}

static void compare(const struct key_ranges *ranges, const struct model *model)
{
	bool missing[KEYS];
	find_missing(ranges, missing);
	for (int key = 0; key < KEYS; key++)
		assert_int_equal(missing[key], !model->finished[key]);
	assert_int_equal(ranges->rows, model->rows);
}

/* Reads what was written: the same ranges are missing, and it is written as the same bytes. */
static void compare_as_record(const struct model *model)
{
	struct key_ranges again = {.parts = NULL};
	struct err err = ERR_INIT;
	struct buf first, second;
	buf_init(&first);
	buf_init(&second);
	key_ranges_write(&model->ranges, &first);
	if (read(&again, buf_cstr(&first), &err) < 0)
		fail_msg("%s: %s", buf_cstr(&first), err.text);
	compare(&again, model);
	key_ranges_write(&again, &second);
	assert_string_equal(buf_cstr(&first), buf_cstr(&second));
	key_ranges_fini(&again);
	buf_fini(&first);
	buf_fini(&second);
}

static void ranges_finish_in_any_order(void **state)
{
	(void)state;
	srand(1);
	for (unsigned run = 0; run < RUNS; run++) {
		struct model model = {.rows = 0};
		for (int key = 0; key < KEYS; key++)
			model.border_before[key] = -2;
		model.border_before[KEYS - 1] = -1;
		key_ranges_restart(&model.ranges, SLICE("id"));
		for (unsigned step = 0; step < 40; step++) {
			if (rand() % 3)
				cut_somewhere(&model);
			else
				finish_one(&model);
			compare(&model.ranges, &model);
		}
		compare_as_record(&model);
		key_ranges_fini(&model.ranges);
	}
}

/* ---- records ---- */

static void values_are_text_or_hexadecimal(void **state)
{
	static const struct slice low[] = {SLICE("a\"\\b"), SLICE("")};
	static const struct slice high[] = {SLICE("\xc3\xa4"), SLICE("\0\x7f")};
	static const char json[] =
		"{\"key\":\"\xc3\xa4 varchar\",\"rows\":7,\"ranges\":[[[\"a\\\"\\\\b\",\"\"],"
		"[{\"hex\":\"c3a4\"},{\"hex\":\"007f\"}]]]}";
	struct key_ranges ranges = {.parts = NULL}, again = {.parts = NULL};
	struct key_range missing;
	struct err err = ERR_INIT;
	struct buf out;
	size_t at = 0;
	(void)state;
	buf_init(&out);
	key_ranges_restart(&ranges, SLICE("\xc3\xa4 varchar"));
	assert_true(key_ranges_finish(&ranges, &(struct key_range){{2, low}, {2, high}}, 7));
	key_ranges_write(&ranges, &out);
	assert_string_equal(buf_cstr(&out), json);
	assert_int_equal(read(&again, json, &err), 0);
	assert_string_equal(again.signature, "\xc3\xa4 varchar");
	assert_int_equal(key_ranges_width(&again), 2);
	assert_true(key_ranges_next_missing(&again, &at, &missing));
	assert_int_equal(missing.low.n, 0);
	assert_true(slice_equal(missing.high.parts[0], low[0]));
	assert_true(key_ranges_next_missing(&again, &at, &missing));
	assert_true(slice_equal(missing.low.parts[1], high[1]));
	key_ranges_move(&ranges, &again);
	assert_null(again.parts);
	assert_int_equal(ranges.rows, 7);
	key_ranges_fini(&ranges);
	buf_fini(&out);
}

/* Rule: whole-checkpoint. */
static void what_cannot_be_read_is_an_error(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"key\":1,\"rows\":1,\"ranges\":[]}",
		"{\"key\":\"\",\"ranges\":[]}",
		"{\"key\":\"\",\"rows\":-1,\"ranges\":[]}",
		"{\"key\":\"\",\"rows\":1}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[5]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null,[]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null,\"5\"]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null,[5]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null,[{\"hex\":\"4\"}]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[null,[{\"hex\":\"zz\"}]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[[\"5\"],[\"5\"]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[[\"5\"],null],[[\"6\"],[\"7\"]]]}",
		"{\"key\":\"\",\"rows\":1,\"ranges\":[[[\"5\"],[\"6\"]],[null,[\"7\"]]]}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct key_ranges ranges = {.parts = NULL};
		struct err err = ERR_INIT;
		if (read(&ranges, texts[i], &err) == 0)
			fail_msg("%s is read", texts[i]);
		assert_int_equal(err.id, E_CHECKPOINT_RECORD);
		assert_null(ranges.parts);
		assert_null(ranges.signature);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_finished_at_first),
		cmocka_unit_test(adjacent_ranges_are_one),
		cmocka_unit_test(a_range_of_unknown_place_is_refused),
		cmocka_unit_test(ranges_finish_in_any_order),
		cmocka_unit_test(values_are_text_or_hexadecimal),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
