/* Chunks of a table without a server: statements, literals, the key's text, and the search for the end of a chunk. */
#include "unit.h"

#include "source/chunk_border.h"
#include "source/chunk_sql.h"

#include <stdio.h>

static const struct column columns[] = {
	{.name = {"id", 2}, .type = COLUMN_BIGINT, .sql_type = {"bigint(20)", 10}},
	{.name = {"a`b", 3}, .type = COLUMN_INT, .sql_type = {"int(11)", 7}},
	{.name = {"v", 1}, .type = COLUMN_INT, .is_virtual = true},
	{.name = {"name", 4}, .type = COLUMN_VARCHAR, .sql_type = {"varchar(20)", 11}},
};
static const struct table table = {
	.db = {"shop", 4}, .name = {"or`ders", 7}, .ncolumns = 4, .columns = columns};

static const struct chunk_part by_id[] = {{.column = 0, .literal = CHUNK_LITERAL_NUMBER}};
static const struct chunk_part by_three[] = {
	{.column = 1, .literal = CHUNK_LITERAL_NUMBER},
	{.column = 3,
	 .literal = CHUNK_LITERAL_TEXT,
	 .descending = true,
	 .charset = {"utf8mb4", 7},
	 .collation = {"utf8mb4_bin", 11}},
	{.column = 0, .literal = CHUNK_LITERAL_NUMBER},
};
static const struct chunk_key id_key = {{"PRIMARY", 7}, 1, 1, by_id};
static const struct chunk_key three_key = {{"u`k", 3}, 3, 3, by_three};

static const struct slice TEN[] = {{"10", 2}}, TWENTY[] = {{"20", 2}};
static const struct slice LOW[] = {{"1", 1}, {"b", 1}, {"5", 1}};
static const struct slice HIGH[] = {{"2", 1}, {"a", 1}, {"-6", 2}};
static const struct slice NEAR[] = {{"1", 1}, {"a", 1}, {"7", 1}};

#define NONE                                                                                       \
	{                                                                                          \
		0, NULL                                                                            \
	}
#define SELECT_ALL "SELECT `id`,`a``b`,`v`,`name` FROM `shop`.`or``ders`"
#define BY_ID SELECT_ALL " FORCE INDEX (`PRIMARY`) WHERE "
#define BY_THREE SELECT_ALL " FORCE INDEX (`u``k`) WHERE "
#define B "_utf8mb4 X'62' COLLATE utf8mb4_bin"
#define A "_utf8mb4 X'61' COLLATE utf8mb4_bin"

static void assert_select(const struct chunk_key *key, struct key_range range, const char *where,
			  const char *expected)
{
	const struct chunk_query query = {
		.table = &table, .key = key, .range = &range, .where = where};
	struct buf sql;

	buf_init(&sql);
	chunk_sql_select(&sql, &query);
	assert_slice(buf_slice(&sql), expected);
	buf_fini(&sql);
}

static void select_of_a_range(void **state)
{
	const struct key_bound none = {0, NULL}, ten = {1, TEN}, twenty = {1, TWENTY};
	const struct chunk_query all = {.table = &table};
	struct buf sql;

	(void)state;
	buf_init(&sql);
	chunk_sql_select(&sql, &all);
	assert_slice(buf_slice(&sql), SELECT_ALL);
	buf_fini(&sql);
	assert_select(NULL, (struct key_range){none, none}, NULL, SELECT_ALL);
	assert_select(NULL, (struct key_range){none, none}, "a > 1 OR b",
		      SELECT_ALL " WHERE (a > 1 OR b)");
	assert_select(&id_key, (struct key_range){none, ten}, NULL, BY_ID "`id` <= 10");
	assert_select(&id_key, (struct key_range){ten, twenty}, NULL,
		      BY_ID "`id` > 10 AND `id` <= 20");
	assert_select(&id_key, (struct key_range){twenty, none}, "a > 1 OR b",
		      BY_ID "`id` > 20 AND (a > 1 OR b)");
}

/* Parts in descending order reverse the comparison; leading parts that do not differ are equalities. */
static void select_of_several_parts(void **state)
{
	const struct key_bound none = {0, NULL}, low = {3, LOW}, high = {3, HIGH}, near = {3, NEAR},
			       two = {2, LOW}, one = {1, LOW};

	(void)state;
	assert_select(&three_key, (struct key_range){low, none}, NULL,
		      BY_THREE "(`a``b` > 1 OR (`a``b` = 1 AND (`name` < " B " OR (`name` = " B
			       " AND `id` > 5))))");
	assert_select(&three_key, (struct key_range){none, high}, NULL,
		      BY_THREE "(`a``b` < 2 OR (`a``b` = 2 AND (`name` > " A " OR (`name` = " A
			       " AND `id` <= -6))))");
	assert_select(&three_key, (struct key_range){none, two}, NULL,
		      BY_THREE "(`a``b` < 1 OR (`a``b` = 1 AND `name` >= " B "))");
	assert_select(&three_key, (struct key_range){low, near}, NULL,
		      BY_THREE "`a``b` = 1 AND (`name` < " B " OR (`name` = " B
			       " AND `id` > 5)) AND (`name` > " A " OR (`name` = " A
			       " AND `id` <= 7))");
	assert_select(&three_key, (struct key_range){low, one}, NULL,
		      BY_THREE "(`a``b` > 1 OR (`a``b` = 1 AND (`name` < " B " OR (`name` = " B
			       " AND `id` > 5)))) AND `a``b` <= 1");
}

