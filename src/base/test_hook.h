/* test_hook: environment variables that change the program for tests and measurements. Only this
 * table's code reads TIDEWAY_* variables (tests/lint/hooks). They are not for users and may change
 * in any version. A script may use other TIDEWAY_* names (env.TIDEWAY_X), so an unknown name is not
 * an error. tests/lint/hooks finds names that a test misspells. A number that is not valid ends the
 * process: test_hook_check.
 * Thread: any; no thread changes the environment after the start. */
#ifndef TIDEWAY_TEST_HOOK_H
#define TIDEWAY_TEST_HOOK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum test_hook_type { HOOK_TEXT, HOOK_NUMBER, HOOK_FLAG /* set or not */ };

/* X(id, variable, type, meaning) */
#define TEST_HOOKS(X)                                                                              \
	X(FAULT, "TIDEWAY_FAULT", HOOK_TEXT, "points that fail (base/fault.h)")                    \
	X(LEASE_MS, "TIDEWAY_LEASE_MS", HOOK_NUMBER,                                               \
	  "how long a lease lasts; its other times in proportion (sink/lease.h)")                  \
	X(TRANSACTION_MS, "TIDEWAY_TRANSACTION_MS", HOOK_NUMBER,                                   \
	  "how long one transaction of the checkpoint may take (sink/store)")                      \
	X(ALERT_MS, "TIDEWAY_ALERT_MS", HOOK_NUMBER,                                               \
	  "instead of the minute after which some conditions are alerts (control/alerts.c)")       \
	X(SNAPSHOT_MS, "TIDEWAY_SNAPSHOT_MS", HOOK_NUMBER,                                         \
	  "how long a full sync that keeps metadata locks begins tables (engine/run.c)")           \
	X(SNAPSHOT_WAY, "TIDEWAY_SNAPSHOT_WAY", HOOK_TEXT,                                         \
	  "\"lowest\": a snapshot begins at the lowest of its positions (source/snapshot.c)")      \
	X(UNTIL_END, "TIDEWAY_UNTIL_END", HOOK_FLAG,                                               \
	  "the stream ends where the binlog ends at its start (engine/run.c)")

enum test_hook {
#define X(id, variable, type, meaning) HOOK_##id,
	TEST_HOOKS(X)
#undef X
		HOOK_COUNT
};

/* Returns the variable's text; NULL: not set. */
const char *test_hook_text(enum test_hook hook);
/* Returns the variable's number, or `fallback` if it is not set. */
int64_t test_hook_number(enum test_hook hook, int64_t fallback);
bool test_hook_is_set(enum test_hook hook);
/* Fails with ERR_USAGE if the value of a variable does not have its type. */
int test_hook_check(struct err *err) MUST_CHECK;

#endif
