/* check: what the parts of `tideway check` share: the report, a line for each point. Thread: main. */
#ifndef TIDEWAY_CHECK_H
#define TIDEWAY_CHECK_H

#include "control/look.h"
#include "source/inspect.h"

struct report {
	unsigned failed, warned;
	enum err_id id; /* of the first failure */
	bool colour;
};

/* Prints one point on stdout at once, with its remedy below. level: FINDING_OK ...; id: of a
 * failure, else 0. */
void check_line(struct report *report, int level, struct slice what, struct slice found,
		struct slice remedy, enum err_id id);
void check_failed(struct report *report, const char *what, const struct err *err);
/* Brokers, checkpoint and topics of the sync that is looked at. Nothing is written, and no running sync disturbed. */
void check_kafka(struct report *report, struct look *look);
/* The checkpoint alone, where it is a file. */
void check_checkpoint_file(struct report *report, struct look *look);

#endif
