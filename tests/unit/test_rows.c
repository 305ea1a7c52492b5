/* Rows events of real servers split into rows, whole, cut and damaged. */
#include "decode/rows.h"

#include "decode/cell.h"
#include "decode/table_map.h"
#include "unit/cells.h"
#include "unit/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct column columns[] = {
	{.name = SLICE("id"), .type = COLUMN_INT, .charset = CHARSET_BINARY},
	{.name = SLICE("name"),
	 .type = COLUMN_VARCHAR,
	 .charset = CHARSET_UTF8MB4,
	 .length = 20,
	 .nullable = true},
	{.name = SLICE("big"),
	 .type = COLUMN_BIGINT,
	 .charset = CHARSET_BINARY,
	 .is_unsigned = true,
	 .nullable = true},
	{.name = SLICE("note"), .type = COLUMN_TEXT, .charset = CHARSET_UTF8MB4, .nullable = true},
};

static const struct table table = {.db = SLICE("events_db"),
				   .name = SLICE("t"),
				   .full_name = SLICE("events_db.t"),
				   .ncolumns = 4,
				   .columns = columns};

/* What a test needs to split the events of one scene. */
struct fixture {
	bool mariadb;
	const char *label;
	struct arena arena;
	struct event_format format;
	struct row_layout *layout;
	struct cell cells_before[4], cells_after[4];
	struct row before, after;
	struct rows rows;
};

static struct event parse_event(struct fixture *f, int type, unsigned n)
{
	const struct captured *c = NULL;
	unsigned at = 0;
	struct event event;
	struct err err = ERR_INIT;
	for (unsigned i = 0; i <= n; i++)
		c = events_next(f->mariadb, f->label, type, &at);
	if (c == NULL || event_parse(c->packet, &f->format, true, &event, &err) < 0)
		fail_msg("%s: no event %d", f->label, type);
	return event;
}

static void start(struct fixture *f, bool mariadb, const char *label,
		  const struct table *definition)
{
	struct table_map map;
	struct err err = ERR_INIT;
	*f = (struct fixture){.mariadb = mariadb, .label = label};
	arena_init(&f->arena, 0);
	f->format = events_format(mariadb);
	struct event event = parse_event(f, EVENT_TABLE_MAP, 0);
	assert_int_equal(table_map_parse(&event, &f->format, &map, &err), 0);
	if (table_map_layout(&map, definition, &f->arena, &f->layout, &err) < 0)
		fail_msg("%s", err.text);
	f->before = (struct row){.layout = f->layout, .cells = f->cells_before};
	f->after = (struct row){.layout = f->layout, .cells = f->cells_after};
}

/* op: 0 WRITE, 1 UPDATE, 2 DELETE */
static void open_rows(struct fixture *f, int op, unsigned n)
{
	struct err err = ERR_INIT;
	struct event event =
		parse_event(f, (f->mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2) + op, n);
	if (rows_parse(&event, &f->format, &f->rows, &err) < 0)
		fail_msg("%s", err.text);
}

static int next(struct fixture *f, uint32_t *offset)
{
	struct err err = ERR_INIT;
	return rows_next(&f->rows, &f->before, &f->after, offset, &err);
}

static int64_t integer(struct fixture *f, const struct row *row, unsigned i)
{
	struct value value;
	struct err err = ERR_INIT;
	assert_int_equal(row_value(row, i, &f->arena, &value, &err), 0);
	assert_int_equal(value.kind, VALUE_I64);
	return value.i;
}

static bool is(struct fixture *f, const struct row *row, unsigned i, const char *text)
{
	struct value value;
	struct err err = ERR_INIT;
	assert_int_equal(row_value(row, i, &f->arena, &value, &err), 0);
	if (text == NULL)
		return value.kind == VALUE_NULL;
	return value.kind == VALUE_TEXT && slice_equal(value.text, slice_str(text));
}

static void check_insert(struct fixture *f)
{
	struct value value;
	struct err err = ERR_INIT;
	uint32_t offset, last;
	open_rows(f, 0, 0);
	assert_int_equal(f->rows.op, CHANGE_INSERT);
	assert_int_equal(next(f, &offset), 1);
	assert_int_equal(offset, 0);
	assert_int_equal(integer(f, &f->after, 0), 1);
	assert_true(is(f, &f->after, 1, "one"));
	assert_int_equal(row_value(&f->after, 2, &f->arena, &value, &err), 0);
	assert_int_equal(value.kind, VALUE_U64);
	assert_true(value.u == UINT64_MAX);
	assert_int_equal(next(f, &last), 1);
	assert_true(last > offset);
	assert_int_equal(integer(f, &f->after, 0), 2);
	assert_true(is(f, &f->after, 1, NULL));
	assert_int_equal(integer(f, &f->after, 2), 0);
	assert_int_equal(f->after.cells[3].len, 300);
	assert_int_equal(next(f, &last), 1);
	assert_int_equal(integer(f, &f->after, 0), 3);
	assert_true(is(f, &f->after, 3, NULL));
	assert_int_equal(next(f, &last), 0);
	assert_int_equal(next(f, &last), 0);
	assert_ptr_equal(f->rows.next, f->rows.images.ptr + f->rows.images.len);
}