static void walk_to_a_row(void **state)
{
	const struct key_range range = {NONE, {1, TEN}};
	const struct chunk_query by_one = {.table = &table, .key = &id_key, .range = &range};
	const struct chunk_query all = {.table = &table, .key = &three_key};
	struct buf sql;

	(void)state;
	buf_init(&sql);
	chunk_sql_walk(&sql, &by_one, 100);
	assert_slice(buf_slice(&sql), "SELECT `id`,`a``b` FROM `shop`.`or``ders` FORCE INDEX "
				      "(`PRIMARY`) WHERE `id` <= 10 "
				      "ORDER BY `id` LIMIT 1 OFFSET 99");
	buf_clear(&sql);
	chunk_sql_walk(&sql, &all, 1);
	assert_slice(buf_slice(&sql),
		     "SELECT `a``b`,`name`,`id` FROM `shop`.`or``ders` FORCE INDEX (`u``k`) "
		     "ORDER BY `a``b`,`name` DESC,`id` LIMIT 1 OFFSET 0");
	buf_fini(&sql);
}

static void comments_cannot_end_early(void **state)
{
	static const char *const cases[][2] = {
		{"tideway shop copy shop.users chunk 12",
		 " /* tideway shop copy shop.users chunk 12 */ "},
		{"a*/b/*c**/", " /* a?/b?*c*?/ */ "},
		{"a\nb\x7f\x01", " /* a?b?? */ "},
		{"*", " /* * */ "},
		{"\xc3\xa9", " /* \xc3\xa9 */ "},
	};
	struct buf sql;

	(void)state;
	buf_init(&sql);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct chunk_query query = {.table = &table,
						  .comment = slice_str(cases[i][0])};
		buf_clear(&sql);
		chunk_sql_comment(&sql, &query);
		assert_slice(buf_slice(&sql), cases[i][1]);
	}
	buf_fini(&sql);
}

static void literals_by_kind(void **state)
{
	static const struct {
		struct chunk_part part;
		struct slice value;
		const char *expected;
	} cases[] = {
		{{.literal = CHUNK_LITERAL_NUMBER}, {"-1.50", 5}, "-1.50"},
		{{.literal = CHUNK_LITERAL_BITS}, {"\1\0", 2}, "256"},
		{{.literal = CHUNK_LITERAL_BITS},
		 {"\xff\xff\xff\xff\xff\xff\xff\xff", 8},
		 "18446744073709551615"},
		{{.literal = CHUNK_LITERAL_QUOTED}, {"0000-00-00", 10}, "'0000-00-00'"},
		{{.literal = CHUNK_LITERAL_QUOTED}, {"a'b\\", 4}, "'a''b\\\\'"},
		{{.literal = CHUNK_LITERAL_BYTES}, {"\0\xff", 2}, "X'00FF'"},
		{{.literal = CHUNK_LITERAL_BYTES}, {"", 0}, "X''"},
		{{.literal = CHUNK_LITERAL_TEXT,
		  .charset = {"ucs2", 4},
		  .collation = {"ucs2_general_ci", 15}},
		 {"\0a", 2},
		 "_ucs2 X'0061' COLLATE ucs2_general_ci"},
	};
	struct buf sql;

	(void)state;
	buf_init(&sql);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&sql);
		chunk_sql_literal(&sql, &cases[i].part, cases[i].value);
		assert_slice(buf_slice(&sql), cases[i].expected);
	}
	buf_fini(&sql);
}

static void every_type_has_a_literal_or_none(void **state)
{
	static const enum column_type none[] = {COLUMN_FLOAT,    COLUMN_DOUBLE, COLUMN_ENUM,
						COLUMN_SET,      COLUMN_JSON,   COLUMN_GEOMETRY,
						COLUMN_LONGTEXT, COLUMN_BLOB};
	struct column column = {.type = COLUMN_BIT};

	(void)state;
	assert_int_equal(chunk_literal_of(&column), CHUNK_LITERAL_BITS);
	column.type = COLUMN_UUID;
	assert_int_equal(chunk_literal_of(&column), CHUNK_LITERAL_QUOTED);
	column.type = COLUMN_YEAR;
	assert_int_equal(chunk_literal_of(&column), CHUNK_LITERAL_NUMBER);
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		column.type = none[i];
		assert_int_equal(chunk_literal_of(&column), CHUNK_LITERAL_NONE);
	}
}

/* ---- integers ---- */

