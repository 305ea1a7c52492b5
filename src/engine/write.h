/* write: one change to its messages: script, values, key, topic, envelope, sink. The same for the stream and
 * for full sync. Thread: the lane. */
#ifndef TIDEWAY_WRITE_H
#define TIDEWAY_WRITE_H

#include "engine/plan.h"

/* Writes plan->change (whose images are plan->before.row and plan->after.row as the op has them) through the
 * script into the lane's current slot. A row that cannot be written as asked is ERR_DATA with table and
 * position. */
int write_change(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* The same while the lane collects its messages: they stay until the caller empties lane->arena. */
int write_collected(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* The messages of plan->change once more, while a function of the script has it: for change:records(). events:
 * with on_row, filter and on_change. Nothing expires. */
int write_records(struct lane *lane, struct plan *plan, bool events, struct err *err) MUST_CHECK;

#endif
