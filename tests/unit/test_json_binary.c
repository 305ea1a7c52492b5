/* Damaged binary JSON, and the compact form of JSON text. test_cell tests the documents of real servers. */
#include "decode/json_binary.h"

#include "unit/cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* type bytes of the format */
enum { JSON_SMALL_ARRAY = 2, JSON_STRING = 12 };

static bool print(const void *doc, size_t len, struct arena *arena, struct slice *text,
		  struct err *err)
{
	uint8_t *copy = malloc(len ? len : 1);
	memcpy(copy, doc, len);
	int result = json_binary_print(slice_of(copy, len), arena, text, err);
	free(copy);
	return result == 0;
}

#define assert_prints(hex, want)                                                                   \
	do {                                                                                       \
		struct arena arena_;                                                               \
		struct err err_ = ERR_INIT;                                                        \
		struct slice text_, doc_ = cells_bytes(hex, strlen(hex));                          \
		arena_init(&arena_, 0);                                                            \
		if (!print(doc_.ptr, doc_.len, &arena_, &text_, &err_))                            \
			fail_msg("%s: %s", hex, err_.text);                                        \
		if (!slice_equal(text_, slice_str(want)))                                          \
			fail_msg("%s is not %s", arena_cstr(&arena_, text_), want);                \
		free((void *)doc_.ptr);                                                            \
		arena_fini(&arena_);                                                               \
	} while (0)

#define assert_damaged(hex, why)                                                                   \
	do {                                                                                       \
		struct arena arena_;                                                               \
		struct err err_ = ERR_INIT;                                                        \
		struct slice text_, doc_ = cells_bytes(hex, strlen(hex));                          \
		arena_init(&arena_, 0);                                                            \
		assert_false(print(doc_.ptr, doc_.len, &arena_, &text_, &err_));                   \
		if (strstr(err_.text, why) == NULL)                                                \
			fail_msg("'%s' is not in: %s", why, err_.text);                            \
		free((void *)doc_.ptr);                                                            \
		arena_fini(&arena_);                                                               \
	} while (0)

static void test_scalars(void **state)
{
	(void)state;
	assert_prints("", "null");
	assert_prints("0400", "null");
	assert_prints("0401", "true");
	assert_prints("0402", "false");
	assert_prints("05ffff", "-1");
	assert_prints("06ffff", "65535");
	assert_prints("0aff00000000000000", "255");
	assert_prints("0b000000000000f03f", "1.0");
	assert_prints("0b0000000000000080", "-0.0");
	assert_prints("0c0161", "\"a\"");
	assert_prints("0c00", "\"\"");
	assert_prints("0000000400", "{}");
	assert_prints("0200000400", "[]");
}

static void test_damage(void **state)
{
	(void)state;
	assert_damaged("04", "cut");
	assert_damaged("0403", "literal");
	assert_damaged("07", "cut");
	assert_damaged("0b000000000000f07f", "not finite");
	assert_damaged("0c0261", "cut");
	assert_damaged("0cffffffffff", "cut");
	assert_damaged("0d", "unknown type");
	assert_damaged("0202000400", "cut"); /* two elements, no room */
	assert_damaged("020000ff00", "cut"); /* larger than the document */
	assert_damaged("0201000700"
		       "0c0f00",
		       "cut"); /* a string beyond the end */
	assert_damaged("02010007000200"
		       "00",
		       "twice"); /* an array within itself */
	assert_damaged("0ff60400050200", "cut");
	assert_damaged("0ff602ff00", "cut");
	assert_damaged("0f0c0100", "cut");
}

