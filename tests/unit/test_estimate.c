/* estimate: the arithmetic of what a copy takes; row_estimate; quantity. */
#include "unit.h"

#include "control/estimate.h"
#include "control/quantity.h"
#include "source/row_estimate.h"

static const struct table keyed = {.full_name = {"d.keyed", 7}, .npk = 1};
static const struct table keyless = {.full_name = {"d.plain", 7}};

static const char *text_of(struct buf *buf)
{
	static char text[300];
	snprintf(text, sizeof(text), "%s", buf_cstr(buf));
	buf_fini(buf);
	return text;
}

static const char *duration(double seconds)
{
	struct buf buf;
	buf_init(&buf);
	quantity_put_duration(&buf, seconds);
	return text_of(&buf);
}

static const char *bytes(uint64_t n)
{
	struct buf buf;
	buf_init(&buf);
	quantity_put_bytes(&buf, n);
	return text_of(&buf);
}

static void durations(void **state)
{
	(void)state;
	assert_string_equal(duration(0), "0.0 s");
	assert_string_equal(duration(9.94), "9.9 s");
	assert_string_equal(duration(9.96), "10 s");
	assert_string_equal(duration(119.4), "119 s");
	assert_string_equal(duration(120), "2 min");
	assert_string_equal(duration(7140), "119 min");
	assert_string_equal(duration(7200), "2 h");
	assert_string_equal(duration(11400), "3 h 10 min");
	assert_string_equal(duration(14399), "4 h");
	assert_string_equal(duration(172800), "2 days");
	assert_string_equal(duration(183600), "2 days 3 h");
}

static void sizes(void **state)
{
	(void)state;
	assert_string_equal(bytes(0), "0 bytes");
	assert_string_equal(bytes(999), "999 bytes");
	assert_string_equal(bytes(1000), "1.0 KB");
	assert_string_equal(bytes(16384), "16 KB");
	assert_string_equal(bytes(9960), "10 KB");
	assert_string_equal(bytes(999499), "999 KB");
	assert_string_equal(bytes(999999), "1.0 MB");
	assert_string_equal(bytes(1300000000000), "1.3 TB");
	assert_string_equal(bytes(UINT64_MAX), "18 EB");
}

/* ---- rows ---- */

static const struct column bigint = {.name = {"id", 2}};

static uint64_t rows_of(__int128 first, __int128 last, const struct key_density *densities,
			unsigned n)
{
	return row_estimate(&(struct key_ends){&bigint, first, last}, densities, n, 777);
}

static void a_dense_key_is_counted(void **state)
{
	const struct key_density dense[] = {{100, 100}, {100, 100}, {100, 100}, {40, 40}};
	(void)state;
	assert_int_equal(rows_of(1, 1000000, dense, 4), 1000000);
	assert_int_equal(rows_of(-500, 499, dense, 4), 1000);
}

static void gaps_are_taken_into_account(void **state)
{
	const struct key_density half[] = {{100, 200}, {100, 210}, {100, 190}, {100, 200}};
	(void)state;
	assert_in_range(rows_of(1, 1000000, half, 4), 495000, 505000);
	assert_in_range(rows_of(0, ((__int128)1 << 64) - 1, half, 4) / 1000000000, 9130000000,
			9320000000); /* half of 2^64 */
}

/* One key far away from the others makes every density but one meaningless. */
static void statistics_win_where_densities_differ(void **state)
{
	const struct key_density skewed[] = {{100, 100}, {1, 1e9}, {1, 1e9}, {1, 1e9}};
	(void)state;
	assert_int_equal(rows_of(1, 1000000, skewed, 4), 777);
}

static void no_row_is_left(void **state)
{
	const struct key_density none[] = {{0, 100}, {0, 50}};
	(void)state;
	assert_int_equal(rows_of(1, 200, none, 2), 0);
}

static void places_of_a_key(void **state)
{
	const struct key_ends ends = {&bigint, INT64_MIN, INT64_MAX};
	struct buf where;
	(void)state;
	buf_init(&where);
	key_ends_put_place(&ends, 0, 3, &where);
	assert_string_equal(buf_cstr(&where), "`id` >= -9223372036854775808");
	buf_clear(&where);
	key_ends_put_place(&ends, 2, 3, &where);
	assert_string_equal(buf_cstr(&where), "`id` >= 3074457345618258602");
	buf_fini(&where);
}

/* ---- the copy ---- */

static struct estimate estimate_of(struct table_estimate *tables, unsigned n)
{
	struct estimate estimate;
	estimate_init(&estimate);
	estimate.copies = true;
	estimate.tables = tables;
	estimate.ntables = n;
	return estimate;
}

