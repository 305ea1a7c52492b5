/* check: the parts of `tideway check`.
 * Thread: main. */
#ifndef TIDEWAY_CHECK_H
#define TIDEWAY_CHECK_H

#include "control/check_report.h"
#include "control/look.h"

/* Check the brokers, the checkpoint and the topics of a sync. Nothing is written, and a running
 * sync is not disturbed. */
void check_kafka(struct report *report, struct look *look);
/* Report the size of the tables, and what their copy will take. */
void check_copy(struct report *report, struct look *look);
/* Check the checkpoint alone, when it is a file. */
void check_checkpoint_file(struct report *report, struct look *look);

#endif