static void check_update(struct fixture *f)
{
	uint32_t offset;
	open_rows(f, 1, 0);
	assert_int_equal(f->rows.op, CHANGE_UPDATE);
	assert_int_equal(next(f, &offset), 1);
	assert_true(is(f, &f->before, 1, "one"));
	assert_true(is(f, &f->after, 1, "uno"));
	assert_int_equal(integer(f, &f->before, 0), 1);
	assert_int_equal(integer(f, &f->after, 0), 1);
	assert_true(row_cell_equal(&f->before, &f->after, 0));
	assert_false(row_cell_equal(&f->before, &f->after, 1));
	assert_int_equal(next(f, &offset), 1);
	assert_true(is(f, &f->before, 1, NULL));
	assert_true(is(f, &f->after, 1, "uno"));
	assert_int_equal(next(f, &offset), 0);
	open_rows(f, 2, 0);
	assert_int_equal(f->rows.op, CHANGE_DELETE);
	assert_int_equal(next(f, &offset), 1);
	assert_int_equal(integer(f, &f->before, 0), 2);
	assert_int_equal(next(f, &offset), 0);
}

static void test_rows_of_both_servers(void **state)
{
	(void)state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		struct fixture f;
		start(&f, mariadb, "rows", &table);
		check_insert(&f);
		check_update(&f);
		arena_fini(&f.arena);
	}
}

/* binlog_row_image=MINIMAL: absent columns are not NULL. */
static void test_minimal_images(void **state)
{
	static struct column minimal[] = {
		{.name = SLICE("id"), .type = COLUMN_INT},
		{.name = SLICE("a"), .type = COLUMN_INT, .nullable = true},
		{.name = SLICE("b"), .type = COLUMN_INT, .nullable = true},
	};
	static const struct table m = {
		.full_name = SLICE("events_db.m"), .ncolumns = 3, .columns = minimal};
	(void)state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		struct fixture f;
		struct value value;
		struct err err = ERR_INIT;
		uint32_t offset;
		start(&f, mariadb, "minimal", &m);
		open_rows(&f, 1, 0);
		assert_int_equal(f.rows.ncells_before, 1);
		assert_int_equal(f.rows.ncells_after, 1);
		assert_int_equal(next(&f, &offset), 1);
		assert_int_equal(integer(&f, &f.before, 0), 1);
		assert_int_equal(integer(&f, &f.after, 2), 4);
		assert_int_equal(row_value(&f.before, 1, &f.arena, &value, &err), 0);
		assert_int_equal(value.kind, VALUE_UNSET);
		assert_int_equal(row_value(&f.after, 0, &f.arena, &value, &err), 0);
		assert_int_equal(value.kind, VALUE_UNSET);
		assert_int_equal(next(&f, &offset), 0);
		arena_fini(&f.arena);
	}
}

static struct column partitioned_columns[] = {
	{.name = SLICE("id"), .type = COLUMN_INT, .charset = CHARSET_BINARY},
	{.name = SLICE("name"),
	 .type = COLUMN_VARCHAR,
	 .charset = CHARSET_UTF8MB4,
	 .length = 20,
	 .nullable = true},
};

static const unsigned partitioned_key[] = {0};
static const struct table partitioned = {.full_name = SLICE("events_db.h"),
					 .ncolumns = 2,
					 .columns = partitioned_columns,
					 .npk = 1,
					 .pk = partitioned_key};

/* Checks an event of one row: only the bytes of its image count. */
static void check_one(struct fixture *f, int op, unsigned n, uint64_t size, int64_t before,
		      int64_t after)
{
	uint32_t offset;
	open_rows(f, op, n);
	assert_int_equal(f->rows.size, size);
	assert_int_equal(next(f, &offset), 1);
	assert_int_equal(offset, 0);
	if (f->rows.op != CHANGE_INSERT)
		assert_int_equal(integer(f, &f->before, 0), before);
	if (f->rows.op != CHANGE_DELETE)
		assert_int_equal(integer(f, &f->after, 0), after);
	assert_int_equal(next(f, &offset), 0);
}

