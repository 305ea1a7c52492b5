#include "control/check_report.h"

#include <stdio.h>

void check_line(struct report *report, int level, struct slice what, struct slice found,
		struct slice remedy, enum err_id id)
{
	static const char *const WORDS[] = {"ok  ", "WARN", "FAIL"};
	static const char *const COLOURS[] = {"\033[32m", "\033[33m", "\033[31m"};
	printf("%s%s%s  %.*s: %.*s", report->colour ? COLOURS[level] : "", WORDS[level],
	       report->colour ? "\033[0m" : "", SLICE_FMT(what), SLICE_FMT(found));
	if (level == FINDING_FAIL)
		printf(" (E-%d)", (int)id);
	putchar('\n');
	if (level != FINDING_OK && remedy.len > 0)
		printf("      %.*s\n", SLICE_FMT(remedy));
	report->warned += level == FINDING_WARN;
	report->failed += level == FINDING_FAIL;
	if (level == FINDING_FAIL && report->id == E_NONE)
		report->id = id;
	fflush(stdout); /* the next line may have to wait for an answer */
}

void check_failed(struct report *report, const char *what, const struct err *err)
{
	check_line(report, FINDING_FAIL, slice_str(what), slice_str(err->text), SLICE(""), err->id);
}
