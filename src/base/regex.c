#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include "base/mem.h"

#include <pcre2.h>
#include <stdlib.h>

enum {
	REGEX_STACK_MAX = 512 * 1024, /* bytes of the JIT's stack */
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;      /* every search uses it again */
	pcre2_match_context *context; /* limits and the stack */
	pcre2_jit_stack *stack;       /* NULL without a JIT */
	unsigned ngroups;             /* groups of the pattern + 1 */
};

static void *checked(void *ptr)
{
	if (ptr == NULL)
		abort(); /* out of memory */
	return ptr;
}

void regex_limit(struct regex *regex, uint32_t steps)
{
	pcre2_set_match_limit(regex->context, steps);
}

static void prepare(struct regex *regex)
{
	uint32_t groups = 0;
	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	regex->ngroups = groups + 1;
	regex->match = checked(pcre2_match_data_create_from_pattern(regex->code, NULL));
	regex->context = checked(pcre2_match_context_create(NULL));
	regex_limit(regex, REGEX_STEPS);
	if (pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) != 0)
		return; /* the interpreter has the same results */
	regex->stack = checked(pcre2_jit_stack_create(32 * 1024, REGEX_STACK_MAX, NULL));
	pcre2_jit_stack_assign(regex->context, NULL, regex->stack);
}

struct regex *regex_new(struct slice pattern, bool nocase, struct err *err)
{
	/* bytes that are not valid UTF-8 match nothing and cause no error */
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (nocase ? PCRE2_CASELESS : 0);
	int code = 0;
	PCRE2_SIZE at = 0;
	const char *text = pattern.ptr ? pattern.ptr : "";
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)text, pattern.len, options, &code, &at, NULL);
	if (compiled == NULL) {
		char why[256] = "";
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
		err_set(err, E_REGEX, "regex '%.*s': %s at character %zu", SLICE_FMT(pattern), why,
			at + 1);
		return NULL;
	}
	struct regex *regex = mem_array(1, sizeof(*regex));
	regex->code = compiled;
	prepare(regex);
	return regex;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_jit_stack_free(regex->stack);
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	free(regex);
}

/* Returns group i of the last match. \K can move the start after the end; the group is then
 * empty. */
static struct slice group(const struct regex *regex, const char *text, unsigned i)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);
	PCRE2_SIZE start = ends[2 * (size_t)i];
	PCRE2_SIZE end = ends[2 * (size_t)i + 1];
	if (start == PCRE2_UNSET)
		return (struct slice){NULL, 0};
	return slice_of(text + start, end > start ? end - start : 0);
}

int regex_match(struct regex *regex, struct slice text, size_t start, struct slice *captures,
		unsigned ncaptures)
{
	const char *ptr = text.ptr ? text.ptr : "";
	if (start > text.len)
		return 0;
	int n = pcre2_match(regex->code, (PCRE2_SPTR)ptr, text.len, start, 0, regex->match,
			    regex->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n < 0)
		return -1;
	for (unsigned i = 0; i < ncaptures; i++)
		captures[i] = i < regex->ngroups ? group(regex, ptr, i) : (struct slice){NULL, 0};
	return (int)regex->ngroups;
}