static void integers_keep_their_order(void **state)
{
	static const char *const ascending[] = {"-9223372036854775808", "-1", "0", "1",
						"9223372036854775807"};
	char text[NUM_INT_MAX];
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		n = border_print(border_parse(slice_str(ascending[i]), false), false, text);
		assert_slice(slice_of(text, n), ascending[i]);
		if (i)
			assert_true(border_parse(slice_str(ascending[i - 1]), false) <
				    border_parse(slice_str(ascending[i]), false));
	}
	n = border_print(border_parse(SLICE("18446744073709551615"), true), true, text);
	assert_slice(slice_of(text, n), "18446744073709551615");
}

/* Rows in dense heaps, each with a row for each `step` keys. */
struct heaps {
	unsigned n, asked;
	struct heap {
		uint64_t first, last, step;
	} heaps[3];
};

static uint64_t count_rows(const struct heaps *heaps, uint64_t first, uint64_t last)
{
	uint64_t rows = 0;

	for (unsigned i = 0; i < heaps->n; i++) {
		const struct heap *heap = &heaps->heaps[i];
		uint64_t from = first > heap->first ? first : heap->first;
		uint64_t to = last < heap->last ? last : heap->last;
		if (from <= to)
			rows += (to - from) / heap->step + 1;
	}
	return rows;
}

static int estimate_heaps(void *arg, uint64_t first, uint64_t last, uint64_t *rows, struct err *err)
{
	struct heaps *heaps = arg;

	(void)err;
	heaps->asked++;
	*rows = count_rows(heaps, first, last);
	return 0;
}

/* Cuts chunks of 1,000 rows until the rest is one. Returns their number. */
static unsigned cut_heaps(struct heaps *heaps, uint64_t *largest)
{
	const struct heap *last_heap = &heaps->heaps[heaps->n - 1];
	struct border_keys keys = {heaps->heaps[0].first, last_heap->last, 0};
	struct err err = ERR_INIT;
	unsigned chunks = 1;
	uint64_t last;

	*largest = 0;
	while ((keys.rows = count_rows(heaps, keys.first, keys.last)) > 1500) {
		assert_int_equal(border_search(&keys, 1000, estimate_heaps, heaps, &last, &err), 1);
		assert_true(last >= keys.first && last < keys.last);
		uint64_t rows = count_rows(heaps, keys.first, last);
		*largest = rows > *largest ? rows : *largest;
		/* the first key of the next chunk, as the server finds it */
		for (keys.first = last + 1; count_rows(heaps, keys.first, keys.first) == 0;)
			keys.first = heaps->heaps[1].first;
		chunks++;
	}
	return chunks;
}

static void even_keys_need_one_estimate_each(void **state)
{
	struct heaps heaps = {.n = 1, .heaps = {{0, 999999, 1}}};
	uint64_t largest;
	unsigned chunks = cut_heaps(&heaps, &largest);

	(void)state;
	assert_true(largest <= 1500);
	assert_in_range(chunks, 990, 1010);
	assert_in_range(heaps.asked, chunks - 1, chunks + 10);
}

static void skewed_keys_need_few_estimates(void **state)
{
	struct heaps heaps = {.n = 2,
			      .heaps = {{0, 39999, 1}, {UINT64_MAX - 19999, UINT64_MAX, 1}}};
	uint64_t largest;
	unsigned chunks = cut_heaps(&heaps, &largest);

	(void)state;
	assert_true(largest <= 1500);
	assert_in_range(chunks, 50, 100);
	assert_in_range(heaps.asked, chunks, chunks * 12);
}

/* What the estimates do not show is left to the walk: here all rows but one are one key. */
static int estimate_one_heap(void *arg, uint64_t first, uint64_t last, uint64_t *rows,
			     struct err *err)
{
	(void)arg, (void)err;
	*rows = first <= 5000 && last >= 5000 ? 1000000 : 1;
	return 0;
}

static void a_border_that_is_not_found(void **state)
{
	const struct border_keys keys = {0, UINT64_MAX, 1000000};
	struct err err = ERR_INIT;
	uint64_t last;

	(void)state;
	assert_int_equal(border_search(&keys, 1000, estimate_one_heap, NULL, &last, &err), 0);
}

/* ---- the signature of a key ---- */

static void signature_of_a_key(void **state)
{
	const struct server server = {.mariadb = true, .version = 101119};
	struct buf text;

	(void)state;
	buf_init(&text);
	chunk_key_sign(&three_key, &table, NULL, &server, &text);
	assert_slice(buf_slice(&text),
		     "u`k (`a``b` int(11), `name` varchar(20) collate utf8mb4_bin desc, "
		     "`id` bigint(20)) on MariaDB 101119");
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(select_of_a_range),
		cmocka_unit_test(select_of_several_parts),
		cmocka_unit_test(walk_to_a_row),
		cmocka_unit_test(comments_cannot_end_early),
		cmocka_unit_test(literals_by_kind),
		cmocka_unit_test(every_type_has_a_literal_or_none),
		cmocka_unit_test(integers_keep_their_order),
		cmocka_unit_test(even_keys_need_one_estimate_each),
		cmocka_unit_test(skewed_keys_need_few_estimates),
		cmocka_unit_test(a_border_that_is_not_found),
		cmocka_unit_test(signature_of_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
