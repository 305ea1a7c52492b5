/* The nouns of model: types, tables, names. */
#include "model/table.h"
#include "model/types.h"

#include "model/change.h"
#include "model/ddl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const struct slice labels[] = {{"x", 1}, {"y", 1}};
static const unsigned first[] = {0}, second[] = {1}, both[] = {0, 1};

static struct column columns[] = {
	{.name = SLICE("Id"), .sql_type = SLICE("int"), .type = COLUMN_INT},
	{.name = SLICE("kind"),
	 .sql_type = SLICE("enum('x','y')"),
	 .type = COLUMN_ENUM,
	 .charset = CHARSET_UTF8MB4,
	 .nlabels = 2,
	 .labels = labels},
	{.name = SLICE("note"), .sql_type = SLICE("text"), .type = COLUMN_TEXT, .nullable = true},
};

static const struct table_index indexes[] = {
	{.name = SLICE("PRIMARY"), .unique = true, .ncolumns = 1, .columns = first},
	{.name = SLICE("k"), .ncolumns = 1, .columns = second},
	{.name = SLICE("u"), .unique = true, .ncolumns = 2, .columns = both},
};

static struct table make(void)
{
	return (struct table){
		.db = SLICE("shop"),
		.name = SLICE("t"),
		.full_name = SLICE("shop.t"),
		.engine = SLICE("InnoDB"),
		.charset = CHARSET_UTF8MB4,
		.version = 7,
		.ncolumns = 3,
		.columns = columns,
		.npk = 1,
		.pk = first,
		.nindexes = 3,
		.indexes = indexes,
	};
}

static void test_idents(void **state)
{
	static const struct {
		const char *a, *b;
		bool old, newer; /* one name by IDENT_UNICODE_3, by IDENT_UNICODE_14 */
	} cases[] = {
		{"Id", "iD", true, true},       {"Id", "Idx", false, false},
		{"", "", true, true},           {"É", "é", true, true},
		{"ИМЯ", "имя", true, true},     {"e", "é", false, false},
		{"İ", "i", true, false},        {"ı", "i", false, true},
		{"\u212a", "k", true, false},   {"ς", "σ", false, true},
		{"Σ", "σ", true, true},         {"ẞ", "ß", false, false},
		{"\xff", "\xff", true, true}, /* not UTF-8: equal only to itself */
		{"\xff", "\xfe", false, false}, {"\xc3", "\xc3\xa9", false, false},
		{"😀", "😀", true, true},
	};
	struct arena arena;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice a = slice_str(cases[i].a), b = slice_str(cases[i].b);
		assert_int_equal(ident_equal(IDENT_UNICODE_3, a, b), cases[i].old);
		assert_int_equal(ident_equal(IDENT_UNICODE_14, b, a), cases[i].newer);
	}
	assert_true(ident_compare(IDENT_UNICODE_3, SLICE("É"), SLICE("ê")) < 0);
	assert_true(ident_compare(IDENT_UNICODE_3, SLICE("ÊA"), SLICE("ê")) > 0);
	assert_int_equal(ident_rules_of(true, 110499), IDENT_UNICODE_3);
	assert_int_equal(ident_rules_of(true, 110500), IDENT_UNICODE_14);
	assert_int_equal(ident_rules_of(false, 110500), IDENT_UNICODE_3);
	arena_init(&arena, 0);
	assert_true(
		slice_equal(ident_lower(SLICE("Äb\u212aÇ\xff中"), &arena), SLICE("äbkç\xff中")));
	arena_fini(&arena);
}

static void test_column_by_name(void **state)
{
	struct table table = make();
	(void)state;
	assert_int_equal(table_column(&table, SLICE("kind")), 1);
	assert_int_equal(table_column(&table, SLICE("id")), 0);
	assert_int_equal(table_column(&table, SLICE("other")), -1);
	/* an exact name wins over an earlier name in another case */
	struct column two[] = {{.name = SLICE("A")}, {.name = SLICE("a")}};
	table.columns = two;
	table.ncolumns = 2;
	assert_int_equal(table_column(&table, SLICE("a")), 1);
}

static void test_unique_key(void **state)
{
	struct table table = make();
	struct table_index copy[3];
	(void)state;
	memcpy(copy, indexes, sizeof(copy));
	table.indexes = copy;
	assert_ptr_equal(table_unique_key(&table), &copy[2]);
	copy[2].has_prefix = true;
	assert_null(table_unique_key(&table));
	copy[2].has_prefix = false;
	static const unsigned nullable[] = {2};
	copy[2].columns = nullable;
	copy[2].ncolumns = 1;
	assert_null(table_unique_key(&table));
}

static void test_copy(void **state)
{
	struct table table = make();
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	struct table *copy = table_copy(&arena, &table);
	assert_true(table_same(&table, copy));
	assert_int_equal(copy->version, 7);
	assert_true(slice_equal(copy->full_name, SLICE("shop.t")));
	assert_true(slice_equal(copy->engine, SLICE("InnoDB")));
	assert_ptr_not_equal(copy->columns[1].labels, labels);
	assert_ptr_not_equal(copy->columns[1].labels[0].ptr, labels[0].ptr);
	assert_ptr_not_equal(copy->columns[0].name.ptr, columns[0].name.ptr);
	assert_ptr_not_equal(copy->indexes[2].columns, both);
	assert_ptr_not_equal(copy->pk, first);
	arena_fini(&arena);
}