/* MySQL writes one event for each partition, with the partition in extra data. The sequenceId does not count those bytes (rule:
 * sequence-id). */
static void test_extra_data_of_partitions(void **state)
{
	struct fixture f;
	(void)state;
	start(&f, false, "partitioned", &partitioned);
	check_one(&f, 0, 0, 9, 0, 1);
	assert_true(is(&f, &f.after, 1, "one"));
	check_one(&f, 0, 1, 9, 0, 2);
	check_one(&f, 0, 2, 5, 0, 5);
	assert_true(is(&f, &f.after, 1, NULL));
	check_one(&f, 1, 0, 18, 2, 3);
	assert_true(is(&f, &f.after, 1, "two"));
	check_one(&f, 2, 0, 9, 1, 0);
	arena_fini(&f.arena);
}

static void test_hidden_columns_are_passed_over(void **state)
{
	/* CREATE TABLE lu (a INT, b TEXT, UNIQUE(b)); INSERT INTO lu VALUES (5,'q') */
	static const char image[] = "5d020000000001000307f8050000000100719402000000000000";
	static uint8_t sizes[] = {4, CELL_PREFIX + 2, 8};
	struct table two = {.full_name = SLICE("x.lu"), .ncolumns = 2};
	struct row_layout layout = {
		.table = &two, .ncells = 2, .fixed_size = 3, .private_data = sizes};
	struct cell *cells = malloc(2 * sizeof(*cells));
	struct row row = {.layout = &layout, .cells = cells};
	struct slice body = cells_bytes(image, sizeof(image) - 1);
	struct event_format format = events_format(true);
	struct event event = cells_event(EVENT_WRITE_ROWS_V1, body);
	struct rows rows;
	struct err err = ERR_INIT;
	uint32_t offset;
	(void)state;
	assert_int_equal(rows_parse(&event, &format, &rows, &err), 0);
	assert_int_equal(rows_next(&rows, NULL, &row, &offset, &err), 1);
	assert_int_equal(cells[0].len, 4);
	assert_int_equal(cells[1].len, 1);
	assert_int_equal(rows_next(&rows, NULL, &row, &offset, &err), 0);
	free(cells);
	free((void *)body.ptr);
}

/* binlog_row_image=MINIMAL, INSERT INTO t VALUES (): an image without columns has no bytes but is a row. */
static void test_a_row_without_columns_is_an_error(void **state)
{
	static const char image[] = "5d020000000001000400";
	struct row_layout layout = {.table = &table, .ncells = 4, .fixed_size = 4};
	struct row row = {.layout = &layout};
	struct slice body = cells_bytes(image, sizeof(image) - 1);
	struct event_format format = events_format(true);
	struct event event = cells_event(EVENT_WRITE_ROWS_V1, body);
	struct rows rows;
	struct err err = ERR_INIT;
	uint32_t offset;
	(void)state;
	assert_int_equal(rows_parse(&event, &format, &rows, &err), 0);
	assert_int_equal(rows_next(&rows, NULL, &row, &offset, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "events_db.t"));
	assert_non_null(strstr(err.text, "binlog_row_image = FULL"));
	free((void *)body.ptr);
}

static void test_refused_rows_name_the_setting(void **state)
{
	struct fixture f = {.format = events_format(true), .mariadb = true, .label = "compressed"};
	struct err err = ERR_INIT;
	(void)state;
	for (int type = EVENT_WRITE_ROWS_COMPRESSED_V1; type <= EVENT_DELETE_ROWS_COMPRESSED_V1;
	     type++) {
		struct event event = parse_event(&f, type, 0);
		assert_int_equal(rows_parse(&event, &f.format, &f.rows, &err), -1);
		assert_non_null(strstr(err.text, "log_bin_compress=OFF"));
		assert_non_null(strstr(err.text, event_name((uint8_t)type)));
		assert_int_equal(err.code, ERR_DATA);
		/* rows of an uncaptured table are counted by their uncompressed size */
		assert_int_equal(rows_head(&event, &f.format, &f.rows, &err), 0);
		assert_true(f.rows.refused && f.rows.size > 0);
		assert_int_not_equal(f.rows.size, f.rows.images.len);
	}
	f = (struct fixture){.format = events_format(false), .label = "partial-json"};
	struct event event = parse_event(&f, EVENT_PARTIAL_UPDATE_ROWS, 0);
	assert_int_equal(rows_parse(&event, &f.format, &f.rows, &err), -1);
	assert_non_null(strstr(err.text, "binlog_row_value_options=''"));
	assert_int_equal(rows_head(&event, &f.format, &f.rows, &err), 0);
	assert_true(f.rows.refused);
	assert_int_equal(f.rows.size, f.rows.images.len);
}

