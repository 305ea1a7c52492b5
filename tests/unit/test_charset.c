/* Every character set against the server's own CONVERT (tests/data/charsets.txt), and collation ids. */
#include "model/charset_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA_FILE "tests/data/charsets.txt"

static struct slice unhex(const char *hex)
{
	size_t n = strspn(hex, "0123456789abcdef") / 2;
	uint8_t *bytes = malloc(n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		unsigned v = 0;
		sscanf(hex + 2 * i, "%2x", &v);
		bytes[i] = (uint8_t)v;
	}
	return slice_of(bytes, n);
}

static bool check_line(const char *line)
{
	char name[32];
	int at = 0, to = 0;
	enum charset charset;
	struct arena arena;
	struct slice out;
	assert_int_equal(sscanf(line, "%31s %n%*s %n", name, &at, &to), 1);
	assert_true(charset_parse(slice_str(name), &charset));
	assert_true(charset_supported(charset));
	arena_init(&arena, 0);
	struct slice from = unhex(line + at), want = unhex(line + to);
	charset_to_utf8(charset, from, &arena, &out);
	bool same = slice_equal(out, want);
	/* the other direction gives equivalent bytes if the set contains all characters */
	if (memchr(want.ptr, '?', want.len) == NULL) {
		struct slice back, again;
		charset_from_utf8(charset, want, &arena, &back);
		charset_to_utf8(charset, back, &arena, &again);
		assert_true(slice_equal(again, want));
	}
	if (!same)
		print_error("%.100s\n  gives '%.*s'\n  not   '%.*s'\n", line, SLICE_FMT(out),
			    SLICE_FMT(want));
	free((void *)from.ptr);
	free((void *)want.ptr);
	arena_fini(&arena);
	return same;
}

static void test_as_the_server_converts(void **state)
{
	FILE *file = fopen(DATA_FILE, "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned n = 0, wrong = 0;
	(void)state;
	assert_non_null(file);
	while (getline(&line, &cap, file) >= 0) {
		if (line[0] == '#')
			continue;
		n++;
		wrong += !check_line(line);
	}
	free(line);
	fclose(file);
	assert_int_equal(wrong, 0);
	assert_true(n > 400);
}

static void test_every_set_is_supported(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CHARSET_COUNT; i++)
		assert_true(charset_supported((enum charset)i));
}

static struct slice convert_text(enum charset charset, struct slice text, struct arena *arena)
{
	struct slice out;
	char *copy = malloc(text.len ? text.len : 1); /* so that ASan sees an over-read */
	memcpy(copy, text.ptr, text.len);
	charset_to_utf8(charset, slice_of(copy, text.len), arena, &out);
	out = arena_copy(arena, out);
	free(copy);
	return out;
}

#define assert_converts(charset, from, to)                                                         \
	do {                                                                                       \
		struct arena arena_;                                                               \
		arena_init(&arena_, 0);                                                            \
		struct slice got_ = convert_text(charset, SLICE(from), &arena_);                   \
		if (!slice_equal(got_, SLICE(to)))                                                 \
			fail_msg("'%.*s' is not '%s'", SLICE_FMT(got_), to);                       \
		arena_fini(&arena_);                                                               \
	} while (0)

