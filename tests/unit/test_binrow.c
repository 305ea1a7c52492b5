/* Rows of the binary protocol: fields that do not fit the catalog, cut and damaged packets. test_cell tests the
 * values of every type. */
#include "decode/binrow.h"

#include "decode/wire.h"

#include "unit/cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { FLAG_UNSIGNED = 32 }; /* of the protocol: UNSIGNED_FLAG */

static struct cells cells;

static const struct cells_group *group_of(bool mariadb, const char *sql_type)
{
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *g = &cells.groups[i];
		if (g->mariadb == mariadb &&
		    slice_equal(g->columns[0].sql_type, slice_str(sql_type)))
			return g;
	}
	fail_msg("%s is not captured", sql_type);
	return NULL;
}

static void expect_error(const struct cells_group *g, struct binrow_field field, unsigned nfields,
			 const char *text)
{
	struct binrow_field fields[] = {field, g->fields[1]};
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	assert_int_equal(binrow_layout(fields, nfields, &g->table, &arena, &layout, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_null(layout);
	if (strstr(err.text, text) == NULL)
		fail_msg("'%s' is not in: %s", text, err.text);
	arena_fini(&arena);
}

static void test_fields_that_do_not_fit(void **state)
{
	(void)state;
	const struct cells_group *g = group_of(false, "int unsigned");
	struct binrow_field field = g->fields[0];
	expect_error(g, field, 1, "the catalog has 2 columns, and the server returns 1");
	field.flags &= (uint16_t)~FLAG_UNSIGNED;
	expect_error(g, field, 2, "table capture.t: column c: it is int in the catalog");
	field = g->fields[0];
	field.wire = WIRE_LONGLONG;
	expect_error(g, field, 2, "the server returns BIGINT (type 8");
	field.wire = WIRE_DECIMAL_OLD; /* 0, which is "none" in the rules */
	expect_error(g, field, 2, "(type 0");
	field = g->fields[0];
	field.name = SLICE("z");
	expect_error(g, field, 2, "returns column z where the catalog has c");
	g = group_of(false, "varchar(10)");
	field = g->fields[0];
	field.charset = 8;
	expect_error(g, field, 2, "character set utf8mb4 in the catalog");
	g = group_of(false, "blob");
	field = g->fields[0];
	field.charset = 45;
	expect_error(g, field, 2, "is blob in the catalog");
}

/* A column that the query selects as NULL. */
static void test_null_field(void **state)
{
	static const uint8_t packet[] = {0, 4, 7, 0, 0, 0};
	const struct cells_group *g = group_of(false, "int unsigned");
	struct binrow_field fields[] = {{.name = SLICE("NULL"), .wire = WIRE_NULL}, g->fields[1]};
	struct arena arena;
	struct row_layout *layout;
	struct cell row_cells[2];
	struct value value;
	struct err err = ERR_INIT;
	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(binrow_layout(fields, 2, &g->table, &arena, &layout, &err), 0);
	struct row row = {.layout = layout, .cells = row_cells};
	assert_int_equal(binrow_split(slice_of(packet, sizeof(packet)), &row, &err), 0);
	assert_int_equal(row_value(&row, 0, &arena, &value, &err), 0);
	assert_int_equal(value.kind, VALUE_NULL);
	assert_int_equal(row_value(&row, 1, &arena, &value, &err), 0);
	assert_int_equal(value.i, 7);
	arena_fini(&arena);
}

static void read_all(const struct row *row, struct arena *arena)
{
	for (unsigned i = 0; i < row->layout->ncells; i++) {
		struct value value;
		struct err err = ERR_INIT;
		if (row_value(row, i, arena, &value, &err) < 0)
			assert_non_null(strstr(err.text, "column c"));
	}
}

static void cut_and_flip(const struct row_layout *layout, struct slice packet, struct arena *arena)
{
	struct cell row_cells[2];
	struct row row = {.layout = layout, .cells = row_cells};
	size_t most = packet.len < 300 ? packet.len : 300;
	for (size_t n = 0; n < most; n++) {
		struct err err = ERR_INIT;
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, packet.ptr, n);
		assert_int_equal(binrow_split(slice_of(copy, n), &row, &err), -1);
		assert_non_null(strstr(err.text, "capture.t"));
		free(copy);
	}
	for (size_t bit = 0; bit < 8 * most; bit++) {
		struct err err = ERR_INIT;
		uint8_t *copy = malloc(packet.len);
		memcpy(copy, packet.ptr, packet.len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (binrow_split(slice_of(copy, packet.len), &row, &err) == 0)
			read_all(&row, arena);
		free(copy);
	}
}

static void test_every_prefix_and_flip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *g = &cells.groups[i];
		struct arena arena;
		struct row_layout *layout;
		struct err err = ERR_INIT;
		arena_init(&arena, 0);
		assert_int_equal(binrow_layout(g->fields, 2, &g->table, &arena, &layout, &err), 0);
		for (unsigned k = 0; k < g->ncases && k < 4; k++) {
			struct arena values;
			arena_init(&values, 0);
			cut_and_flip(layout, g->cases[k].packet, &values);
			arena_fini(&values);
		}
		arena_fini(&arena);
	}
}

static void test_lengths_of_every_size(void **state)
{
	static const size_t sizes[] = {0, 1, 250, 251, 255, 256, 65535, 65536, 70000};
	const struct cells_group *g = group_of(false, "longblob");
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(binrow_layout(g->fields, 2, &g->table, &arena, &layout, &err), 0);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cell row_cells[2];
		struct row row = {.layout = layout, .cells = row_cells};
		size_t n = sizes[i], at = 2;
		uint8_t *packet = calloc(1, n + 20);
		if (n < 251) {
			packet[at++] = (uint8_t)n;
		} else {
			unsigned bytes = n < 65536 ? 2 : 3;
			packet[at++] = n < 65536 ? 0xfc : 0xfd;
			for (unsigned k = 0; k < bytes; k++)
				packet[at++] = (uint8_t)(n >> (8 * k));
		}
		assert_int_equal(binrow_split(slice_of(packet, at + n + 4), &row, &err), 0);
		assert_int_equal(row_cells[0].len, n);
		assert_int_equal(row_cells[0].offset, at);
		free(packet);
	}
	arena_fini(&arena);
}

static int setup(void **state)
{
	(void)state;
	cells_load(&cells);
	return cells.ngroups > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cells_free(&cells);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_that_do_not_fit),
		cmocka_unit_test(test_null_field),
		cmocka_unit_test(test_every_prefix_and_flip),
		cmocka_unit_test(test_lengths_of_every_size),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
