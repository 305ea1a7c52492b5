#include "base/test_hook.h"

#include "base/num.h"

#include <stdlib.h>

struct hook {
	const char *variable;
	enum test_hook_type type;
};

static const struct hook hooks[] = {
#define X(id, variable, type, meaning) {variable, type},
	TEST_HOOKS(X)
#undef X
};

const char *test_hook_text(enum test_hook hook)
{
	return getenv(hooks[hook].variable);
}

bool test_hook_is_set(enum test_hook hook)
{
	return test_hook_text(hook) != NULL;
}

static bool parse_number(const char *text, int64_t *number)
{
	uint64_t n;
	if (!num_parse_u64(slice_str(text), &n) || n > INT64_MAX)
		return false;
	*number = (int64_t)n;
	return true;
}

int64_t test_hook_number(enum test_hook hook, int64_t fallback)
{
	const char *text = test_hook_text(hook);
	int64_t number;
	return text && parse_number(text, &number) ? number : fallback;
}

int test_hook_check(struct err *err)
{
	int64_t number;
	for (unsigned i = 0; i < HOOK_COUNT; i++) {
		const char *text = test_hook_text((enum test_hook)i);
		if (text && hooks[i].type == HOOK_NUMBER && !parse_number(text, &number))
			return err_set(err, E_TEST_HOOK, "%s: '%s' is not a number",
				       hooks[i].variable, text);
	}
	return 0;
}
