#include "unit.h"

#include "base/err.h"
#include "base/fault.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void arm(const char *rules)
{
	if (rules != NULL)
		setenv("TIDEWAY_FAULT", rules, 1);
	else
		unsetenv("TIDEWAY_FAULT");
	fault_init();
}

static void unarmed_points_pass(void **state)
{
	(void)state;
	arm(NULL);
	assert_false(fault_armed);
	for (unsigned i = 0; i < 10; i++)
		assert_false(FAULT(PRODUCE));
	arm("");
	assert_false(fault_armed);
}

/* Every point of the list can be named and fails at exactly its passage. */
static void each_point_fails_at_its_passage(void **state)
{
	(void)state;
	static const char *const names[] = {
#define X(id, name) name,
		FAULT_POINTS(X)
#undef X
	};
	for (unsigned i = 0; i < FAULT_COUNT; i++) {
		char rule[64];
		snprintf(rule, sizeof(rule), "%s:3", names[i]);
		arm(rule);
		assert_true(fault_armed);
		for (unsigned passage = 1; passage < 6; passage++)
			assert_int_equal(fault_hit((enum fault_point)i), passage == 3);
		assert_false(fault_hit((enum fault_point)((i + 1) % FAULT_COUNT)));
	}
}

static void several_rules(void **state)
{
	(void)state;
	arm("save:1,ack:2,save:3");
	assert_true(FAULT(SAVE));
	assert_false(FAULT(ACK));
	assert_false(FAULT(SAVE));
	assert_true(FAULT(ACK));
	assert_true(FAULT(SAVE));
	assert_false(FAULT(PRODUCE));
}

/* Runs one passage in a child; returns its wait status. */
static int status_of(const char *rules)
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		fclose(stderr);
		arm(rules);
		_exit(FAULT(SAVE) ? 42 : 43);
	}
	int status = -1;
	waitpid(child, &status, 0);
	return status;
}

static void kill_ends_the_process(void **state)
{
	(void)state;
	int status = status_of("save:1:kill");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(WEXITSTATUS(status_of("save:2:kill")), 43);
}

static void wrong_rules_are_usage_errors(void **state)
{
	(void)state;
	static const char *const wrong[] = {"nothing:1", "save",       "save:",   "save:0",
					    "save:x",    "save:1:die", "save:1,,"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int status = status_of(wrong[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unarmed_points_pass),
		cmocka_unit_test(each_point_fails_at_its_passage),
		cmocka_unit_test(several_rules),
		cmocka_unit_test(kill_ends_the_process),
		cmocka_unit_test(wrong_rules_are_usage_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
