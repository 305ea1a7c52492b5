#include "base/fault.h"

#include "base/err.h"
#include "base/num.h"
#include "base/slice.h"
#include "base/test_hook.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAULT_RULES = 16 }; /* most rules in one TIDEWAY_FAULT */

struct fault_rule {
	enum fault_point point;
	uint64_t n; /* the passage that fails, 1-based */
	bool kill;  /* ends the process instead of failing */
};

bool fault_armed;

static struct fault_rule fault_rules[FAULT_RULES]; /* constant after fault_init */
static size_t fault_nrules;
static _Atomic uint64_t fault_passed[FAULT_COUNT]; /* passages of each point so far */

static const char *const fault_names[] = {
#define X(id, name) name,
	FAULT_POINTS(X)
#undef X
};

/* The text before the next `end`, which is taken from the rest. */
static struct slice take_until(struct slice *rest, char end)
{
	const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
	struct slice head = slice_of(rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len);
	size_t used = head.len + (at != NULL);
	*rest = slice_of(rest->ptr + used, rest->len - used);
	return head;
}

static bool parse_point(struct slice name, enum fault_point *point)
{
	for (unsigned i = 0; i < FAULT_COUNT; i++) {
		*point = (enum fault_point)i;
		if (slice_equal(name, slice_str(fault_names[i])))
			return true;
	}
	return false;
}

static bool parse_rule(struct slice text, struct fault_rule *rule)
{
	struct slice name = take_until(&text, ':');
	struct slice n = take_until(&text, ':');
	rule->kill = slice_equal(text, SLICE("kill"));
	return parse_point(name, &rule->point) && num_parse_u64(n, &rule->n) && rule->n > 0 &&
	       (rule->kill || text.len == 0);
}

static _Noreturn void refuse(struct slice rule)
{
	fprintf(stderr,
		"tideway: TIDEWAY_FAULT: cannot use '%.*s': write name:n or name:n:kill, name one "
		"of",
		SLICE_FMT(rule));
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		fprintf(stderr, " %s", fault_names[i]);
	fputc('\n', stderr);
	exit(ERR_USAGE);
}

void fault_init(void)
{
	struct slice rest = slice_str(test_hook_text(HOOK_FAULT));
	fault_nrules = 0;
	while (rest.len != 0) {
		struct slice rule = take_until(&rest, ',');
		if (fault_nrules == FAULT_RULES || !parse_rule(rule, &fault_rules[fault_nrules]))
			refuse(rule);
		fault_nrules++;
	}
	for (unsigned i = 0; i < FAULT_COUNT; i++)
		atomic_store(&fault_passed[i], 0);
	fault_armed = fault_nrules > 0;
}

bool fault_hit(enum fault_point point)
{
	uint64_t passage = atomic_fetch_add(&fault_passed[point], 1) + 1;
	for (size_t i = 0; i < fault_nrules; i++) {
		const struct fault_rule *rule = &fault_rules[i];
		if (rule->point != point || rule->n != passage)
			continue;
		if (rule->kill)
			raise(SIGKILL);
		return true;
	}
	return false;
}
