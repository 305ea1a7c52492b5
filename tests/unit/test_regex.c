#include "unit.h"

#include "base/regex.h"

static struct regex *compile(const char *pattern, bool nocase)
{
	struct err err = ERR_INIT;
	struct regex *regex = regex_new(slice_str(pattern), nocase, &err);
	assert_non_null(regex);
	return regex;
}

static void captures_groups(void **state)
{
	(void)state;
	struct regex *regex = compile("^(\\w+)_(\\d+)(x)?$", false);
	struct slice groups[6];
	assert_int_equal(regex_match(regex, SLICE("order_0012"), 0, groups, 6), 4);
	assert_slice(groups[0], "order_0012");
	assert_slice(groups[1], "order");
	assert_slice(groups[2], "0012");
	assert_null(groups[3].ptr);
	assert_null(groups[5].ptr);
	assert_int_equal(regex_match(regex, SLICE("order_"), 0, groups, 6), 0);
	assert_int_equal(regex_match(regex, SLICE("order_1"), 0, NULL, 0), 4);
	regex_free(regex);
}

static void searches_from_start(void **state)
{
	(void)state;
	struct regex *regex = compile("a.", false);
	struct slice text = SLICE("a1 a2");
	struct slice match;
	assert_int_equal(regex_match(regex, text, 0, &match, 1), 1);
	assert_slice(match, "a1");
	assert_int_equal(regex_match(regex, text, 2, &match, 1), 1);
	assert_ptr_equal(match.ptr, text.ptr + 3);
	assert_int_equal(regex_match(regex, text, 5, &match, 1), 0);
	assert_int_equal(regex_match(regex, text, 6, &match, 1), 0);
	regex_free(regex);
}

static void empty_text_and_empty_match(void **state)
{
	(void)state;
	struct regex *regex = compile("x*", false);
	struct slice match;
	assert_int_equal(regex_match(regex, slice_of(NULL, 0), 0, &match, 1), 1);
	assert_int_equal(match.len, 0);
	assert_non_null(match.ptr);
	regex_free(regex);
}

static void case_and_unicode(void **state)
{
	(void)state;
	struct regex *regex = compile("^\xc3\xa4.$", true); /* a umlaut, one character */
	assert_int_equal(regex_match(regex, SLICE("\xc3\x84\xe2\x82\xac"), 0, NULL, 0), 1);
	assert_int_equal(regex_match(regex, SLICE("\xc3\x84xy"), 0, NULL, 0), 0);
	regex_free(regex);
	regex = compile("^A$", false);
	assert_int_equal(regex_match(regex, SLICE("a"), 0, NULL, 0), 0);
	regex_free(regex);
}

static void invalid_utf8_in_the_text_is_no_error(void **state)
{
	(void)state;
	struct regex *regex = compile("b+", false);
	struct slice match;
	assert_int_equal(regex_match(regex,
				     SLICE("\xff\xfe"
					   "bb\x80"),
				     0, &match, 1),
			 1);
	assert_slice(match, "bb");
	regex_free(regex);
}

static void wrong_pattern_is_shown(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_null(regex_new(SLICE("ab(c"), false, &err));
	assert_int_equal(err.code, ERR_SCRIPT);
	assert_non_null(strstr(err.text, "'ab(c'"));
	assert_non_null(strstr(err.text, "missing closing parenthesis"));
	assert_non_null(strstr(err.text, "at character 5"));
	assert_null(regex_new(SLICE("\xff"), false, &err));
	regex_free(NULL);
}

static void catastrophic_pattern_ends_with_an_error(void **state)
{
	(void)state;
	struct regex *regex = compile("^(a+)+$", false);
	assert_int_equal(regex_match(regex, SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
				     0, NULL, 0),
			 -1);
	assert_int_equal(regex_match(regex, SLICE("aaa"), 0, NULL, 0), 2);
	regex_free(regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_groups),
		cmocka_unit_test(searches_from_start),
		cmocka_unit_test(empty_text_and_empty_match),
		cmocka_unit_test(case_and_unicode),
		cmocka_unit_test(invalid_utf8_in_the_text_is_no_error),
		cmocka_unit_test(wrong_pattern_is_shown),
		cmocka_unit_test(catastrophic_pattern_ends_with_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
