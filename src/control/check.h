/* check: what the parts of `tideway check` share: the report, one line for each finding. Thread:
 * main. */
#ifndef TIDEWAY_CHECK_H
#define TIDEWAY_CHECK_H

#include "control/look.h"
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
/* Check the brokers, the checkpoint and the topics of a sync. Nothing is written, and a running
 * sync is not disturbed. */
void check_kafka(struct report *report, struct look *look);
/* Check the checkpoint alone, when it is a file. */
void check_checkpoint_file(struct report *report, struct look *look);

#endif