/* Each element points to the same string: the text would grow with the square of the document's size. */
static void test_parts_used_twice(void **state)
{
	enum { N = 100, STRING = 2000 };
	size_t values = 4 + 3 * N, len = values + 2 + STRING;
	uint8_t *doc = calloc(1, len + 1);
	struct arena arena;
	struct slice text;
	struct err err = ERR_INIT;
	(void)state;
	doc[0] = JSON_SMALL_ARRAY;
	doc[1] = N;
	doc[3] = (uint8_t)len;
	doc[4] = (uint8_t)(len >> 8);
	for (unsigned i = 0; i < N; i++) {
		doc[5 + 3 * i] = JSON_STRING;
		doc[6 + 3 * i] = (uint8_t)values;
		doc[7 + 3 * i] = (uint8_t)(values >> 8);
	}
	doc[1 + values] = (uint8_t)(0x80 | (STRING & 0x7f));
	doc[2 + values] = STRING >> 7;
	memset(doc + 3 + values, 'x', STRING);
	arena_init(&arena, 0);
	assert_false(print(doc, len + 1, &arena, &text, &err));
	assert_non_null(strstr(err.text, "twice"));
	arena_fini(&arena);
	free(doc);
}

static void test_depth(void **state)
{
	enum { DEPTH = 150, SIZE = 7 };
	static uint8_t doc[1 + DEPTH * SIZE];
	struct arena arena;
	struct slice text;
	struct err err = ERR_INIT;
	(void)state;
	doc[0] = JSON_SMALL_ARRAY;
	for (unsigned i = 0; i < DEPTH; i++) {
		uint8_t *at = doc + 1 + i * SIZE;
		unsigned size = (DEPTH - i) * SIZE;
		at[0] = 1;
		at[2] = (uint8_t)size;
		at[3] = (uint8_t)(size >> 8);
		at[4] = JSON_SMALL_ARRAY;
		at[5] = SIZE;
	}
	arena_init(&arena, 0);
	assert_false(print(doc, sizeof(doc), &arena, &text, &err));
	assert_non_null(strstr(err.text, "nested"));
	arena_fini(&arena);
}

static void test_every_prefix_and_flip(void **state)
{
	struct cells cells;
	(void)state;
	cells_load(&cells);
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *g = &cells.groups[i];
		if (g->columns[0].type != COLUMN_JSON)
			continue;
		for (unsigned k = 0; k < g->ncases; k++) {
			struct slice body = g->cases[k].rows;
			/* post header(8) extra(2) ncolumns(1) bitmap(1) nulls(1) length(4) doc id(4) */
			if (body.len < 22 || body.len > 700)
				continue;
			struct slice doc = slice_of(body.ptr + 17, body.len - 21);
			for (size_t n = 0; n < doc.len * 9; n++) {
				bool flip = n >= doc.len;
				struct arena arena;
				struct slice text;
				struct err err = ERR_INIT;
				uint8_t *copy = malloc(doc.len);
				memcpy(copy, doc.ptr, doc.len);
				if (flip)
					copy[(n - doc.len) / 8] ^= (uint8_t)(1 << n % 8);
				arena_init(&arena, 0);
				if (!print(copy, flip ? doc.len : n, &arena, &text, &err))
					assert_non_null(strstr(err.text, "damaged"));
				arena_fini(&arena);
				free(copy);
			}
		}
	}
	cells_free(&cells);
}

#define assert_compact(text, want)                                                                 \
	do {                                                                                       \
		struct arena arena_;                                                               \
		struct slice out_;                                                                 \
		arena_init(&arena_, 0);                                                            \
		json_text_compact(SLICE(text), &arena_, &out_);                                    \
		assert_true(slice_equal(out_, SLICE(want)));                                       \
		arena_fini(&arena_);                                                               \
	} while (0)

static void test_compact(void **state)
{
	(void)state;
	assert_compact("{\"a\": 1, \"b\": [1, 2]}", "{\"a\":1,\"b\":[1,2]}");
	assert_compact("\"a, b: c\"", "\"a, b: c\"");
	assert_compact("[\"\\\"\", \"\\\\\", \" x\"]", "[\"\\\"\",\"\\\\\",\" x\"]");
	assert_compact(" \t\r\n[ ] ", "[]");
	assert_compact("", "");
	assert_compact("\"unterminated \\", "\"unterminated \\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_parts_used_twice),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_every_prefix_and_flip),
		cmocka_unit_test(test_compact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