/* Each attribute that changes the meaning of a row makes the tables differ. */
static void test_same(void **state)
{
	struct table a = make();
	(void)state;
	for (unsigned i = 0; i < 14; i++) {
		struct column changed[3];
		struct table_index other[3];
		struct table b = make();
		memcpy(changed, columns, sizeof(changed));
		memcpy(other, indexes, sizeof(other));
		b.columns = changed;
		b.indexes = other;
		b.version = 99;
		assert_true(table_same(&a, &b));
		struct slice relabelled[] = {{"x", 1}, {"z", 1}};
		switch (i) {
		case 0:
			changed[0].name = SLICE("id");
			break;
		case 1:
			changed[0].type = COLUMN_BIGINT;
			break;
		case 2:
			changed[0].is_unsigned = true;
			break;
		case 3:
			changed[2].charset = CHARSET_LATIN1;
			break;
		case 4:
			changed[2].nullable = false;
			break;
		case 5:
			changed[1].labels = relabelled;
			break;
		case 6:
			changed[1].nlabels = 1;
			break;
		case 7:
			changed[0].length = 4;
			break;
		case 8:
			changed[0].scale = 4;
			break;
		case 9:
			changed[0].is_virtual = true;
			break;
		case 10:
			b.ncolumns = 2;
			break;
		case 11:
			b.pk = second;
			break;
		case 12:
			other[2].unique = false;
			break;
		default:
			b.nindexes = 2;
			break;
		}
		assert_false(table_same(&a, &b));
		assert_false(table_same(&b, &a));
	}
}

static void test_types(void **state)
{
	enum column_type type;
	enum transport transport;
	(void)state;
	for (unsigned i = 0; i < COLUMN_TYPE_COUNT; i++) {
		assert_true(
			column_type_parse(slice_str(column_type_name((enum column_type)i)), &type));
		assert_int_equal(type, i);
	}
	assert_true(column_type_parse(SLICE("VARCHAR"), &type));
	assert_int_equal(type, COLUMN_VARCHAR);
	assert_true(column_type_parse(SLICE("geomcollection"), &type));
	assert_int_equal(type, COLUMN_GEOMETRY);
	assert_false(column_type_parse(SLICE("money"), &type));
	assert_false(column_type_parse(SLICE(""), &type));
	for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
		assert_true(
			transport_parse(slice_str(transport_name((enum transport)i)), &transport));
		assert_int_equal(transport, i);
	}
	assert_false(transport_parse(SLICE("long"), &transport));
}

static void test_transport_of_columns(void **state)
{
	struct column bit = {.type = COLUMN_BIT, .length = 1}, date = {.type = COLUMN_DATETIME};
	(void)state;
	assert_int_equal(column_transport(&bit), TRANSPORT_BOOLEAN);
	bit.length = 2;
	assert_int_equal(column_transport(&bit), TRANSPORT_BYTES);
	assert_int_equal(column_transport(&date), TRANSPORT_DATE);
	assert_int_equal(column_transport(&columns[1]), TRANSPORT_STRING);
	struct column binary = columns[1];
	binary.charset = CHARSET_BINARY;
	assert_int_equal(column_transport(&binary), TRANSPORT_BYTES);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(change_op_name(CHANGE_INSERT), "insert");
	assert_string_equal(change_op_name(CHANGE_READ), "read");
	assert_string_equal(ddl_op_name(DDL_ERASE), "ERASE");
	assert_string_equal(ddl_op_name(DDL_QUERY), "QUERY");
}

static void families_of_types(void **state)
{
	(void)state;
	static const struct {
		enum column_type type;
		bool text, binary, blob, free_text, disguised;
	} cases[] = {
		{COLUMN_CHAR, .text = true, .free_text = true},
		{COLUMN_LONGTEXT, .text = true, .blob = true, .free_text = true},
		{COLUMN_VARBINARY, .binary = true},
		{COLUMN_TINYBLOB, .binary = true, .blob = true},
		{COLUMN_ENUM, .free_text = true},
		{COLUMN_JSON, .free_text = true, .disguised = true},
		{COLUMN_UUID, .disguised = true},
		{COLUMN_DATE, .text = false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum column_type type = cases[i].type;
		assert_int_equal(column_type_is_text(type), cases[i].text);
		assert_int_equal(column_type_is_binary(type), cases[i].binary);
		assert_int_equal(column_type_is_blob(type), cases[i].blob);
		assert_int_equal(column_type_is_free_text(type), cases[i].free_text);
		assert_int_equal(column_type_is_disguised(type), cases[i].disguised);
	}
}

static void numbers_are_integers_decimals_and_floats(void **state)
{
	(void)state;
	static const enum column_type yes[] = {COLUMN_TINYINT, COLUMN_BIGINT, COLUMN_DECIMAL,
					       COLUMN_FLOAT, COLUMN_DOUBLE};
	static const enum column_type no[] = {COLUMN_BIT, COLUMN_YEAR, COLUMN_CHAR, COLUMN_VECTOR};
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(column_type_is_number(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(column_type_is_number(no[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idents),
		cmocka_unit_test(test_column_by_name),
		cmocka_unit_test(test_unique_key),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_transport_of_columns),
		cmocka_unit_test(test_names),
		cmocka_unit_test(numbers_are_integers_decimals_and_floats),
		cmocka_unit_test(families_of_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
