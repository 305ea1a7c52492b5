/* check_report: what `tideway check` found, one line for each finding.
 * Thread: main. Owner: cmd_check. */
#ifndef TIDEWAY_CHECK_REPORT_H
#define TIDEWAY_CHECK_REPORT_H

#include "base/err.h"
#include "source/inspect.h"

struct report {
	unsigned failed, warned;
	enum err_id id; /* of the first failure */
	bool colour;
};

/* Print one finding on stdout at once, with its remedy below. level: FINDING_OK etc. id: of a
 * failure, else 0. */
void check_line(struct report *report, int level, struct slice what, struct slice found,
		struct slice remedy, enum err_id id);
void check_failed(struct report *report, const char *what, const struct err *err);

#endif
