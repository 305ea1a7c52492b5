#include "unit.h"

#include "format/debezium_value.h"

static void expect(struct debezium_type type, struct value value, const char *text)
{
	struct buf out;
	buf_init(&out);
	debezium_value(&out, &type, &value);
	assert_slice(buf_slice(&out), text);
	buf_fini(&out);
}

static void expect_decimal(const char *literal, unsigned scale, const char *text)
{
	expect((struct debezium_type){DEBEZIUM_DECIMAL, true, scale},
	       (struct value){.kind = VALUE_DECIMAL, .text = slice_str(literal)}, text);
}

/* The shortest two's complement of the unscaled value, like BigInteger.toByteArray. */
static void decimals(void **state)
{
	(void)state;
	expect_decimal("0", 0, "\"AA==\"");
	expect_decimal("0.00", 2, "\"AA==\"");
	expect_decimal("1.27", 2, "\"fw==\"");
	expect_decimal("1.28", 2, "\"AIA=\"");
	expect_decimal("-1.28", 2, "\"gA==\"");
	expect_decimal("-1.29", 2, "\"/38=\"");
	expect_decimal("2.55", 2, "\"AP8=\"");
	expect_decimal("2.56", 2, "\"AQA=\"");
	expect_decimal("-2.56", 2, "\"/wA=\"");
	expect_decimal("42949672.96", 2, "\"AQAAAAA=\"");
	expect_decimal("-42949672.96", 2, "\"/wAAAAA=\"");
	expect_decimal("99999999999999999999999999999999999.999999999999999999999999999999", 30,
		       "\"APMWJxx/w5CKi+9GTjlF73olNgn//////////w==\"");
}

/* A literal from a script is rounded to the scale of the column. */
static void decimals_of_another_scale(void **state)
{
	const struct debezium_type type = {DEBEZIUM_DECIMAL, true, 2};
	(void)state;
	expect_decimal("1", 2, "\"ZA==\"");
	expect_decimal("1.005", 2, "\"ZQ==\"");
	expect(type, (struct value){.kind = VALUE_I64, .i = -3}, "\"/tQ=\"");
	expect(type, (struct value){.kind = VALUE_F64, .f = 1.5}, "\"AJY=\"");
	expect(type, (struct value){.kind = VALUE_NULL}, "null");
}

static void integers(void **state)
{
	(void)state;
	expect((struct debezium_type){DEBEZIUM_INT64, true, 0},
	       (struct value){.kind = VALUE_U64, .u = UINT64_MAX}, "-1");
	expect((struct debezium_type){DEBEZIUM_INT64, true, 0},
	       (struct value){.kind = VALUE_U64, .u = 4294967295}, "4294967295");
}

static struct value datetime(uint16_t year, uint8_t month, uint8_t day)
{
	return (struct value){.kind = VALUE_DATETIME,
			      .civil = {.year = year, .month = month, .day = day}};
}

static void zero_dates(void **state)
{
	(void)state;
	expect((struct debezium_type){DEBEZIUM_TIMESTAMP, true, 0}, datetime(0, 0, 0), "null");
	expect((struct debezium_type){DEBEZIUM_TIMESTAMP, false, 0}, datetime(0, 0, 0), "0");
	expect((struct debezium_type){DEBEZIUM_TIMESTAMP, true, 0}, datetime(2021, 3, 0), "null");
	expect((struct debezium_type){DEBEZIUM_ZONED_TIMESTAMP, true, 0},
	       (struct value){.kind = VALUE_TIMESTAMP, .i = VALUE_ZERO_TIMESTAMP},
	       "\"1970-01-01T00:00:00Z\"");
}

/* The connector's enable.time.adjuster. */
static void years_of_two_digits(void **state)
{
	const struct debezium_type type = {DEBEZIUM_DATE, true, 0};
	(void)state;
	expect(type, datetime(1, 1, 1), "11323");
	expect(type, datetime(69, 1, 1), "36160");
	expect(type, datetime(70, 1, 1), "0");
	expect(type, datetime(100, 1, 1), "-683003");
	expect(type, datetime(0, 1, 1), "null");
}

static void timestamps(void **state)
{
	const struct debezium_type type = {DEBEZIUM_ZONED_TIMESTAMP, true, 0};
	(void)state;
	expect(type, (struct value){.kind = VALUE_TIMESTAMP, .digits = 6, .i = 1614774896789100},
	       "\"2021-03-03T12:34:56.789100Z\"");
	expect(type, (struct value){.kind = VALUE_TIMESTAMP, .i = 1709164800000000},
	       "\"2024-02-29T00:00:00Z\"");
	expect(type, (struct value){.kind = VALUE_MS, .i = -1}, "\"1969-12-31T23:59:59.999Z\"");
}

static void bytes(void **state)
{
	(void)state;
	expect((struct debezium_type){DEBEZIUM_BITS, true, 0},
	       (struct value){.kind = VALUE_BYTES, .text = {"\x01\x02", 2}}, "\"AgE=\"");
	expect((struct debezium_type){DEBEZIUM_GEOMETRY, true, 0},
	       (struct value){.kind = VALUE_BYTES, .text = {"\0\0\0\0ab", 6}},
	       "{\"wkb\":\"YWI=\",\"srid\":null}");
	expect((struct debezium_type){DEBEZIUM_GEOMETRY, true, 0},
	       (struct value){.kind = VALUE_BYTES, .text = {"\xe6\x10\0\0ab", 6}},
	       "{\"wkb\":\"YWI=\",\"srid\":4326}");
	expect((struct debezium_type){DEBEZIUM_VECTOR, true, 0},
	       (struct value){.kind = VALUE_BYTES, .text = {"\0\0\x80\x3f\0\0\x20\xc0", 8}},
	       "[1,-2.5]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals),   cmocka_unit_test(decimals_of_another_scale),
		cmocka_unit_test(integers),   cmocka_unit_test(zero_dates),
		cmocka_unit_test(timestamps), cmocka_unit_test(years_of_two_digits),
		cmocka_unit_test(bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
