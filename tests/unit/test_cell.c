/* Every column type as real servers log it and return it: both must give the value that the server
 * shows in SQL (tests/data/cells.txt). */
#include "decode/cell.h"

#include "decode/rows.h"
#include "decode/wire.h"
#include "unit/cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <inttypes.h>

static struct cells cells;
static struct event_format format;

static void print_text(char *dst, size_t cap, const char *kind, struct slice text)
{
	int n = snprintf(dst, cap, "%s ", kind);
	for (size_t i = 0; i < text.len && (size_t)n + 8 < cap; i++) {
		uint8_t c = (uint8_t)text.ptr[i];
		if (c == '\\')
			n += sprintf(dst + n, "\\\\");
		else if (c < 32 || c == 127)
			n += sprintf(dst + n, "\\x%02x", c);
		else
			dst[n++] = (char)c;
	}
	dst[n] = '\0';
}

static void print_bytes(char *dst, struct slice bytes)
{
	int n = sprintf(dst, "bytes ");
	for (size_t i = 0; i < bytes.len; i++)
		n += sprintf(dst + n, "%02x", (uint8_t)bytes.ptr[i]);
}

static const char *print_value(const struct value *value)
{
	static char text[400000];
	switch (value->kind) {
	case VALUE_UNSET:
		return "unset";
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		snprintf(text, sizeof(text), "bool %" PRId64, value->i);
		break;
	case VALUE_I64:
		snprintf(text, sizeof(text), "i64 %" PRId64, value->i);
		break;
	case VALUE_U64:
		snprintf(text, sizeof(text), "u64 %" PRIu64, value->u);
		break;
	case VALUE_F32:
		snprintf(text, sizeof(text), "f32 %.17g", value->f);
		break;
	case VALUE_F64:
		snprintf(text, sizeof(text), "f64 %.17g", value->f);
		break;
	case VALUE_DECIMAL:
		print_text(text, sizeof(text), "decimal", value->text);
		break;
	case VALUE_MS:
		snprintf(text, sizeof(text), "ms %" PRId64, value->i);
		break;
	case VALUE_TEXT:
		print_text(text, sizeof(text), "text", value->text);
		break;
	case VALUE_BYTES:
		print_bytes(text, value->text);
		break;
	default:
		fail_msg("kind %d is not plain", value->kind);
	}
	return text;
}

/* Floats are compared as numbers: Python prints them in another notation. */
static bool same(const char *have, const char *want)
{
	if (have[0] == 'f' && strncmp(have, want, 4) == 0)
		return strtod(have + 4, NULL) == strtod(want + 4, NULL);
	return strcmp(have, want) == 0;
}

static unsigned failures;

/* Returns whether the first label is empty, which the server's text does not show. */
static bool has_empty_label(const struct column *column)
{
	for (unsigned i = 0; i < column->nlabels; i++) {
		if (column->labels[i].len == 0)
			return true;
	}
	return false;
}

static void check_plain(const struct cells_group *group, const struct cells_case *c,
			const char *phase, const char *have)
{
	if (same(have, c->want))
		return;
	failures++;
	print_error("%s\n  %s\n  %s: %.3000s\n  want:   %.3000s\n", group->title, c->sql, phase,
		    have, c->want);
}

/* Checks the plain value of a cell. The lossless value, which is copied to *value, is the same in all
 * phases. `first`: the value of an earlier phase, or NULL. */
static void check(const struct cells_group *group, const struct cells_case *c, const char *phase,
		  const struct row *row, struct arena *arena, const struct value *first,
		  struct value *value)
{
	struct err err = ERR_INIT;
	if (row_value(row, 0, arena, value, &err) < 0) {
		check_plain(group, c, phase, err.text);
		return;
	}
	struct value plain = *value;
	value_plain(&plain, arena);
	check_plain(group, c, phase, print_value(&plain));
	if (first == NULL || has_empty_label(&group->columns[0]) || value_equal(first, value))
		return;
	failures++;
	print_error("%s\n  %s\n  %s: not the value of the binlog\n", group->title, c->sql, phase);
}

static void check_binlog(const struct cells_group *group, struct slice body, struct arena *arena,
			 struct value *values)
{
	struct err err = ERR_INIT;
	struct event event = cells_event(EVENT_TABLE_MAP, body);
	struct table_map map;
	struct row_layout *layout;
	const struct event_format map_format = {.mariadb = group->mariadb};
	if (table_map_parse(&event, &map_format, &map, &err) < 0 ||
	    table_map_layout(&map, &group->table, arena, &layout, &err) < 0) {
		print_error("%s\n  %s\n", group->title, err.text);
		failures++;
		return;
	}
	for (unsigned i = 0; i < group->ncases; i++) {
		struct cell a[2], b[2];
		struct row before = {.layout = layout, .cells = a},
			   after = {.layout = layout, .cells = b};
		struct rows rows;
		uint32_t offset;
		event = cells_event(group->mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2,
				    group->cases[i].rows);
		assert_int_equal(rows_parse(&event, &format, &rows, &err), 0);
		assert_int_equal(rows_next(&rows, &before, &after, &offset, &err), 1);
		assert_int_equal(offset, 0);
		check(group, &group->cases[i], "binlog", &after, arena, NULL, &values[i]);
		assert_int_equal(rows_next(&rows, &before, &after, &offset, &err), 0);
	}
}

