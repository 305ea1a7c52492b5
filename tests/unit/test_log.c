#include "stderr.h"
#include "unit.h"

#include "base/log.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool matches(const char *text, const char *pattern)
{
	regex_t regex;
	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	bool found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void write_each_level(void)
{
	log_debug("d");
	log_info("i %d", 1);
	log_warn("w");
	log_error("e");
}

static void lines_have_time_level_and_text(void **state)
{
	(void)state;
	log_set_level(LOG_INFO);
	const char *text = stderr_of(write_each_level);
	assert_true(matches(text,
			    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
			    "INFO  i 1\n[^\n]+Z WARN  w\n[^\n]+Z ERROR e\n$"));
}

static void levels_below_are_left_out(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	assert_true(matches(stderr_of(write_each_level), "^[^\n]*ERROR e\n$"));
	log_set_level(LOG_DEBUG);
	assert_true(matches(stderr_of(write_each_level), "^[^\n]*DEBUG d\n"));
	log_set_level(LOG_INFO);
}

static void write_status(void)
{
	log_status("50 %");
	log_info("line");
	log_status("");
}

static void no_status_line_without_a_terminal(void **state)
{
	(void)state;
	assert_true(matches(stderr_of(write_status), "^[^\n]*INFO  line\n$"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_time_level_and_text),
		cmocka_unit_test(levels_below_are_left_out),
		cmocka_unit_test(no_status_line_without_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
