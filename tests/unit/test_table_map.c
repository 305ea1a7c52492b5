/* TABLE_MAPs of real servers, joined with definitions that match and with definitions that do not. */
#include "decode/table_map.h"

#include "decode/table_meta.h"
#include "decode/wire.h"
#include "unit/cells.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct cells cells;

static struct table_map parse_of(bool mariadb, struct slice body)
{
	const struct event_format format = {.mariadb = mariadb};
	struct event event = cells_event(EVENT_TABLE_MAP, body);
	struct table_map map;
	struct err err = ERR_INIT;
	if (table_map_parse(&event, &format, &map, &err) < 0)
		fail_msg("%s", err.text);
	return map;
}

static struct table_map parse(struct slice body)
{
	return parse_of(true, body);
}

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

static void test_fields(void **state)
{
	const struct cells_group *g = group_of(true, "tinyint(4)");
	struct event event = cells_event(EVENT_TABLE_MAP, g->map);
	struct err err = ERR_INIT;
	struct slice identity;
	uint64_t id;
	(void)state;
	struct table_map map = parse(g->map);
	assert_true(slice_equal(map.db, SLICE("capture")));
	assert_true(slice_equal(map.name, SLICE("t")));
	assert_int_equal(map.ncolumns, 2);
	assert_int_equal(map.types[0], WIRE_TINY);
	assert_int_equal(map.types[1], WIRE_LONG);
	assert_int_equal(map.nullable[0], 1);
	assert_int_equal(map.optional.len, 0);
	assert_int_equal(table_map_id(&event, &id, &identity, &err), 0);
	assert_int_equal(id, map.table_id);
	assert_int_equal(identity.len, g->map.len - 6);
	assert_ptr_equal(identity.ptr, map.identity.ptr);
}

/* The key of a plan must not depend on the table id. */
static void test_identity(void **state)
{
	const struct cells_group *g = group_of(true, "tinyint(4)");
	(void)state;
	uint8_t *other = malloc(g->map.len);
	memcpy(other, g->map.ptr, g->map.len);
	other[0] ^= 0xff;
	struct table_map a = parse(g->map), b = parse(slice_of(other, g->map.len));
	assert_int_not_equal(a.table_id, b.table_id);
	assert_true(slice_equal(a.identity, b.identity));
	free(other);
}

