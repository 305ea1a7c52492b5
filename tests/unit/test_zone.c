/* Files of the time zone database that are cut off or wrong. tests/lua/unit/time.lua has the times. */
#include "base/buf.h"
#include "base/file.h"
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buf berlin;

static int read_berlin(void **state)
{
	struct err err = ERR_INIT;
	(void)state;
	buf_init(&berlin);
	return file_read("/usr/share/zoneinfo/Europe/Berlin", &berlin, &err);
}

static int free_berlin(void **state)
{
	(void)state;
	buf_fini(&berlin);
	return 0;
}

/* Parse a copy that ends where its memory ends, so that a sanitizer sees a read after it. */
static struct zone *parse_copy(size_t len)
{
	char *copy = malloc(len + 1);
	struct zone *zone;
	memcpy(copy, berlin.ptr, len);
	copy = realloc(copy, len ? len : 1);
	zone = zone_parse(slice_of(copy, len));
	free(copy);
	return zone;
}

static void cut_off(void **state)
{
	struct zone *zone = parse_copy(berlin.len);
	(void)state;
	assert_non_null(zone);
	assert_int_equal(zone_at(zone, 0).offset, 3600);
	assert_string_equal(zone_at(zone, 0).abbreviation, "CET");
	zone_free(zone);
	for (size_t len = 0; len < berlin.len; len++)
		assert_null(parse_copy(len));
}

/* A wrong byte gives no zone or another one, whose times can be computed. */
static void wrong_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < berlin.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct zone *zone;
			int64_t seconds;
			berlin.ptr[i] = (char)(berlin.ptr[i] ^ 1 << bit);
			zone = parse_copy(berlin.len);
			if (zone) {
				zone_at(zone, INT64_C(-5000000000));
				zone_at(zone, INT64_C(5000000000));
				zone_utc(zone, INT64_C(1700000000), &seconds);
			}
			zone_free(zone);
			berlin.ptr[i] = (char)(berlin.ptr[i] ^ 1 << bit);
		}
}

/* A file with one kind of time and this rule after an empty table. */
static struct zone *with_rule(const char *rule)
{
	static const char HEADER[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\0\0\0\0\0\0\0\1\0\0\0\4";
	static const char DATA[] = "\0\0\0\0\0\0UTC";
	struct buf file;
	struct zone *zone;
	buf_init(&file);
	for (int i = 0; i < 2; i++) {
		buf_put(&file, slice_of(HEADER, 44));
		buf_put(&file, slice_of(DATA, 10));
	}
	buf_printf(&file, "\n%s\n", rule);
	zone = zone_parse(buf_slice(&file));
	buf_fini(&file);
	return zone;
}

static void assert_offset(const char *rule, int64_t seconds, int offset)
{
	struct zone *zone = with_rule(rule);
	assert_non_null(zone);
	assert_int_equal(zone_at(zone, seconds).offset, offset);
	zone_free(zone);
}

static void rules(void **state)
{
	static const char *const wrong[] = {"-1",
					    "CET",
					    "CET-1CEST",
					    "CET-1CEST,M3.5.0",
					    "CET-1CEST,M13.5.0,M10.5.0",
					    "CET-1CEST,M3.6.0,M10.5.0",
					    "CET-1CEST,M3.5.7,M10.5.0",
					    "CET-1CEST,J0,J9",
					    "CET-1CEST,400,1",
					    "CET-1CEST,M3.5.0,M10.5.0x",
					    "<CET-1",
					    "CETxyz-1CEST,M3.5.0/,1"};
	(void)state;
	assert_offset("<-03>3", 0, -3 * 3600);
	assert_offset("XXX-5:30:15", 0, 5 * 3600 + 1815);
	assert_offset("", 0, 0);
	/* 2024 has a 29 February: J60 is 1 March, day 59 is 29 February */
	assert_offset("AAA0BBB,J60/0,J61/0", 1709251200, 3600);
	assert_offset("AAA0BBB,J60/0,J61/0", 1709251199, 0);
	assert_offset("AAA0BBB-2,59/0,60/0", 1709164800, 7200);
	assert_offset("AAA0BBB-2,59/0,60/0", 1709164799, 0);
	/* the second Sunday in March 2024 is the 10th; times may be negative and over 24 hours */
	assert_offset("AAA0BBB,M3.2.0/-1,M11.1.0", 1710025200, 3600);
	assert_offset("AAA0BBB,M3.2.0/-1,M11.1.0", 1710025199, 0);
	assert_offset("AAA0BBB,M3.2.0/25,M11.1.0", 1710118799, 0);
	assert_offset("AAA0BBB,M3.2.0/25,M11.1.0", 1710118800, 3600);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct zone *zone = with_rule(wrong[i]);
		if (zone)
			fail_msg("%s is taken for a rule", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_off),
		cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(rules),
	};
	return cmocka_run_group_tests(tests, read_berlin, free_berlin);
}