static void check_protocol(const struct cells_group *group, struct arena *arena,
			   const struct value *values)
{
	struct err err = ERR_INIT;
	struct row_layout *layout;
	if (binrow_layout(group->fields, 2, &group->table, arena, &layout, &err) < 0) {
		print_error("%s\n  %s\n", group->title, err.text);
		failures++;
		return;
	}
	for (unsigned i = 0; i < group->ncases; i++) {
		struct cell c[2];
		struct row row = {.layout = layout, .cells = c};
		assert_int_equal(binrow_split(group->cases[i].packet, &row, &err), 0);
		struct value value;
		check(group, &group->cases[i], "select", &row, arena, &values[i], &value);
	}
}

static void test_every_value_in_both_phases(void **state)
{
	unsigned n = 0;
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++) {
		struct arena arena;
		arena_init(&arena, 0);
		struct value *values = ARENA_ARRAY(&arena, cells.groups[i].ncases, struct value);
		check_binlog(&cells.groups[i], cells.groups[i].map, &arena, values);
		check_binlog(&cells.groups[i], cells.groups[i].full, &arena, values);
		check_protocol(&cells.groups[i], &arena, values);
		n += cells.groups[i].ncases;
		arena_fini(&arena);
	}
	print_message("%u values of %u columns, %u failures\n", n, cells.ngroups, failures);
	assert_int_equal(failures, 0);
	assert_true(n > 700);
}

static void test_every_column_type_is_captured(void **state)
{
	bool seen[COLUMN_TYPE_COUNT] = {false};
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++)
		seen[cells.groups[i].columns[0].type] = true;
	for (unsigned type = 0; type < COLUMN_TYPE_COUNT; type++) {
		if (!seen[type])
			fail_msg("no value of %s", column_type_name((enum column_type)type));
	}
}

/* Zero dates and those with a zero day keep their parts; their plain value is NULL. */
static void test_zero_dates_are_kept(void **state)
{
	static const struct column column = {.name = SLICE("d")};
	static const struct cell_layout layout = {.column = &column};
	static const struct {
		uint8_t bytes[3];
		struct civil civil;
		enum value_kind plain;
	} cases[] = {
		{{0, 0, 0}, {0}, VALUE_NULL},
		{{0x20, 0xc8, 0x0f}, {.year = 2020, .month = 1}, VALUE_NULL},
		{{0x01, 0xc8, 0x0f}, {.year = 2020, .day = 1}, VALUE_NULL},
		{{0x21, 0xc8, 0x0f}, {.year = 2020, .month = 1, .day = 1}, VALUE_MS},
	};
	struct value value;
	struct err err = ERR_INIT;
	cell_decode_fn *decode = cell_decoder(&column, WIRE_DATE, 0);
	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct value want = {.kind = VALUE_DATE, .civil = cases[i].civil};
		assert_int_equal(decode(&layout, cases[i].bytes, 3, NULL, &value, &err), 0);
		assert_true(value_equal(&value, &want));
		value_plain(&value, NULL);
		assert_int_equal(value.kind, cases[i].plain);
	}
}

/* Bytes that no server writes are errors that name the column. */
static void test_impossible_cells(void **state)
{
	static const struct slice labels[] = {{"a", 1}, {"b", 1}};
	static const struct column column = {.name = SLICE("col"), .nlabels = 2, .labels = labels};
	static const struct cell_layout layout = {.column = &column},
					decimal = {.column = &column, .meta = 10 << 8 | 2};
	static const uint8_t ones[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const struct {
		uint8_t wire;
		const struct cell_layout *layout;
		uint32_t len;
	} cases[] = {
		{WIRE_DATE, &layout, 3},        {WIRE_DATETIME2, &layout, 5},
		{WIRE_DATETIME, &layout, 8},    {WIRE_TIME2, &layout, 3},
		{WIRE_ENUM, &layout, 1},        {WIRE_SET, &layout, 1},
		{WIRE_NEWDECIMAL, &decimal, 5}, {WIRE_JSON, &layout, 8},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		struct value value;
		struct err err = ERR_INIT;
		arena_init(&arena, 0);
		const struct cell_layout *at = cases[i].layout;
		cell_decode_fn *decode = cell_decoder(&column, cases[i].wire, at->meta);
		assert_int_equal(decode(at, ones, cases[i].len, &arena, &value, &err), -1);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.text, "col"));
		arena_fini(&arena);
	}
}

static int setup(void **state)
{
	(void)state;
	event_format_init(&format);
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
		cmocka_unit_test(test_every_value_in_both_phases),
		cmocka_unit_test(test_every_column_type_is_captured),
		cmocka_unit_test(test_zero_dates_are_kept),
		cmocka_unit_test(test_impossible_cells),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