static void expect_mismatch(const struct cells_group *g, struct slice body, struct column column,
			    const char *text)
{
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	struct column columns[2] = {column, g->columns[1]};
	struct table table = g->table;
	struct table_map map = parse_of(g->mariadb, body);
	arena_init(&arena, 0);
	table.columns = columns;
	assert_int_equal(table_map_layout(&map, &table, &arena, &layout, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_null(layout);
	if (strstr(err.text, text) == NULL)
		fail_msg("'%s' is not in: %s", text, err.text);
	assert_non_null(strstr(err.text, "capture.t"));
	arena_fini(&arena);
}

static void test_each_difference_is_told(void **state)
{
	(void)state;
	const struct cells_group *g = group_of(false, "int unsigned");
	struct column c = g->columns[0];
	c.is_unsigned = false;
	expect_mismatch(g, g->map, c, "column 1 (c): the catalog has signed, the binlog unsigned");
	c.type = COLUMN_BIGINT;
	c.sql_type = SLICE("bigint");
	expect_mismatch(g, g->map, c, "the catalog has bigint, the binlog INT");
	c = g->columns[0];
	c.name = SLICE("other");
	expect_mismatch(g, g->full, c, "column 1 (other): the binlog calls it c");
	g = group_of(false, "varchar(10)");
	c = g->columns[0];
	c.length = 11;
	expect_mismatch(g, g->map, c, "VARCHAR of 40 bytes");
	c = g->columns[0];
	c.charset = CHARSET_UTF16;
	expect_mismatch(g, g->map, c, "the catalog has character set utf16, the binlog utf8mb4");
	g = group_of(true, "decimal(10,2)");
	c = g->columns[0];
	c.scale = 3;
	expect_mismatch(g, g->map, c, "DECIMAL(10,2)");
	g = group_of(true, "datetime(3)");
	c = g->columns[0];
	c.scale = 0;
	expect_mismatch(g, g->map, c, "DATETIME(3)");
	g = group_of(true, "enum('a','b c','\303\244')");
	c = g->columns[0];
	struct slice labels[] = {SLICE("a"), SLICE("b c"), SLICE("z")};
	c.labels = labels;
	expect_mismatch(g, g->full, c, "label 3 is 'z' in the catalog, '\303\244' in the binlog");
	c.nlabels = 2;
	expect_mismatch(g, g->full, c, "the catalog has 2 labels, the binlog 3");
}

static void test_number_of_columns(void **state)
{
	const struct cells_group *g = group_of(true, "int(11)");
	struct table table = g->table;
	struct table_map map = parse(g->map);
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	(void)state;
	arena_init(&arena, 0);
	table.ncolumns = 1;
	assert_int_equal(table_map_layout(&map, &table, &arena, &layout, &err), -1);
	assert_non_null(strstr(err.text, "the catalog has 1 columns, the binlog 2"));
	assert_non_null(strstr(err.text, "binlog_row_metadata=FULL"));
	arena_fini(&arena);
}

static void check_same(const struct cells_group *g, const struct table *table)
{
	const struct column *want = &g->columns[0], *have = &table->columns[0];
	struct table copy = g->table;
	assert_true(slice_equal(have->name, want->name));
	if (want->type != have->type || want->charset != have->charset ||
	    want->length != have->length || want->scale != have->scale ||
	    want->is_unsigned != have->is_unsigned)
		fail_msg("%s became %s %s (%u,%u)", g->title, column_type_name(have->type),
			 charset_name(have->charset), have->length, have->scale);
	assert_int_equal(have->nlabels, want->nlabels);
	for (unsigned i = 0; i < want->nlabels; i++)
		assert_true(slice_equal(have->labels[i], want->labels[i]));
	assert_int_equal(table->npk, 1);
	assert_int_equal(table->pk[0], 1);
	assert_true(slice_equal(table->full_name, copy.full_name));
	assert_false(table->columns[1].nullable);
}

/* Returns whether MariaDB writes the type as another one. */
static bool is_vague(enum column_type type)
{
	return type == COLUMN_UUID || type == COLUMN_INET4 || type == COLUMN_INET6;
}

static void test_table_from_full_metadata(void **state)
{
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *g = &cells.groups[i];
		struct arena arena;
		struct table *table;
		struct row_layout *layout;
		struct err err = ERR_INIT;
		bool complete;
		struct table_map map = parse_of(g->mariadb, g->full);
		arena_init(&arena, 0);
		assert_int_equal(table_map_table(&map, NULL, &arena, &table, &complete, &err), 0);
		assert_true(complete);
		if (!is_vague(g->columns[0].type))
			check_same(g, table);
		/* a definition from the map fits the map */
		assert_int_equal(table_map_layout(&map, table, &arena, &layout, &err), 0);
		/* the known definition completes it */
		assert_int_equal(table_map_table(&map, &g->table, &arena, &table, &complete, &err),
				 0);
		check_same(g, table);
		assert_true(slice_equal(table->columns[0].sql_type, g->columns[0].sql_type));
		map = parse_of(g->mariadb, g->map);
		assert_int_equal(table_map_table(&map, NULL, &arena, &table, &complete, &err), 0);
		assert_false(complete);
		assert_null(table);
		arena_fini(&arena);
	}
}

/* MariaDB: CREATE TABLE lu (a INT, b TEXT, UNIQUE(b)): a third, hidden column. */
static void test_hidden_hash(void **state)
{
	static const char map_hex[] = "5d02000000000100086465636f64655f7800026c75000303fc08010207";
	static const unsigned key[] = {1};
	struct slice body = cells_bytes(map_hex, sizeof(map_hex) - 1);
	struct table_index index = {
		.name = SLICE("b"), .unique = true, .ncolumns = 1, .columns = key};
	struct column columns[] = {
		{.name = SLICE("a"),
		 .type = COLUMN_INT,
		 .charset = CHARSET_BINARY,
		 .nullable = true},
		{.name = SLICE("b"),
		 .type = COLUMN_TEXT,
		 .charset = CHARSET_LATIN1,
		 .nullable = true},
	};
	struct table table = {.db = SLICE("x"),
			      .name = SLICE("lu"),
			      .full_name = SLICE("x.lu"),
			      .ncolumns = 2,
			      .columns = columns,
			      .nindexes = 1,
			      .indexes = &index};
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	(void)state;
	arena_init(&arena, 0);
	struct table_map map = parse(body);
	assert_int_equal(table_map_layout(&map, &table, &arena, &layout, &err), 0);
	assert_int_equal(layout->ncells, 2);
	assert_int_equal(layout->fixed_size, 3);
	table.nindexes = 0; /* then it is an unknown column */
	assert_int_equal(table_map_layout(&map, &table, &arena, &layout, &err), -1);
	assert_non_null(strstr(err.text, "the catalog has 2 columns, the binlog 3"));
	arena_fini(&arena);
	free((void *)body.ptr);
}

static void expect_refused(const char *map_hex, unsigned ncolumns, const char *text)
{
	struct slice body = cells_bytes(map_hex, strlen(map_hex));
	struct column columns[2] = {
		{.name = SLICE("a"), .type = COLUMN_INT, .charset = CHARSET_BINARY},
		{.name = SLICE("b"),
		 .type = COLUMN_VARCHAR,
		 .charset = CHARSET_LATIN1,
		 .length = 20},
	};
	struct table table = {.full_name = SLICE("x.t"), .ncolumns = ncolumns, .columns = columns};
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	arena_init(&arena, 0);
	struct table_map map = parse(body);
	assert_int_equal(table_map_layout(&map, &table, &arena, &layout, &err), -1);
	if (strstr(err.text, text) == NULL)
		fail_msg("'%s' is not in: %s", text, err.text);
	arena_fini(&arena);
	free((void *)body.ptr);
}

static void test_refused_tables(void **state)
{
	(void)state;
	/* CREATE TABLE sv (a INT) WITH SYSTEM VERSIONING */
	expect_refused("5e02000000000100086465636f64655f7800027376000303111102060601", 1,
		       "SYSTEM VERSIONING");
	/* CREATE TABLE cc (a TEXT COMPRESSED, b VARCHAR(20) COMPRESSED) */
	expect_refused("6002000000000100086465636f64655f780002636300028c8d0302150003", 2,
		       "COMPRESSED");
	/* the same with type 200 in the first place */
	expect_refused("6002000000000100086465636f64655f78000263630002c88d0302150003", 2,
		       "type 200");
}

/* ---- optional metadata --------------------------------------------------------------------------- */

/* Table x.t: its columns (types, metadata, NULL bits) and optional fields, as hexadecimal. */
static struct table_map make_map(bool mariadb, const char *columns, const char *optional,
				 struct slice *body)
{
	char hex[400];
	snprintf(hex, sizeof(hex), "%s%s%s", "5d02000000000100017800017400", columns, optional);
	*body = cells_bytes(hex, strlen(hex));
	return parse_of(mariadb, *body);
}

struct expected {
	bool known;
	enum charset charset;
};

static void expect_charsets(bool mariadb, const char *columns, const char *optional,
			    const struct expected *expected)
{
	struct slice body;
	struct table_meta meta;
	struct arena arena;
	struct err err = ERR_INIT;
	struct table_map map = make_map(mariadb, columns, optional, &body);
	arena_init(&arena, 0);
	if (table_meta_parse(&map, &arena, &meta, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < map.ncolumns; i++) {
		assert_int_equal(meta.columns[i].has_charset, expected[i].known);
		if (expected[i].known)
			assert_int_equal(meta.columns[i].charset, expected[i].charset);
	}
	arena_fini(&arena);
	free((void *)body.ptr);
}

/* id INT, p POINT, a VARCHAR(40) CHARACTER SET latin1, b LONGBLOB; then v VECTOR(3), a TEXT CHARACTER SET latin1. */
#define SPATIAL_COLUMNS "0403ff0ffc04042800040e"
#define VECTOR_COLUMNS "02f2fc02040203"

static void test_columns_with_character_sets(void **state)
{
	const struct expected maria[] = {
		{false, 0}, {true, CHARSET_BINARY}, {true, CHARSET_LATIN1}, {true, CHARSET_BINARY}};
	const struct expected mysql[] = {
		{false, 0}, {false, 0}, {true, CHARSET_LATIN1}, {true, CHARSET_BINARY}};
	const struct expected vector[] = {{true, CHARSET_BINARY}, {true, CHARSET_LATIN1}};
	(void)state;
	expect_charsets(true, SPATIAL_COLUMNS, "02033f0108", maria); /* a default and another */
	expect_charsets(true, SPATIAL_COLUMNS, "03033f083f", maria); /* one by one */
	expect_charsets(false, SPATIAL_COLUMNS, "0302083f", mysql);
	expect_charsets(false, SPATIAL_COLUMNS, "02033f0008", mysql);
	expect_charsets(false, VECTOR_COLUMNS, "03023f080d0103", vector);
}

static void expect_damaged(bool mariadb, const char *columns, const char *optional)
{
	struct slice body;
	struct table_meta meta;
	struct arena arena;
	struct err err = ERR_INIT;
	struct table_map map = make_map(mariadb, columns, optional, &body);
	arena_init(&arena, 0);
	assert_int_equal(table_meta_parse(&map, &arena, &meta, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "x.t"));
	arena_fini(&arena);
	free((void *)body.ptr);
}

/* A field with more or fewer values than columns of its kind counts other columns than we do. */
static void test_fields_must_have_a_value_for_each_column(void **state)
{
	(void)state;
	expect_damaged(false, SPATIAL_COLUMNS, "03033f083f"); /* three, where MySQL counts two */
	expect_damaged(true, SPATIAL_COLUMNS, "0302083f");    /* two, where MariaDB counts three */
	expect_damaged(true, SPATIAL_COLUMNS, "02033f0308");  /* the fourth of three */
	expect_damaged(true, SPATIAL_COLUMNS, "01028000");    /* signedness of nine columns */
	expect_damaged(true, SPATIAL_COLUMNS, "07020101");    /* types of two geometries */
	expect_damaged(false, VECTOR_COLUMNS, "0d020303");
}

static void test_geometry_types_are_named(void **state)
{
	/* names(4): p; geometry type(7): point, then collection */
	static const struct {
		bool mariadb;
		const char *optional, *sql_type;
	} cases[] = {
		{true, "07010102013f04020170", "point"},
		{true, "07010702013f04020170", "geometrycollection"},
		{false, "07010704020170", "geomcollection"},
		{false, "04020170", "geometry"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice body;
		struct table *table;
		struct arena arena;
		struct err err = ERR_INIT;
		bool complete;
		struct table_map map =
			make_map(cases[i].mariadb, "01ff010401", cases[i].optional, &body);
		arena_init(&arena, 0);
		assert_int_equal(table_map_table(&map, NULL, &arena, &table, &complete, &err), 0);
		assert_true(complete);
		assert_true(slice_equal(table->columns[0].sql_type, slice_str(cases[i].sql_type)));
		arena_fini(&arena);
		free((void *)body.ptr);
	}
}

/* ---- contradictions ------------------------------------------------------------------------------ */

/* id INT PRIMARY KEY, c INT, with the fields of FULL and this key(8). */
static void expect_key(const char *key, const struct table *table, const char *text)
{
	char optional[80];
	struct slice body;
	struct arena arena;
	struct row_layout *layout;
	struct err err = ERR_INIT;
	snprintf(optional, sizeof(optional), "%s%s", "01010004050269640163", key);
	struct table_map map = make_map(false, "0203030002", optional, &body);
	arena_init(&arena, 0);
	int result = table_map_layout(&map, table, &arena, &layout, &err);
	if (text == NULL) {
		if (result < 0)
			fail_msg("%s", err.text);
	} else {
		assert_int_equal(result, -1);
		assert_int_equal(err.code, ERR_DATA);
		if (strstr(err.text, text) == NULL)
			fail_msg("'%s' is not in: %s", text, err.text);
	}
	arena_fini(&arena);
	free((void *)body.ptr);
}

static void test_primary_keys_are_compared(void **state)
{
	static const unsigned id[] = {0}, c[] = {1};
	const struct column columns[] = {
		{.name = SLICE("id"), .type = COLUMN_INT, .charset = CHARSET_BINARY},
		{.name = SLICE("c"), .type = COLUMN_INT, .charset = CHARSET_BINARY},
	};
	const struct table_index unique = {
		.name = SLICE("c"), .unique = true, .ncolumns = 1, .columns = c};
	struct table table = {.full_name = SLICE("x.t"), .ncolumns = 2, .columns = columns};
	(void)state;
	expect_key("", &table, NULL);
	expect_key("080100", &table, "the catalog has primary key (), the binlog (id)");
	table.npk = 1;
	table.pk = id;
	expect_key("080100", &table, NULL);
	expect_key("09020000", &table, NULL);
	expect_key("", &table, "the catalog has primary key (id), the binlog ()");
	expect_key("080101", &table, "the catalog has primary key (id), the binlog (c)");
	expect_key("08020001", &table, "the catalog has primary key (id), the binlog (id, c)");
	/* without a primary key the servers name a unique one */
	table.npk = 0;
	table.nindexes = 1;
	table.indexes = &unique;
	expect_key("080101", &table, NULL);
	expect_key("", &table, NULL);
	expect_key("080100", &table, "the catalog has primary key (), the binlog (id)");
}

/* The binlog alone does not determine some types: MariaDB's uuid is BINARY(16) in it, and its old times have no digits. */
static void test_vague_columns_need_a_definition(void **state)
{
	static const struct {
		const char *columns,
			*text; /* the error without a definition; NULL: the type is certain */
		struct column known;
	} cases[] = {
		{"01fe02fe1001", "BINARY(16), UUID or INET6", {.type = COLUMN_UUID}},
		{"01fe02fe0401", "BINARY(4) or INET4", {.type = COLUMN_BINARY, .length = 4}},
		{"01fe02fe0501", NULL, {.type = COLUMN_BINARY, .length = 5}},
		{"010c0001", "any number of digits", {.type = COLUMN_DATETIME, .scale = 3}},
		{"010b0001", "any number of digits", {.type = COLUMN_TIME, .scale = 0}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct column column = cases[i].known;
		struct table known = {.full_name = SLICE("x.t"), .ncolumns = 1, .columns = &column};
		struct slice body;
		struct arena arena;
		struct err err = ERR_INIT;
		struct table_map map = make_map(true, cases[i].columns, "02013f04020163", &body);
		column.name = SLICE("c");
		column.charset = CHARSET_BINARY;
		arena_init(&arena, 0);
		assert_int_equal(table_map_sure(&map, &known, &arena, &err), 0);
		assert_int_equal(table_map_sure(&map, NULL, &arena, &err), cases[i].text ? -1 : 0);
		if (cases[i].text)
			assert_non_null(strstr(err.text, cases[i].text));
		map = parse_of(false, body); /* MySQL has neither */
		assert_int_equal(table_map_sure(&map, NULL, &arena, &err), 0);
		arena_fini(&arena);
		free((void *)body.ptr);
	}
}

static void test_every_prefix_and_flip(void **state)
{
	(void)state;
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *g = &cells.groups[i];
		size_t most = g->full.len < 400 ? g->full.len : 400;
		for (size_t n = 0; n < most * 2; n++) {
			bool flip = n >= most;
			size_t len = flip ? g->full.len : n;
			uint8_t *copy = malloc(len ? len : 1);
			memcpy(copy, g->full.ptr, len);
			if (flip)
				copy[n - most] ^= (uint8_t)(1 << n % 8);
			struct event event = cells_event(EVENT_TABLE_MAP, slice_of(copy, len));
			struct table_map map;
			struct err err = ERR_INIT;
			const struct event_format format = {.mariadb = g->mariadb};
			if (table_map_parse(&event, &format, &map, &err) == 0) {
				struct arena arena;
				struct row_layout *layout;
				struct table *table;
				bool complete;
				arena_init(&arena, 0);
				int result =
					table_map_layout(&map, &g->table, &arena, &layout, &err);
				assert_true(result == 0 || err.text[0]);
				result = table_map_table(&map, &g->table, &arena, &table, &complete,
							 &err);
				assert_true(result == 0 || err.text[0]);
				arena_fini(&arena);
			}
			free(copy);
		}
	}
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
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_each_difference_is_told),
		cmocka_unit_test(test_number_of_columns),
		cmocka_unit_test(test_table_from_full_metadata),
		cmocka_unit_test(test_hidden_hash),
		cmocka_unit_test(test_refused_tables),
		cmocka_unit_test(test_columns_with_character_sets),
		cmocka_unit_test(test_fields_must_have_a_value_for_each_column),
		cmocka_unit_test(test_geometry_types_are_named),
		cmocka_unit_test(test_primary_keys_are_compared),
		cmocka_unit_test(test_vague_columns_need_a_definition),
		cmocka_unit_test(test_every_prefix_and_flip),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