static void a_sample_is_scaled(void **state)
{
	struct table_estimate table = {.table = &keyed, .rows = 1000000, .bytes = 5000000};
	(void)state;
	table_estimate_scale(&table, 10000, 0.05, 3000000);
	assert_float_equal(table.seconds, 5, 1e-9);
	assert_int_equal(table.topic_bytes, 300000000);
	table_estimate_scale(&table, 0, 0.05, 0);
	assert_float_equal(table.seconds, 0, 1e-9);
}

static void tables_without_a_sample_cost_as_much_for_a_byte(void **state)
{
	struct table_estimate tables[] = {
		{.table = &keyed,
		 .rows = 100,
		 .bytes = 4000,
		 .seconds = 8,
		 .topic_bytes = 12000,
		 .sampled = 10},
		{.table = &keyed, .rows = 50, .bytes = 1000},
		{.table = &keyed, .rows = 0, .bytes = 16384},
	};
	struct estimate estimate = estimate_of(tables, 3);
	(void)state;
	estimate_sum(&estimate);
	assert_float_equal(tables[1].seconds, 2, 1e-9);
	assert_int_equal(tables[1].topic_bytes, 3000);
	assert_float_equal(estimate.seconds, 10, 1e-9);
	assert_int_equal(estimate.rows, 150);
	assert_int_equal(estimate.topic_bytes, 15000);
	assert_int_equal(estimate.unsampled, 1);
	assert_float_equal(tables[2].seconds, 0, 1e-9);
}

static void lanes_make_it_faster_as_far_as_cores_are_free(void **state)
{
	(void)state;
	assert_float_equal(estimate_speedup(2, 2, 1), 2, 1e-9);
	assert_float_equal(estimate_speedup(2, 2, 1.6), 1.25, 1e-9);
	assert_float_equal(estimate_speedup(2, 2, 2.1), 1, 1e-9);
	assert_float_equal(estimate_speedup(4, 16, 2), 4, 1e-9);
	assert_float_equal(estimate_speedup(4, 16, 0), 1, 1e-9);
}

static void a_table_without_a_key_is_read_by_one_lane(void **state)
{
	struct table_estimate tables[] = {
		{.table = &keyless, .rows = 10, .bytes = 1, .seconds = 30, .sampled = 1},
		{.table = &keyed, .rows = 10, .bytes = 1, .seconds = 10, .sampled = 1},
	};
	struct estimate estimate = estimate_of(tables, 2);
	(void)state;
	estimate.speedup = 4;
	estimate_sum(&estimate);
	assert_float_equal(estimate.seconds, 30, 1e-9);
}

static void the_limit_of_the_script_counts(void **state)
{
	struct table_estimate table = {
		.table = &keyed, .rows = 10000, .bytes = 1, .seconds = 1, .sampled = 1};
	struct estimate estimate = estimate_of(&table, 1);
	(void)state;
	estimate.rows_per_second = 100;
	estimate_sum(&estimate);
	assert_float_equal(estimate.seconds, 100, 1e-9);
}

static void retention(void **state)
{
	struct estimate estimate = estimate_of(NULL, 0);
	struct buf text;
	(void)state;
	estimate.lanes = 2;
	estimate.seconds = 11400;
	estimate.rows = 1203000;
	estimate.topic_bytes = 1500000000;
	assert_int_equal(estimate_percent(&estimate), 0);
	assert_false(estimate_is_late(&estimate));
	buf_init(&text);
	estimate_put(&estimate, &text);
	assert_string_equal(
		text_of(&text),
		"about 3 h 10 min with 2 lanes, 1203000 rows, 1.5 GB in topics before compression, "
		"for each replica; binlogs are not purged by age");
	estimate.kept_s = 14400;
	assert_int_equal(estimate_percent(&estimate), 79);
	assert_true(estimate_is_late(&estimate));
	buf_init(&text);
	estimate_put(&estimate, &text);
	assert_non_null(strstr(text_of(&text), "; binlogs kept 4 h: 79 %"));
	estimate.seconds = 7128; /* 49.5 % */
	assert_true(estimate_is_late(&estimate));
	estimate.seconds = 7127;
	assert_false(estimate_is_late(&estimate));
	estimate.copies = false;
	estimate.seconds = 11400;
	assert_int_equal(estimate_percent(&estimate), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(a_dense_key_is_counted),
		cmocka_unit_test(gaps_are_taken_into_account),
		cmocka_unit_test(statistics_win_where_densities_differ),
		cmocka_unit_test(no_row_is_left),
		cmocka_unit_test(places_of_a_key),
		cmocka_unit_test(a_sample_is_scaled),
		cmocka_unit_test(tables_without_a_sample_cost_as_much_for_a_byte),
		cmocka_unit_test(lanes_make_it_faster_as_far_as_cores_are_free),
		cmocka_unit_test(a_table_without_a_key_is_read_by_one_lane),
		cmocka_unit_test(the_limit_of_the_script_counts),
		cmocka_unit_test(retention),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