/* Parses a compressed event with these images. Its body: table id(6) flags(2) column count(1)
 * bitmap(1). Returns whether rows_head accepts it. */
static bool compressed_size(struct slice images, uint64_t *size)
{
	struct fixture f = {.format = events_format(true)};
	struct err err = ERR_INIT;
	char body[32] = {[0] = 1, [8] = 1, [9] = 1};
	memcpy(body + 10, images.ptr, images.len);
	struct event event = {.type = EVENT_WRITE_ROWS_COMPRESSED_V1};
	event.body = events_cut(slice_of(body, sizeof(body)), 10 + images.len);
	bool good = rows_head(&event, &f.format, &f.rows, &err) == 0;
	assert_int_equal(f.rows.images.len, images.len);
	*size = f.rows.size;
	free((void *)event.body.ptr);
	return good;
}

static void test_compressed_size(void **state)
{
	uint64_t size;
	(void)state;
	assert_true(compressed_size(SLICE("\x81\x2axx"), &size));
	assert_int_equal(size, 42);
	assert_true(compressed_size(SLICE("\x83\x01\x02\x03"), &size));
	assert_int_equal(size, 0x010203);
	assert_false(compressed_size(SLICE("\x83\x01\x02"), &size));
	assert_false(compressed_size(SLICE("\x85\x01\x02\x03\x04\x05"), &size));
	/* no images at all */
	assert_true(compressed_size(SLICE(""), &size));
	assert_int_equal(size, 0);
}

static void test_columns_must_agree(void **state)
{
	struct fixture f;
	uint32_t offset;
	(void)state;
	start(&f, true, "rows", &table);
	open_rows(&f, 0, 0);
	f.rows.ncolumns = 5;
	assert_int_equal(next(&f, &offset), -1);
	arena_fini(&f.arena);
}

/* Splits all rows and reads each cell. Expects an end and no over-read (ASan). */
static void drain(struct fixture *f, const struct event *event)
{
	struct err err = ERR_INIT;
	struct value value;
	uint32_t offset;
	int result;
	if (rows_parse(event, &f->format, &f->rows, &err) < 0) {
		assert_true(err.text[0]);
		return;
	}
	while ((result = rows_next(&f->rows, &f->before, &f->after, &offset, &err)) == 1) {
		const struct row *row = f->rows.op == CHANGE_DELETE ? &f->before : &f->after;
		for (unsigned i = 0; i < f->layout->ncells; i++) {
			if (row_value(row, i, &f->arena, &value, &err) < 0)
				assert_true(err.text[0]);
		}
	}
	if (result < 0)
		assert_non_null(strstr(err.text, f->layout->table->full_name.ptr));
}

static void cut_and_flip(bool mariadb, const char *label, const struct table *definition)
{
	struct fixture f;
	start(&f, mariadb, label, definition);
	for (int op = 0; op < 3; op++) {
		struct event whole = parse_event(
			&f, (mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2) + op, 0);
		struct slice body = whole.body;
		for (size_t n = 0; n < body.len; n++) {
			struct event event = whole;
			event.body = events_cut(body, n);
			drain(&f, &event);
			free((void *)event.body.ptr);
		}
		for (size_t bit_at = 0; bit_at < 8 * body.len; bit_at++) {
			struct event event = whole;
			event.body = events_cut(body, body.len);
			((uint8_t *)event.body.ptr)[bit_at / 8] ^= (uint8_t)(1 << bit_at % 8);
			drain(&f, &event);
			free((void *)event.body.ptr);
		}
	}
	arena_fini(&f.arena);
}

static void test_every_prefix_and_flip(void **state)
{
	(void)state;
	cut_and_flip(true, "rows", &table);
	cut_and_flip(false, "rows", &table);
	cut_and_flip(false, "partitioned", &partitioned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_both_servers),
		cmocka_unit_test(test_minimal_images),
		cmocka_unit_test(test_extra_data_of_partitions),
		cmocka_unit_test(test_hidden_columns_are_passed_over),
		cmocka_unit_test(test_a_row_without_columns_is_an_error),
		cmocka_unit_test(test_refused_rows_name_the_setting),
		cmocka_unit_test(test_compressed_size),
		cmocka_unit_test(test_columns_must_agree),
		cmocka_unit_test(test_every_prefix_and_flip),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
