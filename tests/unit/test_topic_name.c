#include "unit.h"

#include "model/topic_name.h"

static void names_that_kafka_accepts(void **state)
{
	(void)state;
	char longest[TOPIC_NAME_MAX];
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(topic_name_check(SLICE("a.b_c-D9"), NULL), TOPIC_NAME_LEGAL);
	assert_int_equal(topic_name_check(SLICE("azAZ09"), NULL), TOPIC_NAME_LEGAL);
	assert_int_equal(topic_name_check(SLICE("..."), NULL), TOPIC_NAME_LEGAL);
	assert_int_equal(topic_name_check(SLICE(".a"), NULL), TOPIC_NAME_LEGAL);
	assert_int_equal(topic_name_check(slice_of(longest, sizeof(longest)), NULL),
			 TOPIC_NAME_LEGAL);
}

static void names_that_kafka_refuses(void **state)
{
	(void)state;
	char longer[TOPIC_NAME_MAX + 1];
	size_t at = 99;
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(topic_name_check(SLICE(""), &at), TOPIC_NAME_EMPTY);
	assert_int_equal(topic_name_check((struct slice){NULL, 0}, &at), TOPIC_NAME_EMPTY);
	assert_int_equal(topic_name_check(SLICE("."), &at), TOPIC_NAME_DOTS);
	assert_int_equal(topic_name_check(SLICE(".."), &at), TOPIC_NAME_DOTS);
	assert_int_equal(topic_name_check(slice_of(longer, sizeof(longer)), &at), TOPIC_NAME_LONG);
	assert_int_equal(at, 99);
	assert_int_equal(topic_name_check(SLICE("a b/c"), &at), TOPIC_NAME_CHARACTER);
	assert_int_equal(at, 1);
	for (int c = 0; c < 256; c++) {
		char name[] = {'x', (char)c};
		bool legal = c != 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789._-",
					      c) != NULL;
		assert_int_equal(topic_name_check(slice_of(name, 2), NULL),
				 legal ? TOPIC_NAME_LEGAL : TOPIC_NAME_CHARACTER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_kafka_accepts),
		cmocka_unit_test(names_that_kafka_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
