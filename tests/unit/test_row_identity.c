/* The identity of a row: for every value of tests/data/cells.txt, the image of the binlog and the row of a copy give the same
 * bytes, and different keys different ones. */
#include "unit.h"

#include "engine/lane/row_identity.h"

#include "decode/rows.h"

#include "unit/cells.h"

static struct cells cells;

static const unsigned columns[] = {0, 1};
static const struct row_key key = {2, columns};

static void identify(const struct row *row, struct arena *arena, struct buf *out)
{
	struct err err = ERR_INIT;
	if (row_identity(row, NULL, &key, arena, out, &err) != 1)
		fail_msg("%s", err.text);
}

/* Whether no key can have the column: its cells are compressed, or their text shows two values alike. */
static bool is_no_key(const struct cells_group *group, const struct row_layout *layout)
{
	for (unsigned i = 0; i < group->columns[0].nlabels; i++)
		if (group->columns[0].labels[i].len == 0)
			return true;
	return layout->unpacks || group->columns[0].type == COLUMN_JSON;
}

static struct row_layout *logged_layout(const struct cells_group *group, struct arena *arena)
{
	const struct event_format format = {.mariadb = group->mariadb};
	struct event event = cells_event(EVENT_TABLE_MAP, group->map);
	struct table_map map;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	if (table_map_parse(&event, &format, &map, &err) < 0 ||
	    table_map_layout(&map, &group->table, arena, &layout, &err) < 0)
		fail_msg("%s: %s", group->title, err.text);
	return layout;
}

static void identify_logged(const struct cells_group *group, const struct cells_case *c,
			    const struct row_layout *layout, struct arena *arena, struct buf *out)
{
	const struct event_format format = {.mariadb = group->mariadb};
	struct event event =
		cells_event(group->mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2, c->rows);
	struct cell a[2], b[2];
	struct row before = {.layout = layout, .cells = a}, after = {.layout = layout, .cells = b};
	struct rows rows;
	struct err err = ERR_INIT;
	uint32_t offset;
	assert_int_equal(rows_parse(&event, &format, &rows, &err), 0);
	assert_int_equal(rows_next(&rows, &before, &after, &offset, &err), 1);
	identify(&after, arena, out);
}

static void identify_copied(const struct cells_group *group, const struct cells_case *c,
			    struct arena *arena, struct buf *out)
{
	struct row_layout *layout;
	struct cell b[2];
	struct row row = {.cells = b};
	struct err err = ERR_INIT;
	assert_int_equal(binrow_layout(group->fields, 2, &group->table, arena, &layout, &err), 0);
	row.layout = layout;
	assert_int_equal(binrow_split(c->packet, &row, &err), 0);
	identify(&row, arena, out);
}

static bool same_everywhere(const struct cells_group *group, const struct cells_case *c,
			    const struct row_layout *layout, struct arena *arena)
{
	struct buf logged, copied;
	bool same;
	buf_init(&logged);
	buf_init(&copied);
	identify_logged(group, c, layout, arena, &logged);
	identify_copied(group, c, arena, &copied);
	same = slice_equal(buf_slice(&logged), buf_slice(&copied));
	buf_fini(&logged);
	buf_fini(&copied);
	if (!same)
		print_error("%s\n  %s: not the same\n", group->title, c->sql);
	return same;
}

static void both_phases_give_the_same_bytes(void **state)
{
	unsigned n = 0, failures = 0;
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *group = &cells.groups[i];
		const struct row_layout *layout;
		struct arena arena;
		arena_init(&arena, 0);
		layout = logged_layout(group, &arena);
		for (unsigned k = 0; !is_no_key(group, layout) && k < group->ncases; k++, n++)
			failures += !same_everywhere(group, &group->cases[k], layout, &arena);
		arena_fini(&arena);
	}
	print_message("%u values, %u failures\n", n, failures);
	assert_int_equal(failures, 0);
	assert_true(n > 500);
}

/* A row of two texts. The first has `cut` bytes. */
static void identify_texts(const char *bytes, uint32_t cut, uint32_t len, struct buf *out)
{
	static const struct column text = {.type = COLUMN_VARCHAR};
	static struct cell_layout layouts[] = {{.column = &text}, {.column = &text}};
	static const struct row_layout layout = {.ncells = 2, .cells = layouts};
	struct cell both[] = {{0, cut}, {cut, len - cut}};
	struct row row = {.layout = &layout, .base = (const uint8_t *)bytes, .cells = both};
	buf_clear(out);
	identify(&row, NULL, out);
}

static void parts_do_not_run_together(void **state)
{
	struct buf a, b;
	(void)state;
	buf_init(&a);
	buf_init(&b);
	identify_texts("abc", 1, 3, &a);
	identify_texts("abc", 2, 3, &b);
	assert_false(slice_equal(buf_slice(&a), buf_slice(&b)));
	identify_texts("abc", 1, 3, &b);
	assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
	buf_fini(&a);
	buf_fini(&b);
}

/* The after image of binlog_row_image = MINIMAL has only the columns that have changed. */
static void absent_columns_come_from_the_other_image(void **state)
{
	static const struct column text = {.type = COLUMN_VARCHAR};
	static struct cell_layout layouts[] = {{.column = &text}, {.column = &text}};
	static const struct row_layout layout = {.ncells = 2, .cells = layouts};
	struct cell first[] = {{0, 1}, {1, 1}}, second[] = {{0, CELL_ABSENT}, {0, 1}};
	const struct row before = {&layout, (const uint8_t *)"ab", 2, first, NULL};
	const struct row after = {&layout, (const uint8_t *)"c", 1, second, NULL};
	struct buf a, b;
	struct err err = ERR_INIT;
	(void)state;
	buf_init(&a);
	buf_init(&b);
	assert_int_equal(row_identity(&after, &before, &key, NULL, &a, &err), 1);
	identify_texts("ac", 1, 2, &b);
	assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
	assert_int_equal(row_identity(&after, NULL, &key, NULL, &a, &err), 0);
	buf_fini(&a);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_phases_give_the_same_bytes),
		cmocka_unit_test(parts_do_not_run_together),
		cmocka_unit_test(absent_columns_come_from_the_other_image),
	};
	int rc;
	cells_load(&cells);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	cells_free(&cells);
	return rc;
}