static void test_invalid_utf8(void **state)
{
	(void)state;
	assert_converts(CHARSET_UTF8MB4, "", "");
	assert_converts(CHARSET_UTF8MB4, "abc\xff", "abc?");
	assert_converts(CHARSET_UTF8MB4, "\xc3", "?");
	assert_converts(CHARSET_UTF8MB4, "\xc3\xa4\xc3", "\xc3\xa4?");
	assert_converts(CHARSET_UTF8MB4, "\xe2\x82", "??");
	assert_converts(CHARSET_UTF8MB4, "\xe2\x82\xac", "\xe2\x82\xac");
	assert_converts(CHARSET_UTF8MB4, "\xc0\x80", "??");        /* overlong */
	assert_converts(CHARSET_UTF8MB4, "\xe0\x80\x80", "???");   /* overlong */
	assert_converts(CHARSET_UTF8MB4, "\xed\xa0\x80x", "???x"); /* surrogate */
	assert_converts(CHARSET_UTF8MB4, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	assert_converts(CHARSET_UTF8MB4, "\xf0\x9f\x98", "???");
	assert_converts(CHARSET_UTF8MB4, "\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
	assert_converts(CHARSET_UTF8MB3, "\xf0\x9f\x98\x80", "????");
	assert_converts(CHARSET_UTF8MB4,
			"12345678\x80"
			"12345678",
			"12345678?12345678");
}

static void test_invalid_others(void **state)
{
	(void)state;
	assert_converts(CHARSET_ASCII, "a\x80", "a?");
	assert_converts(CHARSET_LATIN1, "\x81\x80\xe4", "\xc2\x81\xe2\x82\xac\xc3\xa4");
	assert_converts(CHARSET_UTF16, "\0a\0", "a?");
	assert_converts(CHARSET_UTF16, "\xd8\x3d", "?");
	assert_converts(CHARSET_UTF16, "\xd8\x3d\0a", "?a");
	assert_converts(CHARSET_UTF16, "\xde\x00\0a", "?a");
	assert_converts(CHARSET_UTF16, "\xd8\x3d\xde\x00", "\xf0\x9f\x98\x80");
	assert_converts(CHARSET_UTF16LE, "\x3d\xd8\x00\xde", "\xf0\x9f\x98\x80");
	assert_converts(CHARSET_UCS2, "\xd8\x3d", "?");
	assert_converts(CHARSET_UTF32, "\0\0\0a\0\0", "a?");
	assert_converts(CHARSET_UTF32, "\x01\0\0a\0\x11\0\0", "??");
	assert_converts(CHARSET_GBK, "a\x81", "a?");
	assert_converts(CHARSET_GBK, "\x81\x20", "? ");
	assert_converts(CHARSET_SJIS, "\xb1", "\xef\xbd\xb1");
	assert_converts(CHARSET_UJIS, "\x8f\xb0", "??");
}

/* Valid text is not copied. */
static void test_no_copy(void **state)
{
	struct arena arena;
	struct slice out, text = SLICE("plain text \xc3\xa4");
	(void)state;
	arena_init(&arena, 0);
	charset_to_utf8(CHARSET_UTF8MB4, text, &arena, &out);
	assert_ptr_equal(out.ptr, text.ptr);
	text.len = 10;
	charset_to_utf8(CHARSET_LATIN1, text, &arena, &out);
	assert_ptr_equal(out.ptr, text.ptr);
	assert_null(arena.blocks);
	arena_fini(&arena);
}

/* With any bytes every set stays within the input and gives valid UTF-8. */
static void test_from_utf8(void **state)
{
	static const struct {
		enum charset charset;
		const char *text, *bytes;
		size_t n;
	} cases[] = {
		{CHARSET_LATIN1, "aäж😀", "a\xe4??", 4},
		{CHARSET_BINARY, "ä😀", "\xc3\xa4\xf0\x9f\x98\x80", 6},
		{CHARSET_UTF8MB4, "😀\xff", "\xf0\x9f\x98\x80?", 5},
		{CHARSET_UTF8MB3, "ä😀", "\xc3\xa4?", 3},
		{CHARSET_UTF16, "ä😀", "\0\xe4\xd8\x3d\xde\0", 6},
		{CHARSET_UTF16LE, "ä", "\xe4\0", 2},
		{CHARSET_UTF32, "😀", "\0\x01\xf6\0", 4},
		{CHARSET_UCS2, "ä😀", "\0\xe4\0?", 4},
		{CHARSET_SJIS, "表", "\x95\x5c", 2},
		{CHARSET_GBK, "表", "\xb1\xed", 2},
		{CHARSET_GB18030, "中😀", "\xd6\xd0\x94\x39\xfc\x36", 6},
		{CHARSET_UJIS, "表", "\xc9\xbd", 2},
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice out;
		charset_from_utf8(cases[i].charset, slice_str(cases[i].text), &arena, &out);
		assert_int_equal(out.len, cases[i].n);
		assert_memory_equal(out.ptr, cases[i].bytes, out.len);
	}
	arena_fini(&arena);
}

static void test_random_bytes(void **state)
{
	uint32_t seed = 1;
	(void)state;
	for (unsigned i = 0; i < CHARSET_COUNT * 400; i++) {
		char bytes[9];
		struct arena arena;
		size_t n = i / CHARSET_COUNT % sizeof(bytes);
		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			bytes[k] = (char)(seed >> 24 | (seed >> 16 & 0x80));
		}
		arena_init(&arena, 0);
		struct slice out =
			convert_text((enum charset)(i % CHARSET_COUNT), slice_of(bytes, n), &arena);
		/* valid UTF-8: it is not copied */
		struct slice again;
		charset_to_utf8(CHARSET_UTF8MB4, out, &arena, &again);
		assert_ptr_equal(again.ptr, out.ptr);
		assert_int_equal(again.len, out.len);
		arena_fini(&arena);
	}
}

static void test_names_and_ids(void **state)
{
	static const struct {
		unsigned id;
		enum charset charset;
	} ids[] = {
		{8, CHARSET_LATIN1},     {33, CHARSET_UTF8MB3},  {45, CHARSET_UTF8MB4},
		{63, CHARSET_BINARY},    {255, CHARSET_UTF8MB4}, {309, CHARSET_UTF8MB4},
		{248, CHARSET_GB18030},  {28, CHARSET_GBK},      {1070, CHARSET_UTF8MB4},
		{2304, CHARSET_UTF8MB4}, {11, CHARSET_ASCII},    {54, CHARSET_UTF16},
	};
	enum charset charset;
	(void)state;
	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_true(charset_of_id(ids[i].id, &charset));
		assert_int_equal(charset, ids[i].charset);
	}
	assert_false(charset_of_id(0, &charset));
	assert_false(charset_of_id(17, &charset));
	assert_false(charset_of_id(60000, &charset));
	for (unsigned i = 0; i < CHARSET_COUNT; i++) {
		assert_true(charset_parse(slice_str(charset_name((enum charset)i)), &charset));
		assert_int_equal(charset, i);
	}
	assert_true(charset_parse(SLICE("utf8"), &charset));
	assert_int_equal(charset, CHARSET_UTF8MB3);
	assert_false(charset_parse(SLICE("klingon"), &charset));
	assert_true(charset_of_collation(SLICE("utf8mb4_0900_ai_ci"), &charset));
	assert_int_equal(charset, CHARSET_UTF8MB4);
	assert_true(charset_of_collation(SLICE("binary"), &charset));
	assert_int_equal(charset, CHARSET_BINARY);
	assert_false(charset_of_collation(SLICE(""), &charset));
	assert_int_equal(charset_max_bytes(CHARSET_UTF8MB4), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_server_converts),
		cmocka_unit_test(test_every_set_is_supported),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_invalid_others),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_from_utf8),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_names_and_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
