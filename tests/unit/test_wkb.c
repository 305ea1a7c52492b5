/* The text of geometries. tests/integration/test_type_settings.py has those of the servers. */
#include "model/wkb.h"

#include "base/num.h"

#include "unit/unit.h"

static bool text_of(const char *digits, const char *expected)
{
	char wkb[512];
	size_t n = num_unhex(slice_str(digits), wkb);
	struct buf out;
	bool valid;
	buf_init(&out);
	valid = wkb_text(slice_of(wkb, n), &out);
	if (valid)
		assert_true(slice_equal(buf_slice(&out), slice_str(expected)));
	buf_fini(&out);
	return valid;
}

static void test_text(void **state)
{
	(void)state;
	assert_true(text_of("0101000000000000000000f03f0000000000000040", "POINT(1 2)"));
	assert_true(text_of("010700000000000000", "GEOMETRYCOLLECTION EMPTY"));
	assert_true(text_of("0104000000010000000101000000000000000000f03f0000000000000040",
			    "MULTIPOINT((1 2))"));
}

static void test_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"00",
		"0001000000000000000000f03f0000000000000040",   /* big-endian */
		"0108000000000000000000f03f0000000000000040",   /* no shape has the number 8 */
		"0100000000000000000000f03f0000000000000040",   /* nor 0 */
		"0101000000000000000000f03f00000000000000",     /* cut off */
		"0101000000000000000000f03f000000000000004000", /* a byte too many */
		"0101000000000000000000f07f0000000000000040",   /* infinity */
		"0102000000ffffffff000000000000f03f0000000000000040",
		"0104000000010000000102000000000000000000f03f0000000000000040", /* a line in it */
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(text_of(wrong[i], ""));
}

/* Collections in collections are refused before they exhaust the stack. */
static void test_depth(void **state)
{
	(void)state;
	enum { LEVELS = 100000, SIZE = 9 };
	static const uint8_t collection[SIZE] = {1, 7, 0, 0, 0, 1, 0, 0, 0};
	struct buf wkb, out;
	buf_init(&wkb);
	buf_init(&out);
	for (unsigned i = 0; i < LEVELS; i++)
		buf_append(&wkb, collection, SIZE);
	assert_false(wkb_text(buf_slice(&wkb), &out));
	buf_fini(&out);
	buf_fini(&wkb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
